//! Errors of generation.

/// Errors of generation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// An invalid setting.
    #[error("decoding setting {0}")]
    Config(syrinx_types::ConfigIssue),
    /// Stopped on request.
    #[error("stopped before it was finished")]
    Cancelled,
    /// A plan that doesn't fit its layout.
    #[error(transparent)]
    Task(#[from] syrinx_task::TaskError),
    /// NaN or an infinity among the outputs of the model.
    #[error("the language model returns values that are not finite")]
    NotFinite,
    /// A failure of the network.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl From<syrinx_types::ConfigIssue> for DecodeError {
    fn from(issue: syrinx_types::ConfigIssue) -> Self {
        Self::Config(issue)
    }
}

impl DecodeError {
    /// Returns the remedy, where one is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(_) => Some("`syrinx config show` lists the settings".into()),
            Self::Task(error) => error.hint(),
            Self::NotFinite => {
                Some("use another model; with 16 or 8 bits, try `--set precision=\"f32\"`".into())
            }
            Self::Cancelled | Self::Candle(_) => None,
        }
    }
}
