//! Losses.

use candle_core::{Result, Tensor};
use syrinx_nn::ops::{self, IGNORE};
use syrinx_task::{Sequence, Targets, TokenSpace};

use crate::codes::Codebooks;
use crate::conditioning::LatentConditioning;
use crate::heads::Heads;
use crate::{LmConfig, ModelError};

/// One named loss of a batch.
pub struct LossPart {
    /// `codes.1`, `moves`, `level.3`, `residual.3` (`residual.1` with frame-aligned conditioning), `latents`, `durations`, `text`, `phones`, ...
    pub name: String,
    /// Mean over the targets that count, a scalar.
    pub value: Tensor,
    /// Number of targets behind the mean: the weight of this part when batches are joined.
    pub targets: usize,
    /// Share of positions whose likeliest class is the target, a scalar; only for evaluation.
    pub accuracy: Option<Tensor>,
    /// Its weight in the total.
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

/// Material of the losses.
pub(crate) type Scales<'a> = (&'a LmConfig, &'a TokenSpace, &'a Codebooks);

type Outcome<T = ()> = std::result::Result<T, ModelError>;

/// The losses of a batch while they are gathered.
struct Scored<'a> {
    heads: &'a Heads,
    /// (response positions, dim).
    h: &'a Tensor,
    sequences: &'a [Sequence],
    scales: Scales<'a>,
    conditioning: Option<&'a LatentConditioning>,
    score: Score,
    parts: Vec<LossPart>,
}

impl Heads {
    /// Losses of a batch whose response rows are `h` (rows, dim).
    pub(crate) fn losses(
        &self,
        h: &Tensor,
        sequences: &[Sequence],
        scales: Scales<'_>,
        (conditioning, score): (Option<&LatentConditioning>, Score),
    ) -> Outcome<Losses> {
        let parts = Vec::new();
        let mut scored = Scored { heads: self, h, sequences, scales, conditioning, score, parts };
        match sequences.first().map(|s| &s.targets) {
            Some(Targets::FirstLevel { .. }) => scored.first_level()?,
            Some(Targets::Level { level, .. }) => scored.further_level(*level)?,
            Some(Targets::Levels { .. }) => scored.all_levels()?,
            Some(Targets::Masked(_)) => scored.masked()?,
            Some(Targets::Latents { .. }) => scored.latents()?,
            Some(Targets::Durations(_)) => scored.durations()?,
            Some(Targets::Text(_)) => scored.text()?,
            Some(Targets::Phones(_)) => scored.phones()?,
            Some(Targets::None) | None => {}
        }
        Ok(Losses { parts: scored.parts })
    }
}

