//! Voice conversion: layouts, plans and answers.

use std::sync::OnceLock;

use syrinx_task::{Alignment, Clip, Content, Generated, Plan, Task, TaskKit, Voices};
use syrinx_task_convert::{Convert, ConvertConfig, ConvertRequest};
use syrinx_testkit::{SpeechSpec, Tested, ToneCodec, sample, syllables, told, with_context};
use syrinx_types::{Audio, Codes};

fn kit() -> &'static TaskKit {
    static KIT: OnceLock<TaskKit> = OnceLock::new();
    KIT.get_or_init(|| {
        syrinx_testkit::kit(Alignment::Pointer).expect("the front end is compiled in")
    })
}

fn convert(config: ConvertConfig) -> Convert {
    Convert::new(config, kit()).expect("sound settings")
}

/// A synthetic recording of a text, and its frames.
fn recording(text: &str) -> (Clip, usize) {
    let codec = ToneCodec::default();
    let sample = sample(kit(), &codec, text, &SpeechSpec::default(), 1).expect("a sample");
    (Clip::from(codec.sound(&sample.codes)), sample.codes.frames())
}

fn request(audio: Clip, says: &str) -> ConvertRequest {
    ConvertRequest { audio, says: Some(says.into()), ..ConvertRequest::default() }
}

/// Rows of a plan when every code is 3.
fn generated(plan: &Plan) -> Vec<Generated> {
    let row = |frames: usize, pointer: &[u32]| Generated {
        codes: Codes::new(4, vec![3; 4 * frames]).ok(),
        pointer: pointer.to_vec(),
        finished: true,
        ..Generated::default()
    };
    plan.rows.iter().map(|r| row(r.stages[0].limit, &r.stages[0].pointer)).collect()
}

#[test]
fn the_layouts_are_those_of_speaking() {
    let layout = convert(ConvertConfig::default()).layout();
    assert_eq!(layout.stages, syrinx_speech::layout("tts", kit()).stages);
    assert_eq!(layout.task, "convert");
}

#[test]
fn the_pointer_advances_as_in_the_recording() {
    let (clip, frames) = recording("Oh, no.");
    let asked = ConvertRequest { voice: Some("bass".into()), ..request(clip, "Oh, no.") };
    let plan = convert(ConvertConfig::default()).plan_of(&asked).expect("a plan");
    assert_eq!(plan.rows.len(), 1);
    for stage in &plan.rows[0].stages {
        assert_eq!((stage.pointer.len(), stage.limit), (frames, frames));
        let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
        stage.check_known(text.aligned.len()).expect("a pointer that fits");
        assert_eq!(stage.pointer.last(), Some(&(text.aligned.len() as u32 - 1)));
        let bass = Voices::prompt(&ToneCodec::default(), "bass").expect("a voice");
        assert_eq!(stage.contents.get("prompt"), Some(&Content::Codes(bass)));
    }
}

#[test]
fn a_long_recording_is_spoken_in_pieces_and_stays_as_long() {
    let text = "Oh no, oh no, oh no, oh no, oh no, oh no.";
    let (clip, frames) = recording(text);
    let asked = request(clip, text);
    let task = convert(ConvertConfig { max_row_s: 1.0, ..ConvertConfig::default() });
    let plan = task.plan_of(&asked).expect("a plan");
    assert!(plan.rows.len() >= 3, "{} rows", plan.rows.len());
    assert_eq!(plan.rows.iter().map(|r| r.stages[0].limit).sum::<usize>(), frames);
    let answer = task.answer_of(&asked, generated(&plan)).expect("an answer");
    assert!((answer.speech.seconds - frames as f64 / 25.0).abs() < 1e-9);
    assert_eq!((answer.speech.words.len(), answer.speech.complete), (12, true));
    assert_eq!(answer.speech.voice.as_deref(), Some("alto"));
    assert!(task.answer_of(&asked, Vec::new()).is_err(), "nothing out of nothing");
}

#[test]
fn without_words_the_recording_is_recognized() {
    let (clip, _) = recording("Oh, no.");
    let asked = ConvertRequest { audio: clip, ..ConvertRequest::default() };
    let task = convert(ConvertConfig::default());
    let plan = task.plan_of(&asked).expect("a plan");
    assert_eq!(task.answer_of(&asked, generated(&plan)).expect("an answer").says, "oh no");
}

#[test]
fn bad_requests_say_what_to_do() {
    let task = convert(ConvertConfig::default());
    let error = |request: &ConvertRequest| task.plan_of(request).map_err(told).expect_err("bad");
    let (clip, _) = recording("Oh.");
    let short = Clip::from(Audio::silence(0.01, 24_000));
    let errors = [
        error(&request(short, "Oh.")),
        error(&request(
            clip.clone(),
            "So many words do not fit into so short a recording at all, surely.",
        )),
        error(&request(clip.clone(), " ... ")),
        error(&ConvertRequest { voice: Some("tenor".into()), ..request(clip, "Oh.") }),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_recording_of_minutes_is_converted_in_sections() {
    let long = syllables(26);
    let task = convert(ConvertConfig::default());
    let sections = |audio: &Audio, says: Option<&str>| {
        let says = says.map(str::to_owned);
        let asked =
            ConvertRequest { audio: Clip::from(audio.clone()), says, ..ConvertRequest::default() };
        with_context(|context| task.chunks(asked, context))
    };
    let cut = sections(&long, None).expect("sections").chunks;
    assert!(
        cut.len() >= 3 && cut.iter().all(|c| c.request.audio.section.is_some()),
        "{}",
        cut.len()
    );
    assert_eq!(cut[0].start_s, Some(0.0));
    assert_eq!(sections(&long, Some("Oh.")).expect("one").chunks.len(), 1);
    let silence = Audio::silence(130.0, long.sample_rate_hz);
    assert!(sections(&silence, None).is_err(), "nothing is said");
}
