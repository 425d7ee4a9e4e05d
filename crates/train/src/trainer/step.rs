//! One step, on one rank or on several.

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use syrinx_model::{LossPart, Losses};
use syrinx_types::CancelToken;

use super::Trainer;
use super::feed::Feed;
use crate::batch::Batch;
use crate::pending::Unread;
use crate::{Schedule, TrainError};

/// Description of one rank's contribution to a micro-batch, for the other ranks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct RankShare {
    /// Name of the batch.
    batch: String,
    /// Whether this rank has sequences of it.
    filled: bool,
    positions: usize,
    /// Names of the losses and numbers of targets behind their means.
    targets: Vec<(String, usize)>,
    /// Whether this rank is cancelled.
    stop: bool,
}

/// A micro-batch over all ranks.
struct GlobalBatch {
    batch: String,
    positions: usize,
    targets: Vec<(String, usize)>,
}

/// Sums over the micro-batches of a step.
#[derive(Default)]
struct Sums {
    batches: Vec<String>,
    parts: Vec<(String, Tensor)>,
    positions: usize,
    loss: Option<Tensor>,
    grads: Option<GradStore>,
}

impl Trainer<'_> {
    /// Takes a step. Nothing is read from the device: the figures are added to the pending ones.
    pub(super) fn one_step(
        &mut self,
        step: u64,
        feed: &mut Feed<'_>,
        schedule: &Schedule,
        cancel: &CancelToken,
    ) -> Result<(), TrainError> {
        self.pending.begin();
        let mut sums = Sums::default();
        let count = self.config.accumulation as u64;
        for at in 0..count {
            let batch = feed.next((step - 1) * count + at)?;
            if let Some(exchange) = self.exchange.as_ref().filter(|_| at + 1 == count) {
                exchange.begin(&self.store.vars(), sums.grads.as_ref())?;
            }
            self.micro_batch(&batch, &mut sums, cancel)?;
        }
        if sums.batches.is_empty() {
            return Err(TrainError::EmptyBatch);
        }
        // A rank without sequences still takes part in the exchange.
        let nothing = || Tensor::new(0f32, &self.material.device);
        let mut grads = match sums.grads {
            Some(grads) => grads,
            None => nothing()?.backward()?,
        };
        let loss = sums.loss.map_or_else(nothing, Ok)?;
        let learning_rate = schedule.rate(step);
        let norm = self.update(&mut grads, learning_rate)?;
        let of =
            if sums.batches.len() == 1 { sums.batches.concat() } else { "several batches".into() };
        let (positions, parts) = (sums.positions, sums.parts);
        self.pending.push(Unread { step, learning_rate, positions, of, loss, parts, norm });
        Ok(())
    }

    /// Adds losses and gradients of a micro-batch.
    fn micro_batch(
        &mut self,
        batch: &Batch,
        sums: &mut Sums,
        cancel: &CancelToken,
    ) -> Result<(), TrainError> {
        let losses = match batch.sequences.is_empty() {
            true => None,
            false => Some(self.model.losses(&batch.sequences)?),
        };
        let Some(whole) = self.whole(batch, losses.as_ref(), cancel)? else { return Ok(()) };
        sums.positions += whole.positions;
        let own = |name: &str| losses.iter().flat_map(|l| &l.parts).find(|p| p.name == name);
        let mut total: Option<Tensor> = None;
        for (name, targets) in &whole.targets {
            // Sums over ranks of these are the means over all targets.
            let value = match own(name) {
                Some(part) => (&part.value * share_of(part, *targets))?,
                None => Tensor::zeros((), DType::F32, &self.material.device)?,
            };
            if let Some(part) = own(name) {
                let weighted = (&value * part.weight)?;
                total = Some(total.map_or(Ok(weighted.clone()), |t| t + weighted)?);
            }
            // Detached, since pending figures must not keep the graph.
            sums.parts.push((format!("{}:{name}", whole.batch), value.detach()));
        }
        if let Some(total) = total {
            let loss = (total / self.config.accumulation as f64)?;
            let value = loss.detach();
            sums.loss = Some(match sums.loss.take() {
                None => value,
                Some(before) => (before + value)?,
            });
            let grads = loss.backward()?;
            sums.grads = Some(match sums.grads.take() {
                None => grads,
                Some(before) => self.add(before, &grads)?,
            });
        }
        sums.batches.push(whole.batch);
        Ok(())
    }

    /// Returns the micro-batch over all ranks; `None` if no rank has a sequence of it.
    fn whole(
        &mut self,
        batch: &Batch,
        losses: Option<&Losses>,
        cancel: &CancelToken,
    ) -> Result<Option<GlobalBatch>, TrainError> {
        let parts = losses.map_or(&[][..], |l| &l.parts);
        let own = RankShare {
            batch: batch.name.clone(),
            filled: !batch.sequences.is_empty(),
            positions: batch.positions(),
            targets: parts.iter().map(|p| (p.name.clone(), p.targets)).collect(),
            stop: cancel.is_cancelled(),
        };
        let shares = match self.material.ranks.is_alone() {
            true => vec![own],
            false => self.material.ranks.gather(&own)?,
        };
        self.stopped |= shares.iter().any(|share| share.stop);
        let mut whole =
            GlobalBatch { batch: batch.name.clone(), positions: 0, targets: Vec::new() };
        for share in &shares {
            if share.batch != whole.batch {
                let (own, other) = (whole.batch, share.batch.clone());
                return Err(TrainError::BatchesDiffer { own, other });
            }
            whole.positions += share.positions;
            for (name, count) in &share.targets {
                match whole.targets.iter_mut().find(|(known, _)| known == name) {
                    Some((_, sum)) => *sum += count,
                    None => whole.targets.push((name.clone(), *count)),
                }
            }
        }
        Ok(shares.iter().any(|share| share.filled).then_some(whole))
    }

    /// Joins the gradients of all ranks and updates the weights. Returns the gradient norm before clipping.
    fn update(&mut self, grads: &mut GradStore, learning_rate: f64) -> Result<Tensor, TrainError> {
        let Some(exchange) = self.exchange.clone() else {
            return Ok(self.optimizer.step_unread(grads, learning_rate)?);
        };
        let vars = self.store.vars();
        self.early_share = exchange.finish(&vars, grads)?.early;
        if !self.is_sharded() {
            return Ok(self.optimizer.step_unread(grads, learning_rate)?);
        }
        let own: f64 = self.optimizer.norm(grads)?.to_dtype(DType::F64)?.to_scalar()?;
        let squares = self.material.ranks.gather(&Squares::of(own))?;
        let norm = squares.iter().map(Squares::value).sum::<f64>().sqrt();
        let norm = Tensor::new(norm, &Device::Cpu)?;
        let norm = self.optimizer.step_with_norm(grads, learning_rate, norm)?;
        exchange.share_weights(&vars)?;
        Ok(norm)
    }

    fn add(&self, mut into: GradStore, from: &GradStore) -> Result<GradStore, TrainError> {
        for var in self.store.vars().values() {
            if let Some(g) = from.get(var) {
                let g = into.get(var).map_or_else(|| Ok(g.clone()), |before| before + g)?;
                into.insert(var, g);
            }
        }
        Ok(into)
    }
}

/// Returns the factor that converts a rank's mean to its share of the mean over all ranks; 1 for a single rank.
fn share_of(part: &LossPart, targets: usize) -> f64 {
    if part.targets == targets { 1.0 } else { part.targets as f64 / targets.max(1) as f64 }
}

/// A squared norm as bits, since JSON has no NaN.
#[derive(Serialize, Deserialize)]
struct Squares(u64);

impl Squares {
    fn of(norm: f64) -> Self {
        Self((norm * norm).to_bits())
    }

    fn value(&self) -> f64 {
        f64::from_bits(self.0)
    }
}
