use std::sync::Arc;

use syrinx_speech::{AlignedRecording, Script, SpeakConfig, join, sounds};
use syrinx_task::{Clip, Context, Recognizer, Services, SpeechCodec, TaskError, Transcript};
use syrinx_testkit::{SpeechSpec, ToneCodec, sample, services, told, with_context};
use syrinx_text::Phone;
use syrinx_types::{Audio, CancelToken, RunContext};

use crate::{kit, scores, units};

const TEXT: &str = "Go on, and see the old red house.";

fn recorded(text: &str) -> AlignedRecording {
    let codec = ToneCodec::default();
    let sample = sample(kit(), &codec, text, &SpeechSpec::default(), 1).expect("a sample");
    let clip = Clip::from(codec.sound(&sample.codes));
    with_context(|context| AlignedRecording::recognize(kit(), &clip, Some(text), context))
        .expect("it is recognized")
}

#[test]
fn sounds_fill_a_recording() {
    let recording = recorded(TEXT);
    assert_eq!(recording.words.len(), 8);
    assert_eq!(recording.text(), "go on and see the old red house");
    let seconds = recording.at_s(recording.codes.frames());
    assert!((recording.sounds.last().map_or(0.0, |s| s.end_s) - seconds).abs() < 1e-6);
    assert!(recording.sounds.windows(2).all(|s| (s[0].end_s - s[1].start_s).abs() < 1e-9));
    let line =
        recording.line(0..recording.codes.frames(), &SpeakConfig::default()).expect("a line");
    let total_s: f64 = line.durations_s.iter().sum();
    assert!((total_s - seconds).abs() < 0.05, "{total_s} {seconds}");
    assert_eq!((line.phones[0], line.phones.last()), (Phone::SILENCE, Some(&Phone::SILENCE)));
    assert_eq!(line.phones.iter().filter(|&&p| p == Phone::BOUNDARY).count(), 7);
}

#[test]
fn cuts_cover_the_recording_without_gaps() {
    let recording = recorded(TEXT);
    for max_s in [0.4, 1.0, 60.0] {
        let sentences = recording.cut(max_s);
        assert_eq!(
            (sentences[0].start, sentences[sentences.len() - 1].end),
            (0, recording.codes.frames())
        );
        assert!(sentences.windows(2).all(|p| p[0].end == p[1].start && p[0].start < p[0].end));
        assert!(sentences.iter().all(|p| recording.at_s(p.len()) <= max_s + 0.04), "{sentences:?}");
    }
    let sounding: usize = recording
        .cut(1.0)
        .into_iter()
        .map(|frames| recording.timed_phones(frames).0.iter().filter(|t| t.phone != "|").count())
        .sum();
    let all = recording.sounds.iter().filter(|s| s.phone != Phone::SILENCE).count();
    assert_eq!(sounding, all, "every sound is in one sentence");
}

#[test]
fn a_context_is_made_of_whole_words() {
    let recording = recorded(TEXT);
    let end = recording.codes.frames();
    assert_eq!(recording.context(end, 60.0), 0..end);
    let context = recording.context(end, 1.0);
    assert!(context.len() <= 26 && context.end == end);
    let starts: Vec<usize> = recording.words.iter().map(|w| recording.frame(w.start_s)).collect();
    assert!(starts.contains(&context.start), "{context:?} {starts:?}");
    assert_eq!(recording.context(0, 1.0), 0..0);
}

#[test]
fn sounds_without_words() {
    let recognized = sounds(&scores("see the house", 0.8, 0, 1), units()).expect("sounds");
    let line: Vec<&str> = recognized.iter().map(|s| s.phone.arpabet()).collect();
    assert_eq!(line.join(" "), "SIL S IY DH AH0 HH AW S SIL");
    assert!(recognized.windows(2).all(|s| s[0].end_s <= s[1].start_s + 1e-9));
}

