//! Streaming decoder of the embedded codec.

use std::sync::Arc;

use syrinx_types::Codes;

use crate::frame_net::BLOCK_FRAMES;
use crate::pitch::PitchFrame;
use crate::{
    CodecError, DecodeStream, EnhancementLayer, EnhancementTables, LevelRange, MelRvq, PitchStream,
    Vocoder, VocoderStream,
};

/// Stream from codes to samples.
pub(crate) struct EmbeddedStream {
    rvq: Arc<MelRvq>,
    vocoder: Vocoder,
    enhancement: Option<EnhancementLayer>,
    /// Codes that don't fill a block yet; `None` before the first push.
    pending: Option<Codes>,
    /// Network of the stream; `None` before the first block.
    running: Option<RunningStream>,
}

/// Streams of the networks, chosen by the levels of the first codes.
struct RunningStream {
    vocoder: VocoderStream,
    pitch: PitchOfCodes,
    /// Mel frames whose pitch isn't known yet, (n, bins).
    waiting: Vec<f32>,
}

/// Source of the pitch of a stream.
enum PitchOfCodes {
    /// No pitch; the vocoder has no source.
    None,
    /// The pitch level of the codes.
    Level,
    /// Prediction from the spectrogram.
    Predicted(Box<PitchStream>),
}

impl EmbeddedStream {
    pub(crate) fn new(
        rvq: Arc<MelRvq>,
        vocoder: Vocoder,
        enhancement: Option<EnhancementLayer>,
    ) -> Self {
        Self { rvq, vocoder, enhancement, pending: None, running: None }
    }

    /// Returns the number of codec frames that are processed at once: constant, since sums may depend on it.
    fn block(&self) -> usize {
        BLOCK_FRAMES.div_ceil(self.rvq.config().patch_frames)
    }

    /// Returns the tables of the enhancement layer, if the codes have levels of it.
    fn tables(&self, codes: &Codes) -> Option<&EnhancementTables> {
        let enhancement = self.enhancement.as_ref()?;
        (codes.levels() > self.rvq.config().levels).then_some(&*enhancement.tables)
    }

    fn check(&self, codes: &Codes) -> Result<(), CodecError> {
        self.tables(codes).map_or_else(|| self.rvq.check(codes), |t| t.check(&self.rvq, codes))
    }

    fn start(&self, codes: &Codes) -> RunningStream {
        let (pitch, late) = match (self.tables(codes), &self.enhancement) {
            (Some(_), _) => (PitchOfCodes::Level, 0),
            (None, Some(EnhancementLayer { predictor, .. })) => {
                (PitchOfCodes::Predicted(Box::new(predictor.stream())), predictor.late_frames())
            }
            (None, None) => (PitchOfCodes::None, 0),
        };
        RunningStream { vocoder: self.vocoder.stream_behind(late), pitch, waiting: Vec::new() }
    }

    fn decode(&mut self, codes: &Codes) -> Result<Vec<f32>, CodecError> {
        let (mel, pitch) = match self.tables(codes) {
            Some(tables) => {
                let mel = tables.decode_log_mel(&self.rvq, codes)?; // (frames, bins)
                (mel, tables.decode_pitch(&self.rvq, codes)?)
            }
            None => (self.rvq.decode_log_mel(codes)?, Vec::new()),
        };
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start(codes),
        };
        let out = running.push(mel, &pitch, self.rvq.config().mel.bins);
        self.running = Some(running);
        out
    }
}

impl RunningStream {
    fn push(
        &mut self,
        mel: Vec<f32>,
        pitch: &[PitchFrame],
        bins: usize,
    ) -> Result<Vec<f32>, CodecError> {
        let PitchOfCodes::Predicted(stream) = &mut self.pitch else {
            return self.vocoder.push(&mel, pitch);
        };
        let pitch = stream.push(&mel)?;
        self.waiting.extend(mel);
        let known: Vec<f32> = self.waiting.drain(..pitch.len() * bins).collect();
        self.vocoder.push(&known, &pitch)
    }

    fn finish(&mut self) -> Result<Vec<f32>, CodecError> {
        let mut out = Vec::new();
        if let PitchOfCodes::Predicted(stream) = &mut self.pitch {
            let pitch = stream.finish()?;
            let rest = std::mem::take(&mut self.waiting);
            out.extend(self.vocoder.push(&rest, &pitch)?);
        }
        out.extend(self.vocoder.finish()?);
        Ok(out)
    }
}

impl DecodeStream for EmbeddedStream {
    fn push(&mut self, codes: &Codes) -> Result<Vec<f32>, CodecError> {
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        self.check(codes)?;
        let mut pending = self.pending.clone().unwrap_or_else(|| Codes::empty(codes.levels()));
        if pending.levels() != codes.levels() {
            let accepted = LevelRange::exactly(pending.levels());
            return Err(CodecError::Levels { found: codes.levels(), accepted });
        }
        let (block, mut out) = (self.block(), Vec::new());
        for t in 0..codes.frames() {
            pending.push(codes.frame(t));
            if pending.frames() == block {
                out.extend(self.decode(&pending)?);
                pending = Codes::empty(codes.levels());
            }
        }
        self.pending = Some(pending);
        Ok(out)
    }

    fn finish(&mut self) -> Result<Vec<f32>, CodecError> {
        let mut out = match self.pending.take() {
            Some(rest) if !rest.is_empty() => self.decode(&rest)?,
            _ => Vec::new(),
        };
        if let Some(running) = &mut self.running {
            out.extend(running.finish()?);
        }
        Ok(out)
    }
}
