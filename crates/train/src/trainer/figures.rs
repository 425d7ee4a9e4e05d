//! Figures of steps, evaluations and in-training evaluations, and warnings.

use syrinx_model::LanguageModel;
use syrinx_types::{CancelToken, Event, EventSink};

use crate::batch::Batch;
use crate::pending::{Read, gathered};
use crate::trainer::Trainer;
use crate::{InTrainingFault, TrainError};

/// A figure of a batch, by the number of the batch. Values are bits: JSON has no NaN.
type Measured = (usize, String, u64);

impl Trainer<'_> {
    /// Reads pending figures and emits them as events.
    ///
    /// # Errors
    /// [`TrainError::Diverged`] if a loss or a norm isn't a number.
    pub(super) fn report(&mut self, sink: &dyn EventSink) -> Result<(), TrainError> {
        let mut reads = self.pending.read()?;
        self.sum_over_ranks(&mut reads)?;
        for read in reads {
            for (what, value) in [("loss", read.loss), ("gradient", read.norm)] {
                if !value.is_finite() {
                    return Err(self.diverged(read.step, what));
                }
            }
            self.look_out(&read, sink);
            sink.emit(Event::TrainStep {
                step: read.step,
                total: self.config.steps,
                loss: read.loss,
                losses: read.parts,
                learning_rate: read.learning_rate,
                gradient_norm: read.norm,
                tokens_per_s: read.tokens_per_s,
            });
        }
        Ok(())
    }

    /// Sums losses over all ranks. Every rank has the same steps and names.
    fn sum_over_ranks(&self, reads: &mut [Read]) -> Result<(), TrainError> {
        if self.material.ranks.is_alone() || reads.is_empty() {
            return Ok(());
        }
        // Values are sent as bits, since JSON has no NaN.
        let own: Vec<u64> = reads.iter_mut().flat_map(Read::sums).map(|v| v.to_bits()).collect();
        let all = self.material.ranks.gather(&own)?;
        for (at, value) in reads.iter_mut().flat_map(Read::sums).enumerate() {
            *value = all.iter().filter_map(|v| v.get(at)).map(|&bits| f64::from_bits(bits)).sum();
        }
        Ok(())
    }

    /// Warns of figures far above their usual range.
    fn look_out(&mut self, read: &Read, sink: &dyn EventSink) {
        let losses = read.parts.iter().map(|(name, v)| (format!("loss {name}"), *v, 1.5));
        // Norms vary more than losses.
        let norm = (format!("gradient norm {}", read.of), read.norm, 5.0);
        for (figure, value, factor) in losses.chain([norm]) {
            let Some(alarm) = self.watch.see(&figure, value, factor) else { continue };
            let message = format!(
                "{figure} is {value:.3}, far above its usual {:.3}: the run may be about to diverge; if it goes on, stop and resume with a lower learning rate",
                alarm.usual
            );
            let (step, value, usual) = (read.step, alarm.value, alarm.usual);
            sink.emit(Event::TrainWarning { step, figure, value, usual, message });
        }
    }

    /// Returns losses and accuracies of the averaged weights on fixed batches. Ranks share the batches.
    pub(super) fn evaluate(&self, batches: &[Batch]) -> Result<Vec<(String, f64)>, TrainError> {
        let (device, config) = (&self.material.device, &self.config);
        let model =
            LanguageModel::load_in(&self.averaged()?, device, config.precision, config.kernels)?;
        let ranks = &self.material.ranks;
        let (mut names, mut values) = (Vec::new(), Vec::new());
        let own = batches.iter().enumerate().skip(ranks.rank()).step_by(ranks.count());
        for (number, batch) in own {
            for part in model.losses_and_accuracies(&batch.sequences)?.parts {
                let name = format!("{}:{}", batch.name, part.name);
                if let Some(accuracy) = part.accuracy {
                    names.push((number, format!("{name} accuracy")));
                    values.push(accuracy);
                }
                names.push((number, name));
                values.push(part.value);
            }
        }
        let values = gathered(&values.iter().collect::<Vec<_>>())?;
        let own: Vec<Measured> =
            names.into_iter().zip(values).map(|((n, name), v)| (n, name, v.to_bits())).collect();
        let mut all: Vec<Measured> = ranks.gather(&own)?.into_iter().flatten().collect();
        all.sort_by_key(|(number, ..)| *number);
        Ok(all.into_iter().map(|(_, name, bits)| (name, f64::from_bits(bits))).collect())
    }

    /// Runs the in-training evaluation on the averaged weights. Its failure is a warning: training continues.
    pub(super) fn in_training_eval(
        &self,
        step: u64,
        sink: &dyn EventSink,
        cancel: &CancelToken,
    ) -> Result<(), TrainError> {
        let Some(evaluator) = self.evaluator else { return Ok(()) };
        let averaged = self.averaged()?;
        if !self.material.ranks.leads() {
            return Ok(());
        }
        match evaluator.evaluate(&averaged, cancel) {
            Ok(figures) => sink.emit(Event::TrainEval { step, figures }),
            Err(InTrainingFault::Cancelled) => {}
            Err(_) if cancel.is_cancelled() => {}
            Err(fault) => {
                sink.emit(Event::Warning {
                    message: format!("the in-training evaluation was left out: {fault}"),
                });
            }
        }
        Ok(())
    }
}
