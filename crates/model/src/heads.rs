//! Output heads.

use candle_core::{Result, Tensor};
use syrinx_nn::ops::FixedLinear;
use syrinx_nn::{Kernels, Linear, Scope};
use syrinx_task::{Alignment, DURATION_CLASSES, HeadOutput, TokenSpace};

use crate::codes::Codebooks;
use crate::{LmConfig, ModelError, Tables};

/// Logits over the entries of one codebook: a free linear map plus, with tied tables, products with the entries.
struct CodeHead {
    free: Linear,
    tied: Option<(Linear, FixedLinear)>,
    kernels: Kernels,
}

impl CodeHead {
    fn new(
        scope: &Scope,
        config: &LmConfig,
        classes: usize,
        books: &Codebooks,
        level: usize,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        let dim = config.trunk.dim;
        let deviation = if config.tables == Tables::Free { 0.02 } else { 0.002 };
        let free = Linear::with_bias(&scope.pp("free"), dim, classes, deviation, kernels)?;
        let tied = match config.tables {
            Tables::Free => None,
            Tables::Codebook => {
                let towards =
                    Linear::with_bias(&scope.pp("towards"), dim, books.latent_dim, 0.02, kernels)?;
                // Classes beyond the codebook ("stop") have no entry.
                let mut entries: Vec<f32> =
                    books.entries[level].iter().map(|e| e * books.gains[level]).collect();
                entries.resize(classes * books.latent_dim, 0.0);
                Some((towards, FixedLinear::new(&entries, books.latent_dim)))
            }
        };
        Ok(Self { free, tied, kernels })
    }

    fn forward(&self, h: &Tensor) -> Result<Tensor> {
        let logits = self.free.forward(h)?; // (rows, classes)
        match &self.tied {
            None => Ok(logits),
            Some((towards, entries)) => {
                logits + entries.forward(&towards.forward(h)?, self.kernels)?
            }
        }
    }
}

/// Returns the prefixes of the names of the parameters that compute an output and nothing else.
pub fn output_parameters(output: HeadOutput) -> Vec<String> {
    match output {
        HeadOutput::FirstLevel { member } => vec![format!("heads.first.{member}.")],
        HeadOutput::MaskedLevel => vec!["heads.first.0.".into(), "heads.masked.".into()],
        HeadOutput::Level(level) => vec![format!("heads.level.{}.", level + 1)],
        HeadOutput::Residual(_) => vec!["heads.residual.".into()],
        HeadOutput::Advances => vec!["heads.advances.".into(), "heads.stop.".into()],
        HeadOutput::Latents => vec!["heads.latents.".into()],
        HeadOutput::LatentDifference => vec!["conditioning.change.".into()],
        HeadOutput::Durations => vec!["heads.durations.".into()],
        HeadOutput::Text => vec!["heads.text.".into()],
        HeadOutput::Phones => vec!["heads.phones.".into()],
    }
}

/// All heads.
pub(crate) struct Heads {
    first: Vec<CodeHead>,
    /// Only with a pointer, or for latents without one.
    advances: Option<Linear>,
    /// Only where latents are generated.
    latents: Option<Linear>,
    /// Only where durations are generated.
    durations: Option<Linear>,
    further: Vec<CodeHead>,
    /// Only of published models that predict level 1 in place with a head of its own.
    masked: Option<CodeHead>,
    residual: Linear,
    text: Linear,
    phones: Linear,
    pub(crate) residual_scale: Vec<f64>,
    pub(crate) kernels: Kernels,
}

impl Heads {
    pub(crate) fn new(
        scope: &Scope,
        config: &LmConfig,
        space: &TokenSpace,
        books: &Codebooks,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        let dim = config.trunk.dim;
        let predicts_latents = config.switches.codes.head().predicts_latents();
        let code_head = |name: String, classes, level| {
            CodeHead::new(&scope.pp(name), config, classes, books, level, kernels)
        };
        let first = (0..space.group)
            .map(|g| code_head(format!("first.{g}"), space.first_level_classes(), 0))
            .collect::<std::result::Result<_, _>>()?;
        let further = (1..space.levels)
            .map(|l| code_head(format!("level.{}", l + 1), space.codebook_size, l))
            .collect::<std::result::Result<_, _>>()?;
        let masked = match config.switches.vall_e.is_some_and(|layout| layout.masked) {
            true => Some(code_head("masked".into(), space.codebook_size, 0)?),
            false => None,
        };
        let linear =
            |name: &str, outputs| Linear::with_bias(&scope.pp(name), dim, outputs, 0.02, kernels);
        Ok(Self {
            first,
            advances: match config.switches.alignment {
                Alignment::Pointer => Some(linear("advances", space.advance_classes())?),
                Alignment::None if predicts_latents => Some(linear("stop", 2)?),
                Alignment::None | Alignment::Durations => None,
            },
            latents: match predicts_latents {
                true => Some(linear("latents", books.latent_dim)?),
                false => None,
            },
            durations: match config.switches.alignment {
                Alignment::Durations => Some(linear("durations", DURATION_CLASSES)?),
                _ => None,
            },
            further,
            masked,
            residual: linear("residual", books.latent_dim)?,
            text: linear("text", space.text_tokens)?,
            phones: linear("phones", config.phone_labels * space.phones)?,
            residual_scale: residual_scales(books),
            kernels,
        })
    }

