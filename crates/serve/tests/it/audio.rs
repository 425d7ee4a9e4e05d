//! Speech and transcription as OpenAI's clients ask for them.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use syrinx_audio::{ReadLimits, WavFormat, read_from, write_wav_to};
use syrinx_decode::DecodeConfig;
use syrinx_engine::MergedAnswer;
use syrinx_types::{Audio, CancelToken, RunContext};

use crate::http::{HttpResponse, post, post_form};
use crate::tiny::buzz;
use crate::{engine, shared};

/// Speech-like sound as a WAV file.
pub fn recording(seconds: f64) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    write_wav_to(&mut bytes, "a buzz", &buzz(seconds, 24_000), WavFormat::Int16).expect("it fits");
    bytes.into_inner()
}

fn speech(body: &Value) -> HttpResponse {
    post(&shared().url("/v1/audio/speech"), body)
}

/// Samples of an engine's answer as the command line makes them.
pub fn spoken(text: &str, seed: u64, streamed: bool) -> Audio {
    let mut whole = MergedAnswer::default();
    let cancel = CancelToken::default();
    let (decode, run) = (DecodeConfig::default(), RunContext::quiet(&cancel).with_seed(seed));
    let decode = if streamed { decode.streaming() } else { decode };
    let request = json!({ "text": text }).into();
    engine(None)
        .run_in_chunks("tts", &request, &decode, run, &mut |part| whole.push(part))
        .expect("it speaks");
    whole.into_answered().expect("an answer").audio().expect("sound").as_ref().clone()
}

pub fn int16(audio: &Audio) -> Vec<u8> {
    syrinx_audio::pcm16(&audio.samples)
}

#[test]
fn a_seed_gives_the_samples_of_the_engine() {
    let text = "Yes. No. Yes. No.";
    for seed in [0, 7] {
        for stream_format in [Value::Null, json!("audio")] {
            let expected = int16(&spoken(text, seed, !stream_format.is_null()));
            let body = json!({
                "model": "tts-1", "input": text, "voice": "ann", "seed": seed,
                "response_format": "pcm", "stream_format": stream_format,
            });
            let answer = speech(&body);
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert!(answer.content_type.starts_with("audio/pcm"), "{}", answer.content_type);
            assert!(answer.bytes == expected, "{} and {}", answer.bytes.len(), expected.len());
        }
    }
}

