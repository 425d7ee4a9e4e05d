//! The enhancement layer: levels behind those of the quantiser, which the codec reads and no language model.

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
    /// Codes of its levels.
    pub tables: Arc<EnhancementTables>,
    /// Pitch of codes without the layer.
    pub predictor: PitchPredictor,
}

impl EnhancementTables {
    /// Returns the number of levels.
    pub fn levels(&self) -> usize {
        1 + self.refinement.config().groups
    }

    /// Returns the codes with these levels behind those of the quantiser; `latents` and `track` are those that they
    /// stand for.
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

    /// Whether codes can be this codec's, all levels of the quantiser and some of these.
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

    /// Log-mel frames of codes with some of these levels, (frames * patch_frames, bins).
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

    /// Pitch of codes with these levels, (frames * patch_frames).
    pub(crate) fn decode_pitch(
        &self,
        rvq: &MelRvq,
        codes: &Codes,
    ) -> Result<Vec<PitchFrame>, CodecError> {
        self.pitch.decode(&codes.level(rvq.config().levels))
    }
}

/// Latents less the entries that codes stand for.
pub(crate) fn residuals(
    rvq: &MelRvq,
    latents: &[f32],
    codes: &Codes,
) -> Result<Vec<f32>, CodecError> {
    let coded = rvq.dequantise(codes)?;
    Ok(latents.iter().zip(coded).map(|(l, c)| l - c).collect())
}
