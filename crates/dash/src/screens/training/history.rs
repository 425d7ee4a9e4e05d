//! History of a training run.

use std::collections::BTreeMap;

use syrinx_types::Event;

use crate::follow::Stamped;

/// Largest number of points of a curve. Beyond it, neighbouring points are merged.
const POINTS: usize = 2000;
/// Number of steps from which the remaining time is estimated.
const WINDOW: usize = 200;
/// Name of the curve of the total loss.
pub(crate) const LOSS: &str = "loss";

/// A curve over steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Series {
    /// Step and value.
    pub(crate) points: Vec<(f64, f64)>,
    /// Last value, not merged with others.
    pub(crate) last: f64,
}

impl Series {
    fn push(&mut self, step: f64, value: f64) {
        self.last = value;
        if !value.is_finite() {
            return;
        }
        self.points.push((step, value));
        if self.points.len() > POINTS {
            let half = |pair: &[(f64, f64)]| {
                let n = pair.len() as f64;
                let sum = pair.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
                (sum.0 / n, sum.1 / n)
            };
            self.points = self.points.chunks(2).map(half).collect();
        }
    }
}

/// State of a run, derived from its events.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct History {
    /// Last step.
    pub(crate) step: u64,
    pub(crate) total: u64,
    /// Learning rate, gradient norm and positions a second of the last step.
    pub(crate) learning_rate: f64,
    pub(crate) gradient_norm: f64,
    pub(crate) tokens_per_s: f64,
    /// Step of the newest checkpoint.
    pub(crate) checkpoint: u64,
    /// Curves by name: training losses, and held-out losses as `held out NAME`.
    pub(crate) series: BTreeMap<String, Series>,
    /// Other events: step and text, the latest last.
    pub(crate) notes: Vec<(u64, String)>,
    /// Progress of other jobs than training steps, by name: done, total.
    pub(crate) jobs: BTreeMap<String, (u64, Option<u64>)>,
    /// Last steps with their times, seconds since 1970.
    times: Vec<(u64, f64)>,
}

impl History {
    pub(crate) fn take(&mut self, stamped: &Stamped) {
        let (at_s, event) = stamped;
        match event {
            Event::TrainStep {
                step,
                total,
                loss,
                losses,
                learning_rate,
                gradient_norm,
                tokens_per_s,
            } => {
                if *step <= self.step {
                    self.back_to(*step);
                }
                (self.step, self.total) = (*step, *total);
                (self.learning_rate, self.gradient_norm) = (*learning_rate, *gradient_norm);
                self.tokens_per_s = *tokens_per_s;
                self.push(LOSS, *step, *loss);
                for (name, value) in losses {
                    self.push(name, *step, *value);
                }
                self.push("learning rate", *step, *learning_rate);
                self.push("gradient norm", *step, *gradient_norm);
                self.push("positions/s", *step, *tokens_per_s);
                if let Some(at_s) = at_s {
                    self.times.push((*step, *at_s));
                    if self.times.len() > WINDOW {
                        self.times.remove(0);
                    }
                }
            }
            Event::TrainEval { step, figures } => {
                for (name, value) in figures {
                    self.push(&format!("held out {name}"), *step, *value);
                }
            }
            Event::CheckpointSaved { step, path } => {
                self.checkpoint = *step;
                self.notes.push((*step, format!("saved {path}")));
            }
            Event::TrainWarning { step, message, .. } => {
                self.notes.push((*step, format!("! {message}")));
            }
            Event::Warning { message } => self.notes.push((self.step, format!("! {message}"))),
            Event::JobStarted { name, total } => {
                self.jobs.insert(name.clone(), (0, *total));
            }
            Event::JobProgress { name, done, .. } => {
                self.jobs.entry(name.clone()).or_default().0 = *done;
            }
            Event::JobFinished { name, summary } => {
                self.notes.push((self.step, format!("{name}: {summary}")));
                self.jobs.remove(name);
            }
            Event::EvalRow { suite, id, figures } => {
                let shown: Vec<String> =
                    figures.iter().take(3).map(|(n, v)| format!("{n} {v:.3}")).collect();
                self.notes.push((self.step, format!("{suite} {id}: {}", shown.join(", "))));
            }
            _ => {}
        }
        const NOTES: usize = 500;
        if self.notes.len() > NOTES {
            self.notes.drain(..NOTES / 2);
        }
    }

    fn push(&mut self, name: &str, step: u64, value: f64) {
        self.series.entry(name.to_owned()).or_default().push(step as f64, value);
    }

    /// Drops the history after the checkpoint from which the run resumed, since its steps are reported again.
    fn back_to(&mut self, step: u64) {
        for series in self.series.values_mut() {
            series.points.retain(|(at, _)| *at < step as f64);
        }
        self.times.clear();
    }

    /// Returns the estimated seconds to the last step of the run, from the speed of recent steps.
    pub(crate) fn left_s(&self) -> Option<f64> {
        let ((first, begun_s), (last, now_s)) = (self.times.first()?, self.times.last()?);
        let steps = last.checked_sub(*first).filter(|n| *n > 0)?;
        let pace = (now_s - begun_s) / steps as f64;
        Some(pace * self.total.saturating_sub(self.step) as f64)
    }

    /// Returns the time of the latest step, seconds since 1970, if recorded.
    pub(crate) fn last_s(&self) -> Option<f64> {
        self.times.last().map(|(_, at_s)| *at_s)
    }
}
