//! Speech by an imported model: all levels of a response, in the way that the model was trained for.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_decode::SamplerConfig;
use syrinx_task::{VallEPiece, VallEPrompt, VallEText};
use syrinx_types::{CancelToken, Codes};

use super::error::VallEError;
use super::generate::{DemaskConfig, VallE};

/// Predicted lengths are stretched by this, as the reference does: without room at the end the last word is cut.
const LENGTH_FACTOR: f64 = 1.05;

/// Settings of speech.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakOptions {
    /// Prediction of level 1 in place; frame by frame without.
    pub in_place: Option<DemaskConfig>,
    /// Draw of level 1 frame by frame.
    pub sampler: SamplerConfig,
    /// Most frames.
    pub most_frames: usize,
    /// Seed of draws.
    pub seed: u64,
}

/// Recordings with and without their speech, by the names of the reference's tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// Speech without noise, `ns`.
    Noise,
    /// Noise without speech, `sr`.
    Speech,
}

impl VallE {
    /// Codes of a text in the voice of a prompt, all levels.
    ///
    /// # Errors
    /// [`VallEError::Untrained`], [`VallEError::Compute`], [`VallEError::Cancelled`].
    pub fn speak(
        &self,
        prompt: &VallEPrompt,
        options: &SpeakOptions,
        cancel: &CancelToken,
    ) -> Result<Codes, VallEError> {
        let first = match &options.in_place {
            Some(config) => {
                let frames = self.length(prompt, cancel)? as f64 * LENGTH_FACTOR;
                let frames = (frames as usize).clamp(1, options.most_frames);
                self.demask(prompt, frames, config, cancel)?
            }
            None => {
                let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
                let with = (&options.sampler, &mut rng, cancel);
                self.first_level(prompt, options.most_frames, with)?
            }
        };
        self.further_levels(prompt, &first, cancel)
    }

    /// Codes of a recording without its noise, or without its speech; as many frames as it has.
    ///
    /// # Errors
    /// [`VallEError::Compute`], [`VallEError::Cancelled`].
    pub fn suppress(
        &self,
        recording: &Codes,
        suppression: Suppression,
        options: &SpeakOptions,
        cancel: &CancelToken,
    ) -> Result<Codes, VallEError> {
        let task = match suppression {
            Suppression::Noise => "ns",
            Suppression::Speech => "sr",
        };
        let prompt = VallEPrompt {
            // Begin and end alone: the words are not known.
            text: Some(VallEText::Phones(vec![1, 2])),
            recording: None,
            language: None,
            prompt: vec![VallEPiece::Task(task.into()), VallEPiece::Codes(recording.clone())],
            counts_separators: true,
        };
        let first = match &options.in_place {
            Some(config) => self.demask(&prompt, recording.frames(), config, cancel)?,
            None => {
                let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
                let with = (&options.sampler, &mut rng, cancel);
                self.first_level(&prompt, recording.frames(), with)?
            }
        };
        self.further_levels(&prompt, &first, cancel)
    }
}
