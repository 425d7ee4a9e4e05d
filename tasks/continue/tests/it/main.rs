//! Continuation: plans, samples that stay, times.

use std::sync::OnceLock;

use syrinx_task::{Alignment, Clip, Content, Generated, Plan, SpeechCodec, Task, TaskKit};
use syrinx_task_continue::{Continue, ContinueConfig, ContinueRequest};
use syrinx_testkit::{SpeechSpec, Tested, ToneCodec, sample, syllables, told, with_context};
use syrinx_types::{Audio, CancelToken, Codes, RunContext};

fn kit() -> &'static TaskKit {
    static KIT: OnceLock<TaskKit> = OnceLock::new();
    KIT.get_or_init(|| {
        syrinx_testkit::kit(Alignment::Pointer).expect("the front end is compiled in")
    })
}

fn go_on(config: ContinueConfig) -> Continue {
    Continue::new(config, kit()).expect("sound settings")
}

fn recording(text: &str) -> Audio {
    let codec = ToneCodec::default();
    let sample = sample(kit(), &codec, text, &SpeechSpec::default(), 1).expect("a sample");
    codec.sound(&sample.codes)
}

fn request(audio: &Audio, says: &str, text: &str) -> ContinueRequest {
    ContinueRequest {
        audio: Clip::from(audio.clone()),
        text: text.into(),
        says: Some(says.into()),
        ..ContinueRequest::default()
    }
}

/// Rows of a plan when every new code is 3 and the phone index advances by one in every frame.
fn generated(plan: &Plan) -> Vec<Generated> {
    let row = |stage: &syrinx_task::StageRun| {
        let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
        let mut codes = stage.given.clone().unwrap_or_else(|| Codes::empty(4));
        let mut pointer = stage.pointer.clone();
        let next = pointer.last().map_or(0, |last| last + 1);
        for phone_index in next..text.aligned.len() as u32 {
            pointer.push(phone_index);
            codes.push(&[3, 3, 3, 3]);
        }
        Generated { codes: Some(codes), pointer, finished: true, ..Generated::default() }
    };
    plan.rows.iter().map(|r| row(&r.stages[1])).collect()
}

#[test]
fn the_end_of_a_recording_of_minutes_is_continued() {
    let long = syllables(30);
    let task = go_on(ContinueConfig::default());
    let cut = |says: Option<&str>, alone: bool| {
        let audio = Clip::from(long.clone());
        let says = says.map(str::to_owned);
        let asked = ContinueRequest { audio, says, alone, ..ContinueRequest::default() };
        with_context(|context| task.chunks(asked, context)).expect("sections").chunks
    };
    let chunks = cut(None, false);
    let (end, before) = chunks.split_last().expect("sections");
    assert!(!before.is_empty() && before.iter().all(|chunk| chunk.request.is_before));
    assert!(!end.request.is_before && end.start_s.is_some_and(|start_s| start_s > 60.0));
    let section = end.request.audio.section.as_ref().expect("a section");
    assert!(section.end_s - section.start_s >= 20.0);
    assert_eq!(cut(None, true).len(), 1);
    assert_eq!(cut(Some("Oh."), false).len(), 1);
}

#[test]
fn the_recording_is_given_with_its_pointer() {
    let audio = recording("Oh, no.");
    let plan = go_on(ContinueConfig::default())
        .plan_of(&request(&audio, "Oh, no.", "Go on."))
        .expect("a plan");
    assert_eq!(plan.rows.len(), 1);
    let codes = ToneCodec::default()
        .encode(&audio, RunContext::quiet(&CancelToken::default()))
        .expect("codes");
    for stage in &plan.rows[0].stages {
        let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
        stage.check_known(text.aligned.len()).expect("they fit together");
        assert_eq!(stage.given.as_ref(), Some(&codes));
        let phones = kit().vocab.decode_phones(&text.ids);
        let line: Vec<&str> = phones.iter().map(|p| p.arpabet()).collect();
        let spoken = line.join(" ");
        assert!(
            spoken.ends_with("| N OW | G OW | AA N SIL") || spoken.ends_with(", | G OW | AA N SIL"),
            "{spoken}"
        );
        // The given part ends before the first new phone.
        let new = text.aligned.len() as u32 - 5;
        assert!(stage.pointer.iter().all(|&p| p < new), "{:?} {new}", stage.pointer);
    }
}

