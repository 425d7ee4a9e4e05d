//! Losses.

use candle_core::{Result, Tensor};
use syrinx_nn::ops::{self, IGNORE};
use syrinx_task::{HeadOutput, Sequence, Target};

use crate::codes::Codebooks;
use crate::conditioning::LatentConditioning;
use crate::heads::Heads;
use crate::{LmConfig, ModelError};

/// One named loss of a batch.
pub struct LossPart {
    /// Name: `codes.1`, `advances`, `level.3`, `residual.3` (`residual.1` with frame-aligned conditioning), `latents`,
    /// `durations`, `text`, `phones`, ...
    pub name: String,
    /// Mean over the targets that count, a scalar.
    pub value: Tensor,
    /// Number of targets behind the mean: the weight of this part when batches are joined.
    pub targets: usize,
    /// Share of positions whose most probable class is the target, a scalar; only for evaluation.
    pub accuracy: Option<Tensor>,
    /// Weight of the loss in the total.
    pub weight: f64,
}

/// Figures computed from a batch.
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
    /// Returns the weighted sum.
    pub fn total(&self) -> Result<Tensor> {
        let mut sum: Option<Tensor> = None;
        for part in &self.parts {
            let weighted = (&part.value * part.weight)?;
            sum = Some(sum.map_or(Ok(weighted.clone()), |s| s + weighted)?);
        }
        sum.ok_or_else(|| candle_core::Error::Msg("a batch without targets".into()))
    }
}

/// Material of the losses of a batch.
#[derive(Clone, Copy)]
pub(crate) struct LossContext<'a> {
    pub(crate) config: &'a LmConfig,
    pub(crate) books: &'a Codebooks,
    pub(crate) conditioning: Option<&'a LatentConditioning>,
    pub(crate) score: Score,
}

type LossResult<T = ()> = std::result::Result<T, ModelError>;

/// The losses of a batch while they are gathered.
struct Scored<'a> {
    heads: &'a Heads,
    /// (response positions, dim).
    h: &'a Tensor,
    sequences: &'a [Sequence],
    context: LossContext<'a>,
    parts: Vec<LossPart>,
}

impl Heads {
    /// Returns the losses of a batch whose response rows are `h` (rows, dim).
    pub(crate) fn losses(
        &self,
        h: &Tensor,
        sequences: &[Sequence],
        context: LossContext<'_>,
    ) -> LossResult<Losses> {
        let mut scored = Scored { heads: self, h, sequences, context, parts: Vec::new() };
        let Some(first) = sequences.first() else { return Ok(Losses { parts: Vec::new() }) };
        for at in 0..first.targets.len() {
            scored.target(at)?;
        }
        Ok(Losses { parts: scored.parts })
    }
}

impl<'a> Scored<'a> {
    /// Scores one target of all sequences.
    fn target(&mut self, at: usize) -> LossResult {
        let target = &self.sequences[0].targets[at];
        match target.output {
            HeadOutput::Residual(level) => self.residual(&target.name, level),
            HeadOutput::LatentDifference => self.latent_difference(&target.name),
            HeadOutput::Latents => self.latents(&target.name),
            _ => self.classes(at, target),
        }
    }

    fn add(&mut self, name: &str, mean: Mean, weight: f64) {
        let Mean { value, targets } = mean;
        self.parts.push(LossPart { name: name.into(), value, targets, accuracy: None, weight });
    }

