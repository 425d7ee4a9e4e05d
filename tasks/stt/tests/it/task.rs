use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use syrinx_audio::silence::chunks;
use syrinx_task::{
    Clip, Content, Context, FrameScores, Generated, LongRecording, ModelSwitches, Opened, Plan,
    Recordings, Service, Services, Task, TaskError,
};
use syrinx_task_stt::{PassConfig, Stt, SttConfig, SttMode, SttRequest};
use syrinx_testkit::{Tested, services, told};
use syrinx_types::{Audio, CancelToken, Event, RecordingSink, RunContext};

use crate::{kit, scores, stt};

/// Tones with pauses of a third of a second after every two seconds.
fn clip(seconds: f64) -> Clip {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| {
        let at_s = i as f32 / 24_000.0;
        if at_s % 2.0 > 1.67 { 0.0 } else { 0.5 * (at_s * 1500.0).sin() }
    });
    Clip::from(Audio { samples: samples.collect(), sample_rate_hz: 24_000 })
}

/// A sentence of a synthetic voice, 3 seconds.
fn sentence() -> Audio {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data/test/audio");
    syrinx_audio::read(folder.join("awb_085_0009.ogg")).expect("a recording")
}

/// Recordings of one rate, one after another.
fn joined(parts: &[&Audio]) -> Audio {
    let samples = parts.iter().flat_map(|part| part.samples.iter().copied()).collect();
    Audio { samples, sample_rate_hz: parts[0].sample_rate_hz }
}

/// Settings with one pass over a recording: one row a part.
fn plain() -> SttConfig {
    SttConfig { passes: vec![PassConfig::default()], ..SttConfig::default() }
}

fn request(audio: impl Into<Clip>) -> SttRequest {
    SttRequest { audio: audio.into(), text: None }
}

fn known(audio: impl Into<Clip>, text: &str) -> SttRequest {
    SttRequest { text: Some(text.into()), ..request(audio) }
}

/// Frames of each row of a plan.
fn frames(plan: &Plan) -> Vec<usize> {
    let count = |row: &syrinx_task::RowPlan| match row.stages[0].contents.get("recording") {
        Some(Content::Codes(codes)) => codes.frames(),
        Some(Content::Latents(latents)) => latents.frames(),
        _ => panic!("no recording"),
    };
    plan.rows.iter().map(count).collect()
}

fn generated(scores: FrameScores) -> Generated {
    Generated { phones: Some(scores), finished: true, ..Generated::default() }
}

#[test]
fn a_long_recording_is_cut_in_pauses_without_a_gap() {
    let config = SttConfig { max_part_s: 5.0, ..plain() };
    // A known text is said somewhere in the recording: all of it is decoded.
    let plan = stt(config).plan_of(&known(clip(11.0), "Oh no.")).expect("a plan");
    let frames = frames(&plan);
    assert!(frames.len() >= 3, "{frames:?}");
    assert_eq!(frames.iter().sum::<usize>(), 275);
    assert!(frames.iter().all(|&f| f <= 126), "{frames:?}");
    let mut at_s = 0.0;
    for part in &frames[..frames.len() - 1] {
        at_s += *part as f64 / 25.0;
        assert!((at_s % 2.0 > 1.6) || at_s % 2.0 < 0.05, "cut at {at_s}");
    }
}

