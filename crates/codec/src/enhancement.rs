//! The enhancement layer: levels after those of the quantiser, which only the codec uses, not the language model.

use std::sync::Arc;

use syrinx_types::Codes;

use crate::pitch::{PitchFrame, PitchTable};
use crate::refinement::Refinement;
use crate::{CodecError, LevelRange, MelRvq, PitchPredictor};

/// Tables of the enhancement layer.
#[derive(Debug, Clone)]
pub struct EnhancementTables {
    /// The first level: pitch.
    pub pitch: PitchTable,
    /// The levels after it.
    pub refinement: Refinement,
}

/// The enhancement layer of a codec.
#[derive(Clone)]
pub struct EnhancementLayer {
    /// Tables of its levels.
    pub tables: Arc<EnhancementTables>,
    /// Pitch of codes without the layer.
    pub predictor: PitchPredictor,
}

impl EnhancementTables {
    /// Returns the number of levels.
    pub fn levels(&self) -> usize {
        1 + self.refinement.config().groups
    }

    /// Returns the codes with the levels of the enhancement layer appended; they code `latents` and `track`.
    pub(crate) fn encode(
        &self,
        rvq: &MelRvq,
        codes: &Codes,
        latents: &[f32],
        track: &[PitchFrame],
    ) -> Result<Codes, CodecError> {
        let pitch = self.pitch.encode(track);
        let groups = self.refinement.encode(&residuals(rvq, latents, codes)?);
        let mut out = Codes::empty(codes.levels() + self.levels());
        for (t, &pitch) in pitch.iter().enumerate().take(codes.frames()) {
            let mut frame = codes.frame(t).to_vec();
            frame.push(pitch);
            frame.extend(groups.iter().map(|group| group[t]));
            out.push(&frame);
        }
        Ok(out)
    }

    /// Checks that codes have all levels of the quantiser and some of the enhancement layer, with codes inside the
    /// tables.
    pub(crate) fn check(&self, rvq: &MelRvq, codes: &Codes) -> Result<(), CodecError> {
        let base = rvq.config().levels;
        if codes.levels() > base + self.levels() {
            let accepted = LevelRange { min: 1, max: base + self.levels() };
            return Err(CodecError::Levels { found: codes.levels(), accepted });
        }
        rvq.check(&codes.first_levels(base))?;
        for level in base..codes.levels() {
            let size = match level - base {
                0 => self.pitch.config().entries,
                _ => self.refinement.config().entries,
            };
            Codes::new(1, codes.level(level))?.check(size)?;
        }
        Ok(())
    }

    /// Returns the log-mel frames of codes with some levels of the enhancement layer, (frames * patch_frames, bins).
    pub(crate) fn decode_log_mel(
        &self,
        rvq: &MelRvq,
        codes: &Codes,
    ) -> Result<Vec<f32>, CodecError> {
        let base = rvq.config().levels;
        let mut latents = rvq.dequantise(&codes.first_levels(base))?; // (frames, latent_dim)
        let frames = latents.chunks_exact_mut(rvq.config().latent_dim);
        for (t, latent) in frames.enumerate() {
            self.refinement.add(latent, codes.frame(t).get(base + 1..).unwrap_or_default());
        }
        Ok(rvq.log_mel_of(&latents))
    }

    /// Returns the pitch of codes with the pitch level, (frames * patch_frames).
    pub(crate) fn decode_pitch(
        &self,
        rvq: &MelRvq,
        codes: &Codes,
    ) -> Result<Vec<PitchFrame>, CodecError> {
        self.pitch.decode(&codes.level(rvq.config().levels))
    }
}

/// Returns the latents minus the entries of their codes.
pub(crate) fn residuals(
    rvq: &MelRvq,
    latents: &[f32],
    codes: &Codes,
) -> Result<Vec<f32>, CodecError> {
    let coded = rvq.dequantise(codes)?;
    Ok(latents.iter().zip(coded).map(|(l, c)| l - c).collect())
}
