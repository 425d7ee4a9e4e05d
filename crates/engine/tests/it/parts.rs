//! Parts joined to a whole.

use serde_json::json;
use syrinx_engine::{Joined, Part};
use syrinx_task::Answered;
use syrinx_types::Audio;

#[test]
fn times_move_and_texts_join() {
    let part = |text: &str, complete: bool, start_s: f64, index: usize| Part {
        answered: Answered {
            json: json!({"text": text, "voice": "ann", "complete": complete, "seconds": 1.0,
                "words": [{"word": text, "start_s": 0.25, "end_s": 0.5}]}),
            recordings: vec![(
                "audio".into(),
                Audio { samples: vec![0.5; 10], sample_rate_hz: 10 },
            )],
        },
        start_s,
        index,
        last: index == 1,
    };
    let mut whole = Joined::default();
    whole.push(part("one", true, 0.0, 0));
    whole.push(part("two", false, 1.5, 1));
    assert_eq!(whole.parts(), 2);
    let whole = whole.into_answered().expect("two parts");
    assert_eq!(
        whole.json,
        json!({"text": "one two", "voice": "ann", "complete": false, "seconds": 2.5, "words": [
            {"word": "one", "start_s": 0.25, "end_s": 0.5},
            {"word": "two", "start_s": 1.75, "end_s": 2.0},
        ]})
    );
    let audio = &whole.recordings[0].1;
    assert_eq!(audio.samples.len(), 25);
    assert_eq!(&audio.samples[9..16], &[0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]);
}

#[test]
fn nothing_joins_to_nothing() {
    assert_eq!(Joined::default().into_answered(), None);
}
