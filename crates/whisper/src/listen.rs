//! From sound to words.

use candle_core::{IndexOp, Tensor};
use candle_transformers::models::whisper::{self as w, audio::pcm_to_mel};
use syrinx_audio::resample;
use syrinx_types::Audio;

use crate::{Whisper, WhisperError};

fn failed(operation: &'static str) -> impl Fn(candle_core::Error) -> WhisperError {
    move |source| WhisperError::Compute { operation, source }
}

impl Whisper {
    /// What is said in a recording of any length, 30 seconds at a time.
    ///
    /// # Errors
    /// [`WhisperError::Audio`] for an impossible sample rate, [`WhisperError::Compute`], [`WhisperError::Tokens`].
    pub fn transcribe(&mut self, audio: &Audio) -> Result<String, WhisperError> {
        let sound = resample(audio, w::SAMPLE_RATE as u32)?;
        let mut said = Vec::new();
        for window in sound.samples.chunks(w::N_SAMPLES) {
            said.push(self.window(window)?);
        }
        let words: Vec<&str> = said.iter().flat_map(|s| s.split_whitespace()).collect();
        Ok(words.join(" "))
    }

    /// One window, padded with silence to its 30 seconds.
    fn window(&mut self, samples: &[f32]) -> Result<String, WhisperError> {
        let bins = self.model.config.num_mel_bins;
        let frames = 2 * self.model.config.max_source_positions;
        let mel = pcm_to_mel(&self.model.config, samples, &self.filters);
        let computed = mel.len() / bins;
        let mel = Tensor::from_vec(mel, (1, bins, computed), &self.device) // (1, bins, frames)
            .and_then(|mel| mel.narrow(2, 0, frames.min(computed)))
            .map_err(failed("reading the spectrogram"))?;
        let heard = self.model.encoder.forward(&mel, true).map_err(failed("listening"))?; // (1, positions, dim)
        let ids = self.write(&heard)?;
        self.tokenizer.decode(&ids, true).map_err(|e| WhisperError::Tokens(e.to_string()))
    }

    /// The likeliest tokens, one after another. The whole prefix runs again at every token: it is short, and
    /// candle-transformers caches nothing but the keys of what was heard.
    fn write(&mut self, heard: &Tensor) -> Result<Vec<u32>, WhisperError> {
        let fail = failed("writing");
        let start = self.marks.start.len();
        let mut tokens = self.marks.start.clone();
        // Half of the positions are for the text before, which isn't given.
        let limit = self.model.config.max_target_positions.min(start + 224);
        while tokens.len() < limit {
            let x = Tensor::new(tokens.as_slice(), &self.device)
                .and_then(|t| t.unsqueeze(0))
                .map_err(&fail)?; // (1, tokens)
            let first = tokens.len() == start;
            let h = self.model.decoder.forward(&x, heard, first).map_err(&fail)?; // (1, tokens, dim)
            let last = h.i((..1, tokens.len() - 1..)).map_err(&fail)?; // (1, 1, dim)
            let logits = self.model.decoder.final_linear(&last).map_err(&fail)?; // (1, 1, vocabulary)
            let logits = logits.flatten_all().and_then(|l| l.to_vec1::<f32>()).map_err(&fail)?;
            let next = self.likeliest(&logits, first);
            if next == self.marks.end {
                break;
            }
            tokens.push(next);
        }
        Ok(tokens.split_off(start))
    }

    /// The likeliest token that may be written: no mark but the end, and the end not at once.
    fn likeliest(&self, logits: &[f32], first: bool) -> u32 {
        let end = self.marks.end;
        (0u32..)
            .zip(logits)
            .filter(|&(id, _)| id < self.marks.first || (id == end && !first))
            .filter(|(id, _)| !self.suppressed.contains(id) || *id == end)
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map_or(end, |(id, _)| id)
    }
}