#[test]
fn speech_that_comes_too_fast_is_hurried_through() {
    let recording = recorded(TEXT);
    let line =
        recording.line(0..recording.codes.frames(), &SpeakConfig::default()).expect("a line");
    let line = Script::of(&line, kit()).expect("phones need no words");
    let last = line.durations_s.len() - 1;
    for frames in [last.div_ceil(2) + 1, last / 2 + 5, recording.codes.frames()] {
        let pointer = line.pointer_in_haste(frames, 25.0).expect("it can be passed");
        assert_eq!((pointer.len(), pointer[0], pointer[frames - 1]), (frames, 0, last as u32));
        assert!(pointer.windows(2).all(|p| p[1] >= p[0] && p[1] - p[0] <= 2), "{pointer:?}");
    }
    assert_eq!(line.pointer_in_haste(last.div_ceil(2), 25.0), None);
    assert_eq!(line.pointer_in_haste(0, 25.0), None);
}

#[test]
fn joins_keep_the_power() {
    let check = |before: usize, after: usize, overlap: usize, length: usize| {
        let mut samples = vec![0.5; before];
        join(&mut samples, &vec![0.5; after], overlap);
        assert_eq!(samples.len(), length);
        assert!(samples.iter().all(|&x| (0.5..0.7072).contains(&x)), "{samples:?}");
    };
    check(10, 10, 4, 16);
    check(10, 10, 0, 20);
    check(3, 10, 8, 10);
    check(10, 0, 4, 10);
    check(0, 5, 4, 5);
}

#[test]
fn parts_of_a_long_recording_have_the_codes_of_all_of_it() {
    let codec = ToneCodec::default();
    let sample = sample(kit(), &codec, TEXT, &SpeechSpec::default(), 1).expect("a sample");
    let sentence = codec.sound(&sample.codes);
    let times = (150.0 / sentence.seconds()).ceil() as usize;
    let samples = sentence.samples.repeat(times);
    let audio = Audio { samples, sample_rate_hz: sentence.sample_rate_hz };
    let says = vec![TEXT; times].join(" ");
    let clip = Clip::from(audio.clone());
    let recording =
        with_context(|context| AlignedRecording::recognize(kit(), &clip, Some(&says), context))
            .expect("an alignment");
    let cancel = CancelToken::default();
    let whole = codec.encode(&audio, RunContext::quiet(&cancel)).expect("codes");
    assert_eq!(recording.codes, whole);
}

#[test]
fn silence_is_no_speech() {
    let error = |audio: Audio, says: Option<&str>| {
        with_context(|c| AlignedRecording::recognize(kit(), &Clip::from(audio), says, c))
            .map_err(told)
            .expect_err("nothing")
    };
    assert!(error(Audio::silence(0.01, 24_000), None).contains("less than one frame"));
    assert!(error(Audio::silence(2.0, 24_000), Some(TEXT)).contains("the recording has no speech"));
    let short = ToneCodec::default().tone().slice(0.0, 0.2);
    assert!(error(short, Some(TEXT)).contains("don't fit into a recording"));
}

/// A recognizer that finds no word.
struct WithoutWords;

impl Recognizer for WithoutWords {
    fn transcribe(&self, _: &Audio, _: RunContext<'_>) -> Result<Transcript, TaskError> {
        Ok(Transcript::default())
    }
}

#[test]
fn without_words_sounds_are_taken_where_somebody_may_speak() {
    let services = Services { recognizer: Some(Arc::new(WithoutWords)), ..services() };
    let cancel = CancelToken::default();
    let context = Context { services: &services, run: RunContext::quiet(&cancel) };
    let recognize = |audio: Audio| {
        AlignedRecording::recognize(kit(), &Clip::from(audio), None, &context).map_err(told)
    };
    let silent = recognize(Audio::silence(2.0, 24_000)).expect_err("nobody speaks");
    assert!(silent.contains("has no speech"), "{silent}");
    // The tones change as speech does.
    let spoken = recognize(ToneCodec::default().tone()).expect("sounds");
    assert!(spoken.words.is_empty() && !spoken.sounds.is_empty());
}
