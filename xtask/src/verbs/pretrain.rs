//! `pretrain`: builds the program and runs a recipe.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::project::{build_program, exit_as_program, shell};

/// `pretrain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask pretrain --dry-run\n  cargo xtask pretrain --set corpus.manifest=corpus/manifest.jsonl --set out=model.safetensors\n  cargo xtask pretrain configs/recipes/english.toml --from train-final --set train.final.set=steps=20000\n\n`syrinx pretrain --help` lists the stages and what can follow. Relative paths of a recipe start from the workspace's folder."
)]
pub struct PretrainArgs {
    /// Use this built program
    #[arg(long, value_name = "FILE", hide = true)]
    program: Option<PathBuf>,
    /// The recipe, configs/recipes/english.toml if not given, and further arguments of `syrinx pretrain`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs the recipe in the workspace's folder; returns the program's exit code.
pub fn run(args: &PretrainArgs) -> Result<ExitCode> {
    let program = match &args.program {
        Some(program) => program.clone(),
        None => build_program(&shell()?)?,
    };
    let mut words = vec!["pretrain".to_owned()];
    words.extend(args.rest.iter().cloned());
    // The program runs in the workspace's folder, so a recipe's path relative to another folder is made absolute.
    if let Some(recipe) = words.get_mut(1).filter(|word| !word.starts_with('-')) {
        let path = std::path::absolute(&*recipe).with_context(|| recipe.clone())?;
        *recipe = path.display().to_string();
    }
    exit_as_program(&program, &words)
}
