//! Speech at another rate: what every task has to hold, and what is its own.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use syrinx_task::{Alignment, Clip, Content, Response, Task};
use syrinx_task_change_rate::{ChangeRate, ChangeRateConfig, ChangeRateRequest, TASK, stretched};
use syrinx_testkit::{SpeechSpec, ToneStudio, check_task, kit, sample};
use syrinx_types::{Audio, Codes};

fn task() -> ChangeRate {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    ChangeRate::new(ChangeRateConfig::default(), &kit).expect("the defaults are sound")
}

fn request(seconds: f64, rate: f64) -> ChangeRateRequest {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| (i as f32 * 0.05).sin());
    let audio = Audio { samples: samples.collect(), sample_rate_hz: 24_000 };
    ChangeRateRequest { audio: Clip::from(audio), rate }
}

#[test]
fn it_conforms() {
    for alignment in [Alignment::Pointer, Alignment::None] {
        check_task(&TASK, alignment).unwrap_or_else(|reason| panic!("{alignment:?}: {reason}"));
    }
}

#[test]
fn frames_are_taken_evenly() {
    let codes = Codes::new(1, (0..6).collect()).expect("six frames");
    assert_eq!(stretched(&codes, 3).values(), [0, 2, 4]);
    assert_eq!(stretched(&codes, 9).values(), [0, 0, 1, 2, 2, 3, 4, 4, 5]);
    assert_eq!(stretched(&codes, 0).frames(), 0);
}

#[test]
fn an_example_asks_for_the_utterance() {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    let sample = sample(&kit, &ToneStudio::default(), "Oh, no.", &SpeechSpec::default(), 1)
        .expect("a sample");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let example = task().example("ar", Some(&sample), &mut rng).expect("no fault").expect("codes");
    let Some(Content::Codes(given)) = example.contents.get("stretched") else { panic!("no codes") };
    assert_eq!(given.frames(), sample.codes.frames());
    let Response::Codes { codes, .. } = example.response else { panic!("no codes") };
    assert_eq!(codes, sample.codes);
}

#[test]
fn long_recordings_are_spoken_in_pieces() {
    let plan = task().plan(&request(30.0, 1.5)).expect("a plan");
    let frames: Vec<usize> = plan.rows.iter().map(|row| row.stages[0].limit).collect();
    assert_eq!(frames, [250, 250]);
}

#[test]
fn bad_requests_say_what_to_do() {
    for (request, said) in [
        (request(1.0, 3.0), "between 0.5 and 2"),
        (request(1.0, -1.0), "between 0.5 and 2"),
        (request(1.0, f64::NAN), "between 0.5 and 2"),
        (request(0.01, 1.0), "too short"),
    ] {
        let error = task().plan(&request).expect_err("a bad request").to_string();
        assert!(error.contains(said), "{error}");
    }
}
