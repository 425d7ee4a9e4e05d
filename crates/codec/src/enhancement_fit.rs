//! Tables of the enhancement layer fitted to recordings.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::clips::{ClipSource, drawn};
use crate::enhancement::{EnhancementTables, residuals};
use crate::pitch::{PitchFrame, PitchTable};
use crate::refinement::Refinement;
use crate::{CodecError, MelRvq, VocoderTrainConfig};

impl EnhancementTables {
    /// Fits both tables on clips of a second, augmented as in training; only the refinement if a pitch table is given.
    ///
    /// # Errors
    /// [`CodecError::Config`], [`CodecError::TooLittleData`], or the source's.
    pub(crate) fn fit(
        rvq: &MelRvq,
        source: &dyn ClipSource,
        config: &VocoderTrainConfig,
        pitch: Option<PitchTable>,
    ) -> Result<Self, CodecError> {
        let c = rvq.config();
        config.pitch.check()?;
        config.refinement.check(c.latent_dim)?;
        let codec_frames = c.frame_rate_hz().ceil() as usize;
        let samples = codec_frames * c.frame_samples();
        let (rate_hz, hop) = (c.mel.sample_rate_hz, c.mel.hop);
        let parts = (0..config.pitch.fit_seconds)
            .into_par_iter()
            .map(|i| {
                let mut rng = ChaCha8Rng::seed_from_u64(config.seed.wrapping_add(1));
                rng.set_stream(i as u64);
                let clip = drawn(source, samples, rate_hz, config, &mut rng)?;
                let frames = codec_frames * c.patch_frames;
                let track = match pitch {
                    Some(_) => Vec::new(),
                    None => config.pitch.track(&clip, rate_hz, hop, frames),
                };
                let latents = rvq.latents(&rvq.patches(&clip)); // (codec frames, latent_dim)
                let codes = rvq.round(&latents);
                Ok((track, residuals(rvq, &latents, &codes)?))
            })
            .collect::<Result<Vec<_>, CodecError>>()?;
        let (tracks, residuals): (Vec<Vec<PitchFrame>>, Vec<Vec<f32>>) = parts.into_iter().unzip();
        let pitch = match pitch {
            Some(table) => table,
            None => PitchTable::fit(&config.pitch, c.patch_frames, &tracks, config.seed)?,
        };
        let residuals = residuals.concat();
        let refinement =
            Refinement::fit(&config.refinement, c.latent_dim, &residuals, config.seed)?;
        Ok(Self { pitch, refinement })
    }
}
