//! Chunks merged to one answer.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use syrinx_engine::{Chunk, MergedAnswer};
use syrinx_task::{Answer, AnswerKind, Answered, Clip, Phones, Speech, Transcript};
use syrinx_types::{Audio, TimedPhone, WordTime};

fn merged(chunks: [(Answered, f64); 2]) -> Answered {
    let mut whole = MergedAnswer::default();
    for (index, (answered, start_s)) in chunks.into_iter().enumerate() {
        whole.push(Chunk { answered, start_s, index, last: index == 1 }).expect("of one type");
    }
    assert_eq!(whole.chunks(), 2);
    whole.into_answered().expect("two chunks")
}

fn word(word: &str, start_s: f64) -> WordTime {
    WordTime { word: word.into(), start_s, end_s: start_s + 0.25 }
}

fn speech(text: &str, complete: bool) -> Answered {
    let audio = Audio { samples: vec![0.5; 10], sample_rate_hz: 10 };
    Answered::new(Speech {
        words: vec![word(text, 0.25)],
        text_spoken: text.into(),
        voice: Some("ann".into()),
        complete,
        ..Speech::from(audio)
    })
}

#[test]
fn speech_goes_on_after_a_pause() {
    let whole = merged([(speech("no", true), 0.0), (speech("no", false), 1.5)]);
    let audio = whole.audio().expect("samples");
    assert_eq!(audio.samples.len(), 25);
    assert_eq!(&audio.samples[9..16], &[0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]);
    assert_eq!(
        whole.json(),
        json!({"audio": "", "text_spoken": "no no", "voice": "ann", "complete": false,
            "seconds": 2.5, "words": [
            {"word": "no", "start_s": 0.25, "end_s": 0.5},
            {"word": "no", "start_s": 1.75, "end_s": 2.0},
        ]})
    );
}

#[test]
fn the_confidence_is_that_of_all_words() {
    let part = |words: &[&str], confidence: f64| {
        let phones = vec![TimedPhone { phone: "AH".into(), duration_s: 1.0 }];
        Answered::new(Transcript {
            text: words.join(" "),
            words: words.iter().map(|w| word(w, 0.5)).collect(),
            phones,
            confidence: Some(confidence),
        })
    };
    let whole = merged([(part(&["one", "two", "three"], 0.9), 0.0), (part(&["four"], 0.1), 60.0)]);
    let transcript = whole.transcript().expect("a transcript");
    assert_eq!(transcript.text, "one two three four");
    assert_eq!((transcript.words[3].start_s, transcript.phones.len()), (60.5, 2));
    let expected = ((3.0 * 0.9_f64.ln() + 0.1_f64.ln()) / 4.0).exp();
    let confidence = transcript.confidence.expect("there are words");
    assert!((confidence - expected).abs() < 1e-12, "{confidence}");
    assert_eq!(transcript.low_confidence(), Some(confidence));
    let sure = Transcript { confidence: Some(0.9), ..Transcript::default() };
    assert_eq!((sure.low_confidence(), Transcript::default().low_confidence()), (None, None));
}

#[test]
fn phones_are_joined_by_a_boundary() {
    let part = |phones: &str, text: &str| {
        Answered::new(Phones { phones: phones.into(), text: text.into(), ..Phones::default() })
    };
    let whole = merged([(part("OW1 .", "oh"), 0.0), (part("N OW1 .", "no"), 1.0)]);
    let phones = whole.phones().expect("phones");
    assert_eq!((phones.phones.as_str(), phones.text.as_str()), ("OW1 . | N OW1 .", "oh no"));
}

/// Turns of speakers: an answer of a shape that nothing outside this file knows.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
struct Turns {
    turns: Vec<(String, f64)>,
}

impl Answer for Turns {
    const KIND: AnswerKind = AnswerKind::Data;

    fn merge(&mut self, next: Self, start_s: f64) {
        self.turns.extend(next.turns.into_iter().map(|(who, at_s)| (who, at_s + start_s)));
    }

    fn lines(&self) -> Option<String> {
        Some(
            self.turns
                .iter()
                .map(|(who, at_s)| format!("{at_s} {who}"))
                .collect::<Vec<_>>()
                .join("\n"),
        )
    }
}

#[test]
fn answers_of_a_new_shape_need_nothing_else() {
    let part = |who: &str| Answered::new(Turns { turns: vec![(who.into(), 0.5)] });
    let whole = merged([(part("ann"), 0.0), (part("bob"), 2.0)]);
    assert_eq!(whole.json(), json!({"turns": [["ann", 0.5], ["bob", 2.5]]}));
    assert_eq!(whole.lines().as_deref(), Some("0.5 ann\n2.5 bob"));
    assert!(whole.speech().is_none() && whole.audio().is_none());
    assert_eq!(whole.downcast::<Turns>().expect("its own type").turns.len(), 2);
}

#[test]
fn answers_of_two_types_are_not_merged() {
    let mut whole = speech("one", true);
    assert!(whole.merge(Answered::new(Transcript::default()), 1.0).is_err());
    assert_eq!(MergedAnswer::default().into_answered(), None);
    let silent =
        Speech { audio: Clip::from(Arc::new(Audio::silence(0.0, 10))), ..Speech::default() };
    assert_eq!(Answered::new(silent).recordings().len(), 1);
}
