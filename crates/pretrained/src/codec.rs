//! Published codecs behind the trait [`Codec`].

use std::sync::Arc;

use syrinx_audio::resample;
use syrinx_codec::{Codec, CodecError, CodecInfo, DecodeStream};
use syrinx_types::{Audio, Coded, Codes, Fingerprint};

use crate::checkpoint::Checkpoint;
use crate::codebook::Codebook;
use crate::error::PretrainedError;
use crate::fault::ConfigFault;
use crate::header::{HEADER, Header, VOCODER};
use crate::network::{CodecNetworks, Network, lists};
use crate::stream::{CausalStream, WindowStream};
use crate::vocos::Vocos;

/// A published codec.
pub struct PretrainedCodec {
    parts: Arc<CodecNetworks>,
    info: CodecInfo,
    /// Entries of each quantizer.
    books: Vec<Vec<f32>>, // (quantisers)(codebook_size, latent_dim)
    /// Index of the quantizer of each level.
    quantiser: Vec<usize>,
    fingerprint: String,
    checkpoint: Checkpoint,
    vocoder: Option<Checkpoint>,
    header: Header,
}

/// A vocoder and the checkpoint that it was loaded from.
pub(crate) struct LoadedVocoder {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) vocos: Vocos,
}

impl PretrainedCodec {
    pub(crate) fn new(
        network: Network,
        checkpoint: Checkpoint,
        vocoder: Option<LoadedVocoder>,
        header: Header,
    ) -> Result<Self, PretrainedError> {
        let failed = PretrainedError::compute("reading codebooks");
        let books: Vec<Vec<f32>> = network
            .codebooks()
            .into_iter()
            .map(Codebook::values)
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        let info = network.info(books.first().map_or(0, Vec::len));
        let quantiser = network.quantisers(books.len());
        if let Some(loaded) = &vocoder
            && info.levels > loaded.vocos.most_levels()
        {
            return Err(PretrainedError::Levels {
                codec: "vocos",
                requested: info.levels,
                available: loaded.vocos.most_levels(),
            });
        }
        let fingerprint = fingerprint(&network, &info, &books);
        let (vocoder, vocos) = vocoder.map(|loaded| (loaded.checkpoint, loaded.vocos)).unzip();
        let parts = Arc::new(CodecNetworks { network, vocoder: vocos });
        Ok(Self { parts, info, books, quantiser, fingerprint, checkpoint, vocoder, header })
    }

    /// Returns the codec as a safetensors file with its configuration in the header, for inclusion in a model file.
    ///
    /// # Errors
    /// [`PretrainedError::Read`] if the checkpoint can't be read any more.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PretrainedError> {
        let json = serde_json::to_string(&self.header)
            .map_err(|e| PretrainedError::config(self.checkpoint.path(), ConfigFault::Json(e)))?;
        let parts = self.vocoder.iter().map(|v| (VOCODER, v));
        let parts: Vec<_> = std::iter::once(("", &self.checkpoint)).chain(parts).collect();
        Checkpoint::to_safetensors(&parts, HEADER, json)
    }
}

/// Returns the fingerprint of everything that gives codes their meaning: family, rates, levels and codebooks. The
/// format of the file doesn't change it.
fn fingerprint(network: &Network, info: &CodecInfo, books: &[Vec<f32>]) -> String {
    let sizes = [u64::from(info.sample_rate_hz), info.frame_samples() as u64, info.levels as u64];
    let sizes = sizes.map(u64::to_le_bytes).concat();
    let hash = Fingerprint::default().part(network.kind().as_bytes()).bytes(&sizes);
    let hash = books.iter().fold(hash, |hash, book| hash.values(book));
    format!("{}-{}", network.kind(), hash.hex())
}

impl Codec for PretrainedCodec {
    fn kind(&self) -> &'static str {
        self.parts.network.kind()
    }

    fn info(&self) -> CodecInfo {
        self.info.clone()
    }

    fn level_rates_hz(&self) -> Vec<f64> {
        let per_frame = |l: &usize| self.quantiser.iter().filter(|q| *q == l).count();
        self.quantiser.iter().map(|l| per_frame(l) as f64 * self.info.frame_rate_hz).collect()
    }

    fn entries_add_up(&self) -> bool {
        // In the other families, each level has its own projection, or two quantizers share the latents.
        matches!(self.parts.network, Network::Encodec(_))
    }

    fn look_ahead_frames(&self) -> usize {
        match (self.parts.window(), &self.parts.network) {
            (Some(window), _) => window.look_ahead_frames(),
            (None, Network::Encodec(net)) => net.first_frames() - 1,
            (None, _) => 0,
        }
    }

    fn encode(&self, audio: &Audio) -> Result<Codes, CodecError> {
        Ok(self.encode_with_latents(audio)?.codes)
    }

    fn encode_with_latents(&self, audio: &Audio) -> Result<Coded, CodecError> {
        let sound = resample(audio, self.info.sample_rate_hz)?;
        if sound.samples.is_empty() {
            return Ok(Codes::empty(self.info.levels).into());
        }
        let (levels, latents) = self.parts.network.encode(&sound.samples)?;
        let frames = levels.iter().map(Vec::len).min().unwrap_or(0);
        let mut values = Vec::with_capacity(frames * levels.len()); // (frames, levels)
        for t in 0..frames {
            values.extend(levels.iter().map(|codes| codes[t] as u16));
        }
        Ok(Coded { codes: Codes::new(levels.len(), values)?, latents })
    }

    fn decode(&self, codes: &Codes) -> Result<Audio, CodecError> {
        self.check(codes)?;
        let samples = self.parts.decode(&lists(codes), 0)?;
        Ok(Audio { samples, sample_rate_hz: self.info.sample_rate_hz })
    }

    /// Decodes all frames in one pass, since windows would decode the frames around their edges twice.
    fn decode_while(
        &self,
        codes: &Codes,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<Audio>, CodecError> {
        goes_on().then(|| self.decode(codes)).transpose()
    }

    fn decode_stream(&self) -> Box<dyn DecodeStream> {
        let (parts, limits) =
            (Arc::clone(&self.parts), (self.info.levels, self.info.codebook_size));
        match self.parts.window() {
            Some(window) => {
                let hop = self.info.frame_samples();
                Box::new(WindowStream::new(parts, limits, window, hop))
            }
            None => Box::new(CausalStream::new(parts, limits)),
        }
    }

    fn codebook(&self, level: usize) -> &[f32] {
        self.quantiser.get(level).map_or(&[], |q| &self.books[*q])
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn to_part(&self) -> Result<Vec<u8>, CodecError> {
        self.to_bytes().map_err(CodecError::other)
    }
}

impl PretrainedCodec {
    fn check(&self, codes: &Codes) -> Result<(), CodecError> {
        crate::stream::check(codes, (self.info.levels, self.info.codebook_size))
    }
}
