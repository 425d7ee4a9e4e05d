//! Warnings of figures that leave their usual range.

use std::collections::BTreeMap;

/// A figure far above its usual range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alarm {
    /// Current value.
    pub(crate) value: f64,
    /// Recent average.
    pub(crate) usual: f64,
}

/// Exponential averages of a figure.
#[derive(Debug, Default)]
struct Usual {
    seen: u64,
    mean: f64,
    /// Mean distance from the mean.
    spread: f64,
    /// Number of further observations without an alarm.
    silent: u64,
}

/// Usual ranges of all figures of a run, by name. A resumed run starts without them.
#[derive(Debug, Default)]
pub(crate) struct Watch(BTreeMap<String, Usual>);

/// Number of observations before the first alarm.
const LEARNT: u64 = 30;
/// Weight of a new observation.
const NEW: f64 = 0.05;
/// Distance from the mean, in spreads, above which a figure raises an alarm.
const SPREADS: f64 = 8.0;
/// Number of observations without an alarm after an alarm.
const SILENCE: u64 = 50;

impl Watch {
    /// Adds an observation; returns an alarm if it is far above the usual range, and at least `factor` times the mean.
    pub(crate) fn see(&mut self, name: &str, value: f64, factor: f64) -> Option<Alarm> {
        let usual = self.0.entry(name.to_owned()).or_default();
        if usual.seen == 0 {
            usual.mean = value;
        }
        let limit = (usual.mean + SPREADS * usual.spread).max(factor * usual.mean);
        let far = usual.seen >= LEARNT && value > limit;
        let before = usual.mean;
        // An outlier must not shift the mean at once, nor hide the next one.
        let counted = if usual.seen >= LEARNT { value.min(limit) } else { value };
        usual.seen += 1;
        usual.spread += NEW * ((counted - usual.mean).abs() - usual.spread);
        usual.mean += NEW * (counted - usual.mean);
        if usual.silent > 0 {
            usual.silent -= 1;
            return None;
        }
        if !far {
            return None;
        }
        usual.silent = SILENCE;
        Some(Alarm { value, usual: before })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the steps at which a series raises an alarm.
    fn alarms(values: impl IntoIterator<Item = f64>) -> Vec<usize> {
        let mut watch = Watch::default();
        let seen = values.into_iter().enumerate();
        seen.filter_map(|(i, v)| watch.see("loss", v, 1.5).map(|_| i)).collect()
    }

    /// Returns a loss that falls and flickers.
    fn falling(steps: usize) -> impl Iterator<Item = f64> {
        (0..steps).map(|i| 6.0 - 4.0 * (i as f64 / 400.0).min(1.0) + 0.3 * (i as f64 * 1.7).sin())
    }

    #[test]
    fn only_what_is_far_above_the_usual_raises_an_alarm() {
        assert_eq!(alarms(falling(600)), [0; 0]);
        let jump = |at: usize, to: f64| {
            falling(400).enumerate().map(move |(i, v)| if i == at { to } else { v })
        };
        assert_eq!(alarms(jump(300, 30.0)), [300]);
        assert_eq!(alarms(jump(300, 3.9)), [0; 0], "a little above is no alarm");
        assert_eq!(alarms(jump(5, 30.0)), [0; 0], "nothing is usual at the beginning");
    }

    #[test]
    fn an_alarm_that_lasts_is_not_raised_at_every_step() {
        let raised = alarms(falling(300).chain(std::iter::repeat_n(60.0, 30)));
        assert_eq!(raised, [300]);
    }
}
