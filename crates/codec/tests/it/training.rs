use std::path::Path;

use rand_chacha::ChaCha8Rng;
use syrinx_codec::{
    ClipSource, CodecError, Start, TrainedVocoder, VocoderConfig, VocoderTrainConfig, train_vocoder,
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
    let config = VocoderTrainConfig { steps: 40, learning_rate: 5e-3, ..small::train_config() };
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

#[test]
fn a_vocoder_without_a_source_is_given_one() {
    let plain = VocoderTrainConfig {
        vocoder: VocoderConfig { source: None, ..small::vocoder_config() },
        ..small::train_config()
    };
    let first = train(&plain, None, &NullSink).unwrap();
    assert!(first.enhancement.is_none());
    let config = VocoderTrainConfig { steps: 0, ..small::train_config() };
    let start = Start { rvq: &small::rvq(), vocoder: Some(&first.vocoder), enhancement: None };
    let second =
        train_vocoder(start, &small::Sounds, &config, None, &NullSink, &CancelToken::default())
            .unwrap();
    assert!(second.enhancement.is_some());
    let (old, new) = (first.vocoder.tensors(), second.vocoder.tensors());
    let of = |tensors: &std::collections::BTreeMap<String, candle_core::Tensor>, name: &str| {
        to_vec_f32(&tensors[name]).unwrap()
    };
    assert_eq!(of(&old, "blocks.0.qkv.weight"), of(&new, "blocks.0.qkv.weight"));
    // The free branch stays, and the pitch counts for nothing yet.
    let rows = of(&old, "output.weight");
    assert_eq!(rows, of(&new, "output.weight")[..rows.len()]);
    for (old, new) in of(&old, "input.weight").chunks(8).zip(of(&new, "input.weight").chunks(10)) {
        assert!(old == &new[..8] && new[8..] == [0.0, 0.0]);
    }
}
