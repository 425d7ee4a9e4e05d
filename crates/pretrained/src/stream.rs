//! Decoding of code streams.

use std::sync::Arc;

use syrinx_codec::{CodecError, DecodeStream, LevelRange};
use syrinx_types::Codes;

use crate::encodec::EncodecStream;
use crate::mimi::MimiStream;
use crate::network::{CodecNetworks, Network, lists};
use crate::window::Window;

/// Number of levels, and of entries per level.
type Limits = (usize, usize);

/// Checks that codes fit the codec.
pub(crate) fn check(codes: &Codes, limits: Limits) -> Result<(), CodecError> {
    let (levels, size) = limits;
    if !codes.is_empty() && !(1..=levels).contains(&codes.levels()) {
        let accepted = LevelRange { min: 1, max: levels };
        return Err(CodecError::Levels { found: codes.levels(), accepted });
    }
    codes.check(size)?;
    Ok(())
}

/// Stream through a decoder that is not causal: each call decodes its frames with their context on both sides.
pub(crate) struct WindowStream {
    parts: Arc<CodecNetworks>,
    limits: Limits,
    window: Window,
    hop: usize,
    /// Codes of the frames from `first` on.
    kept: Codes,
    first: usize,
    /// Number of frames whose samples were returned.
    done: usize,
}

impl WindowStream {
    pub(crate) fn new(
        parts: Arc<CodecNetworks>,
        limits: Limits,
        window: Window,
        hop: usize,
    ) -> Self {
        Self { parts, limits, window, hop, kept: Codes::default(), first: 0, done: 0 }
    }

    /// Returns the samples of all frames before `end`, or of all frames if `end` is `None`.
    fn samples(&mut self, end: Option<usize>) -> Result<Vec<f32>, CodecError> {
        let mut samples = self.parts.decode(&lists(&self.kept), self.first)?;
        let before = ((self.done - self.first) * self.hop).min(samples.len());
        if let Some(end) = end {
            samples.truncate((end - self.first) * self.hop);
            self.done = end;
        }
        samples.drain(..before);
        let start = self.window.start(self.done);
        self.kept = self.kept.slice(start - self.first, self.kept.frames());
        self.first = start;
        Ok(samples)
    }
}

impl DecodeStream for WindowStream {
    fn push(&mut self, codes: &Codes) -> Result<Vec<f32>, CodecError> {
        check(codes, self.limits)?;
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        if self.kept.is_empty() && self.first == 0 {
            self.kept = Codes::empty(codes.levels());
        }
        if self.kept.levels() != codes.levels() {
            let accepted = LevelRange::exactly(self.kept.levels());
            return Err(CodecError::Levels { found: codes.levels(), accepted });
        }
        self.kept.append(codes);
        let end = self.window.end(self.first + self.kept.frames());
        if end > self.done { self.samples(Some(end)) } else { Ok(Vec::new()) }
    }

    fn finish(&mut self) -> Result<Vec<f32>, CodecError> {
        if self.kept.is_empty() { Ok(Vec::new()) } else { self.samples(None) }
    }
}

enum State {
    Encodec(EncodecStream),
    Mimi(MimiStream),
}

/// Stream through a causal decoder, whose layers keep their context.
pub(crate) struct CausalStream {
    parts: Arc<CodecNetworks>,
    limits: Limits,
    levels: Option<usize>,
    state: Option<State>,
}

impl CausalStream {
    pub(crate) fn new(parts: Arc<CodecNetworks>, limits: Limits) -> Self {
        let state = match &parts.network {
            Network::Encodec(net) => Some(State::Encodec(net.stream())),
            Network::Mimi(_) => Some(State::Mimi(MimiStream::default())),
            Network::Dac(_) | Network::Snac(_) => None,
        };
        Self { parts, limits, levels: None, state }
    }

    fn step(&mut self, codes: &[Vec<u32>], end: bool) -> Result<Vec<f32>, CodecError> {
        Ok(match (&self.parts.network, &mut self.state) {
            (Network::Encodec(net), Some(State::Encodec(stream))) => {
                stream.push(net, codes, end)?
            }
            (Network::Mimi(net), Some(State::Mimi(stream))) => net.push(stream, codes)?,
            _ => Vec::new(),
        })
    }
}

impl DecodeStream for CausalStream {
    fn push(&mut self, codes: &Codes) -> Result<Vec<f32>, CodecError> {
        check(codes, self.limits)?;
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        let levels = *self.levels.get_or_insert(codes.levels());
        if levels != codes.levels() {
            let accepted = LevelRange::exactly(levels);
            return Err(CodecError::Levels { found: codes.levels(), accepted });
        }
        self.step(&lists(codes), false)
    }

    fn finish(&mut self) -> Result<Vec<f32>, CodecError> {
        self.step(&[], true)
    }
}