#[test]
fn parts_are_put_together_in_time() {
    let (sentence, silence) = (sentence(), Audio::silence(20.0, 24_000));
    let asked = request(joined(&[&sentence, &silence, &sentence]));
    let task = stt(plain());
    // The rows between the sentences are not decoded, nor is the silence next to them.
    let planned = frames(&task.plan_of(&asked).expect("a plan"));
    assert_eq!(planned.len(), 2, "{planned:?}");
    assert!(planned.iter().all(|frames| (65..=90).contains(frames)), "{planned:?}");
    let rows = vec![
        generated(scores("The sign was", 0.9, 0, 1)),
        generated(scores("visibly displayed", 0.9, 0, 2)),
    ];
    let answer = task.answer_of(&asked, rows).expect("an answer");
    assert_eq!(answer.text, "the sign was visibly displayed");
    assert!(answer.words[2].end_s < 4.0 && answer.words[3].start_s > 22.0, "{:?}", answer.words);
    let pauses = answer.phones.iter().filter(|p| p.phone == "SIL" && p.duration_s > 1.0);
    let silent_s: f64 = pauses.map(|p| p.duration_s).sum();
    assert!((17.0..20.1).contains(&silent_s), "{silent_s}");
    assert!(answer.confidence.is_some_and(|c| c > 0.5 && c < 1.0), "{:?}", answer.confidence);
    assert_eq!(answer.phones.first().map(|p| p.phone.as_str()), Some("SIL"));
}

#[test]
fn words_that_are_hardly_recognizable_are_left_out() {
    let asked = request(sentence());
    for (min_confidence, text) in [(0.0, "the sign was"), (0.3, "the sign was"), (1.0, "")] {
        let task = stt(SttConfig { min_confidence, ..plain() });
        let rows = vec![generated(scores("The sign was", 0.9, 0, 1))];
        let answer = task.answer_of(&asked, rows).expect("an answer");
        assert_eq!(answer.text, text, "{min_confidence}");
        assert_eq!(answer.words.is_empty(), text.is_empty());
        assert_eq!(answer.confidence.is_none(), text.is_empty());
        let seconds: f64 = answer.phones.iter().map(|phone| phone.duration_s).sum();
        let silent = (seconds - sentence().seconds()).abs() < 0.1;
        assert_eq!(silent, text.is_empty(), "{seconds} s of phones");
    }
}

#[test]
fn the_scores_of_several_passes_are_averaged() {
    let asked = request(sentence());
    let passes =
        [0, 1].map(|delay_labels| PassConfig { delay_labels, ..PassConfig::default() }).to_vec();
    let task = stt(SttConfig { passes, ..plain() });
    let planned = frames(&task.plan_of(&asked).expect("a plan"));
    assert_eq!(planned.len(), 2, "{planned:?}");
    let right = scores("The sign was", 0.9, 0, 1);
    let early = right.labels;
    let delayed = FrameScores {
        log_probs: [&right.log_probs[..early], &right.log_probs].concat(),
        ..right.clone()
    };
    let rows = |second: &FrameScores| vec![generated(right.clone()), generated(second.clone())];
    let words = |second| task.answer_of(&asked, rows(second)).expect("an answer").words;
    assert_eq!(words(&delayed).len(), 3);
    assert!(words(&delayed) != words(&right), "the delay has no effect");
    // A known text is placed in the scores of the first pass.
    let known = known(sentence(), "The sign was");
    assert_eq!(frames(&task.plan_of(&known).expect("a plan")).len(), 1);
}

#[test]
fn a_model_that_reads_latents_gets_them() {
    let switches = ModelSwitches { latent_recordings: true, ..kit().switches };
    let kit = syrinx_task::TaskKit { switches, ..kit().clone() };
    let task = Stt::new(plain(), &kit).expect("sound settings");
    let plan = task.plan_of(&request(sentence())).expect("a plan");
    let [row] = &plan.rows[..] else { panic!("{} rows", plan.rows.len()) };
    assert!(matches!(row.stages[0].contents.get("recording"), Some(Content::Latents(_))));
    assert_eq!(frames(&plan), frames(&stt(plain()).plan_of(&request(sentence())).expect("a plan")));
    insta::assert_snapshot!(task.layout().table());
}

#[test]
fn a_known_text_is_placed() {
    let known = known(clip(8.0), "The sign was displayed!");
    let rows = vec![
        generated(scores("the sign", 0.9, 0, 1)),
        generated(scores("was displayed", 0.9, 0, 2)),
    ];
    let answer = stt(plain()).answer_of(&known, rows).expect("an answer");
    assert_eq!(answer.text, "The sign was displayed!");
    assert_eq!(answer.words.len(), 4);
    assert!(answer.words.windows(2).all(|w| w[0].end_s <= w[1].start_s + 1e-9));
}

