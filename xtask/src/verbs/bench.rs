//! `bench`: programs that measure, kept as examples `bench_*` beside what they measure.

use std::fs;

use anyhow::{Result, bail};
use clap::Args;
use xshell::cmd;

use crate::project::{root, shell};

/// `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Which one; a list if not given
    name: Option<String>,
    /// Everything else goes to it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Lists the benchmarks, or runs one.
pub fn run(args: &BenchArgs) -> Result<()> {
    let all = benches()?;
    let Some(name) = &args.name else {
        for (package, name) in &all {
            println!("{name:<16} in {package}");
        }
        return Ok(());
    };
    let Some((package, _)) = all.iter().find(|(_, n)| n == name) else {
        let names: Vec<&str> = all.iter().map(|(_, n)| n.as_str()).collect();
        bail!("there is no benchmark `{name}`; there are: {}", names.join(", "));
    };
    let (example, rest) = (format!("bench_{name}"), &args.rest);
    let shell = shell()?;
    cmd!(shell, "cargo run --package {package} --example {example} -- {rest...}").run()?;
    Ok(())
}

/// Package and name of every `crates/*/examples/bench_NAME.rs`.
fn benches() -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for krate in fs::read_dir(root().join("crates"))? {
        let krate = krate?;
        let package = format!("syrinx-{}", krate.file_name().to_string_lossy());
        let Ok(examples) = fs::read_dir(krate.path().join("examples")) else { continue };
        for example in examples {
            let file = example?.file_name().to_string_lossy().into_owned();
            let name = file.strip_prefix("bench_").and_then(|f| f.strip_suffix(".rs"));
            all.extend(name.map(|name| (package.clone(), name.to_owned())));
        }
    }
    all.sort();
    Ok(all)
}
