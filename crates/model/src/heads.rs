//! What is read out of the trunk, and how it is scored.

use candle_core::{Result, Tensor};
use syrinx_nn::ops::{self, FixedLinear};
use syrinx_nn::{Kernels, Linear, Scope};
use syrinx_task::{Alignment, Sequence, Targets, TokenSpace};

use crate::codes::Codebooks;
use crate::{LmConfig, ModelError, Tables};

/// One named loss of a batch.
pub struct LossPart {
    /// `codes`, `moves`, `level.3`, `residual`, `text`, `phones`.
    pub name: String,
    /// Mean over the targets that count, a scalar.
    pub value: Tensor,
    /// Where it was asked for: how often the likeliest class is the target, a scalar.
    pub accuracy: Option<Tensor>,
    /// Its weight in the total.
    pub weight: f64,
}

/// What is read off a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Score {
    /// Losses only, for training.
    Losses,
    /// Losses and accuracies, for evaluation.
    Accuracies,
}

/// All losses of a batch.
pub struct Losses {
    /// The parts.
    pub parts: Vec<LossPart>,
}

impl Losses {
    /// The weighted sum.
    pub fn total(&self) -> Result<Tensor> {
        let mut sum: Option<Tensor> = None;
        for part in &self.parts {
            let weighted = (&part.value * part.weight)?;
            sum = Some(sum.map_or(Ok(weighted.clone()), |s| s + weighted)?);
        }
        sum.ok_or_else(|| candle_core::Error::Msg("a batch without targets".into()))
    }
}

/// Logits over the entries of one codebook: a free linear map plus, with tied tables, products with the entries.
struct CodeHead {
    free: Linear,
    tied: Option<(Linear, FixedLinear)>,
    kernels: Kernels,
}

