//! `requirements`: measures the requirements of the model and prints one table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::project::{build_program, program_output, root, run_program, shell};
use crate::table::list;

/// Exit code of a missed requirement.
const MISSED: u8 = 6;

/// `requirements`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask requirements --list\n  cargo xtask requirements --only stt,g2p,bench\n  cargo xtask requirements --judge-command 'tools/judge {list} --out {out}'\n\nSuites that were run with the same model, settings and judges are taken from target/requirements. Without a judge that knows it, a figure isn't measured. Ends with 6 if a requirement isn't reached."
)]
pub struct RequirementsArgs {
    /// Only what needs these suites, or `bench`
    #[arg(long, value_delimiter = ',', value_name = "SUITE,SUITE")]
    only: Vec<String>,
    /// Only list what would be measured
    #[arg(long)]
    list: bool,
    /// Folder of the reports
    #[arg(long, default_value = "target/requirements", value_name = "DIR")]
    out: PathBuf,
    /// Write the table as a page of Markdown too, for instance evals/reports/requirements.md
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Everything else goes to `syrinx eval`: judges, `--model`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Content of `configs/requirements.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirements {
    requirement: Vec<Requirement>,
}

/// One line of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    what: String,
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
    /// Suites over which the figure falls or rises monotonically; the value is the share of voices for which it does.
    #[serde(default)]
    in_order: Vec<String>,
    #[serde(default)]
    falls: bool,
    /// A figure of `syrinx bench` instead.
    bench: Option<String>,
    at_most: Option<f64>,
    at_least: Option<f64>,
    target: Option<f64>,
}

/// Other suite or variant that the same figure is taken from for comparison.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Other {
    suite: Option<String>,
    variant: String,
}

/// A requirement with its measured value.
#[derive(Debug, Serialize)]
struct Measured {
    what: String,
    /// The figure with its judge.
    figure: String,
    value: Option<f64>,
    /// The 95 % interval, where the requirement is on a single figure.
    interval: Option<(f64, f64)>,
    must: String,
    target: Option<f64>,
    reached: Option<bool>,
}

/// Measures and prints the table.
pub fn run(args: &RequirementsArgs) -> Result<ExitCode> {
    let path = root().join("configs/requirements.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let all: Requirements = toml::from_str(&text).with_context(|| path.display().to_string())?;
    let requirements = chosen(all.requirement, &args.only)?;
    if args.list {
        let required: Vec<String> = requirements.iter().map(must).collect();
        let rows = required.iter().zip(&requirements);
        println!("{}", list(rows.map(|(must, r)| [must.as_str(), r.what.as_str()])));
        return Ok(ExitCode::SUCCESS);
    }
    let program = build_program(&shell()?)?;
    let out = root().join(&args.out);
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    let mut reports = BTreeMap::new();
    for suite in requirements.iter().flat_map(Requirement::suites).collect::<BTreeSet<_>>() {
        reports.insert(suite.to_owned(), report(&program, &out, suite, &args.rest)?);
    }
    let bench = if requirements.iter().any(|f| f.bench.is_some()) {
        benches(&program)?
    } else {
        Value::Null
    };
    let measured: Vec<Measured> =
        requirements.iter().map(|f| f.measured(&reports, &bench)).collect();
    let place = out.join("requirements.json");
    fs::write(&place, serde_json::to_string_pretty(&measured)? + "\n")?;
    print!("{}", table(&measured));
    println!("{}", place.display());
    if let Some(file) = &args.page {
        fs::write(file, page(&measured, &args.rest)).with_context(|| file.display().to_string())?;
        println!("{}", file.display());
    }
    let missed = measured.iter().any(|m| m.reached == Some(false));
    Ok(ExitCode::from(if missed { MISSED } else { 0 }))
}

/// Selects the requirements of the named suites; all if none is named.
fn chosen(all: Vec<Requirement>, only: &[String]) -> Result<Vec<Requirement>> {
    let needs = |requirement: &Requirement| {
        let bench = requirement.bench.is_some().then_some("bench");
        only.iter().any(|name| requirement.suites().chain(bench).any(|suite| suite == name))
    };
    let requirements: Vec<Requirement> =
        all.into_iter().filter(|f| only.is_empty() || needs(f)).collect();
    ensure!(!requirements.is_empty(), "no requirement needs {}; see --list", only.join(", "));
    Ok(requirements)
}

/// Runs a suite and reads its report.
fn report(program: &Path, out: &Path, suite: &str, rest: &[String]) -> Result<Value> {
    let folder = out.join(suite);
    let file = root().join("evals").join(format!("{suite}.toml"));
    let mut words = vec!["eval".to_owned(), file.display().to_string()];
    words.extend(["--out".to_owned(), folder.display().to_string()]);
    words.extend(rest.iter().cloned());
    eprintln!("-- {suite}");
    let status = run_program(program, &words)?;
    ensure!(status.success(), "the suite `{suite}` ended with {status}");
    let path = folder.join("report.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Returns all figures of `syrinx bench`.
fn benches(program: &Path) -> Result<Value> {
    eprintln!("-- bench");
    let read = |words: &[&str]| -> Result<Value> {
        serde_json::from_str(&program_output(program, words)?).context("`syrinx bench --json`")
    };
    let mut figures = read(&["bench", "speed", "--json"])?;
    let rows = read(&["bench", "train", "--json"])?;
    let speed = |at: usize| rows[at]["figures"]["tokens_per_s"].as_f64();
    let (Some(fused), Some(primitive)) = (speed(0), speed(1)) else {
        bail!("`syrinx bench train` says nothing of its speed")
    };
    figures["training_speedup"] = (fused / primitive).into();
    Ok(figures)
}

impl Requirement {
    /// Returns all suites that it needs.
    fn suites(&self) -> impl Iterator<Item = &str> {
        let other = [&self.minus, &self.over].into_iter().flatten();
        let others = other.filter_map(|o| o.suite.as_deref());
        let own = [self.suite.as_str()].into_iter().filter(|s| !s.is_empty());
        own.chain(others).chain(self.in_order.iter().map(String::as_str))
    }

    fn measured(&self, reports: &BTreeMap<String, Value>, bench: &Value) -> Measured {
        let of = |suite: &str, variant: &str| figure(&reports[suite], &self.figure, variant);
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

fn must(requirement: &Requirement) -> String {
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

/// Returns the names that a figure can have in a report, the most independent judge first.
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
    /// Returns the value, interval and target in digits.
    fn shown(&self) -> [String; 3] {
        [
            self.value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}")),
            self.interval.map_or_else(String::new, |(l, h)| format!("[{l:.3}-{h:.3}]")),
            self.target.map_or_else(String::new, |a| a.to_string()),
        ]
    }
}

fn table(rows: &[Measured]) -> String {
    let titles = ["", "value", "interval", "required", "target", "", "figure"];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    for row in rows {
        let [value, interval, target] = row.shown();
        let verdict = match row.reached {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "not measured: needs a judge",
        };
        let (what, required, figure) = (row.what.clone(), row.must.clone(), row.figure.clone());
        lines.push(vec![what, value, interval, required, target, verdict.into(), figure]);
    }
    let met = rows.iter().filter(|r| r.reached == Some(true)).count();
    crate::table::table(&lines) + &format!("{met} of {} requirements are met\n", rows.len())
}

/// Returns the table as a page. `rest` has the further arguments of the suites.
fn page(rows: &[Measured], rest: &[String]) -> String {
    let mut out = "# Requirements of the embedded model\n\n".to_owned();
    out += &format!(
        "`cargo xtask requirements --page evals/reports/requirements.md {}`, on two cores: the requirements and targets of\n\
         [configs/requirements.toml](../../configs/requirements.toml), in brackets 95 % intervals by bootstrap over speakers.\n\n",
        rest.join(" ")
    );
    out += "| | measured | interval | required | target | | figure |\n| --- | --: | --- | --- | --: | --- | --- |\n";
    for row in rows {
        let [value, interval, target] = row.shown();
        let verdict = match row.reached {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        };
        out += &format!(
            "| {} | {value} | {interval} | {} | {target} | {verdict} | {} |\n",
            row.what, row.must, row.figure
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
            assert!(
                requirement.bench.is_some() || requirement.suites().count() > 0,
                "{}",
                requirement.what
            );
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
        let unheard = measured("suite = 'a'\nfigure = 'ovr'\nat_least = 2.7", &reports);
        assert_eq!((unheard.value, unheard.reached), (None, None));
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
            interval: value.map(|v: f64| (v - 0.1, v + 0.1)),
            must: "<= 0.2".into(),
            target: Some(0.1),
            reached,
        };
        let text =
            table(&[row(Some(0.15), Some(true)), row(Some(0.3), Some(false)), row(None, None)]);
        let page = page(&[row(Some(0.15), Some(true)), row(Some(0.3), Some(false))], &[]);
        assert!(page.contains("| words | 0.300 | [0.200-0.400] | <= 0.2 | 0.1 | **missed** |"));
        for part in
            ["met", "MISSED", "not measured", "[0.200-0.400]", "1 of 3 requirements are met"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn only_what_needs_a_suite_is_chosen() {
        let requirement =
            |text: &str| toml::from_str::<Requirement>(&format!("what = 'x'\n{text}")).unwrap();
        let all = || {
            vec![
                requirement("suite = 'a'"),
                requirement("bench = 'b'"),
                requirement("in_order = ['a', 'c']"),
            ]
        };
        let count = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|s| (*s).to_owned()).collect();
            chosen(all(), &only).map(|f| f.len()).ok()
        };
        assert_eq!(count(&[]), Some(3));
        assert_eq!(count(&["a"]), Some(2));
        assert_eq!(count(&["bench", "c"]), Some(2));
        assert_eq!(count(&["d"]), None);
    }
}
