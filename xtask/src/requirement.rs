//! Requirements of `configs/requirements.toml`, their values from reports and measurements, and tables.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::project::root;

/// Content of `configs/requirements.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirements {
    requirement: Vec<Requirement>,
}

/// One requirement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    pub what: String,
    #[serde(default)]
    suite: String,
    #[serde(default)]
    figure: String,
    #[serde(default)]
    variant: String,
    /// Subtrahend.
    minus: Option<Other>,
    /// Divisor.
    over: Option<Other>,
    /// Suites in whose order the figure must rise (or fall); the value is the share of voices for which it does.
    #[serde(default)]
    in_order: Vec<String>,
    #[serde(default)]
    falls: bool,
    /// Figure of `cargo xtask bench`, instead of a suite's.
    pub bench: Option<String>,
    /// Report or command that measures the requirement, if no suite does.
    elsewhere: Option<String>,
    at_most: Option<f64>,
    at_least: Option<f64>,
    target: Option<f64>,
}

/// Other suite or variant whose value of the same figure is compared.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Other {
    suite: Option<String>,
    variant: String,
}

/// A requirement with its measured value.
#[derive(Debug, Serialize)]
pub struct Measured {
    what: String,
    /// Name of the figure with its judge.
    figure: String,
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elsewhere: Option<String>,
    /// 95 % interval, if the requirement compares no other value.
    interval: Option<(f64, f64)>,
    must: String,
    target: Option<f64>,
    pub reached: Option<bool>,
}

