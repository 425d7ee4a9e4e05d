//! Gradients grouped into messages.

use std::collections::HashMap;

/// Gradients of one message: the values of all parameters, then one flag for each parameter, above zero if some rank
/// has a gradient of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bucket {
    /// Names and numbers of values of its parameters.
    pub(crate) parameters: Vec<(String, usize)>,
    /// Number of values of all parameters.
    pub(crate) values: usize,
    /// Rank that keeps the optimiser's state of these parameters, if the state is sharded.
    pub(crate) owner: usize,
}

/// Place of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slot {
    /// Number of its bucket.
    pub(crate) bucket: usize,
    /// Number within the bucket.
    pub(crate) index: usize,
    /// Offset of its first value in the message.
    pub(crate) offset: usize,
    /// Number of values.
    pub(crate) len: usize,
}

/// All messages of a step, in the order in which every rank sends them.
#[derive(Debug, Default)]
pub(crate) struct BucketPlan {
    pub(crate) buckets: Vec<Bucket>,
    slots: HashMap<String, Slot>,
}

impl BucketPlan {
    /// Groups parameters, in this order, into buckets that are closed when they reach `most` values. Owners are chosen
    /// so that ranks keep about the same number of values.
    pub(crate) fn new(parameters: Vec<(String, usize)>, most: usize, ranks: usize) -> Self {
        let mut plan = Self::default();
        for (name, len) in parameters {
            let full = plan.buckets.last().is_none_or(|b| b.values >= most);
            if full {
                let (parameters, values, owner) = (Vec::new(), 0, 0);
                plan.buckets.push(Bucket { parameters, values, owner });
            }
            let bucket = plan.buckets.len() - 1;
            let into = &mut plan.buckets[bucket];
            let slot = Slot { bucket, index: into.parameters.len(), offset: into.values, len };
            into.values += len;
            into.parameters.push((name.clone(), len));
            plan.slots.insert(name, slot);
        }
        plan.choose_owners(ranks);
        plan
    }

    /// Assigns the largest buckets first, each to the rank with the fewest values.
    fn choose_owners(&mut self, ranks: usize) {
        let mut order: Vec<usize> = (0..self.buckets.len()).collect();
        order.sort_by_key(|&b| (std::cmp::Reverse(self.buckets[b].values), b));
        let mut load = vec![0; ranks.max(1)];
        for bucket in order {
            let least = (0..load.len()).min_by_key(|&rank| (load[rank], rank)).unwrap_or(0);
            load[least] += self.buckets[bucket].values;
            self.buckets[bucket].owner = least;
        }
    }

    /// Place of a parameter.
    pub(crate) fn slot(&self, name: &str) -> Option<Slot> {
        self.slots.get(name).copied()
    }

    /// Returns the rank that keeps the optimiser's state of a parameter.
    pub(crate) fn owner(&self, name: &str) -> Option<usize> {
        Some(self.buckets[self.slot(name)?.bucket].owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_a_place_and_owners_share_evenly() {
        let sizes = [40, 5, 5, 30, 30, 100, 1, 1];
        let named = sizes.iter().enumerate().map(|(i, &n)| (format!("p{i}"), n)).collect();
        let plan = BucketPlan::new(named, 40, 2);
        let shapes: Vec<Vec<usize>> =
            plan.buckets.iter().map(|b| b.parameters.iter().map(|(_, n)| *n).collect()).collect();
        assert_eq!(shapes, [vec![40], vec![5, 5, 30], vec![30, 100], vec![1, 1]]);
        assert_eq!(plan.slot("p5"), Some(Slot { bucket: 2, index: 1, offset: 30, len: 100 }));
        let load = |rank| {
            let own = plan.buckets.iter().filter(|b| b.owner == rank);
            own.map(|b| b.values).sum::<usize>()
        };
        assert_eq!((load(0), load(1)), (130, 82));
        assert_eq!(plan.owner("p0"), Some(1));
        assert_eq!(plan.slot("other"), None);
    }
}
