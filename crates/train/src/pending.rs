//! Steps whose figures are still on the device, so that no step waits for the previous one.

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};

/// A finished step.
pub(crate) struct Unread {
    pub(crate) step: u64,
    pub(crate) learning_rate: f64,
    /// Positions of all its batches.
    pub(crate) positions: usize,
    /// Name of the batch that the gradient belongs to; empty for several.
    pub(crate) of: String,
    /// Mean loss, a scalar.
    pub(crate) loss: Tensor,
    /// Losses by name, scalars.
    pub(crate) parts: Vec<(String, Tensor)>,
    /// Gradient norm before clipping, a scalar.
    pub(crate) norm: Tensor,
}

/// A finished step with its figures on the host.
pub(crate) struct Read {
    pub(crate) step: u64,
    pub(crate) learning_rate: f64,
    pub(crate) of: String,
    pub(crate) loss: f64,
    pub(crate) parts: Vec<(String, f64)>,
    pub(crate) norm: f64,
    /// Positions a second, over all steps that were read together.
    pub(crate) tokens_per_s: f64,
}

impl Read {
    /// Returns the losses, to be summed over ranks.
    pub(crate) fn sums(&mut self) -> impl Iterator<Item = &mut f64> {
        std::iter::once(&mut self.loss).chain(self.parts.iter_mut().map(|(_, value)| value))
    }
}

/// Steps since the last reading.
#[derive(Default)]
pub(crate) struct Pending {
    steps: Vec<Unread>,
    since: Option<Instant>,
}

impl Pending {
    /// Begins a step. Time counts from the first step since the last reading.
    pub(crate) fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    pub(crate) fn push(&mut self, step: Unread) {
        self.steps.push(step);
    }

    pub(crate) fn len(&self) -> u64 {
        self.steps.len() as u64
    }

    /// Reads everything with one copy from the device.
    pub(crate) fn read(&mut self) -> Result<Vec<Read>> {
        let steps = std::mem::take(&mut self.steps);
        let Some(since) = self.since.take().filter(|_| !steps.is_empty()) else {
            return Ok(Vec::new());
        };
        let mut scalars = Vec::new();
        for step in &steps {
            scalars.extend([&step.loss, &step.norm]);
            scalars.extend(step.parts.iter().map(|(_, value)| value));
        }
        let mut values = gathered(&scalars)?.into_iter();
        let positions: usize = steps.iter().map(|s| s.positions).sum();
        let tokens_per_s = positions as f64 / since.elapsed().as_secs_f64().max(1e-9);
        let mut next = || values.next().unwrap_or(f64::NAN);
        let read = steps.into_iter().map(|s| Read {
            step: s.step,
            learning_rate: s.learning_rate,
            of: s.of,
            loss: next(),
            norm: next(),
            parts: s.parts.into_iter().map(|(name, _)| (name, next())).collect(),
            tokens_per_s,
        });
        Ok(read.collect())
    }
}

/// Returns scalars on the host, in f64.
pub(crate) fn gathered(scalars: &[&Tensor]) -> Result<Vec<f64>> {
    let Some(first) = scalars.first() else { return Ok(Vec::new()) };
    let device: &Device = first.device();
    let wide = |t: &&Tensor| t.to_dtype(DType::F64)?.to_device(device)?.reshape(1);
    Tensor::cat(&scalars.iter().map(wide).collect::<Result<Vec<_>>>()?, 0)?.to_vec1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_back_in_their_order() {
        let scalar = |v: f32| Tensor::new(v, &Device::Cpu).unwrap();
        let mut pending = Pending::default();
        assert!(pending.read().unwrap().is_empty());
        for step in 1..=2u64 {
            pending.begin();
            let v = step as f32;
            pending.push(Unread {
                step,
                learning_rate: 0.5,
                positions: 10,
                of: "a".into(),
                loss: scalar(v),
                parts: vec![("x".into(), scalar(10.0 * v)), ("y".into(), scalar(20.0 * v))],
                norm: scalar(100.0 * v),
            });
        }
        assert_eq!(pending.len(), 2);
        let read = pending.read().unwrap();
        assert_eq!(pending.len(), 0);
        for (read, v) in read.iter().zip([1.0, 2.0]) {
            assert_eq!((read.loss, read.norm), (v, 100.0 * v));
            let parts = [("x".to_owned(), 10.0 * v), ("y".to_owned(), 20.0 * v)];
            assert_eq!(read.parts, parts);
        }
    }
}
