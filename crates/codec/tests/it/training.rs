use std::path::Path;

use rand_chacha::ChaCha8Rng;
use syrinx_codec::{
    ClipSource, CodecError, RefinementConfig, SourceConfig, Start, TrainedVocoder, VocoderConfig,
    VocoderTrainConfig, train_vocoder,
};
use syrinx_nn::to_vec_f32;
use syrinx_types::{CancelToken, Codes, Event, EventSink, NullSink, RecordingSink};

use crate::small;

fn train(
    config: &VocoderTrainConfig,
    state: Option<&Path>,
    events: &dyn EventSink,
) -> Result<TrainedVocoder, CodecError> {
    let rvq = small::rvq();
    let start = Start { rvq: &rvq, vocoder: None, enhancement: None };
    train_vocoder(start, &small::Sounds, config, state, events, &CancelToken::default())
}

fn weights(trained: &TrainedVocoder) -> Vec<f32> {
    let predictor = trained.enhancement.as_ref().map(|e| e.predictor.tensors()).unwrap_or_default();
    let all = trained.vocoder.tensors().into_values().chain(predictor.into_values());
    all.flat_map(|t| to_vec_f32(&t).unwrap()).collect()
}

#[test]
fn the_loss_falls() {
    // Source and noise begin too low.
    let quiet = SourceConfig { harmonic_gain: -2.5, noise_gain: -2.5, ..SourceConfig::default() };
    let config = VocoderTrainConfig { steps: 40, learning_rate: 5e-3, ..with_source(Some(quiet)) };
    let sink = RecordingSink::default();
    let trained = train(&config, None, &sink).unwrap();
    assert!(trained.finished && trained.step == 40);
    let losses: Vec<f64> = sink
        .events()
        .into_iter()
        .filter_map(|e| match e {
            Event::TrainStep { loss, .. } => Some(loss),
            _ => None,
        })
        .collect();
    let mean = |l: &[f64]| l.iter().sum::<f64>() / l.len() as f64;
    let (first, last) = (mean(&losses[..8]), mean(&losses[32..]));
    assert!(losses.len() == 40 && last < 0.85 * first, "{first} became {last}");
}

/// Stops the run after some steps.
struct StopAt(u64, CancelToken);

impl EventSink for StopAt {
    fn emit(&self, event: Event) {
        if matches!(event, Event::TrainStep { step, .. } if step == self.0) {
            self.1.cancel();
        }
    }
}

#[test]
fn a_stopped_run_goes_on_as_if_it_had_not() {
    let config = small::train_config();
    let straight = train(&config, None, &NullSink).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.safetensors");
    let cancel = CancelToken::default();
    let sink = StopAt(3, cancel.clone());
    let rvq = small::rvq();
    let start = Start { rvq: &rvq, vocoder: None, enhancement: None };
    let stopped =
        train_vocoder(start, &small::Sounds, &config, Some(&state), &sink, &cancel).unwrap();
    assert!(!stopped.finished && stopped.step == 3);
    let resumed = train(&config, Some(&state), &NullSink).unwrap();
    assert!(resumed.finished && resumed.step == 6);
    assert!(weights(&straight) == weights(&resumed), "weights differ after going on");
    let again = train(&config, Some(&state), &NullSink).unwrap();
    assert!(weights(&again) == weights(&resumed), "a finished run changed");
}

#[test]
fn a_state_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.safetensors");
    let config = VocoderTrainConfig { steps: 1, ..small::train_config() };
    train(&config, Some(&state), &NullSink).unwrap();
    let other = VocoderTrainConfig { seed: 2, ..config.clone() };
    assert!(matches!(train(&other, Some(&state), &NullSink), Err(CodecError::State { .. })));
    let longer = VocoderTrainConfig { steps: 2, learning_rate: 1e-4, ..config.clone() };
    assert_eq!(train(&longer, Some(&state), &NullSink).unwrap().step, 2);
    let bytes = std::fs::read(&state).unwrap();
    std::fs::write(&state, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(train(&config, Some(&state), &NullSink), Err(CodecError::Unreadable { .. })));
}

#[test]
fn impossible_settings_are_named() {
    let good = small::train_config();
    for (config, setting) in [
        (VocoderTrainConfig { clips: 0, ..good.clone() }, "clip_frames"),
        (VocoderTrainConfig { clip_frames: 0, ..good.clone() }, "clip_frames"),
        (VocoderTrainConfig { min_levels: 4, ..good.clone() }, "min_levels"),
        (VocoderTrainConfig { true_mel_share: 1.5, ..good.clone() }, "true_mel_share"),
    ] {
        let found = train(&config, None, &NullSink).err().unwrap().to_string();
        assert!(found.contains(setting), "{found}");
    }
}

/// Recordings with codes of their own, which are other ones than the quantiser's.
struct Coded;

