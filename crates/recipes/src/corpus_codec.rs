//! Codec that encodes a corpus.

use std::path::Path;

use syrinx_codec::{Codec, CodecError, CodecInfo, MelRvq};
use syrinx_config::Settings;
use syrinx_data::{
    CodecStamp, EncodeFault, EncodePlan, Manifest, Summary, Utterance, encode_manifest,
};
use syrinx_engine::{CodecId, Engine, is_published_codec, open_codec};
use syrinx_pretrained::CodecSpec;
use syrinx_types::{Audio, CallbackError, Coded, RunContext};

use crate::RecipeError;
use crate::models::{model_source, open_engine_of};
use crate::recordings::DecodedRecordings;

/// Codec that encodes a corpus: a selected one, or the codec of a model.
pub struct CorpusCodec<'a> {
    source: Source<'a>,
    id: CodecId,
}

/// Source of the codes.
enum Source<'a> {
    /// The project's own quantizer, without a vocoder.
    Quantizer(Box<MelRvq>),
    /// A published codec.
    Published(Box<dyn Codec>),
    /// Codec of a model that the recipe opened.
    Model(Box<Engine>),
    /// Codec of a loaded model.
    Loaded(&'a Engine),
}

impl Source<'_> {
    /// Returns the codec, or the quantizer as `Err` if it has no vocoder.
    fn codec(&self) -> Result<&dyn Codec, &MelRvq> {
        match self {
            Source::Quantizer(rvq) => Err(rvq),
            Source::Published(codec) => Ok(codec.as_ref()),
            Source::Model(engine) => Ok(engine.codec()),
            Source::Loaded(engine) => Ok(engine.codec()),
        }
    }
}

impl CorpusCodec<'static> {
    /// Opens a codec, or the codec of the model of the settings if `named` is `None`.
    ///
    /// # Errors
    /// Errors of reading the codec or the model.
    pub fn open(named: Option<&CodecSpec>, settings: &Settings) -> Result<Self, RecipeError> {
        let (source, id) = match named {
            Some(spec) if is_published_codec(&spec.path) => {
                let codec = open_codec(spec)?;
                let id = CodecId::of(codec.as_ref());
                (Source::Published(codec), id)
            }
            Some(spec) => {
                let rvq = MelRvq::load(&spec.path)?;
                let id = CodecId { fingerprint: rvq.fingerprint(), info: info_of(&rvq) };
                (Source::Quantizer(Box::new(rvq)), id)
            }
            None => {
                // No task is built, so task settings are dropped: this list of tasks may not know them.
                let plain = Settings { tasks: Default::default(), ..settings.clone() };
                let engine = open_engine_of(&model_source(settings)?, &plain, &[])?;
                let id = engine.codec_id().clone();
                (Source::Model(Box::new(engine)), id)
            }
        };
        Ok(Self { source, id })
    }
}

impl<'a> CorpusCodec<'a> {
    /// Returns the codec of a loaded model.
    pub fn of(engine: &'a Engine) -> Self {
        Self { source: Source::Loaded(engine), id: engine.codec_id().clone() }
    }

    /// Returns the codec's fingerprint and sizes as token shards store them.
    pub fn stamp(&self) -> CodecStamp {
        let CodecInfo { frame_rate_hz, levels, codebook_size, .. } = self.id.info;
        let fingerprint = self.id.fingerprint.clone();
        CodecStamp { fingerprint, frame_rate_hz, levels, codebook_size }
    }

    /// Returns the codebook of every level as rows of (codebook_size, latent_dim).
    pub fn codebooks(&self) -> Vec<Vec<f32>> {
        let level = |l: usize| match self.source.codec() {
            Ok(codec) => codec.codebook(l).to_vec(),
            Err(rvq) => rvq.codebook(l).to_vec(),
        };
        (0..self.id.info.levels).map(level).collect()
    }

    /// Whether the latents of a frame are the sum of one codebook entry per level. Always true of a quantizer without a
    /// vocoder.
    pub fn entries_add_up(&self) -> bool {
        self.source.codec().map_or(true, |codec| codec.entries_add_up())
    }

    /// Sample rate of the recordings to encode, in hertz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.id.info.sample_rate_hz
    }

    /// Number of values of the latents of a frame.
    pub fn latent_dim(&self) -> usize {
        self.id.info.latent_dim
    }

    /// Encodes the utterances of a manifest into token shards in a folder. Existing finished shards are kept. Warnings
    /// of the audio decoder become events.
    ///
    /// # Errors
    /// [`RecipeError::Data`]. The summary lists utterances that could not be read or encoded.
    pub fn encode_manifest(
        &self,
        manifest: &Manifest,
        folder: &Path,
        plan: &EncodePlan,
        run: RunContext<'_>,
    ) -> Result<Summary, RecipeError> {
        let recordings = DecodedRecordings::new(self.sample_rate_hz(), 0);
        self.encode_from(&recordings, manifest, folder, plan, run)
    }

    /// Encodes a manifest as [`Self::encode_manifest`] does, with recordings that may already be decoded.
    pub(crate) fn encode_from(
        &self,
        recordings: &DecodedRecordings,
        manifest: &Manifest,
        folder: &Path,
        plan: &EncodePlan,
        run: RunContext<'_>,
    ) -> Result<Summary, RecipeError> {
        let one = |utterance: &Utterance| -> Result<Coded, EncodeFault> {
            let audio = recordings.load(&manifest.audio_path(utterance), run.events);
            let audio = audio.map_err(CallbackError::new)?;
            Ok(self.encode(&audio).map_err(CallbackError::new)?)
        };
        Ok(encode_manifest(manifest, folder, plan, &one, run.events, run.cancel)?)
    }

    /// Returns codes and latents of a recording, which must have the sample rate [`Self::sample_rate_hz`].
    ///
    /// # Errors
    /// [`CodecError`] if the codec fails.
    pub fn encode(&self, audio: &Audio) -> Result<Coded, CodecError> {
        match self.source.codec() {
            Ok(codec) => codec.encode_with_latents(audio),
            Err(rvq) => rvq.encode_with_latents(audio),
        }
    }
}

/// Returns rates and sizes of a quantizer.
fn info_of(rvq: &MelRvq) -> CodecInfo {
    let config = rvq.config();
    CodecInfo {
        sample_rate_hz: config.mel.sample_rate_hz,
        frame_rate_hz: config.frame_rate_hz(),
        levels: config.levels,
        codebook_size: config.codebook_size,
        latent_dim: config.latent_dim,
    }
}
