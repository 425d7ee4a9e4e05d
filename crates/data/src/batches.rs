//! Assignment of utterances to steps.
//!
//! Items are sorted into buckets of similar length. The number of batches of a bucket depends on the lengths alone, so
//! every epoch has the same number of batches. Epoch, order and batch of a step are therefore computed from the seed
//! and the step, without iterating over earlier steps.

use std::sync::{Arc, Mutex};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use syrinx_types::ConfigIssue;

use crate::{DataError, WorkShare};

/// Rules for batches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchPlan {
    /// Largest number of positions in a batch, padding included: items times the length of the longest.
    pub max_positions: usize,
    /// Largest difference to the longest item of the batch, as a fraction of its length, 0..1. Small values reduce
    /// padding, large ones mix lengths better.
    pub max_padding: f64,
    /// Seed of the order.
    pub seed: u64,
}

impl Default for BatchPlan {
    fn default() -> Self {
        Self { max_positions: 4096, max_padding: 0.15, seed: 0 }
    }
}

/// Items of nearly the same length, with the largest batch of them.
#[derive(Debug, Clone)]
struct Bucket {
    items: Vec<usize>,
    batches: usize,
}

/// The batches of one epoch, each a list of item numbers.
type Order = Arc<Vec<Vec<usize>>>;

/// Batches of items of known lengths. Every item occurs once in an epoch, and no batch exceeds `max_positions`.
#[derive(Debug)]
pub struct Batches {
    seed: u64,
    part: WorkShare,
    buckets: Vec<Bucket>,
    batches_per_epoch: usize,
    last: Mutex<Option<(u64, Order)>>,
}

impl Batches {
    /// Assigns items of `lengths` positions to batches; item numbers are indices into `lengths`.
    ///
    /// With several ranks, rank `part.index()` of `part.of()` takes every `of`-th batch of a common endless sequence of
    /// batches. No batch is dropped or repeated if the number of batches in an epoch is not a multiple of `of`.
    ///
    /// # Errors
    /// [`DataError::TooLong`] for an item above the budget; [`DataError::NoItems`] without items;
    /// [`DataError::Setting`] for a `max_padding` outside 0..1.
    pub fn new(plan: &BatchPlan, lengths: &[usize], part: WorkShare) -> Result<Self, DataError> {
        if !(0.0..1.0).contains(&plan.max_padding) {
            let reason = format!("is {}, must be from 0 to below 1", plan.max_padding);
            return Err(ConfigIssue::new("max_padding", reason).into());
        }
        if lengths.is_empty() {
            return Err(DataError::NoItems);
        }
        let max_positions = plan.max_positions;
        let too_long = lengths.iter().position(|&n| n > max_positions);
        if let Some(index) = too_long {
            let positions = lengths[index];
            return Err(DataError::TooLong { index, positions, max_positions });
        }
        let buckets = buckets(plan, lengths);
        let batches_per_epoch = buckets.iter().map(|b| b.batches).sum();
        Ok(Self { seed: plan.seed, part, buckets, batches_per_epoch, last: Mutex::new(None) })
    }

    /// Returns the number of batches in an epoch, over all ranks.
    pub fn batches_per_epoch(&self) -> usize {
        self.batches_per_epoch
    }

    /// Returns the epoch and the items of a step (from 0) of this rank. They depend on the seed and the step alone.
    pub fn batch(&self, step: u64) -> (u64, Vec<usize>) {
        let number = self.number(step);
        let per_epoch = self.batches_per_epoch as u64;
        let epoch = number / per_epoch;
        (epoch, self.order(epoch)[(number % per_epoch) as usize].clone())
    }

    /// Returns the random number generator of a step (for prompts and crops), which depends on the seed, the step and
    /// the rank alone.
    pub fn rng(&self, step: u64) -> ChaCha8Rng {
        // Epochs use the lower half of the streams, batches the upper half.
        self.stream((1 << 63) | self.number(step))
    }

    /// Returns all batches of an epoch in order, over all ranks.
    pub fn epoch(&self, epoch: u64) -> Vec<Vec<usize>> {
        self.order(epoch).to_vec()
    }

    /// Returns the index of the step's batch in the endless sequence of all ranks.
    fn number(&self, step: u64) -> u64 {
        step.wrapping_mul(self.part.of() as u64).wrapping_add(self.part.index() as u64)
    }

    fn stream(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream);
        rng
    }

    /// Returns the order of an epoch. The last result is cached, since consecutive steps need the same one.
    fn order(&self, epoch: u64) -> Order {
        let kept = self.last.lock().ok().and_then(|last| last.clone());
        if let Some((_, order)) = kept.filter(|(of, _)| *of == epoch) {
            return order;
        }
        let order = Arc::new(self.shuffle(epoch));
        if let Ok(mut last) = self.last.lock() {
            *last = Some((epoch, Arc::clone(&order)));
        }
        order
    }

    fn shuffle(&self, epoch: u64) -> Vec<Vec<usize>> {
        let mut rng = self.stream(epoch);
        let mut batches = Vec::with_capacity(self.batches_per_epoch);
        for bucket in &self.buckets {
            let mut items = bucket.items.clone();
            items.shuffle(&mut rng);
            let (n, count) = (items.len(), bucket.batches);
            // Batch sizes of a bucket differ by at most one, so that no batch is much smaller than the others.
            batches.extend((0..count).map(|b| items[b * n / count..(b + 1) * n / count].to_vec()));
        }
        batches.shuffle(&mut rng);
        batches
    }
}

/// Divides the items, longest first, into buckets. An item is shorter than the first of its bucket by at most
/// `max_padding`.
fn buckets(plan: &BatchPlan, lengths: &[usize]) -> Vec<Bucket> {
    let mut items: Vec<usize> = (0..lengths.len()).collect();
    items.sort_by_key(|&i| (std::cmp::Reverse(lengths[i]), i));
    let mut buckets = Vec::new();
    let mut rest = items.as_slice();
    while let Some(&longest) = rest.first() {
        let longest = lengths[longest];
        let shortest = longest as f64 * (1.0 - plan.max_padding);
        let end = rest.partition_point(|&i| lengths[i] as f64 >= shortest);
        let (bucket, after) = rest.split_at(end.max(1));
        let per_batch = plan.max_positions / longest.max(1);
        let batches = bucket.len().div_ceil(per_batch.max(1));
        buckets.push(Bucket { items: bucket.to_vec(), batches });
        rest = after;
    }
    buckets
}
