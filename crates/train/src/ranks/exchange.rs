//! Exchange of gradients with the other ranks during the backward pass.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use syrinx_nn::{GradientSink, with_slice};

use super::buckets::BucketPlan;
use super::{Ranks, ReduceResult, Underway};
use crate::TrainError;

/// Exchange of the gradients of a step. Buckets are sent in the order of the plan, each as soon as it and all before it
/// are full: those of fused stacks during the backward pass, the others after it.
pub(crate) struct Exchange {
    ranks: Ranks,
    /// Whether sums go to the owner of a bucket alone.
    sharded: bool,
    state: Mutex<ExchangeState>,
}

#[derive(Default)]
struct ExchangeState {
    /// Weights of the stacks that were built, in the order in which their gradients are ready.
    stacks: Vec<Vec<String>>,
    plan: BucketPlan,
    step: Option<Step>,
}

/// Gradients of the current step.
struct Step {
    /// Messages that are not sent yet.
    messages: Vec<Vec<f32>>,
    /// Number of parameters that each message still lacks.
    missing: Vec<usize>,
    /// Number of forward passes of each stack, by its first weight. Gradients of a stack with several passes are sent
    /// after the backward pass, which adds them up.
    passes: HashMap<String, usize>,
    /// Weights whose gradient is complete.
    complete: Vec<Vec<bool>>,
    underway: Vec<Underway>,
    /// Reason why sending failed.
    failed: Option<super::ReduceError>,
    /// Buckets that were sent before the end of the backward pass.
    early: usize,
}

/// Sums of a step.
pub(crate) struct Reduced {
    /// Share of the values that were sent before the end of the backward pass, 0..=1.
    pub(crate) early: f64,
}

