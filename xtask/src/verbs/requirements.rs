//! `requirements`: measures the requirements of the model and prints one table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::project::{build_program, root, run_program, shell};
use crate::requirement::{Measured, Requirement, all, must, page_table, table};
use crate::table::list;
use crate::verbs::bench::latest_medians;

/// Exit code of a missed requirement.
const MISSED: u8 = 6;

/// `requirements`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask requirements --list\n  cargo xtask requirements --only stt,g2p,bench\n  cargo xtask requirements --judge-command 'tools/judge {list} --out {out}'\n\nSuites that were run with the same model, settings and judges are taken from target/requirements. Figures of speed are those of the latest `cargo xtask bench`. Without a judge that knows it, a figure isn't measured. Ends with 6 if a requirement isn't reached."
)]
pub struct RequirementsArgs {
    /// Only requirements that need these suites, or `bench`
    #[arg(long, value_delimiter = ',', value_name = "SUITE,SUITE")]
    only: Vec<String>,
    /// Only list the requirements
    #[arg(long)]
    list: bool,
    /// Folder of the reports
    #[arg(long, default_value = "target/requirements", value_name = "DIR")]
    out: PathBuf,
    /// Also write the table as a Markdown page, for instance evals/reports/requirements.md
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Further arguments of `syrinx eval`: judges, `--model`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Measures and prints the table.
pub fn run(args: &RequirementsArgs) -> Result<ExitCode> {
    let requirements = chosen(all()?, &args.only)?;
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
    let bench = json!(latest_medians()?);
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

/// Returns the table as a page. `rest` has the further arguments of the suites.
fn page(rows: &[Measured], rest: &[String]) -> String {
    let mut out = "# Requirements of the embedded model\n\n".to_owned();
    out += &format!(
        "`cargo xtask requirements --page evals/reports/requirements.md {}`, on two cores: the requirements and targets of\n\
         [configs/requirements.toml](../../configs/requirements.toml), in brackets 95 % intervals by bootstrap over speakers.\n\n",
        rest.join(" ")
    );
    out + &page_table(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

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
