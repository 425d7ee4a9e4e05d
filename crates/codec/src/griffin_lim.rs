//! Griffin-Lim phase reconstruction: the baseline for the vocoder.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::istft::Istft;
use crate::magnitudes::mel_to_magnitudes;
use crate::{CodecError, VocoderConfig};

/// Returns the samples of log-mel frames (frames, bins) by the algorithm of Griffin & Lim (1984): magnitudes from the
/// mel spectrogram, phases by iterated transforms. Usually 32 iterations.
///
/// Only the spectrogram and `n_fft` of `config` matter.
///
/// # Errors
/// [`CodecError::Config`] for sizes that don't fit together.
pub fn griffin_lim(
    log_mel: &[f32],
    config: &VocoderConfig,
    rounds: usize,
    seed: u64,
) -> Result<Vec<f32>, CodecError> {
    config.check()?;
    let istft = Istft::new(config.n_fft, config.mel.hop);
    let bins = istft.bins();
    let magnitudes = mel_to_magnitudes(config);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = Vec::new(); // (frames, 2 * bins): log-magnitudes, phases
    for frame in log_mel.chunks_exact(config.mel.bins) {
        rows.extend(magnitudes.row(frame));
        rows.extend((0..bins).map(|_| rng.random_range(-3.1..3.1f32)));
    }
    let mut samples = istft.synthesise(&rows);
    for _ in 0..rounds {
        let consistent = istft.analyse(&samples);
        for (row, new) in rows.chunks_exact_mut(2 * bins).zip(consistent.chunks_exact(2 * bins)) {
            row[bins..].copy_from_slice(&new[bins..]);
        }
        samples = istft.synthesise(&rows);
    }
    Ok(samples)
}
