//! The grid: every value of every axis with every other.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{Ablation, AxisValue};

/// A place in the grid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GridPlace {
    /// Number in the grid.
    pub(crate) place: usize,
    /// Names of its values by axis, numbers where they are some.
    pub(crate) axes: BTreeMap<String, Value>,
    /// All its keys with dots: those of all cells first, then axis by axis.
    pub(crate) keys: Vec<(String, Value)>,
    /// Seed of the cell.
    pub(crate) seed: u64,
}

/// Values of a place, one an axis.
pub(crate) type Choice<'a> = Vec<(&'a str, &'a AxisValue)>;

/// All choices, the last axis fastest.
pub(crate) fn choices(ablation: &Ablation) -> Vec<Choice<'_>> {
    let mut all: Vec<Choice<'_>> = vec![Vec::new()];
    for axis in &ablation.axes {
        let mut next = Vec::with_capacity(all.len() * axis.values.len());
        for choice in &all {
            for value in &axis.values {
                let mut longer = choice.clone();
                longer.push((axis.name.as_str(), value));
                next.push(longer);
            }
        }
        all = next;
    }
    all
}

/// Returns a choice as the store names it.
pub(crate) fn axes_of(choice: &Choice<'_>) -> BTreeMap<String, Value> {
    choice.iter().map(|(axis, value)| ((*axis).to_owned(), value.value())).collect()
}

/// Returns the choice that all others are compared with.
pub(crate) fn baseline(ablation: &Ablation) -> BTreeMap<String, Value> {
    let value = |axis: &crate::Axis| {
        let named = ablation.baseline.get(&axis.name);
        let value = axis.values.iter().find(|v| Some(&v.name) == named).or(axis.values.first());
        Some((axis.name.clone(), value?.value()))
    };
    ablation.axes.iter().filter_map(value).collect()
}

/// Every choice with every seed.
pub(crate) fn places(ablation: &Ablation) -> Vec<GridPlace> {
    let owned = |keys: &Map<String, Value>| -> Vec<(String, Value)> {
        keys.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    let mut places = Vec::new();
    for choice in choices(ablation) {
        for &seed in &ablation.seeds {
            let mut keys = owned(&ablation.keys);
            choice.iter().for_each(|(_, value)| keys.extend(owned(&value.keys)));
            places.push(GridPlace { place: places.len(), axes: axes_of(&choice), keys, seed });
        }
    }
    places
}