impl CodeHead {
    fn new(
        scope: &Scope,
        (config, classes): (&LmConfig, usize),
        (books, level): (&Codebooks, usize),
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

/// All heads.
pub(crate) struct Heads {
    first: Vec<CodeHead>,
    /// Only where a pointer moves.
    moves: Option<Linear>,
    further: Vec<CodeHead>,
    residual: Linear,
    text: Linear,
    phones: Linear,
    residual_scale: Vec<f64>,
    kernels: Kernels,
}

impl Heads {
    pub(crate) fn new(
        scope: &Scope,
        (config, space): (&LmConfig, &TokenSpace),
        books: &Codebooks,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        let dim = config.trunk.dim;
        let code_head = |name: String, classes, level| {
            CodeHead::new(&scope.pp(name), (config, classes), (books, level), kernels)
        };
        let first = (0..space.group)
            .map(|g| code_head(format!("first.{g}"), space.first_level_classes(), 0))
            .collect::<std::result::Result<_, _>>()?;
        let further = (1..space.levels)
            .map(|l| code_head(format!("level.{}", l + 1), space.codebook_size, l))
            .collect::<std::result::Result<_, _>>()?;
        let linear =
            |name: &str, outputs| Linear::with_bias(&scope.pp(name), dim, outputs, 0.02, kernels);
        Ok(Self {
            first,
            moves: match config.alignment {
                Alignment::Pointer => Some(linear("moves", space.move_classes())?),
                Alignment::None => None,
            },
            further,
            residual: linear("residual", books.latent_dim)?,
            text: linear("text", space.text_tokens)?,
            phones: linear("phones", config.phone_labels * space.phones)?,
            residual_scale: residual_scales(books),
            kernels,
        })
    }

    /// (rows, classes) for one member of the group.
    pub(crate) fn first(&self, h: &Tensor, member: usize) -> Result<Tensor> {
        self.first[member].forward(h)
    }

    pub(crate) fn moves(&self, h: &Tensor) -> Result<Option<Tensor>> {
        self.moves.as_ref().map(|m| m.forward(h)).transpose()
    }

    pub(crate) fn further(&self, h: &Tensor, level: usize) -> Result<Tensor> {
        self.further[level - 1].forward(h)
    }

    /// The latent that is still missing after the levels shown, in the codec's scale: (rows, latent_dim).
    pub(crate) fn residual(&self, h: &Tensor, level: usize) -> Result<Tensor> {
        self.residual.forward(h)? * self.residual_scale[level]
    }

    pub(crate) fn text(&self, h: &Tensor) -> Result<Tensor> {
        self.text.forward(h)
    }

    /// (rows, labels a frame * phones).
    pub(crate) fn phones(&self, h: &Tensor) -> Result<Tensor> {
        self.phones.forward(h)
    }

    /// Losses of a batch whose response rows are `h` (rows, dim).
    pub(crate) fn losses(
        &self,
        h: &Tensor,
        sequences: &[Sequence],
        (config, space, books): (&LmConfig, &TokenSpace, &Codebooks),
        score: Score,
    ) -> std::result::Result<Losses, ModelError> {
        let mut parts = Vec::new();
        let mut add = |name: String, (value, accuracy): (Tensor, Option<Tensor>), weight: f64| {
            parts.push(LossPart { name, value, accuracy, weight });
        };
        let ce = |logits: &Tensor, targets: &[u32]| -> Result<(Tensor, Option<Tensor>)> {
            let measured = score == Score::Accuracies;
            let accuracy = measured.then(|| ops::accuracy(logits, targets)).transpose()?;
            Ok((ops::cross_entropy(logits, targets, self.kernels)?, accuracy))
        };
        let mixed = || ModelError::Mixed("stages".into());
        match sequences.first().map(|s| &s.targets) {
            Some(Targets::FirstLevel { .. }) => {
                let (mut codes, mut moves) = (Vec::new(), Vec::new());
                for s in sequences {
                    let Targets::FirstLevel { codes: c, moves: m } = &s.targets else {
                        return Err(mixed());
                    };
                    codes.extend_from_slice(c);
                    moves.extend_from_slice(m);
                }
                for member in 0..space.group {
                    let targets: Vec<u32> =
                        codes.iter().skip(member).step_by(space.group).copied().collect();
                    let weight = 1.0 / space.group as f64;
                    add(
                        format!("codes.{}", member + 1),
                        ce(&self.first(h, member)?, &targets)?,
                        weight,
                    );
                }
                // A stage without a pointer has no moves to learn, whatever the model has.
                let pointer = moves.iter().any(|&m| m != ops::IGNORE);
                if let Some(logits) = self.moves(h)?.filter(|_| pointer) {
                    add("moves".into(), ce(&logits, &moves)?, config.pointer_weight);
                }
            }
            Some(&Targets::Level { level, .. }) => {
                let mut targets = Vec::new();
                for s in sequences {
                    match &s.targets {
                        Targets::Level { level: l, codes } if *l == level => {
                            targets.extend_from_slice(codes)
                        }
                        _ => return Err(mixed()),
                    }
                }
                add(format!("level.{}", level + 1), ce(&self.further(h, level)?, &targets)?, 1.0);
                if config.residual_weight > 0.0 {
                    let target = residual_targets(sequences, level, books);
                    let rows = target.len() / books.latent_dim;
                    let target = Tensor::from_vec(target, (rows, books.latent_dim), h.device())?;
                    let guess = self.residual(h, level)?.to_dtype(target.dtype())?;
                    let wrong = ((guess - target)? / self.residual_scale[level])?;
                    add(
                        format!("residual.{}", level + 1),
                        (wrong.sqr()?.mean_all()?, None),
                        config.residual_weight,
                    );
                }
            }
            Some(Targets::Text(_)) => {
                let targets: Vec<u32> = sequences
                    .iter()
                    .map(|s| {
                        if let Targets::Text(t) = &s.targets {
                            Ok(t.as_slice())
                        } else {
                            Err(mixed())
                        }
                    })
                    .collect::<std::result::Result<Vec<_>, _>>()?
                    .concat();
                add("text".into(), ce(&self.text(h)?, &targets)?, 1.0);
            }
            Some(Targets::Phones(_)) => {
                let targets: Vec<u32> = sequences
                    .iter()
                    .map(|s| {
                        if let Targets::Phones(t) = &s.targets {
                            Ok(t.as_slice())
                        } else {
                            Err(mixed())
                        }
                    })
                    .collect::<std::result::Result<Vec<_>, _>>()?
                    .concat();
                let logits = self.phones(h)?.reshape((targets.len(), space.phones))?; // (rows * labels, phones)
                add("phones".into(), ce(&logits, &targets)?, 1.0);
            }
            Some(Targets::None) | None => {}
        }
        Ok(Losses { parts })
    }
}

/// Root mean square of the entries of this level and deeper: the size of what is missing there.
fn residual_scales(books: &Codebooks) -> Vec<f64> {
    let power =
        |e: &Vec<f32>| e.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / e.len() as f64;
    let powers: Vec<f64> = books.entries.iter().map(power).collect();
    (0..powers.len()).map(|l| powers[l..].iter().sum::<f64>().sqrt().max(1e-6)).collect()
}

/// Sums of the entries of `level` and deeper: what the levels shown leave over.
fn residual_targets(sequences: &[Sequence], level: usize, books: &Codebooks) -> Vec<f32> {
    let mut out = Vec::new();
    for codes in sequences.iter().filter_map(|s| s.response_codes.as_ref()) {
        for frame in 0..codes.frames() {
            let start = out.len();
            out.resize(start + books.latent_dim, 0.0);
            for l in level..codes.levels() {
                let entry = books.entry(l, usize::from(codes.at(frame, l)));
                for (o, e) in out[start..].iter_mut().zip(entry) {
                    *o += e;
                }
            }
        }
    }
    out
}
