//! The grid: all combinations of the axes' values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{Ablation, AxisValue};

/// A cell of the grid: one value per axis, and a seed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GridPlace {
    /// Index in the grid.
    pub(crate) place: usize,
    /// Value by axis, as a number if its name parses as one.
    pub(crate) axes: BTreeMap<String, Value>,
    /// All keys with dots: the shared keys first, then those of the values, axis by axis.
    pub(crate) keys: Vec<(String, Value)>,
    /// Seed of the cell.
    pub(crate) seed: u64,
}

/// One value per axis, with the name of the axis.
pub(crate) type Choice<'a> = Vec<(&'a str, &'a AxisValue)>;

/// Returns all combinations of values; the last axis varies fastest.
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

/// Returns a combination as the results store holds it: value by axis.
pub(crate) fn axes_of(choice: &Choice<'_>) -> BTreeMap<String, Value> {
    choice.iter().map(|(axis, value)| ((*axis).to_owned(), value.value())).collect()
}

/// Returns the combination that all others are compared with.
pub(crate) fn baseline(ablation: &Ablation) -> BTreeMap<String, Value> {
    let value = |axis: &crate::Axis| {
        let named = ablation.baseline.get(&axis.name);
        let value = axis.values.iter().find(|v| Some(&v.name) == named).or(axis.values.first());
        Some((axis.name.clone(), value?.value()))
    };
    ablation.axes.iter().filter_map(value).collect()
}

/// Returns every combination with every seed.
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
