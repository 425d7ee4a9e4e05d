//! Batches of training clips.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use syrinx_types::{Audio, Codes};

use crate::enhancement::EnhancementTables;
use crate::pitch::PitchFrame;
use crate::{CodecError, MelRvq, VocoderTrainConfig};

/// Source of training clips.
pub trait ClipSource: Sync {
    /// Draws `samples` consecutive samples at the codec's rate from a random position of a random recording; silence
    /// beyond its ends.
    ///
    /// # Errors
    /// Errors of the source.
    fn draw(&self, samples: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, CodecError>;

    /// Draws codec frames of `frame_samples` samples each from a random position of a random recording that comes with
    /// codes: its samples and these codes. `None` if no recording has codes.
    ///
    /// # Errors
    /// Errors of the source.
    fn draw_coded(
        &self,
        _frames: usize,
        _frame_samples: usize,
        _rng: &mut ChaCha8Rng,
    ) -> Result<Option<(Vec<f32>, Codes)>, CodecError> {
        Ok(None)
    }
}

/// Clips of one step.
pub(crate) struct ClipBatch {
    /// (clips * mel frames, bins)
    pub(crate) mel: Vec<f32>,
    /// (clips * mel frames); empty without a pitch level.
    pub(crate) pitch: Vec<PitchFrame>,
    /// Whether the vocoder gets the predicted pitch, by clip.
    pub(crate) predicted: Vec<bool>,
    /// (clips * clip samples)
    pub(crate) target: Vec<f32>,
}

/// One clip of a batch.
struct TrainingClip {
    mel: Vec<f32>,
    pitch: Vec<PitchFrame>,
    predicted: bool,
    target: Vec<f32>,
}

/// Draws the clips of a step.
pub(crate) fn batch(
    rvq: &MelRvq,
    tables: Option<&EnhancementTables>,
    source: &dyn ClipSource,
    config: &VocoderTrainConfig,
    step: u64,
) -> Result<ClipBatch, CodecError> {
    let clips = (0..config.clips)
        .into_par_iter()
        .map(|i| {
            // Each clip has its own stream of random numbers: a resumed run draws the same clips.
            let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
            rng.set_stream(step * config.clips as u64 + i as u64);
            one_clip(rvq, tables, source, config, &mut rng)
        })
        .collect::<Result<Vec<_>, CodecError>>()?;
    let mut batch =
        ClipBatch { mel: Vec::new(), pitch: Vec::new(), predicted: Vec::new(), target: Vec::new() };
    for clip in clips {
        batch.mel.extend(clip.mel);
        batch.pitch.extend(clip.pitch);
        batch.predicted.push(clip.predicted);
        batch.target.extend(clip.target);
    }
    Ok(batch)
}

fn one_clip(
    rvq: &MelRvq,
    tables: Option<&EnhancementTables>,
    source: &dyn ClipSource,
    config: &VocoderTrainConfig,
    rng: &mut ChaCha8Rng,
) -> Result<TrainingClip, CodecError> {
    let c = rvq.config();
    let frames = config.clip_frames * c.patch_frames;
    let predicted =
        config.predicted_pitch_share > 0.0 && rng.random_bool(config.predicted_pitch_share);
    let exact = config.exact_pitch_share > 0.0 && rng.random_bool(config.exact_pitch_share);
    let pitch = |samples: &[f32], margin_frames: usize| {
        let of = |t| pitch_of(t, rvq, samples, margin_frames, frames, exact);
        tables.map_or(Ok(Vec::new()), of)
    };
    if config.coded_share > 0.0
        && rng.random_bool(config.coded_share)
        && let Some((samples, codes)) =
            source.draw_coded(config.clip_frames, c.frame_samples(), rng)?
    {
        // Synthesized codes have no enhancement layer.
        let (mel, pitch) = (rvq.decode_log_mel(&codes)?, pitch(&samples, 0)?);
        return Ok(TrainingClip { mel, pitch, predicted: true, target: samples });
    }
    let clip = config.clip_frames * c.frame_samples();
    // Margins give the first and last spectra real samples.
    let margin_frames = c.mel.n_fft.div_ceil(2 * c.mel.hop);
    let margin = margin_frames * c.mel.hop;
    let samples = drawn(source, clip + 2 * margin, c.mel.sample_rate_hz, config, rng)?;
    let mel = rvq.log_mel().compute(&samples);
    let mut mel = mel[margin_frames * c.mel.bins..][..frames * c.mel.bins].to_vec();
    mel = coded(rvq, tables, mel, config, rng)?;
    let pitch = pitch(&samples, margin_frames)?;
    Ok(TrainingClip { mel, pitch, predicted, target: samples[margin..][..clip].to_vec() })
}

/// Returns the spectrogram of a clip after quantization with a random number of levels.
fn coded(
    rvq: &MelRvq,
    tables: Option<&EnhancementTables>,
    mel: Vec<f32>,
    config: &VocoderTrainConfig,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<f32>, CodecError> {
    let c = rvq.config();
    let draw: f64 = rng.random();
    if draw < config.true_mel_share {
        return Ok(mel);
    }
    let latents = rvq.latents(&mel); // (codec frames, latent_dim)
    let codes = rvq.round(&latents);
    if draw < config.true_mel_share + config.fewer_levels_share {
        let levels = rng.random_range(config.min_levels..c.levels.max(config.min_levels + 1));
        return rvq.decode_log_mel(&codes.first_levels(levels));
    }
    let Some(tables) = tables.filter(|_| rng.random_bool(config.refined_share)) else {
        return rvq.decode_log_mel(&codes);
    };
    let silent = vec![PitchFrame { log2_hz: 7.0, voicing: 0.0 }; codes.frames() * c.patch_frames];
    let codes = tables.encode(rvq, &codes, &latents, &silent)?;
    let groups = if rng.random_bool(0.5) { rng.random_range(0..tables.levels()) } else { 0 };
    tables.decode_log_mel(rvq, &codes.first_levels(codes.levels() - groups))
}

/// Draws samples of the source and augments them.
pub(crate) fn drawn(
    source: &dyn ClipSource,
    samples: usize,
    sample_rate_hz: u32,
    config: &VocoderTrainConfig,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<f32>, CodecError> {
    let Some(change) = config.augment.draw(rng) else { return source.draw(samples, rng) };
    let input = source.draw(change.input_len(samples), rng)?;
    let changed = change.apply(Audio { samples: input, sample_rate_hz }, samples, rng);
    Ok(changed.map_err(CodecError::Augment)?.samples)
}

/// Returns the pitch of a clip, quantized or exact.
fn pitch_of(
    tables: &EnhancementTables,
    rvq: &MelRvq,
    samples: &[f32],
    margin_frames: usize,
    frames: usize,
    exact: bool,
) -> Result<Vec<PitchFrame>, CodecError> {
    let table = &tables.pitch;
    let mel = &rvq.config().mel;
    let all =
        table.config().track(samples, mel.sample_rate_hz, mel.hop, frames + 2 * margin_frames);
    let inside = &all[margin_frames..][..frames];
    if exact { Ok(inside.to_vec()) } else { table.decode(&table.encode(inside)) }
}
