use syrinx_task::{Clip, Content, FrameScores, Generated};
use syrinx_task_stt::{SttConfig, SttMode, SttRequest};
use syrinx_testkit::{Tested, told};
use syrinx_text::Phone;
use syrinx_types::Audio;

use crate::{kit, scores, stt};

/// Tones with pauses of a third of a second after every two seconds.
fn clip(seconds: f64) -> Clip {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| {
        let at_s = i as f32 / 24_000.0;
        if at_s % 2.0 > 1.67 { 0.0 } else { 0.5 * (at_s * 1500.0).sin() }
    });
    Clip::from(Audio { samples: samples.collect(), sample_rate_hz: 24_000 })
}

fn request(audio: Clip) -> SttRequest {
    SttRequest { audio, text: None }
}

fn generated(scores: FrameScores) -> Generated {
    Generated { phones: Some(scores), finished: true, ..Generated::default() }
}

#[test]
fn a_long_recording_is_cut_in_pauses_without_a_gap() {
    let config = SttConfig { max_part_s: 5.0, ..SttConfig::default() };
    let plan = stt(config).plan_of(&request(clip(11.0))).expect("a plan");
    let frames: Vec<usize> = plan
        .rows
        .iter()
        .map(|row| match row.stages[0].contents.get("codes") {
            Some(Content::Codes(codes)) => codes.frames(),
            _ => panic!("no codes"),
        })
        .collect();
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
    let first = scores("The sign was", 0.9, 0, 1);
    let first_s = first.log_probs.len() as f64 / Phone::COUNT as f64 / 50.0;
    let rows = vec![generated(first), generated(scores("visibly displayed", 0.9, 0, 2))];
    let answer = stt(SttConfig::default()).answer_of(&request(clip(8.0)), rows).expect("an answer");
    assert_eq!(answer.text, "the sign was visibly displayed");
    assert!(answer.words[3].start_s > first_s);
    assert!(answer.confidence.is_some_and(|c| c > 0.5 && c < 1.0), "{:?}", answer.confidence);
    assert_eq!(answer.phones.first().map(|p| p.phone.as_str()), Some("SIL"));
}

#[test]
fn a_known_text_is_placed() {
    let known = SttRequest { text: Some("The sign was displayed!".into()), ..request(clip(8.0)) };
    let rows = vec![
        generated(scores("the sign", 0.9, 0, 1)),
        generated(scores("was displayed", 0.9, 0, 2)),
    ];
    let answer = stt(SttConfig::default()).answer_of(&known, rows).expect("an answer");
    assert_eq!(answer.text, "The sign was displayed!");
    assert_eq!(answer.words.len(), 4);
    assert!(answer.words.windows(2).all(|w| w[0].end_s <= w[1].start_s + 1e-9));
}

#[test]
fn a_model_that_writes_text_is_read() {
    let config = SttConfig { mode: SttMode::Text, ..SttConfig::default() };
    let text =
        |text: &str| Generated { text: kit().vocab.encode_letters(text), ..Generated::default() };
    let rows = vec![text("the sign "), text(""), text("was")];
    let answer = stt(config).answer_of(&request(clip(8.0)), rows).expect("an answer");
    assert_eq!((answer.text.as_str(), answer.words.len()), ("the sign was", 0));
}

#[test]
fn bad_requests_say_what_to_do() {
    let aligned = stt(SttConfig::default());
    let text = stt(SttConfig { mode: SttMode::Text, ..SttConfig::default() });
    let known = SttRequest { text: Some("Oh".into()), ..request(clip(8.0)) };
    let errors = [
        aligned.plan_of(&request(clip(0.01))).map_err(told).expect_err("too short"),
        aligned
            .plan_of(&request(Clip::from("x.wav".to_owned())))
            .map_err(told)
            .expect_err("no file"),
        text.plan_of(&known).map_err(told).expect_err("not with text"),
        aligned
            .answer_of(&request(clip(8.0)), vec![Generated::default()])
            .expect_err("no scores")
            .to_string(),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn words_end_with_the_recording() {
    let seconds = 0.3;
    let rows = vec![generated(scores("the sign was displayed", 0.9, 0, 1))];
    let stt = stt(SttConfig::default());
    let answer = stt.answer_of(&request(clip(seconds)), rows).expect("an answer");
    assert!(answer.words.iter().all(|w| w.start_s <= w.end_s && w.end_s <= seconds));
}
