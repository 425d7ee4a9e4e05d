//! Errors of models and their weights.

/// Errors of the model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A size or switch that can't be.
    #[error("model configuration: {0}")]
    Config(String),
    /// Weights that can't be read.
    #[error(
        "model weights can't be read: {0} (the file is cut or isn't a model: fetch or train it again)"
    )]
    Broken(String),
    /// An adapter that can't be read or doesn't belong to the model.
    #[error("adapter: {0}")]
    Adapter(String),
    /// Weights of another model.
    #[error(transparent)]
    Weights(#[from] syrinx_nn::NnError),
    /// An error of candle.
    #[error("model computation: {0}")]
    Candle(#[from] candle_core::Error),
    /// Training material without latents for a model with latent conditioning.
    #[error(
        "the model hears recordings as latents ({0} numbers a frame), and its material has codes only: encode and simulate it with `--latents`"
    )]
    NoLatents(usize),
    /// Sequences of one batch that don't go together.
    #[error("a batch mixes {0}")]
    Mixed(String),
}
