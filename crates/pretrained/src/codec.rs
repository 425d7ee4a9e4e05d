//! Published codecs as [`Codec`]: the one form in which the rest of Syrinx knows them.

use std::sync::Arc;

use syrinx_audio::resample;
use syrinx_codec::{Codec, CodecError, CodecInfo, DecodeStream};
use syrinx_types::{Audio, Coded, Codes, Fnv1a, Latents};

use crate::checkpoint::Checkpoint;
use crate::codebook::Codebook;
use crate::dac::Dac;
use crate::encodec::Encodec;
use crate::error::PretrainedError;
use crate::mimi::Mimi;
use crate::open::{HEADER, Header, VOCODER};
use crate::snac::{Noise, Snac, flatten, unflatten};
use crate::stream::{CausalStream, Window, WindowStream};
use crate::vocos::Vocos;

/// Seed of the noise that SNAC's decoder adds.
const NOISE_SEED: u64 = 0;

/// The network of a codec.
#[expect(clippy::large_enum_variant, reason = "one value a codec, behind an `Arc`")]
pub(crate) enum Network {
    Encodec(Encodec),
    Dac(Dac),
    Mimi(Mimi),
    Snac(Snac),
}

/// Network and vocoder: all that decoding needs.
pub(crate) struct Parts {
    pub(crate) network: Network,
    pub(crate) vocoder: Option<Vocos>,
}

/// A published codec.
pub struct PretrainedCodec {
    parts: Arc<Parts>,
    info: CodecInfo,
    /// Entries of the quantisers.
    books: Vec<Vec<f32>>, // (quantisers)(codebook_size, latent_dim)
    /// Quantiser of every level.
    quantiser: Vec<usize>,
    fingerprint: String,
    checkpoint: Checkpoint,
    vocoder: Option<Checkpoint>,
    header: Header,
}

impl PretrainedCodec {
    pub(crate) fn new(
        network: Network,
        checkpoint: Checkpoint,
        vocoder: Option<(Checkpoint, Vocos)>,
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
        let (vocoder, built) = vocoder.map_or((None, None), |(c, v)| (Some(c), Some(v)));
        if let Some(v) = &built
            && info.levels > v.most_levels()
        {
            return Err(PretrainedError::Levels {
                codec: "vocos",
                requested: info.levels,
                available: v.most_levels(),
            });
        }
        let fingerprint = fingerprint(&network, &info, &books);
        let parts = Arc::new(Parts { network, vocoder: built });
        Ok(Self { parts, info, books, quantiser, fingerprint, checkpoint, vocoder, header })
    }

    /// The codec as one safetensors file, its configuration in the header: what a model file carries.
    ///
    /// # Errors
    /// [`PretrainedError::Read`] if the checkpoint went away.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PretrainedError> {
        let json = serde_json::to_string(&self.header)
            .map_err(|e| PretrainedError::config(self.checkpoint.path(), e.to_string()))?;
        let parts = self.vocoder.iter().map(|v| (VOCODER, v));
        let parts: Vec<_> = std::iter::once(("", &self.checkpoint)).chain(parts).collect();
        Checkpoint::to_safetensors(&parts, HEADER, json)
    }
}

/// Tells codecs apart by what their codes mean: kind, rates, levels and codebooks, whatever the file they come from.
fn fingerprint(network: &Network, info: &CodecInfo, books: &[Vec<f32>]) -> String {
    let sizes = [u64::from(info.sample_rate_hz), info.frame_samples() as u64, info.levels as u64];
    let hash = Fnv1a::default().bytes(network.kind().bytes());
    let hash = sizes.into_iter().fold(hash, Fnv1a::word);
    let values = books.iter().flatten().map(|v| u64::from(v.to_bits()));
    format!("{}-{}", network.kind(), values.fold(hash, Fnv1a::word).hex())
}

