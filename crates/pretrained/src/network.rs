//! Networks of the published codecs behind one interface.

use syrinx_codec::CodecInfo;
use syrinx_types::{Codes, Latents};

use crate::codebook::Codebook;
use crate::dac::Dac;
use crate::encodec::Encodec;
use crate::mimi::Mimi;
use crate::snac::{Noise, Snac, flatten, unflatten};
use crate::vocos::Vocos;
use crate::window::Window;

/// Seed of the noise that SNAC's decoder adds.
const NOISE_SEED: u64 = 0;

/// Network of a codec.
#[expect(clippy::large_enum_variant, reason = "one value a codec, behind an `Arc`")]
pub(crate) enum Network {
    Encodec(Encodec),
    Dac(Dac),
    Mimi(Mimi),
    Snac(Snac),
}

/// Network and vocoder of a codec.
pub(crate) struct CodecNetworks {
    pub(crate) network: Network,
    pub(crate) vocoder: Option<Vocos>,
}

impl Network {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Encodec(_) => "encodec",
            Self::Dac(_) => "dac",
            Self::Mimi(_) => "mimi",
            Self::Snac(_) => "snac",
        }
    }

    pub(crate) fn codebooks(&self) -> Vec<&Codebook> {
        match self {
            Self::Encodec(net) => net.codebooks.iter().collect(),
            Self::Dac(net) => net.codebooks().collect(),
            Self::Mimi(net) => net.codebooks().collect(),
            Self::Snac(net) => net.codebooks().collect(),
        }
    }

    /// Returns the index of the quantizer of each level. In SNAC, several levels of a frame share a quantizer.
    pub(crate) fn quantisers(&self, count: usize) -> Vec<usize> {
        let Self::Snac(net) = self else { return (0..count).collect() };
        let widths = crate::snac::widths(&net.config.vq_strides);
        widths.into_iter().enumerate().flat_map(|(i, width)| vec![i; width]).collect()
    }

    pub(crate) fn info(&self, book_values: usize) -> CodecInfo {
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

    /// Returns the codes of samples at the codec's sample rate, (levels)(frames), and the latents if the family has
    /// them.
    pub(crate) fn encode(
        &self,
        samples: &[f32],
    ) -> candle_core::Result<(Vec<Vec<u32>>, Option<Latents>)> {
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

impl CodecNetworks {
    /// Returns the samples of codes (levels)(frames). `first` is the index of their first frame in the complete signal.
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

    /// Returns the context that a decoder without state needs; `None` for a causal decoder.
    pub(crate) fn window(&self) -> Option<Window> {
        match (&self.network, &self.vocoder) {
            (_, Some(vocos)) => Some(Window { reach: vocos.reach_frames(), block: 1, margin: 0 }),
            (Network::Dac(net), None) => {
                Some(Window { reach: net.reach_frames(), block: 1, margin: 0 })
            }
            (Network::Snac(net), None) => {
                let slowest = net.config.vq_strides[0];
                let reach = net.reach_steps().div_ceil(slowest);
                // The convolution before the attention depends on three more steps.
                let margin = net.config.attn_window_size.map_or(0, |_| 3usize.div_ceil(slowest));
                Some(Window { reach, block: net.config.block() / slowest, margin })
            }
            (Network::Encodec(_) | Network::Mimi(_), None) => None,
        }
    }
}

/// Returns the codes as (levels)(frames).
pub(crate) fn lists(codes: &Codes) -> Vec<Vec<u32>> {
    let level = |l: usize| codes.level(l).into_iter().map(u32::from).collect();
    (0..codes.levels()).map(level).collect()
}
