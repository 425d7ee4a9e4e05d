//! Project automation: `cargo xtask VERB`.
//!
//! Invariant: xtask links no crate of the project, and therefore not candle. It runs cargo and the `syrinx` program, so
//! that it is quick to build and uses the program as its users do.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod package;
mod project;
mod python;
mod registry;
mod requirement;
mod table;
mod trials;
mod verbs;

use verbs::{
    ablate, bench, bpe, ci, corpus, cuda, dash, deny, eval, fuzz, graphones, install, lint,
    new_task, pretrain, readme, requirements, sbom, scale, schema, serve, test, torture, wheel,
};

/// Automation of the Syrinx workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Evaluate the model: run a suite, score its answers, write a report
    Eval(eval::EvalArgs),
    /// Measure all requirements of configs/requirements.toml and print them in one table
    Requirements(requirements::RequirementsArgs),
    /// Answer a question of configs/ablations by a grid of settings, and write its report
    Ablate(ablate::AblateArgs),
    /// The terminal dashboard
    Dash(dash::DashArgs),
    /// Run all tests
    Test(test::TestArgs),
    /// Check formatting and run clippy, warnings denied
    Lint,
    /// Write the JSON schemas of tasks and configurations to configs/schemas
    Schema(schema::SchemaArgs),
    /// Create a new task under tasks/, from a working template
    NewTask(new_task::NewTaskArgs),
    /// Run the commands of README.md
    Readme(readme::ReadmeArgs),
    /// Run all steps of CI, in order
    Ci,
    /// Synthesize the training corpus with installable speech engines
    Corpus(corpus::CorpusArgs),
    /// Run a recipe, from the corpus to the weights in the repository
    Pretrain(pretrain::PretrainArgs),
    /// Train the byte-pair vocabulary on the texts of a corpus
    Bpe(bpe::BpeArgs),
    /// Estimate the n-gram model of graphones from the embedded dictionary
    Graphones(graphones::GraphonesArgs),
    /// Build the program for NVIDIA GPUs, on a machine with or without one
    Cuda(cuda::CudaArgs),
    /// Build and test the program as installed by `cargo install`, static, or in an image
    Install(install::InstallArgs),
    /// Build the Python wheel of crates/python and test it
    Wheel(wheel::WheelArgs),
    /// Test the server with third-party clients: `openai`, schemathesis, Chromium
    Serve(serve::ServeArgs),
    /// Measure speed, compared with PyTorch if installed
    Bench(bench::BenchArgs),
    /// Feed mutated inputs to all readers of files and texts
    Fuzz(fuzz::FuzzArgs),
    /// Kill the program at random moments, fill its disk, and check the remaining files
    Torture(torture::TortureArgs),
    /// List the packages that the program links, as CycloneDX
    Sbom(sbom::SbomArgs),
    /// Check licences, sources and known advisories of all packages
    Deny(deny::DenyArgs),
    /// Test several ranks, array jobs and object storage on this machine
    Scale(scale::ScaleArgs),
}

fn main() -> Result<ExitCode> {
    if let Some(code) = package::leave()? {
        return Ok(code);
    }
    let code = match Cli::parse().verb {
        Verb::Eval(args) => return eval::run(&args),
        Verb::Requirements(args) => return requirements::run(&args),
        Verb::Ablate(args) => return ablate::run(&args),
        Verb::Pretrain(args) => return pretrain::run(&args),
        Verb::Dash(args) => return dash::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Lint => lint::run(),
        Verb::Schema(args) => schema::run(&args),
        Verb::NewTask(args) => new_task::run(&args),
        Verb::Readme(args) => readme::run(&args),
        Verb::Ci => ci::run(),
        Verb::Corpus(args) => corpus::run(&args),
        Verb::Bpe(args) => bpe::run(&args),
        Verb::Graphones(args) => graphones::run(&args),
        Verb::Cuda(args) => cuda::run(&args),
        Verb::Install(args) => install::run(&args),
        Verb::Wheel(args) => wheel::run(&args),
        Verb::Serve(args) => serve::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Scale(args) => scale::run(&args),
        Verb::Fuzz(args) => fuzz::run(&args),
        Verb::Torture(args) => torture::run(&args),
        Verb::Sbom(args) => sbom::run(&args),
        Verb::Deny(args) => deny::run(&args),
    };
    code.map(|()| ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xtask_does_not_know_goes_on_to_the_program() {
        let check = |line: &str, expected: &str| {
            let words = ["xtask"].into_iter().chain(line.split(' '));
            let verb = Cli::try_parse_from(words).map(|cli| format!("{:?}", cli.verb));
            assert_eq!(verb.unwrap_or_else(|e| e.to_string()), expected);
        };
        check(
            "eval tts --suite tts-ci --limit 4",
            "Eval(EvalArgs { what: \"tts\", suite: Some(\"tts-ci\"), out: None, rest: [\"--limit\", \"4\"] })",
        );
        check(
            "eval stt -- --limit 4",
            "Eval(EvalArgs { what: \"stt\", suite: None, out: None, rest: [\"--limit\", \"4\"] })",
        );
        check("test -p syrinx-eval", "Test(TestArgs { rest: [\"-p\", \"syrinx-eval\"] })");
    }
}