#[test]
fn only_the_end_of_a_long_recording_is_given() {
    let text = "Oh no, oh no, oh no, oh no, oh no, oh no.";
    let audio = recording(text);
    let task = go_on(ContinueConfig { context_s: 1.5, ..ContinueConfig::default() });
    let plan = task.plan_of(&request(&audio, text, "Go on.")).expect("a plan");
    let given = plan.rows[0].stages[0].given.as_ref().map_or(0, Codes::frames);
    assert!((15..=38).contains(&given), "{given} frames");
}

#[test]
fn the_recordings_own_samples_stay() {
    let audio = recording("Oh, no.");
    let asked = request(&audio, "Oh, no.", "Go on. And on.");
    let task = go_on(ContinueConfig::default());
    let plan = task.plan_of(&asked).expect("a plan");
    assert_eq!(plan.rows.len(), 2);
    let rows = generated(&plan);
    let answer = task.answer_of(&asked, rows.clone()).expect("an answer");
    let whole = answer.speech.audio.audio.as_deref().expect("samples");
    let fade = 240;
    let kept = audio.samples.len() - fade;
    assert_eq!(whole.samples[..kept], audio.samples[..kept]);
    assert!((answer.start_s - audio.seconds()).abs() < 1e-9);
    let words: Vec<&str> = answer.speech.words.iter().map(|w| w.word.as_str()).collect();
    assert_eq!(words.len(), 6, "{words:?}");
    assert!(
        answer.speech.words.windows(2).all(|w| w[0].start_s <= w[1].start_s + 1e-9),
        "{:?}",
        answer.speech.words
    );
    assert!(answer.speech.words[2].start_s >= answer.start_s - 0.04);
    assert!(answer.speech.complete);
    let alone = task.answer_of(&ContinueRequest { alone: true, ..asked }, rows).expect("an answer");
    assert!((alone.speech.seconds - (answer.speech.seconds - answer.start_s)).abs() < 1e-9);
    assert_eq!((alone.speech.words.len(), alone.start_s), (4, 0.0));
}

#[test]
fn a_rolling_text_goes_on_from_the_recording_and_from_sentence_to_sentence() {
    let audio = recording("Oh, no.");
    let asked =
        ContinueRequest { rolling: true, ..request(&audio, "Oh, no.", "Go on. See me. And on.") };
    let task = go_on(ContinueConfig::default());
    let mut plan = task.plan_of(&asked).expect("a plan");
    assert_eq!(plan.rows.iter().filter(|row| row.follow.is_some()).count(), 2);
    // Row after row, as the engine does.
    let mut rows: Vec<Generated> = Vec::new();
    for row in plan.rows.drain(..) {
        let row = rows.last().map_or(row.clone(), |before| row.after(before));
        for stage in &row.stages {
            let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
            stage.check_known(text.aligned.len()).expect("what is given fits the text");
        }
        rows.extend(generated(&Plan { rows: vec![row] }));
    }
    // "Go on" is given to the second row: four phones, a frame each, and the silence after them.
    assert_eq!(rows[1].codes.as_ref().map(Codes::frames), Some(5 + 5));
    let answer = task.answer_of(&asked, rows).expect("an answer");
    let new = answer.speech.words.len() - 2;
    assert_eq!(new, 6, "{:?}", answer.speech.words);
    assert!(answer.speech.words.windows(2).all(|w| w[0].end_s <= w[1].start_s + 0.05));
    // The recording, five phones of the first sentence, and those of the others after their first silence.
    let spoken_s = (5.0 + 5.0 + 6.0) / 25.0;
    assert!(
        (answer.speech.seconds - answer.start_s - spoken_s).abs() < 0.05,
        "{}",
        answer.speech.seconds
    );
}

#[test]
fn bad_requests_say_what_to_do() {
    let task = go_on(ContinueConfig::default());
    let error = |request: &ContinueRequest| task.plan_of(request).map_err(told).expect_err("bad");
    let audio = recording("Oh.");
    let errors = [
        error(&request(&Audio::silence(0.01, 24_000), "Oh.", "No.")),
        error(&request(&Audio::silence(2.0, 24_000), "Oh.", "No.")),
        error(&request(&audio, "Oh.", " ... ")),
        error(&request(&audio, "Such a long text was never said in so short a recording.", "No.")),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