impl Network {
    fn kind(&self) -> &'static str {
        match self {
            Self::Encodec(_) => "encodec",
            Self::Dac(_) => "dac",
            Self::Mimi(_) => "mimi",
            Self::Snac(_) => "snac",
        }
    }

    fn codebooks(&self) -> Vec<&Codebook> {
        match self {
            Self::Encodec(net) => net.codebooks.iter().collect(),
            Self::Dac(net) => net.codebooks().collect(),
            Self::Mimi(net) => net.codebooks().collect(),
            Self::Snac(net) => net.codebooks().collect(),
        }
    }

    /// Quantiser of every level: of SNAC's, several levels of a frame share one.
    fn quantisers(&self, count: usize) -> Vec<usize> {
        let Self::Snac(net) = self else { return (0..count).collect() };
        let widths = crate::snac::widths(&net.config.vq_strides);
        widths.into_iter().enumerate().flat_map(|(i, width)| vec![i; width]).collect()
    }

    fn info(&self, book_values: usize) -> CodecInfo {
        let (rate, hop, levels, size) = match self {
            Self::Encodec(net) => {
                let c = &net.config;
                (c.sampling_rate, c.hop(), net.codebooks.len(), c.codebook_size)
            }
            Self::Dac(net) => {
                let c = &net.config;
                (c.sampling_rate, c.hop(), net.codebooks().count(), c.codebook_size)
            }
            Self::Mimi(net) => {
                let c = &net.config;
                (c.sampling_rate, c.hop(), net.codebooks().count(), c.codebook_size)
            }
            Self::Snac(net) => {
                let c = &net.config;
                let levels = self.quantisers(c.vq_strides.len()).len();
                (c.sampling_rate, c.hop() * c.vq_strides[0], levels, c.codebook_size)
            }
        };
        CodecInfo {
            sample_rate_hz: rate,
            frame_rate_hz: f64::from(rate) / hop as f64,
            levels,
            codebook_size: size,
            latent_dim: book_values / size.max(1),
        }
    }

    /// Codes of samples at the codec's rate, one list a level.
    fn encode(&self, samples: &[f32]) -> candle_core::Result<(Vec<Vec<u32>>, Option<Latents>)> {
        match self {
            Self::Encodec(net) => {
                let latents = net.latents(samples)?;
                let codes = net.quantise(&latents)?;
                let rows = latents.squeeze(0)?.t()?.contiguous()?; // (frames, hidden_size)
                let dim = rows.dim(1)?;
                Ok((codes, Latents::new(dim, rows.flatten_all()?.to_vec1()?)))
            }
            Self::Dac(net) => {
                let mut padded = samples.to_vec();
                padded.resize(samples.len().next_multiple_of(net.config.hop()), 0.0);
                Ok((net.quantise(&net.latents(&padded)?)?, None))
            }
            Self::Mimi(net) => Ok((net.quantise(&net.latents(samples)?)?, None)),
            Self::Snac(net) => {
                let codes = net.quantise(&net.latents(samples)?)?;
                Ok((flatten(&codes, &net.config.vq_strides), None))
            }
        }
    }
}

impl Parts {
    /// Samples of codes, one list a level, the first of frame `first` of the whole.
    pub(crate) fn decode(&self, codes: &[Vec<u32>], first: usize) -> candle_core::Result<Vec<f32>> {
        if codes.first().is_none_or(Vec::is_empty) {
            return Ok(Vec::new());
        }
        match (&self.network, &self.vocoder) {
            (_, Some(vocos)) => vocos.decode(codes),
            (Network::Encodec(net), None) => net.decode(&net.dequantise(codes)?),
            (Network::Dac(net), None) => net.decode(&net.dequantise(codes)?),
            (Network::Mimi(net), None) => net.decode(&net.dequantise(codes)?),
            (Network::Snac(net), None) => {
                let strides = &net.config.vq_strides;
                let latents = net.dequantise(&unflatten(codes, strides))?;
                let noise = Noise::Seeded { seed: NOISE_SEED, first: first * strides[0] };
                net.decode(&latents, noise)
            }
        }
    }

    /// Context that a decoder without state needs; `None` for a causal one.
    pub(crate) fn window(&self) -> Option<Window> {
        match (&self.network, &self.vocoder) {
            (_, Some(vocos)) => Some(Window { reach: vocos.reach_frames(), block: 1, margin: 0 }),
            (Network::Dac(net), None) => {
                Some(Window { reach: net.reach_frames(), block: 1, margin: 0 })
            }
            (Network::Snac(net), None) => {
                let slowest = net.config.vq_strides[0];
                let reach = net.reach_steps().div_ceil(slowest);
                // The convolution before the attention sees three steps further.
                let margin = net.config.attn_window_size.map_or(0, |_| 3usize.div_ceil(slowest));
                Some(Window { reach, block: net.config.block() / slowest, margin })
            }
            (Network::Encodec(_) | Network::Mimi(_), None) => None,
        }
    }
}

/// Lists of codes, one a level.
pub(crate) fn lists(codes: &Codes) -> Vec<Vec<u32>> {
    let level = |l: usize| codes.level(l).into_iter().map(u32::from).collect();
    (0..codes.levels()).map(level).collect()
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
        // The others have a projection of their own for every level, or two quantisers on the same latents.
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