    /// Returns the logits of an output with classes, (rows, classes); `None` for an output without classes, and for
    /// advances in a model that predicts none.
    pub(crate) fn logits(&self, h: &Tensor, output: HeadOutput) -> Result<Option<Tensor>> {
        match output {
            HeadOutput::FirstLevel { member } => self.first(h, member).map(Some),
            HeadOutput::MaskedLevel => self.masked(h).map(Some),
            HeadOutput::Level(level) => self.further(h, level).map(Some),
            HeadOutput::Advances => self.advances(h),
            HeadOutput::Durations => self.durations(h).map(Some),
            HeadOutput::Text => self.text(h).map(Some),
            HeadOutput::Phones => self.phones(h).map(Some),
            HeadOutput::Residual(_) | HeadOutput::Latents | HeadOutput::LatentDifference => {
                Ok(None)
            }
        }
    }

    /// Returns the logits of level 1 for one member of the group: (rows, classes).
    pub(crate) fn first(&self, h: &Tensor, member: usize) -> Result<Tensor> {
        self.first[member].forward(h)
    }

    /// Returns the logits of level 1 in place: (rows, classes).
    pub(crate) fn masked(&self, h: &Tensor) -> Result<Tensor> {
        self.masked.as_ref().unwrap_or(&self.first[0]).forward(h)
    }

    pub(crate) fn advances(&self, h: &Tensor) -> Result<Option<Tensor>> {
        self.advances.as_ref().map(|m| m.forward(h)).transpose()
    }

    pub(crate) fn further(&self, h: &Tensor, level: usize) -> Result<Tensor> {
        self.further[level - 1].forward(h)
    }

    /// Returns the residual of the latent after the levels shown, in the codec's scale: (rows, latent_dim).
    pub(crate) fn residual(&self, h: &Tensor, level: usize) -> Result<Tensor> {
        self.residual.forward(h)? * self.residual_scale[level]
    }

    /// Returns the next frames in the codec's scale: (rows, latent_dim).
    pub(crate) fn latents(&self, h: &Tensor, books: &Codebooks) -> Result<Tensor> {
        let scaled = self.scaled_latents(h)?;
        let centre = Tensor::from_slice(&books.centre, (1, books.latent_dim), h.device())?;
        (scaled * f64::from(books.spread))?.broadcast_add(&centre.to_dtype(h.dtype())?)
    }

    /// Returns the next frames scaled to mean 0 and standard deviation 1: (rows, latent_dim).
    pub(crate) fn scaled_latents(&self, h: &Tensor) -> Result<Tensor> {
        match &self.latents {
            Some(head) => head.forward(h),
            None => candle_core::bail!("a model that doesn't write latents"),
        }
    }

    pub(crate) fn durations(&self, h: &Tensor) -> Result<Tensor> {
        match &self.durations {
            Some(head) => head.forward(h),
            None => candle_core::bail!("a model that doesn't write durations"),
        }
    }

    pub(crate) fn text(&self, h: &Tensor) -> Result<Tensor> {
        self.text.forward(h)
    }

    /// Returns the logits of the phone labels: (rows, labels a frame * phones).
    pub(crate) fn phones(&self, h: &Tensor) -> Result<Tensor> {
        self.phones.forward(h)
    }
}

/// Returns, for each level, the root mean square of the entries of that level and deeper: the size of the residual.
fn residual_scales(books: &Codebooks) -> Vec<f64> {
    let power =
        |e: &Vec<f32>| e.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / e.len() as f64;
    let powers: Vec<f64> = books.entries.iter().map(power).collect();
    (0..powers.len()).map(|l| powers[l..].iter().sum::<f64>().sqrt().max(1e-6)).collect()
}