impl<'a> Scored<'a> {
    /// The targets of one kind of all sequences.
    fn targets(&self, of: impl Fn(&'a Targets) -> Option<&'a [u32]>) -> Outcome<Vec<u32>> {
        let mixed = || ModelError::Mixed("stages".into());
        let all: Outcome<Vec<&[u32]>> =
            self.sequences.iter().map(|s| of(&s.targets).ok_or_else(mixed)).collect();
        Ok(all?.concat())
    }

    fn add(&mut self, name: impl Into<String>, (value, targets): (Tensor, usize), weight: f64) {
        self.parts.push(LossPart { name: name.into(), value, targets, accuracy: None, weight });
    }

    /// Adds a cross-entropy.
    fn add_classes(
        &mut self,
        name: impl Into<String>,
        (logits, targets): (&Tensor, &[u32]),
        weight: f64,
    ) -> Outcome {
        let measured = self.score == Score::Accuracies;
        let accuracy = measured.then(|| ops::accuracy(logits, targets)).transpose()?;
        let value = ops::cross_entropy(logits, targets, self.heads.kernels)?;
        let targets = targets.iter().filter(|&&t| t != IGNORE).count();
        self.parts.push(LossPart { name: name.into(), value, targets, accuracy, weight });
        Ok(())
    }

    fn first_level(&mut self) -> Outcome {
        let group = self.scales.1.group;
        let codes = self.targets(|t| match t {
            Targets::FirstLevel { codes, .. } => Some(codes),
            _ => None,
        })?;
        let advances = self.targets(|t| match t {
            Targets::FirstLevel { advances, .. } => Some(advances),
            _ => None,
        })?;
        for member in 0..group {
            let targets: Vec<u32> = codes.iter().skip(member).step_by(group).copied().collect();
            let logits = self.heads.first(self.h, member)?;
            let name = format!("codes.{}", member + 1);
            self.add_classes(name, (&logits, &targets), 1.0 / group as f64)?;
        }
        self.advances(&advances)
    }

    /// A stage without a pointer has no moves to learn, whatever the model has.
    fn advances(&mut self, advances: &[u32]) -> Outcome {
        let pointer = advances.iter().any(|&m| m != IGNORE);
        if let Some(logits) = self.heads.advances(self.h)?.filter(|_| pointer) {
            self.add_classes("advances", (&logits, advances), self.scales.0.pointer_weight)?;
        }
        Ok(())
    }

    fn further_level(&mut self, level: usize) -> Outcome {
        let targets = self.targets(|t| match t {
            Targets::Level { level: l, codes } if *l == level => Some(codes),
            _ => None,
        })?;
        let logits = self.heads.further(self.h, level)?;
        self.add_classes(format!("level.{}", level + 1), (&logits, &targets), 1.0)?;
        self.residual(level)
    }

    /// Squared distance from what the levels shown leave over.
    fn residual(&mut self, level: usize) -> Outcome {
        let weight = self.scales.0.residual_weight;
        if weight > 0.0 {
            let target = self.residual_targets(level)?;
            let guess = self.heads.residual(self.h, level)?.to_dtype(target.dtype())?;
            let wrong = ((guess - target)? / self.heads.residual_scale[level])?;
            let mean = (wrong.sqr()?.mean_all()?, wrong.dim(0)?);
            self.add(format!("residual.{}", level + 1), mean, weight);
        }
        Ok(())
    }

    /// Every level counts the same (MusicGen, arXiv 2306.05284, section 2.2 has one head a level, too).
    fn all_levels(&mut self) -> Outcome {
        let levels = self.scales.1.levels;
        let codes = self.targets(|t| match t {
            Targets::Levels { codes, .. } => Some(codes),
            _ => None,
        })?;
        let advances = self.targets(|t| match t {
            Targets::Levels { advances, .. } => Some(advances),
            _ => None,
        })?;
        for level in 0..levels {
            let all = codes.iter().skip(level).step_by(levels).copied();
            // In interleaved orders most rows have no code of this level.
            let (rows, targets): (Vec<u32>, Vec<u32>) =
                (0..).zip(all).filter(|&(_, target)| target != IGNORE).unzip();
            let h = ops::embed(self.h, &rows, 1, self.heads.kernels)?; // (rows of the level, dim)
            let logits = match level {
                0 => self.heads.first(&h, 0)?,
                _ => self.heads.further(&h, level)?,
            };
            let name = format!("codes.{}", level + 1);
            self.add_classes(name, (&logits, &targets), 1.0 / levels as f64)?;
        }
        self.advances(&advances)
    }

    fn masked(&mut self) -> Outcome {
        let targets = self.targets(|t| match t {
            Targets::Masked(codes) => Some(codes),
            _ => None,
        })?;
        let logits = self.heads.first(self.h, 0)?;
        self.add_classes("codes.1", (&logits, &targets), 1.0)?;
        let frame_aligned =
            self.sequences.iter().all(|s| s.positions.iter().any(|p| !p.blend.is_empty()));
        match self.conditioning {
            Some(conditioning) if frame_aligned => self.frame_aligned(conditioning),
            _ => Ok(()),
        }
    }

    /// Squared distance of the latents that are predicted with frame-aligned conditioning, in units of their own spread.
    fn frame_aligned(&mut self, conditioning: &LatentConditioning) -> Outcome {
        let (config, _, books) = self.scales;
        let mut target = Vec::new(); // (frames of all sequences, latent_dim)
        for s in self.sequences {
            let latents = s.response_latents.as_ref();
            let latents = latents.ok_or_else(|| ModelError::NoLatents(books.latent_dim))?;
            target.extend_from_slice(latents.values());
        }
        let rows = target.len() / books.latent_dim;
        let target = Tensor::from_vec(target, (rows, books.latent_dim), self.h.device())?;
        let guess = conditioning.latents(self.h, self.sequences, books)?;
        let wrong = ((guess - target)? / f64::from(books.spread))?;
        let mean = (wrong.sqr()?.mean_all()?, rows);
        self.add("latent_difference", mean, config.latent_difference_weight);
        Ok(())
    }

    /// Distance and squared distance, as in MELLE (arXiv 2407.08551, section 3), and the distance of the changes from
    /// frame to frame.
    fn latents(&mut self) -> Outcome {
        let advances = self.targets(|t| match t {
            Targets::Latents { advances } => Some(advances),
            _ => None,
        })?;
        let (config, _, books) = self.scales;
        let mut target = residuals(self.sequences, 0, books);
        target.chunks_exact_mut(books.latent_dim).for_each(|latent| books.scale(latent));
        let rows = target.len() / books.latent_dim;
        let target = Tensor::from_vec(target, (rows, books.latent_dim), self.h.device())?;
        let guess = self.heads.scaled_latents(self.h)?.to_dtype(target.dtype())?;
        let wrong = (guess - target)?; // (frames of all sequences, latent_dim)
        let mean = (wrong.abs()?.mean_all()? + wrong.sqr()?.mean_all()?)?;
        self.add("latents", (mean, rows), 1.0);
        let within = frames_after_others(self.sequences);
        if config.latent_change_weight > 0.0 && !within.is_empty() {
            let before: Vec<u32> = within.iter().map(|row| row - 1).collect();
            let pick = |rows: &[u32]| ops::embed(&wrong, rows, 1, self.heads.kernels);
            let change = (pick(&within)? - pick(&before)?)?; // (frames but the first ones, latent_dim)
            let mean = (change.abs()?.mean_all()?, within.len());
            self.add("change", mean, config.latent_change_weight);
        }
        self.advances(&advances)
    }

    fn durations(&mut self) -> Outcome {
        let targets = self.targets(|t| match t {
            Targets::Durations(durations) => Some(durations),
            _ => None,
        })?;
        let logits = self.heads.durations(self.h)?;
        self.add_classes("durations", (&logits, &targets), 1.0)
    }

    fn text(&mut self) -> Outcome {
        let targets = self.targets(|t| match t {
            Targets::Text(tokens) => Some(tokens),
            _ => None,
        })?;
        let logits = self.heads.text(self.h)?;
        self.add_classes("text", (&logits, &targets), 1.0)
    }

    fn phones(&mut self) -> Outcome {
        let targets = self.targets(|t| match t {
            Targets::Phones(labels) => Some(labels),
            _ => None,
        })?;
        let phones = self.scales.1.phones;
        let logits = self.heads.phones(self.h)?.reshape((targets.len(), phones))?; // (rows * labels, phones)
        self.add_classes("phones", (&logits, &targets), 1.0)
    }

    /// Residual of the levels shown: (rows, latent_dim).
    fn residual_targets(&self, level: usize) -> Result<Tensor> {
        let books = self.scales.2;
        let target = residuals(self.sequences, level, books);
        let rows = target.len() / books.latent_dim;
        Tensor::from_vec(target, (rows, books.latent_dim), self.h.device())
    }
}

/// Rows of all frames that have one before them in their sequence.
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

/// Sums of the entries of `level` and deeper: what the levels shown leave over.
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
