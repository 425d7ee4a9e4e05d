//! Dereverberation: the conformance suite, and tests of the task's own.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use syrinx_task::{Alignment, Clip, Content, Response, SimulationMaterial, SimulationRanges, Task};
use syrinx_task_de_reverb::{DeReverb, DeReverbConfig, DeReverbRequest, TASK, reverberant};
use syrinx_testkit::{SpeechSpec, Tested, ToneCodec, check_task, kit, sample};
use syrinx_types::Audio;

fn task() -> DeReverb {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    DeReverb::new(DeReverbConfig::default(), &kit).expect("the defaults are sound")
}

fn tone(seconds: f64) -> Audio {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| (i as f32 * 0.05).sin());
    Audio { samples: samples.collect(), sample_rate_hz: 24_000 }
}

#[test]
fn it_conforms() {
    for alignment in [Alignment::Pointer, Alignment::None] {
        check_task(&TASK, alignment).unwrap_or_else(|reason| panic!("{alignment:?}: {reason}"));
    }
}

#[test]
fn the_simulated_input_follows_its_seed() {
    let render = |seed| {
        let ranges = SimulationRanges { snr_db: (0.0, 0.0), sir_db: (0.0, 0.0), echo_share: 0.0 };
        let speech = tone(0.5);
        let material = SimulationMaterial { speech: &speech, others: &[], ranges, seed };
        reverberant(&material).expect("no fault").expect("a recording")
    };
    assert_eq!(render(1), render(1));
    assert_ne!(render(1), render(2));
    assert_eq!(render(1).samples.len(), tone(0.5).samples.len());
    assert_eq!(render(1).samples[..300], tone(0.5).samples[..300], "no echo before the first");
}

#[test]
fn the_utterance_is_the_response_to_its_reverberant_rendition() {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    let renditions = vec![TASK.simulation.expect("it simulates").input.name.to_owned()];
    let spec = SpeechSpec { renditions, ..SpeechSpec::default() };
    let sample = sample(&kit, &ToneCodec::default(), "Oh, no.", &spec, 1).expect("a sample");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let example = task().corpus_example("ar", &sample, &mut rng).expect("no fault");
    let example = example.expect("it has the rendition");
    let Some(Content::Codes(given)) = example.contents.get("recording") else { panic!("codes") };
    assert_eq!(given.frames(), sample.codes.frames());
    let Response::Codes { codes, .. } = example.response else { panic!("no codes") };
    assert_eq!(codes, sample.codes);
}

#[test]
fn long_recordings_are_several_rows() {
    let request = |seconds| DeReverbRequest { audio: Clip::from(tone(seconds)) };
    let plan = task().plan_of(&request(20.0)).expect("a plan");
    let frames: Vec<usize> = plan.rows.iter().map(|row| row.stages[0].limit).collect();
    assert_eq!(frames, [250, 250]);
    let error = task().plan_of(&request(0.01)).expect_err("too short");
    assert!(error.to_string().contains("less than one frame"), "{error}");
    assert!(error.hint().is_some());
}
