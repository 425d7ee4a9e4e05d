//! Figures with a value for each round.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::trials::weak::median;

/// Figures of a measurement, in the order in which they were added.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Figures(Vec<Figure>);

/// Values of one figure.
#[derive(Debug, Serialize, Deserialize)]
struct Figure {
    name: String,
    unit: String,
    /// Values, one for each round.
    values: Vec<f64>,
}

impl Figure {
    /// Returns median, minimum and maximum.
    fn summary(&self) -> [f64; 3] {
        let mut values = self.values.clone();
        let middle = median(&mut values);
        let [least, most] = [values.first(), values.last()].map(|v| v.copied().unwrap_or(f64::NAN));
        [middle, least, most]
    }
}

impl Figures {
    /// Adds the value of a round.
    pub fn add(&mut self, name: &str, unit: &str, value: f64) {
        match self.0.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.values.push(value),
            None => {
                let (name, unit) = (name.to_owned(), unit.to_owned());
                self.0.push(Figure { name, unit, values: vec![value] });
            }
        }
    }

    /// Returns the median of a figure over the rounds.
    pub fn median(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|figure| figure.name == name).map(|figure| figure.summary()[0])
    }

    /// Returns the medians by name.
    pub fn medians(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|figure| (figure.name.as_str(), figure.summary()[0]))
    }

    /// Returns the figures in the format of `syrinx results add`, with minimum and maximum as the interval.
    pub fn stored(&self) -> Value {
        let figures = self.0.iter().map(|figure| {
            let [value, low, high] = figure.summary();
            json!({"name": figure.name, "value": value, "low": low, "high": high,
                "rows": figure.values.len(), "unit": "number", "better": "neither"})
        });
        figures.collect()
    }

    /// Formats a line for each figure.
    pub fn table(&self) -> String {
        let titles = ["figure", "median", "least", "most", "rounds", "unit"];
        let lines = self.0.iter().map(|figure| {
            let [middle, least, most] = figure.summary().map(|v| format!("{v:.3}"));
            let rounds = figure.values.len().to_string();
            vec![figure.name.clone(), middle, least, most, rounds, figure.unit.clone()]
        });
        let titles = titles.map(str::to_owned).to_vec();
        crate::table::table(&std::iter::once(titles).chain(lines).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_come_with_their_range() {
        let mut figures = Figures::default();
        for value in [3.0, 1.0, 2.0] {
            figures.add("say_rtf", "s/s", value);
            figures.add("peak", "MB", 10.0 * value);
        }
        let table = figures.table();
        let line = table.lines().find(|l| l.starts_with("say_rtf")).unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words, ["say_rtf", "2.000", "1.000", "3.000", "3", "s/s"]);
        assert_eq!(figures.median("peak"), Some(20.0));
        assert_eq!(figures.median("other"), None);
        assert_eq!(figures.medians().collect::<Vec<_>>(), [("say_rtf", 2.0), ("peak", 20.0)]);
        let stored = figures.stored();
        assert_eq!((&stored[0]["low"], &stored[0]["high"]), (&json!(1.0), &json!(3.0)));
    }
}
