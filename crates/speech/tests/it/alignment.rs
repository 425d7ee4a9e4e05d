use syrinx_speech::{Aligned, SpeechError, SpokenForm, align, clamp_phones};
use syrinx_text::inventory::parse_arpabet;
use syrinx_types::TimedPhone;

use crate::{kit, scores, units};

fn forms(text: &str) -> Vec<SpokenForm> {
    text.split_whitespace().map(|word| SpokenForm::of(&kit().frontend, word, None)).collect()
}

fn aligned(text: &str, spoken: &str, wrong_of: usize) -> Aligned {
    let scores = scores(spoken, 0.8, wrong_of, 1);
    align(&forms(text), &scores, units(), 0.5).expect("a long enough recording")
}

#[test]
fn words_stand_where_they_sound() {
    let text = "the sign was visibly displayed";
    for wrong_of in [0, 4] {
        let aligned = aligned(text, text, wrong_of);
        let words: Vec<&str> = aligned.words.iter().map(|w| w.word.as_str()).collect();
        assert_eq!(words.join(" "), text);
        assert!(aligned.words.windows(2).all(|w| w[0].end_s <= w[1].start_s + 1e-9));
        assert!((aligned.words[0].start_s - 0.1).abs() < 0.05, "{:?}", aligned.words[0]);
        let total_s: f64 = aligned.phones.iter().map(|p| p.duration_s).sum();
        let last = aligned.words.last().expect("five words");
        assert!((total_s - last.end_s - 0.1).abs() < 0.05, "{last:?} in {total_s}");
    }
}

#[test]
fn pauses_are_found_and_the_right_pronunciation_is_chosen() {
    let aligned = aligned("legend of elvis", "legend, of elvis", 0);
    let line: Vec<&str> = aligned.phones.iter().map(|p| p.phone.as_str()).collect();
    assert_eq!(line.join(" "), "SIL L EH JH AH0 N D SIL AH V EH L V IH S SIL");
    assert!(aligned.words[0].end_s < aligned.words[1].start_s);
    let words: Vec<_> = aligned.word_of_phone.iter().copied().flatten().collect();
    assert!(words.is_sorted() && aligned.word_of_phone.len() == line.len());
    let silent = aligned.word_of_phone.iter().map(Option::is_none);
    assert!(silent.eq(line.iter().map(|&p| p == "SIL")), "silence belongs to no word");
}

#[test]
fn the_right_text_scores_best() {
    let said = "the sign was visibly displayed";
    let right = aligned(said, said, 4);
    for wrong in ["the sun was visibly displayed", "the sign was displayed", "he has a happy dog"] {
        let wrong = aligned(wrong, said, 4);
        assert!(right.score > wrong.score, "{} {}", right.score, wrong.score);
    }
    assert!(right.score < 0.0);
    assert_eq!(right.word_scores.len(), 5);
    let wrong = aligned("the sun was visibly displayed", said, 4);
    assert!(wrong.word_goodness[1] < right.word_goodness[1] - 0.5, "{:?}", wrong.word_goodness);
    assert!(right.word_goodness.iter().all(|&g| g <= 0.0));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let scores = scores("oh", 0.9, 0, 1);
    let error =
        |words: &[SpokenForm]| align(words, &scores, units(), 0.5).expect_err("no alignment");
    assert_eq!(error(&[]), SpeechError::NoWords);
    let unknown = SpokenForm { word: "xqzt".into(), pronunciations: Vec::new() };
    assert_eq!(
        error(&[forms("oh")[0].clone(), unknown]),
        SpeechError::NoPronunciation { index: 2, word: "xqzt".into() }
    );
    let long = parse_arpabet(&"AH0 ".repeat(200)).expect("phones");
    let long = SpokenForm { word: "long".into(), pronunciations: vec![long] };
    assert!(matches!(error(&[long]), SpeechError::TooShort { needed: 200, .. }));
}

#[test]
fn phones_end_with_the_recording() {
    let all = [("SIL", 0.1), ("S", 0.2), ("IY", 0.04), ("SIL", 0.02)];
    for (seconds, left) in [
        (1.0, &[0.1, 0.2, 0.04, 0.02][..]),
        (0.35, &[0.1, 0.2, 0.04, 0.01]),
        (0.33, &[0.1, 0.2, 0.03]),
        // The phone stays where all of it is beyond the end.
        (0.25, &[0.1, 0.15, 0.0]),
    ] {
        let phone =
            |&(phone, duration_s): &(&str, f64)| TimedPhone { phone: phone.into(), duration_s };
        let mut phones: Vec<TimedPhone> = all.iter().map(phone).collect();
        clamp_phones(&mut phones, seconds);
        assert_eq!(phones.len(), left.len(), "{seconds}: {phones:?}");
        let are_close = |(p, s): (&TimedPhone, &f64)| (p.duration_s - s).abs() < 1e-9;
        assert!(phones.iter().zip(left).all(are_close), "{seconds}: {phones:?}");
    }
}