    /// Adds a cross-entropy.
    fn classes(&mut self, at: usize, target: &Target) -> LossResult {
        let of = |s: &'a Sequence| match s.targets.get(at).filter(|t| t.output == target.output) {
            Some(target) => Ok(target.classes.as_slice()),
            None => Err(ModelError::MixedStages),
        };
        let classes: Vec<u32> =
            self.sequences.iter().map(of).collect::<LossResult<Vec<&[u32]>>>()?.concat();
        let (logits, classes) = if target.sparse {
            let scored = (0..).zip(classes).filter(|&(_, class)| class != IGNORE);
            let (rows, classes): (Vec<u32>, Vec<u32>) = scored.unzip();
            let h = ops::embed(self.h, &rows, 1, self.heads.kernels)?; // (rows with a class, dim)
            (self.heads.logits(&h, target.output)?, classes)
        } else {
            (self.heads.logits(self.h, target.output)?, classes)
        };
        let logits = logits.ok_or(ModelError::NoOutput(target.output))?;
        // An output of several predictions a position has a row for each: (predictions, classes).
        let logits = match logits.dim(0)? == classes.len() {
            true => logits,
            false => logits.reshape((classes.len(), logits.elem_count() / classes.len().max(1)))?,
        };
        let measured = self.context.score == Score::Accuracies;
        let accuracy = measured.then(|| ops::accuracy(&logits, &classes)).transpose()?;
        let value = ops::cross_entropy(&logits, &classes, self.heads.kernels)?;
        let targets = classes.iter().filter(|&&t| t != IGNORE).count();
        let weight = match target.output {
            HeadOutput::Advances => self.context.config.pointer_weight,
            _ => target.weight,
        };
        self.parts.push(LossPart { name: target.name.clone(), value, targets, accuracy, weight });
        Ok(())
    }

    /// Adds the squared distance from the residual after the levels that the stage sees.
    fn residual(&mut self, name: &str, level: usize) -> LossResult {
        let weight = self.context.config.residual_weight;
        if weight > 0.0 {
            let target =
                self.latent_targets(residuals(self.sequences, level, self.context.books))?;
            let guess = self.heads.residual(self.h, level)?.to_dtype(target.dtype())?;
            let wrong = ((guess - target)? / self.heads.residual_scale[level])?;
            let mean = Mean { value: wrong.sqr()?.mean_all()?, targets: wrong.dim(0)? };
            self.add(name, mean, weight);
        }
        Ok(())
    }

    /// Adds the squared distance of the latents that are predicted with frame-aligned conditioning, in units of their
    /// spread. Models without latent conditioning predict none.
    fn latent_difference(&mut self, name: &str) -> LossResult {
        let LossContext { config, books, conditioning, .. } = self.context;
        let Some(conditioning) = conditioning else { return Ok(()) };
        let mut target = Vec::new(); // (frames of all sequences, latent_dim)
        for s in self.sequences {
            let latents = s.response_latents.as_ref();
            let latents = latents.ok_or_else(|| ModelError::NoLatents(books.latent_dim))?;
            target.extend_from_slice(latents.values());
        }
        let targets = target.len() / books.latent_dim;
        let target = self.latent_targets(target)?;
        let guess = conditioning.latents(self.h, self.sequences, books)?;
        let wrong = ((guess - target)? / f64::from(books.spread))?;
        let mean = Mean { value: wrong.sqr()?.mean_all()?, targets };
        self.add(name, mean, config.latent_difference_weight);
        Ok(())
    }

    /// Adds the distance and the squared distance of latents, as in MELLE (arXiv 2407.08551, section 3), and the
    /// distance of their changes from frame to frame.
    fn latents(&mut self, name: &str) -> LossResult {
        let LossContext { config, books, .. } = self.context;
        let mut target = residuals(self.sequences, 0, books);
        target.chunks_exact_mut(books.latent_dim).for_each(|latent| books.scale(latent));
        let targets = target.len() / books.latent_dim;
        let target = self.latent_targets(target)?;
        let guess = self.heads.scaled_latents(self.h)?.to_dtype(target.dtype())?;
        let wrong = (guess - target)?; // (frames of all sequences, latent_dim)
        let value = (wrong.abs()?.mean_all()? + wrong.sqr()?.mean_all()?)?;
        self.add(name, Mean { value, targets }, 1.0);
        let within = frames_after_others(self.sequences);
        if config.latent_change_weight > 0.0 && !within.is_empty() {
            let before: Vec<u32> = within.iter().map(|row| row - 1).collect();
            let pick = |rows: &[u32]| ops::embed(&wrong, rows, 1, self.heads.kernels);
            let change = (pick(&within)? - pick(&before)?)?; // (frames but the first ones, latent_dim)
            let mean = Mean { value: change.abs()?.mean_all()?, targets: within.len() };
            self.add("change", mean, config.latent_change_weight);
        }
        Ok(())
    }

    /// Returns latents as a tensor: (rows, latent_dim).
    fn latent_targets(&self, latents: Vec<f32>) -> Result<Tensor> {
        let latent_dim = self.context.books.latent_dim;
        let rows = latents.len() / latent_dim;
        Tensor::from_vec(latents, (rows, latent_dim), self.h.device())
    }
}

/// A mean and the number of targets behind it.
struct Mean {
    value: Tensor,
    targets: usize,
}

/// Returns the rows of all frames that have one before them in their sequence.
fn frames_after_others(sequences: &[Sequence]) -> Vec<u32> {
    let mut rows = Vec::new();
    let mut start = 0;
    for s in sequences {
        let frames = (s.len() - s.response_start) as u32;
        rows.extend(start + 1..start + frames);
        start += frames;
    }
    rows
}

/// Returns the sums of the entries of `level` and the deeper levels: the residual that the stage predicts.
fn residuals(sequences: &[Sequence], level: usize, books: &Codebooks) -> Vec<f32> {
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