#[test]
fn every_format_of_the_build_is_read_back() {
    for (format, stream) in [
        ("wav", Value::Null),
        ("wav", json!("audio")),
        ("flac", Value::Null),
        ("flac", json!("audio")),
    ] {
        let samples = spoken("Yes. No.", 0, !stream.is_null()).samples.len();
        let body =
            json!({ "input": "Yes. No.", "response_format": format, "stream_format": stream });
        let answer = speech(&body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let audio = read_from(Cursor::new(answer.bytes), format, &ReadLimits::default());
        let audio = audio.unwrap_or_else(|e| panic!("{format}, {stream}: {e}"));
        let length = audio.samples.len();
        assert!(length.abs_diff(samples) < 64, "{format}, {stream}: {length} and {samples}");
    }
    let others: [(&str, bool, &[u8]); 3] = [
        ("mp3", cfg!(feature = "mp3"), &[0xff]),
        ("opus", cfg!(feature = "opus"), b"OggS"),
        ("aac", false, b""),
    ];
    for (format, built, magic) in others {
        let answer = speech(&json!({ "input": "Yes.", "response_format": format }));
        if built {
            assert!(answer.status == 200 && answer.bytes.starts_with(magic), "{format}");
            if format == "mp3" {
                let audio = read_from(Cursor::new(answer.bytes), format, &ReadLimits::default());
                let (length, whole) = (audio.expect("MP3").samples.len(), spoken("Yes.", 0, false));
                assert!(length >= whole.samples.len(), "the end is lost: {length}");
            }
        } else {
            assert_eq!((answer.status, answer.error().as_str()), (400, "unsupported_format"));
            assert!(answer.text().contains(format), "{}", answer.text());
        }
    }
}

#[test]
fn events_carry_sound_and_words() {
    let body = json!({
        "input": "Yes. No. Yes.", "response_format": "pcm", "stream_format": "sse",
        "word_timestamps": true,
    });
    let answer = speech(&body);
    assert_eq!(answer.content_type, "text/event-stream");
    let text = answer.text();
    let events: Vec<Value> = text
        .split("\n\n")
        .filter(|block| !block.is_empty())
        .map(|block| {
            serde_json::from_str(block.strip_prefix("data: ").expect("data")).expect("JSON")
        })
        .collect();
    let of = |kind: &str| events.iter().filter(|e| e["type"] == kind).collect::<Vec<_>>();
    let sound: Vec<u8> = of("speech.audio.delta")
        .iter()
        .flat_map(|e| STANDARD.decode(e["audio"].as_str().expect("base64")).expect("base64"))
        .collect();
    assert!(sound == int16(&spoken("Yes. No. Yes.", 0, true)));
    let words: Vec<(String, f64)> = of("speech.audio.words")
        .iter()
        .flat_map(|e| e["words"].as_array().expect("a list").clone())
        .map(|w| {
            (w["word"].as_str().expect("a word").to_owned(), w["start"].as_f64().expect("a time"))
        })
        .collect();
    let said: Vec<&str> = words.iter().map(|w| w.0.trim_end_matches('.')).collect();
    assert_eq!(said, ["Yes", "No", "Yes"]);
    assert!(words.is_sorted_by(|a, b| a.1 <= b.1), "{words:?}");
    assert_eq!(of("speech.audio.done").len(), 1);
}

#[test]
fn speed_changes_the_length_alone() {
    let length = |speed: f64| {
        let body = json!({ "input": "Yes, no, yes.", "response_format": "pcm", "speed": speed });
        speech(&body).bytes.len() as f64
    };
    let plain = length(1.0);
    for speed in [0.5, 2.0] {
        let ratio = plain / length(speed);
        assert!((ratio / speed - 1.0).abs() < 0.1, "speed {speed} gives {ratio}");
    }
}

#[test]
fn transcriptions_come_in_every_format() {
    let wav = recording(1.5);
    let ask = |format: &str, more: &[(&str, &str)]| {
        let mut parts: Vec<crate::http::Part<'_>> = vec![
            ("file", Some("talk.wav"), &wav),
            ("model", None, b"whisper-1"),
            ("response_format", None, format.as_bytes()),
        ];
        parts.extend(more.iter().map(|(name, value)| (*name, None, value.as_bytes())));
        let answer = post_form(&shared().url("/v1/audio/transcriptions"), &parts);
        assert_eq!(answer.status, 200, "{format}: {}", answer.text());
        answer
    };
    let text = ask("json", &[]).json()["text"].as_str().expect("text").to_owned();
    assert_eq!(ask("text", &[]).text().trim_end(), text);
    assert!(ask("vtt", &[]).text().starts_with("WEBVTT"));
    assert!(ask("srt", &[]).content_type.contains("subrip"));
    let both = [("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")];
    let verbose = ask("verbose_json", &both).json();
    assert_eq!(verbose["text"], json!(text));
    assert!((verbose["duration"].as_f64().expect("seconds") - 1.5).abs() < 0.01);
    assert!(verbose["words"].is_array() && verbose["segments"].is_array(), "{verbose}");
    let stream = ask("json", &[("stream", "true")]);
    assert_eq!(stream.content_type, "text/event-stream");
    let last = stream.text().trim_end().rsplit("data: ").next().expect("an event").to_owned();
    let last: Value = serde_json::from_str(&last).expect("JSON");
    assert_eq!((&last["type"], &last["text"]), (&json!("transcript.text.done"), &json!(text)));
}

#[test]
fn answers_name_the_faults_of_a_recording() {
    let whole = recording(1.5);
    let mut cut = whole.clone();
    cut.truncate(whole.len() * 2 / 3);
    for (wav, faults) in [(whole, 0), (cut, 1)] {
        let parts: [(&str, Option<&str>, &[u8]); 2] =
            [("file", Some("a.wav"), &wav), ("response_format", None, b"verbose_json")];
        let answer = post_form(&shared().url("/v1/audio/transcriptions"), &parts);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        let warnings = answer["warnings"].as_array().cloned().unwrap_or_default();
        let found = warnings.iter().filter(|w| w.as_str().is_some_and(|w| w.contains("a.wav")));
        assert_eq!(found.count(), faults, "{answer}");
    }
}