/// Returns the requirements of the repository.
pub fn all() -> Result<Vec<Requirement>> {
    let path = root().join("configs/requirements.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let all: Requirements = toml::from_str(&text).with_context(|| path.display().to_string())?;
    Ok(all.requirement)
}

/// Returns the requirements on speed with the medians of `cargo xtask bench`.
fn speed(medians: &BTreeMap<String, f64>) -> Result<Vec<Measured>> {
    let (bench, none) = (json!(medians), BTreeMap::new());
    let requirements = all()?.into_iter().filter(|requirement| requirement.bench.is_some());
    Ok(requirements.map(|requirement| requirement.measured(&none, &bench)).collect())
}

/// Formats the measured requirements on speed for a terminal.
pub fn speed_table(medians: &BTreeMap<String, f64>) -> Result<String> {
    let mut rows = speed(medians)?;
    rows.retain(|row| row.value.is_some());
    Ok(table(&rows))
}

/// Formats all requirements on speed as a Markdown table.
pub fn speed_page(medians: &BTreeMap<String, f64>) -> Result<String> {
    Ok(page_table(&speed(medians)?))
}

impl Requirement {
    /// Returns the suites that the requirement needs.
    pub fn suites(&self) -> impl Iterator<Item = &str> {
        let other = [&self.minus, &self.over].into_iter().flatten();
        let others = other.filter_map(|o| o.suite.as_deref());
        let own = [self.suite.as_str()].into_iter().filter(|s| !s.is_empty());
        own.chain(others).chain(self.in_order.iter().map(String::as_str))
    }

    /// Computes the value from the reports of suites and the figures of `cargo xtask bench`.
    pub fn measured(&self, reports: &BTreeMap<String, Value>, bench: &Value) -> Measured {
        let of = |suite: &str, variant: &str| figure(reports.get(suite)?, &self.figure, variant);
        let mut name = self.figure.clone();
        let (mut value, mut interval) = (None, None);
        if let Some(figure) = &self.bench {
            (name, value) = (figure.clone(), bench[figure].as_f64());
        } else if !self.in_order.is_empty() {
            let suites: Vec<&Value> = self.in_order.iter().map(|s| &reports[s]).collect();
            value = in_order(&suites, &self.figure, self.falls);
        } else if let Some(own) = of(&self.suite, &self.variant) {
            name.clone_from(&own.name);
            let other = |other: &Other| {
                of(other.suite.as_deref().unwrap_or(&self.suite), &other.variant).map(|f| f.value)
            };
            value = match (&self.minus, &self.over) {
                (Some(minus), _) => other(minus).map(|o| own.value - o),
                (None, Some(over)) => other(over).filter(|&o| o > 0.0).map(|o| own.value / o),
                (None, None) => {
                    interval = Some(own.interval);
                    Some(own.value)
                }
            };
        }
        Measured {
            what: self.what.clone(),
            figure: name,
            value,
            elsewhere: self.elsewhere.clone(),
            interval,
            must: must(self),
            target: self.target,
            reached: value.map(|v| {
                self.at_most.is_none_or(|most| v <= most)
                    && self.at_least.is_none_or(|least| v >= least)
            }),
        }
    }
}

/// Formats the bound of a requirement.
pub fn must(requirement: &Requirement) -> String {
    let bound = |sign: &str, bound: Option<f64>| bound.map(|b| format!("{sign} {b}"));
    let bounds = [bound("<=", requirement.at_most), bound(">=", requirement.at_least)];
    bounds.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A figure of a report.
struct Figure {
    name: String,
    value: f64,
    interval: (f64, f64),
}

/// Returns the possible names of a figure in a report, those of the most independent judges first.
fn names(report: &Value, figure: &str) -> Vec<String> {
    let judges = report["judges"].as_array().into_iter().flatten();
    let (own, others): (Vec<&Value>, Vec<&Value>) = judges.partition(|j| j["kind"] == "own");
    let named = others.into_iter().chain(own).filter_map(|j| j["name"].as_str());
    let names = named.map(|judge| format!("{figure}@{judge}"));
    names.chain([figure.to_owned()]).collect()
}

fn figure(report: &Value, figure: &str, variant: &str) -> Option<Figure> {
    let all = report["figures"].as_array()?;
    let there = |name: &String| {
        let named =
            |f: &&Value| f["name"] == **name && f["variant"].as_str().unwrap_or("") == variant;
        let found = all.iter().find(named)?;
        let number = |key: &str| found[key].as_f64();
        let interval = (number("low")?, number("high")?);
        Some(Figure { name: name.clone(), value: number("value")?, interval })
    };
    names(report, figure).iter().find_map(there)
}

/// Returns the share of voices in which a figure falls (or rises) from report to report.
fn in_order(reports: &[&Value], name: &str, falls: bool) -> Option<f64> {
    let by_voice = |report: &Value| -> BTreeMap<String, f64> {
        let groups = report["groups"].as_array().into_iter().flatten();
        let one = |group: &Value| {
            Some((group["group"].as_str()?.to_owned(), figure_of_group(report, group, name)?))
        };
        groups.filter_map(one).collect()
    };
    let all: Vec<BTreeMap<String, f64>> = reports.iter().map(|r| by_voice(r)).collect();
    let voices: Vec<&String> = all.first()?.keys().collect();
    let ordered = |voice: &&&String| {
        let values: Vec<f64> = all.iter().filter_map(|r| r.get(**voice).copied()).collect();
        let follows = |pair: &[f64]| if falls { pair[0] > pair[1] } else { pair[0] < pair[1] };
        values.len() == all.len() && values.windows(2).all(follows)
    };
    let count = voices.iter().filter(ordered).count();
    (!voices.is_empty()).then(|| count as f64 / voices.len() as f64)
}

fn figure_of_group(report: &Value, group: &Value, name: &str) -> Option<f64> {
    let figures = group["figures"].as_array()?;
    let value = |name: &String| figures.iter().find(|f| f["name"] == **name)?["value"].as_f64();
    names(report, name).iter().find_map(value)
}

impl Measured {
    /// Returns whether the requirement is met, or where it is measured.
    fn verdict(&self) -> String {
        match (self.reached, &self.elsewhere) {
            (Some(true), _) => "met".to_owned(),
            (Some(false), _) => "MISSED".to_owned(),
            (None, Some(place)) => format!("measured elsewhere: {place}"),
            (None, None) => "not measured: needs a judge, or `cargo xtask bench all`".to_owned(),
        }
    }

    /// Returns the value, the interval and the target as text.
    fn shown(&self) -> [String; 3] {
        [
            self.value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}")),
            self.interval.map_or_else(String::new, |(l, h)| format!("[{l:.3}-{h:.3}]")),
            self.target.map_or_else(String::new, |a| a.to_string()),
        ]
    }
}

/// Formats rows as a table for terminals.
pub fn table(rows: &[Measured]) -> String {
    let titles = ["", "value", "interval", "required", "target", "", "figure"];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    for row in rows {
        let [value, interval, target] = row.shown();
        let (what, required, figure) = (row.what.clone(), row.must.clone(), row.figure.clone());
        lines.push(vec![what, value, interval, required, target, row.verdict(), figure]);
    }
    let met = rows.iter().filter(|r| r.reached == Some(true)).count();
    crate::table::table(&lines) + &format!("{met} of {} requirements are met\n", rows.len())
}

/// Formats rows as a Markdown table.
pub fn page_table(rows: &[Measured]) -> String {
    let mut out = "| | measured | interval | required | target | | figure |\n| --- | --: | --- | --- | --: | --- | --- |\n".to_owned();
    for row in rows {
        let [value, interval, target] = row.shown();
        let verdict = row.verdict().replace("MISSED", "**missed**");
        out += &format!(
            "| {} | {value} | {interval} | {} | {target} | {verdict} | {} |\n",
            row.what, row.must, row.figure
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(judges: Value, figures: &[(&str, &str, f64)], groups: &[(&str, f64)]) -> Value {
        let figure = |(name, variant, value): &(&str, &str, f64)| json!({"name": name, "variant": variant, "value": value, "low": value, "high": value});
        let group = |(group, value): &(&str, f64)| json!({"group": group, "figures": [{"name": "sim@judge", "value": value}]});
        json!({
            "judges": judges,
            "figures": figures.iter().map(figure).collect::<Vec<_>>(),
            "groups": groups.iter().map(group).collect::<Vec<_>>(),
        })
    }

    fn judges() -> Value {
        json!([{"kind": "own", "name": "own"}, {"kind": "command", "name": "judge"}])
    }

    fn measured(requirement: &str, reports: &[(&str, Value)]) -> Measured {
        let requirement: Requirement =
            toml::from_str(&format!("what = 'x'\n{requirement}")).unwrap();
        let reports = reports.iter().map(|(name, r)| ((*name).to_owned(), r.clone())).collect();
        requirement.measured(&reports, &json!({"say_rtf": 0.5}))
    }

    #[test]
    fn requirements_of_the_repository_have_their_suites() {
        let text = fs::read_to_string(root().join("configs/requirements.toml")).unwrap();
        let all: Requirements = toml::from_str(&text).unwrap();
        for requirement in &all.requirement {
            assert!(
                requirement.at_most.is_some() != requirement.at_least.is_some(),
                "{}",
                requirement.what
            );
            let suites = requirement.suites().count() > 0;
            let ways = [suites, requirement.bench.is_some(), requirement.elsewhere.is_some()];
            assert_eq!(ways.into_iter().filter(|&way| way).count(), 1, "{}", requirement.what);
            for suite in requirement.suites() {
                assert!(root().join(format!("evals/{suite}.toml")).is_file(), "{suite}");
            }
        }
    }

    #[test]
    fn the_independent_judge_counts_and_figures_are_compared() {
        let a = report(
            judges(),
            &[("wer@own", "", 0.1), ("wer@judge", "", 0.3), ("wer@judge", "recording", 0.2)],
            &[],
        );
        let b = report(judges(), &[("wer@judge", "", 0.6)], &[]);
        let reports = [("a", a), ("b", b)];
        for (requirement, value, reached) in [
            ("suite = 'a'\nfigure = 'wer'\nat_most = 0.2", 0.3, false),
            (
                "suite = 'a'\nfigure = 'wer'\nminus = { variant = 'recording' }\nat_most = 0.11",
                0.1,
                true,
            ),
            ("suite = 'a'\nfigure = 'wer'\nover = { suite = 'b' }\nat_most = 0.5", 0.5, true),
            ("bench = 'say_rtf'\nat_least = 0.8", 0.5, false),
        ] {
            let m = measured(requirement, &reports);
            assert!((m.value.unwrap() - value).abs() < 1e-9, "{requirement}: {m:?}");
            assert_eq!(m.reached, Some(reached), "{requirement}");
        }
        for open in
            ["suite = 'a'\nfigure = 'ovr'\nat_least = 2.7", "elsewhere = 'page.md'\nat_most = 0.1"]
        {
            let unheard = measured(open, &reports);
            assert_eq!((unheard.value, unheard.reached), (None, None), "{open}");
        }
    }

    #[test]
    fn voices_are_counted_in_which_a_figure_falls_from_suite_to_suite() {
        let of = |joe: f64, slt: f64| report(judges(), &[], &[("joe", joe), ("slt", slt)]);
        let reports = [("a", of(0.9, 0.9)), ("b", of(0.8, 0.95)), ("c", of(0.7, 0.6))];
        let order = "in_order = ['a', 'b', 'c']\nfigure = 'sim'\nat_least = 0.9\n";
        assert_eq!(measured(&format!("{order}falls = true"), &reports).value, Some(0.5));
        assert_eq!(measured(order, &reports).value, Some(0.0));
    }

    #[test]
    fn a_table_says_what_is_missed_and_what_is_not_measured() {
        let row = |value, reached| Measured {
            what: "words".into(),
            figure: "wer@judge".into(),
            value,
            elsewhere: value.is_none().then(|| "page.md".to_owned()),
            interval: value.map(|v: f64| (v - 0.1, v + 0.1)),
            must: "<= 0.2".into(),
            target: Some(0.1),
            reached,
        };
        let text =
            table(&[row(Some(0.15), Some(true)), row(Some(0.3), Some(false)), row(None, None)]);
        let page = page_table(&[row(Some(0.15), Some(true)), row(Some(0.3), Some(false))]);
        assert!(page.contains("| words | 0.300 | [0.200-0.400] | <= 0.2 | 0.1 | **missed** |"));
        for part in [
            "met",
            "MISSED",
            "measured elsewhere: page.md",
            "[0.200-0.400]",
            "1 of 3 requirements are met",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
