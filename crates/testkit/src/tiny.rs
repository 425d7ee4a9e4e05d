//! Models too small to be of use, built in milliseconds.

use candle_core::Device;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_model::{LanguageModel, LmConfig, LmFile, ModelError};
use syrinx_nn::{BlockConfig, Kernels, ParamStore};
use syrinx_task::{CodebookSizes, ModelSwitches, SpeechCodec, TaskKit, TokenSpace};

use crate::ToneCodec;
use crate::services::LATENT_DIM;

/// A model with its parameters.
pub struct Tiny {
    /// The model.
    pub model: LanguageModel,
    /// Parameters of the model, shared with it: a step on them changes the model.
    pub params: ParamStore,
    /// The codec's entries that it was built with.
    pub codebooks: Vec<Vec<f32>>,
}

/// Returns the sizes of a tiny model.
pub fn tiny_config(switches: impl Into<ModelSwitches>) -> LmConfig {
    LmConfig {
        trunk: BlockConfig { dim: 32, layers: 2, heads: 2, hidden: 64, ..BlockConfig::default() },
        encoder_layers: 1,
        switches: switches.into(),
        ..LmConfig::default()
    }
}

/// Returns the token space of [`ToneCodec`]'s codes and the English vocabulary, with these special tokens.
pub fn tiny_space(kit: &TaskKit, codec: &ToneCodec, special_tokens: Vec<String>) -> TokenSpace {
    let sizes = CodebookSizes {
        levels: codec.levels,
        codebook_size: codec.codebook_size,
        frame_rate_hz: codec.frame_rate_hz(),
    };
    TokenSpace::new(&kit.vocab, sizes, 1, special_tokens)
}

/// Returns the entries of a codec, one list a level, shorter from level to level. // (codebook_size, latent_dim)
pub fn tiny_codebooks(codec: &ToneCodec, seed: u64) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..codec.levels)
        .map(|level| {
            let scale = 1.0 / (1 + level) as f32;
            let values = codec.codebook_size * LATENT_DIM;
            (0..values).map(|_| scale * rng.random_range(-1.0..1.0_f32)).collect()
        })
        .collect()
}

impl Tiny {
    /// Builds an untrained model. The same seed gives the same weights.
    ///
    /// # Errors
    /// If sizes don't fit one another.
    pub fn new(
        config: &LmConfig,
        space: &TokenSpace,
        codebooks: Vec<Vec<f32>>,
        seed: u64,
    ) -> Result<Self, ModelError> {
        let params = ParamStore::seeded(seed, &Device::Cpu);
        let root = params.root();
        let model = LanguageModel::new(config, space, codebooks.clone(), &root, Kernels::Fused)?;
        Ok(Self { model, params, codebooks })
    }

    /// Returns the model as a file holds it.
    pub fn file(&self) -> LmFile {
        LmFile {
            config: self.model.config().clone(),
            space: self.model.space().clone(),
            codebooks: self.codebooks.clone(),
            tensors: self.params.tensors(),
            tokenizer: None,
        }
    }
}
