//! The codec that encodes a corpus.

use std::path::Path;

use syrinx_audio::{AudioWarning, ReadLimits};
use syrinx_codec::{Codec, MelRvq};
use syrinx_data::CodecStamp;
use syrinx_engine::{is_published_codec, open_codec};
use syrinx_pretrained::CodecSpec;
use syrinx_types::{Audio, Coded, Event, EventSink};

use crate::failure::Outcome;
use crate::session::Session;

/// A codec to encode with: a file's, a published one, or the model's.
pub enum Coder {
    /// The quantiser of a file.
    File(Box<MelRvq>),
    /// A published codec.
    Published(Box<dyn Codec>),
    /// That of the model.
    Model(Box<syrinx_engine::Engine>),
}

impl Coder {
    /// The codec of a file if one is named, else that of the model.
    pub fn new(session: &Session, named: Option<&CodecSpec>) -> Outcome<Self> {
        Ok(match named {
            Some(spec) if is_published_codec(&spec.path) => Self::Published(open_codec(spec)?),
            Some(spec) => Self::File(Box::new(MelRvq::load(&spec.path)?)),
            None => Self::Model(Box::new(session.engine(&session.base_settings()?)?)),
        })
    }

    /// Returns the codec's stamp in shards.
    pub fn stamp(&self) -> CodecStamp {
        let (fingerprint, frame_rate_hz, levels, codebook_size) = match self {
            Self::File(rvq) => {
                let c = rvq.config();
                (rvq.fingerprint(), c.frame_rate_hz(), c.levels, c.codebook_size)
            }
            Self::Published(codec) => {
                let info = codec.info();
                (codec.fingerprint(), info.frame_rate_hz, info.levels, info.codebook_size)
            }
            Self::Model(engine) => {
                let id = engine.codec_id();
                (
                    id.fingerprint.clone(),
                    id.info.frame_rate_hz,
                    id.info.levels,
                    id.info.codebook_size,
                )
            }
        };
        CodecStamp { fingerprint, frame_rate_hz, levels, codebook_size }
    }

    /// The codebooks, one a level.
    pub fn codebooks(&self) -> Vec<Vec<f32>> {
        let level = |l: usize| match self {
            Self::File(rvq) => rvq.codebook(l).to_vec(),
            Self::Published(codec) => codec.codebook(l).to_vec(),
            Self::Model(engine) => engine.codec().codebook(l).to_vec(),
        };
        (0..self.stamp().levels).map(level).collect()
    }

    /// Whether the latents of a frame are the sum of one entry a level.
    pub fn entries_add_up(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Published(codec) => codec.entries_add_up(),
            Self::Model(engine) => engine.codec().entries_add_up(),
        }
    }

    /// Samples a second that it takes.
    pub fn sample_rate_hz(&self) -> u32 {
        match self {
            Self::File(rvq) => rvq.config().mel.sample_rate_hz,
            Self::Published(codec) => codec.info().sample_rate_hz,
            Self::Model(engine) => engine.codec_id().info.sample_rate_hz,
        }
    }

    /// Numbers a frame of its latents, where they are wanted; else 0.
    pub fn latent_dim(&self, wanted: bool) -> usize {
        match self {
            _ if !wanted => 0,
            Self::File(rvq) => rvq.config().latent_dim,
            Self::Published(codec) => codec.info().latent_dim,
            Self::Model(engine) => engine.codec_id().info.latent_dim,
        }
    }

    /// Codes and latents of a recording at its rate.
    pub fn encode_audio(&self, audio: &Audio) -> Result<Coded, String> {
        match self {
            Self::File(rvq) => rvq.encode_with_latents(audio).map_err(|e| e.to_string()),
            Self::Published(codec) => codec.encode_with_latents(audio).map_err(|e| e.to_string()),
            Self::Model(engine) => {
                engine.codec().encode_with_latents(audio).map_err(|e| e.to_string())
            }
        }
    }

    /// Encodes a recording in a file. Warnings of the reader become events.
    pub fn encode(&self, path: &Path, sink: &dyn EventSink) -> Result<Coded, String> {
        let limits = ReadLimits::default();
        let mut warn = |w: AudioWarning| sink.emit(Event::Warning { message: w.to_string() });
        let audio = syrinx_audio::load_warned(path, self.sample_rate_hz(), &limits, &mut warn)
            .map_err(|e| e.to_string())?;
        self.encode_audio(&audio)
    }
}