#[test]
fn a_model_that_writes_text_is_read() {
    let config = SttConfig { mode: SttMode::Text, ..plain() };
    let text =
        |text: &str| Generated { text: kit().vocab.encode_letters(text), ..Generated::default() };
    let rows = vec![text("the sign "), text(""), text("was")];
    let answer = stt(config).answer_of(&request(clip(8.0)), rows).expect("an answer");
    assert_eq!((answer.text.as_str(), answer.words.len()), ("the sign was", 0));
}

#[test]
fn bad_requests_say_what_to_do() {
    let aligned = stt(plain());
    let text = stt(SttConfig { mode: SttMode::Text, ..plain() });
    let errors = [
        aligned.plan_of(&request(clip(0.01))).map_err(told).expect_err("too short"),
        aligned
            .plan_of(&request(Clip::from("x.wav".to_owned())))
            .map_err(told)
            .expect_err("no file"),
        text.plan_of(&known(clip(8.0), "Oh")).map_err(told).expect_err("not with text"),
        aligned
            .answer_of(&request(sentence()), vec![Generated::default()])
            .expect_err("no scores")
            .to_string(),
        aligned
            .plan_of(&known(Audio::silence(2.0, 24_000), "Oh"))
            .map_err(told)
            .expect_err("nobody speaks"),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn words_end_with_the_recording() {
    let seconds = 0.2;
    let rows = vec![generated(scores("the sign was displayed", 0.9, 0, 1))];
    let stt = stt(plain());
    let answer = stt.answer_of(&request(clip(seconds)), rows).expect("an answer");
    assert!(answer.words.iter().all(|w| w.start_s <= w.end_s && w.end_s <= seconds));
    let phones_s: f64 = answer.phones.iter().map(|p| p.duration_s).sum();
    assert!((phones_s - seconds).abs() < 1e-9, "{phones_s}");
}

#[test]
fn a_recording_without_speech_is_not_decoded() {
    let text = SttConfig { mode: SttMode::Text, ..plain() };
    for (config, phones_s) in [(plain(), 7.0), (text, 0.0)] {
        let task = stt(config);
        for audio in [Clip::from(Audio::silence(7.0, 24_000)), clip(7.0)] {
            let asked = request(audio);
            assert!(task.plan_of(&asked).expect("a plan").rows.is_empty());
            let answer = task.answer_of(&asked, Vec::new()).expect("an answer");
            assert_eq!((answer.text.as_str(), answer.words.len()), ("", 0));
            assert_eq!(answer.confidence, None);
            assert!(answer.phones.iter().all(|p| p.phone == "SIL"), "{:?}", answer.phones);
            let total_s: f64 = answer.phones.iter().map(|p| p.duration_s).sum();
            assert!((total_s - phones_s).abs() < 0.05, "{total_s}");
        }
    }
}

/// A recording that is read section by section, and the number of samples that were read.
struct LongFile {
    audio: Audio,
    samples_read: AtomicUsize,
}

impl LongRecording for LongFile {
    fn seconds(&self) -> f64 {
        self.audio.seconds()
    }

    fn cuts(&self, max_s: f64) -> Result<Vec<(f64, f64)>, TaskError> {
        Ok(chunks(&self.audio, max_s))
    }

    fn slice(&self, start_s: f64, end_s: f64) -> Result<Audio, TaskError> {
        let section = self.audio.slice(start_s, end_s);
        self.samples_read.fetch_add(section.samples.len(), Ordering::Relaxed);
        Ok(section)
    }
}

/// A reader of one file.
struct OneFile(Arc<LongFile>);

impl Recordings for OneFile {
    fn open(&self, _: &Path, _: u32, _: RunContext<'_>) -> Result<Opened<'static>, TaskError> {
        Ok(Opened::Long(Arc::clone(&self.0) as Arc<dyn LongRecording>))
    }

    fn read(&self, _: &Path, _: u32, _: RunContext<'_>) -> Result<Audio, TaskError> {
        Err(TaskError::Missing(Service::Recordings))
    }

    fn resample(&self, _: &Audio, _: u32, _: RunContext<'_>) -> Result<Audio, TaskError> {
        Err(TaskError::Missing(Service::Recordings))
    }
}

#[test]
fn a_long_file_is_read_once_and_has_no_gap() {
    let sentence = sentence();
    let audio = joined(&[&sentence; 25]);
    let samples = audio.samples.len();
    let file = Arc::new(LongFile { audio, samples_read: AtomicUsize::new(0) });
    let recordings: Option<Arc<dyn Recordings>> = Some(Arc::new(OneFile(Arc::clone(&file))));
    // Without a recognizer of phones, a known text has rows, too.
    let services = Services { recordings, phones: None, ..services() };
    let cancel = CancelToken::default();
    let context = Context { services: &services, run: RunContext::quiet(&cancel) };
    let task = stt(plain());
    let name = || Clip::from("long.wav".to_owned());
    for asked in [known(name(), "Oh no."), request(name())] {
        let (plan, _) = task.plan(&asked, &context).expect("a plan");
        assert_eq!(file.samples_read.swap(0, Ordering::Relaxed), samples);
        let planned: usize = frames(&plan).iter().sum();
        // Without a text, silence is left out.
        let all = samples / 960;
        let expected = if asked.text.is_some() { all..=all } else { all / 2..=all };
        assert!(expected.contains(&planned), "{planned} of {all} frames");
    }
    cancel.cancel();
    let cancelled = task.plan(&request(name()), &context);
    assert!(matches!(cancelled, Err(TaskError::Cancelled)));
}

#[test]
fn a_known_text_is_placed_in_a_long_file_section_by_section() {
    let sentence = sentence();
    let audio = joined(&[&sentence; 25]);
    let whole = audio.clone();
    let file = Arc::new(LongFile { audio, samples_read: AtomicUsize::new(0) });
    let long = Services { recordings: Some(Arc::new(OneFile(file))), ..services() };
    let by_rows = Services { phones: None, ..long.clone() };
    let (cancel, sink) = (CancelToken::default(), RecordingSink::default());
    let run = RunContext { events: &sink, ..RunContext::quiet(&cancel) };
    let asked = known(Clip::from("long.wav".to_owned()), "The sign was visibly displayed. Oh no.");
    let task = stt(plain());
    let phones = services().phones.expect("a recognizer of phones");
    let answer = |services: &Services| {
        let context = Context { services, run };
        let (plan, prepared) = task.plan(&asked, &context).expect("a plan");
        let score = |row: &syrinx_task::RowPlan| match &row.stages[0].contents["recording"] {
            Content::Codes(codes) => generated(phones.phone_scores(codes, run).expect("scores")),
            other => panic!("{other:?}"),
        };
        let rows: Vec<Generated> = plan.rows.iter().map(score).collect();
        (rows.len(), task.finish(&asked, prepared, rows, &context).expect("an answer"))
    };
    let (rows, expected) = answer(&by_rows);
    assert!(rows > 10, "{rows}");
    assert!(sink.events().iter().all(|e| !matches!(e, Event::JobStarted { .. })));
    let (rows, aligned) = answer(&long);
    assert_eq!((rows, &aligned), (0, &expected));
    assert_eq!(aligned.words.len(), 7);
    let seconds: f64 = aligned.phones.iter().map(|phone| phone.duration_s).sum();
    assert!((seconds - whole.seconds()).abs() < 0.02, "{seconds}");
    let done = |event: &Event| match event {
        Event::JobProgress { done, .. } => Some(*done),
        _ => None,
    };
    let done: Vec<u64> = sink.events().iter().filter_map(done).collect();
    assert_eq!(done, [1, 2]);
}
