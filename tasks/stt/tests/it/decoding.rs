use syrinx_speech::SpeechError;
use syrinx_task::FrameScores;
use syrinx_task_stt::SttError;
use syrinx_text::{Phone, normalize_for_scoring};

use crate::{decoder, scores};

fn recognized(scores: &FrameScores) -> Vec<String> {
    let recognized = decoder().decode(scores).expect("scores of the inventory");
    recognized.words.into_iter().map(|w| w.word).collect()
}

#[test]
fn clear_scores_give_the_words() {
    for text in [
        "He has a happy disposition",
        "The sign was visibly displayed",
        "This student works rather inaccurately and sloppily",
    ] {
        let expected = normalize_for_scoring(text);
        assert_eq!(recognized(&scores(text, 0.9, 0, 1)), expected);
    }
}

#[test]
fn wrong_parts_are_put_right_by_dictionary_and_language() {
    // A fifth of the parts have another phone before the true one.
    let text = "She is an important figure in modern music";
    assert_eq!(recognized(&scores(text, 0.6, 5, 2)), normalize_for_scoring(text));
}

#[test]
fn words_have_times_in_order_within_the_recording() {
    let scores = scores("The legend, of Elvis, endures", 0.9, 0, 3);
    let seconds = scores.log_probs.len() as f64 / Phone::COUNT as f64 / scores.rate_hz;
    let words = decoder().decode(&scores).expect("scores").words;
    assert_eq!(words.len(), 5);
    assert!((words[0].start_s - 0.1).abs() < 0.041, "{words:?}");
    assert!((words[4].end_s - (seconds - 0.1)).abs() < 0.041, "{words:?}");
    assert!(words.iter().all(|w| w.start_s < w.end_s));
    assert!(words.windows(2).all(|w| w[0].end_s <= w[1].start_s + 1e-9));
    // A pause follows "legend".
    assert!(words[2].start_s > words[1].end_s);
}

#[test]
fn silence_and_nothing_have_no_words() {
    let mut quiet = scores("Oh", 0.9, 0, 4);
    for part in quiet.log_probs.chunks_exact_mut(Phone::COUNT) {
        part.fill(-12.0);
        part[Phone::SILENCE.index()] = 0.0;
    }
    assert_eq!(recognized(&quiet), [""; 0]);
    quiet.log_probs.clear();
    assert_eq!(recognized(&quiet), [""; 0]);
}

#[test]
fn broken_scores_are_errors_or_words_but_never_a_panic() {
    let good = scores("Oh no", 0.9, 0, 5);
    let shape = |scores: FrameScores| decoder().decode(&scores).expect_err("broken scores");
    let other = FrameScores { labels: 40, ..good.clone() };
    assert!(matches!(shape(other), SttError::Speech(SpeechError::Shape { .. })));
    let mut ragged = good.clone();
    ragged.log_probs.pop();
    assert!(matches!(shape(ragged), SttError::Speech(SpeechError::Shape { .. })));
    let still = FrameScores { rate_hz: 0.0, ..good.clone() };
    assert!(matches!(shape(still), SttError::Speech(SpeechError::Rate { .. })));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut scores = good.clone();
        scores.log_probs.fill(bad);
        decoder().decode(&scores).expect("no meaning, but no panic");
    }
}

#[test]
fn a_recording_that_ends_within_a_word_keeps_the_words_before() {
    let mut cut = scores("The sign was visibly", 0.9, 0, 6);
    let parts = cut.log_probs.len() / Phone::COUNT;
    cut.log_probs.truncate((parts - 18) * Phone::COUNT);
    assert_eq!(recognized(&cut)[..3], ["the", "sign", "was"]);
}

#[test]
fn the_same_scores_give_the_same_words() {
    let scores = scores("A piece of cake is as easy as pie", 0.5, 3, 7);
    assert_eq!(decoder().decode(&scores), decoder().decode(&scores));
}