impl Exchange {
    pub(crate) fn new(ranks: Ranks, sharded: bool) -> Self {
        Self { ranks, sharded, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, ExchangeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans the messages, once all stacks are built. Stacks that are built last are first in a backward pass.
    pub(crate) fn plan(&self, vars: &BTreeMap<String, Var>, most_values: usize) {
        let mut state = self.lock();
        let early: Vec<String> = state.stacks.iter().rev().flatten().cloned().collect();
        let late = vars.keys().filter(|name| !early.contains(name));
        let order = early.iter().chain(late).filter_map(|name| {
            let var = vars.get(name)?;
            Some((name.clone(), var.elem_count()))
        });
        state.plan = BucketPlan::new(order.collect(), most_values, self.ranks.count());
    }

    /// Whether this rank keeps the optimiser's state of a parameter.
    pub(crate) fn owns(&self, name: &str) -> bool {
        !self.sharded || self.lock().plan.owner(name) == Some(self.ranks.rank())
    }

    /// Opens a step before the forward pass of its last micro-batch. `before` are the sums over the micro-batches
    /// before it.
    pub(crate) fn begin(
        &self,
        vars: &BTreeMap<String, Var>,
        before: Option<&GradStore>,
    ) -> Result<(), TrainError> {
        let mut state = self.lock();
        let buckets = &state.plan.buckets;
        let size = |b: &super::buckets::Bucket| b.values + b.parameters.len();
        let mut step = Step {
            messages: buckets.iter().map(|b| vec![0.0; size(b)]).collect(),
            missing: buckets.iter().map(|b| b.parameters.len()).collect(),
            complete: buckets.iter().map(|b| vec![false; b.parameters.len()]).collect(),
            passes: HashMap::new(),
            underway: Vec::new(),
            failed: None,
            early: 0,
        };
        if let Some(before) = before {
            for (name, var) in vars {
                if let Some(gradient) = before.get(var) {
                    with_slice(gradient, |g| {
                        step.add(&state.plan, name, g);
                        Ok(())
                    })?;
                }
            }
        }
        state.step = Some(step);
        Ok(())
    }

    /// Closes the step: sends the remaining messages, waits, and stores the sums as gradients. Parameters for which no
    /// rank has a gradient get none; those of other owners keep the local gradient.
    pub(crate) fn finish(
        &self,
        vars: &BTreeMap<String, Var>,
        grads: &mut GradStore,
    ) -> Result<Reduced, TrainError> {
        let mut state = self.lock();
        let ExchangeState { plan, step, .. } = &mut *state;
        let Some(mut step) = step.take() else { return Ok(Reduced { early: 0.0 }) };
        for (name, var) in vars {
            let Some(slot) = plan.slot(name) else { continue };
            if step.complete[slot.bucket][slot.index] {
                continue;
            }
            if let Some(gradient) = grads.get(var) {
                with_slice(gradient, |g| {
                    // The sum over all micro-batches, those before included.
                    step.clear(plan, name);
                    step.add(plan, name, g);
                    Ok(())
                })?;
            }
            step.completed(plan, name);
        }
        step.early = step.underway.len();
        self.send(plan, &mut step);
        if let Some(error) = step.failed {
            return Err(error.into());
        }
        let early: usize = plan.buckets[..step.early].iter().map(|b| b.values).sum();
        let all: usize = plan.buckets.iter().map(|b| b.values).sum();
        for (bucket, underway) in plan.buckets.iter().zip(step.underway) {
            let sums = self.ranks.finish(underway)?;
            if self.sharded && bucket.owner != self.ranks.rank() {
                continue;
            }
            let flags = &sums[bucket.values..];
            let mut offset = 0;
            for ((name, len), flag) in bucket.parameters.iter().zip(flags) {
                let values = &sums[offset..offset + len];
                offset += len;
                let Some(var) = vars.get(name) else { continue };
                if *flag > 0.0 {
                    let sum = Tensor::from_slice(values, var.dims(), var.device())?;
                    grads.insert(var, sum);
                } else {
                    grads.remove(var);
                }
            }
        }
        Ok(Reduced { early: early as f64 / all.max(1) as f64 })
    }

    /// Sends the weights that each owner has updated to all ranks.
    pub(crate) fn share_weights(&self, vars: &BTreeMap<String, Var>) -> Result<(), TrainError> {
        let buckets = self.lock().plan.buckets.clone();
        for bucket in &buckets {
            let own = bucket.owner == self.ranks.rank();
            let mut values = Vec::with_capacity(bucket.values);
            for (name, len) in &bucket.parameters {
                match vars.get(name).filter(|_| own) {
                    Some(var) => with_slice(var, |v| {
                        values.extend_from_slice(v);
                        Ok(())
                    })?,
                    None => values.resize(values.len() + len, 0.0),
                }
            }
            let values = self.ranks.broadcast(values, bucket.owner)?;
            let mut offset = 0;
            for (name, len) in &bucket.parameters {
                if let Some(var) = vars.get(name).filter(|_| !own) {
                    let new = &values[offset..offset + len];
                    var.set(&Tensor::from_slice(new, var.dims(), var.device())?)?;
                }
                offset += len;
            }
        }
        Ok(())
    }

    /// Sends all full buckets that are next in order.
    fn send(&self, plan: &BucketPlan, step: &mut Step) {
        while let Some(next) = plan.buckets.get(step.underway.len()) {
            let number = step.underway.len();
            if step.missing[number] > 0 || step.failed.is_some() {
                return;
            }
            let message = std::mem::take(&mut step.messages[number]);
            let root = self.sharded.then_some(next.owner);
            match self.start(message, root) {
                Ok(underway) => step.underway.push(underway),
                Err(error) => step.failed = Some(error),
            }
        }
    }

    fn start(&self, message: Vec<f32>, root: Option<usize>) -> ReduceResult<Underway> {
        self.ranks.start_sum(message, root)
    }
}

impl Step {
    /// Adds to the sum of a parameter and raises its flag.
    fn add(&mut self, plan: &BucketPlan, name: &str, gradient: &[f32]) {
        let Some(slot) = plan.slot(name) else { return };
        let message = &mut self.messages[slot.bucket];
        let into = &mut message[slot.offset..slot.offset + slot.len];
        for (sum, g) in into.iter_mut().zip(gradient) {
            *sum += g;
        }
        message[plan.buckets[slot.bucket].values + slot.index] = 1.0;
    }

    /// Resets the sum of a parameter.
    fn clear(&mut self, plan: &BucketPlan, name: &str) {
        if let Some(slot) = plan.slot(name) {
            self.messages[slot.bucket][slot.offset..slot.offset + slot.len].fill(0.0);
        }
    }

    /// Marks a parameter as complete.
    fn completed(&mut self, plan: &BucketPlan, name: &str) {
        let Some(slot) = plan.slot(name) else { return };
        let complete = &mut self.complete[slot.bucket][slot.index];
        if !std::mem::replace(complete, true) {
            self.missing[slot.bucket] -= 1;
        }
    }
}

impl GradientSink for Exchange {
    fn stack_built(&self, names: &[String]) {
        self.lock().stacks.push(names.to_vec());
    }

    fn forward_recorded(&self, first: &str) {
        if let Some(step) = &mut self.lock().step {
            *step.passes.entry(first.to_owned()).or_default() += 1;
        }
    }

    fn gradient_ready(&self, name: &str, gradient: &[f32]) {
        let mut state = self.lock();
        let ExchangeState { stacks, plan, step } = &mut *state;
        let Some(step) = step else { return };
        let first = stacks.iter().find(|s| s.iter().any(|n| n == name)).and_then(|s| s.first());
        let passes = first.and_then(|first| step.passes.get(first)).copied();
        if passes == Some(1) {
            step.add(plan, name, gradient);
            step.completed(plan, name);
            self.send(plan, step);
        }
    }
}