impl ClipSource for Coded {
    fn draw(&self, samples: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, CodecError> {
        small::Sounds.draw(samples, rng)
    }

    fn draw_coded(
        &self,
        frames: usize,
        frame_samples: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Option<(Vec<f32>, Codes)>, CodecError> {
        let samples = self.draw(frames * frame_samples, rng)?;
        let levels = small::rvq().config().levels;
        Ok(Codes::new(levels, vec![1; frames * levels]).ok().map(|codes| (samples, codes)))
    }
}

#[test]
fn training_starts_from_a_vocoder_and_takes_codes_that_come_with_the_clips() {
    let config = small::train_config();
    let first = train(&config, None, &NullSink).unwrap();
    let go = |config: &VocoderTrainConfig| {
        let (vocoder, enhancement) = (Some(&first.vocoder), first.enhancement.as_ref());
        let start = Start { rvq: &small::rvq(), vocoder, enhancement };
        train_vocoder(start, &Coded, config, None, &NullSink, &CancelToken::default()).unwrap()
    };
    let none = go(&VocoderTrainConfig { steps: 0, ..config.clone() });
    assert!(weights(&none) == weights(&first), "no step was made, and the weights differ");
    let plain = go(&config);
    let coded = go(&VocoderTrainConfig { coded_share: 1.0, ..config.clone() });
    assert!(weights(&plain) != weights(&first) && weights(&coded) != weights(&plain));
}

/// Trains for no step, beginning with a vocoder and an enhancement layer.
fn taken_over(start: &TrainedVocoder, config: &VocoderTrainConfig) -> TrainedVocoder {
    let (rvq, config) = (small::rvq(), VocoderTrainConfig { steps: 0, ..config.clone() });
    let start =
        Start { rvq: &rvq, vocoder: Some(&start.vocoder), enhancement: start.enhancement.as_ref() };
    train_vocoder(start, &small::Sounds, &config, None, &NullSink, &CancelToken::default()).unwrap()
}

fn with_source(source: Option<SourceConfig>) -> VocoderTrainConfig {
    let vocoder = VocoderConfig { source, ..small::vocoder_config() };
    VocoderTrainConfig { vocoder, ..small::train_config() }
}

fn of(trained: &TrainedVocoder, name: &str) -> Vec<f32> {
    to_vec_f32(&trained.vocoder.tensors()[name]).unwrap()
}

#[test]
fn a_vocoder_without_a_source_is_given_one() {
    let first = train(&with_source(None), None, &NullSink).unwrap();
    assert!(first.enhancement.is_none());
    for free_gain in [Some(-0.5), None] {
        let source = SourceConfig { free_gain, ..SourceConfig::default() };
        let second = taken_over(&first, &with_source(Some(source)));
        assert!(second.enhancement.is_some());
        assert_eq!(of(&first, "blocks.0.qkv.weight"), of(&second, "blocks.0.qkv.weight"));
        let (old, new) = (of(&first, "output.weight"), of(&second, "output.weight"));
        // Three controls for each of 8 bands; the free branch stays if there is to be one.
        let free = if free_gain.is_some() { old.len() } else { 0 };
        assert_eq!(old[..free], new[..free]);
        assert_eq!(new.len(), free + 3 * 8 * 16);
        // The pitch counts for nothing yet.
        let (old, new) = (of(&first, "input.weight"), of(&second, "input.weight"));
        for (old, new) in old.chunks(8).zip(new.chunks(10)) {
            assert!(old == &new[..8] && new[8..] == [0.0, 0.0]);
        }
    }
}

#[test]
fn a_free_branch_is_left_out_unless_it_is_wanted() {
    let free = with_source(Some(SourceConfig { free_gain: Some(-0.5), ..SourceConfig::default() }));
    let first = train(&free, None, &NullSink).unwrap();
    let (kept, left_out) = (
        taken_over(&first, &free),
        taken_over(&first, &with_source(Some(SourceConfig::default()))),
    );
    for name in ["output.weight", "output.bias", "skip.weight"] {
        let (old, new) = (of(&first, name), of(&left_out, name));
        assert_eq!(old, of(&kept, name));
        assert_eq!(old[old.len() - new.len()..], new, "{name}");
    }
    assert_eq!(left_out.vocoder.config().source.as_ref().unwrap().free_gain, None);
}

#[test]
fn the_refinement_is_fitted_anew_if_wanted() {
    let config = small::train_config();
    let first = train(&config, None, &NullSink).unwrap();
    let tables = |trained: &TrainedVocoder| trained.enhancement.as_ref().unwrap().tables.clone();
    let more = RefinementConfig { groups: 6, ..small::refinement_config() };
    for refit_refinement in [false, true] {
        let config =
            VocoderTrainConfig { refinement: more.clone(), refit_refinement, ..config.clone() };
        let second = taken_over(&first, &config);
        let groups = tables(&second).refinement.config().groups;
        assert_eq!(groups, if refit_refinement { 6 } else { 3 });
        assert_eq!(tables(&first).pitch.entries(), tables(&second).pitch.entries());
    }
}
