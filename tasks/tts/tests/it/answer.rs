use syrinx_task::{Alignment, Answer, Generated};
use syrinx_task_tts::TtsRequest;
use syrinx_testkit::Tested;
use syrinx_types::Codes;

use crate::tts;

fn generated(pointer: &[u32]) -> Generated {
    Generated {
        codes: Codes::new(4, vec![3; 4 * pointer.len()]).ok(),
        pointer: pointer.to_vec(),
        finished: true,
        ..Generated::default()
    }
}

#[test]
fn the_pointer_gives_the_times_of_the_words() {
    let request = TtsRequest { text: "Oh, no.".into(), ..TtsRequest::default() };
    // Phones: SIL OW , N OW SIL.
    let pointer = [0, 1, 1, 2, 3, 4, 4, 5];
    let task = tts(Alignment::Pointer);
    let answer = task.answer_of(&request, vec![generated(&pointer)]).expect("an answer");
    let times: Vec<(String, f64, f64)> =
        answer.words.iter().map(|w| (w.word.to_lowercase(), w.start_s, w.end_s)).collect();
    assert_eq!(times.len(), 2);
    assert_eq!((times[0].1, times[0].2), (0.04, 0.12));
    assert_eq!((times[1].1, times[1].2), (0.16, 0.28));
    assert_eq!(answer.text_spoken, "oh no");
    assert!((answer.seconds - 0.32).abs() < 1e-9);
    assert_eq!(answer.voice.as_deref(), Some("alto"));
    assert!(answer.complete);
    assert_eq!(answer.recordings().len(), 1);
}

#[test]
fn a_word_that_was_jumped_over_keeps_its_place() {
    let request = TtsRequest { text: "a oh".into(), ..TtsRequest::default() };
    let answer = tts(Alignment::Pointer)
        .answer_of(&request, vec![generated(&[0, 2, 2, 3])])
        .expect("an answer");
    let times: Vec<(f64, f64)> = answer.words.iter().map(|w| (w.start_s, w.end_s)).collect();
    assert_eq!(times, [(0.04, 0.04), (0.04, 0.12)]);
}

#[test]
fn rows_that_are_missing_or_empty_are_errors() {
    let request = TtsRequest { text: "Oh.".into(), ..TtsRequest::default() };
    let task = tts(Alignment::Pointer);
    let missing = task.answer_of(&request, Vec::new()).expect_err("no row");
    let empty = task.answer_of(&request, vec![Generated::default()]).expect_err("no codes");
    insta::assert_snapshot!(format!("{missing}\n{empty}"));
}
