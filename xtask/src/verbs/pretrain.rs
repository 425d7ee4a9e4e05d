//! `pretrain`: a recipe from the corpus to the weights in the repository.

mod recipe;
mod stage;
mod stages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::project::{build_program, root, shell};
use crate::verbs::corpus;
use recipe::{Evaluate, Import, Recipe};
use stage::{PretrainStage, StageCommand, StageState};
use stages::stages;

/// `pretrain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Stages: corpus (or import), align, fit, vocoder, encode, simulate, train-NAME for each phase of the training, package, test-set, evaluate, as far as the recipe has them; with a published codec (`codec = \"PATH\"`) without fit and vocoder. Each is skipped if it was done with the same inputs and settings, goes on where it was stopped, and begins anew if anything before it came out otherwise.\n\nExamples:\n  cargo xtask pretrain --dry-run\n  cargo xtask pretrain --set corpus.manifest=corpus/manifest.jsonl --set out=model.safetensors\n  cargo xtask pretrain --from train-final --set train.final.set=steps=20000"
)]
pub struct PretrainArgs {
    /// The recipe
    #[arg(default_value = "configs/recipes/english.toml", value_name = "FILE")]
    recipe: PathBuf,
    /// Do this stage and all after it again, done or not
    #[arg(long, value_name = "STAGE")]
    from: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Change the recipe: --set encode.per_shard=100, --set train.PHASE.set=steps=500; may be repeated
    #[arg(long, value_name = "STAGE.KEY=VALUE")]
    set: Vec<String>,
    /// A program that is built already
    #[arg(long, value_name = "FILE", hide = true)]
    program: Option<PathBuf>,
}

/// Runs the stages that aren't done.
pub fn run(args: &PretrainArgs) -> Result<()> {
    let recipe = Recipe::read(&args.recipe, &args.set)?;
    let recipe = absolute(recipe);
    let stages = stages(&recipe);
    if let Some(from) = &args.from {
        let names: Vec<&str> = stages.iter().map(|s| s.name.as_str()).collect();
        let at = names.iter().position(|n| n == from);
        let at =
            at.with_context(|| format!("no stage `{from}`; there are {}", names.join(", ")))?;
        if !args.dry_run {
            stages[at..].iter().try_for_each(|s| s.forget(&recipe.run))?;
        }
    }
    let mut program = args.program.clone();
    let mut again = false;
    let width = stages.iter().map(|stage| stage.name.len()).max().unwrap_or_default();
    for stage in &stages {
        again |= args.from.as_deref() == Some(stage.name.as_str());
        let state = stage.state(&recipe.run)?;
        if state == StageState::Done && !again {
            println!("{:<width$} done: {}", stage.name, took(stage.record(&recipe.run)));
            continue;
        }
        let what = match state {
            StageState::Begun if !again => "goes on",
            StageState::Waiting => "comes later",
            _ => "to do",
        };
        println!("{:<width$} {what}: {}", stage.name, stage.work.line());
        if args.dry_run {
            continue;
        }
        let program = match &program {
            Some(built) => built.clone(),
            None => program.insert(build_program(&shell()?)?).clone(),
        };
        let stages = &stages;
        stage.run(&recipe.run, || act(stage, &program, &recipe, stages))?;
    }
    if !args.dry_run {
        println!("{} is made of all that", recipe.out.display());
    }
    Ok(())
}

fn took(record: Option<stage::StageRecord>) -> String {
    let seconds = record.map_or(0.0, |r| r.seconds);
    if seconds < 120.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}

/// Returns the recipe with paths that hold wherever it is run.
fn absolute(recipe: Recipe) -> Recipe {
    let place = |path: PathBuf| if path.is_absolute() { path } else { root().join(path) };
    let mut recipe =
        Recipe { run: place(recipe.run.clone()), out: place(recipe.out.clone()), ..recipe };
    recipe.corpus.manifest = recipe.corpus.manifest.map(place);
    recipe.corpus.import = recipe.corpus.import.map(|import| at_places(import, &place));
    recipe.evaluate = recipe.evaluate.map(|evaluate| Evaluate {
        suite: place(evaluate.suite),
        manifest: evaluate.manifest.map(place),
        import: evaluate.import.map(|import| at_places(import, &place)),
        words: evaluate.words,
    });
    // Options behind the path stay as they are.
    recipe.codec = recipe.codec.map(|codec| place(codec.into()).display().to_string());
    recipe.fit.config = recipe.fit.config.map(place);
    recipe.vocoder.config = recipe.vocoder.config.map(place);
    for phase in &mut recipe.train {
        phase.config = place(phase.config.clone());
        phase.data = phase.data.take().map(place);
        phase.from = phase.from.take().map(place);
    }
    recipe.package.card = recipe.package.card.map(place);
    recipe
}

fn at_places(import: Import, place: &dyn Fn(PathBuf) -> PathBuf) -> Import {
    Import {
        form: import.form,
        folder: place(import.folder),
        textgrids: import.textgrids.map(place),
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Does the work of a stage.
fn act(
    stage: &PretrainStage,
    program: &Path,
    recipe: &Recipe,
    stages: &[PretrainStage],
) -> Result<()> {
    match &stage.work {
        StageCommand::Corpus(words) => corpus::make(words),
        StageCommand::Program(words) => succeeded(program, &[], words),
        StageCommand::Train { variables, words } => succeeded(program, variables, words),
        StageCommand::Package { words, card, written } => {
            write_card(card.as_deref(), written, &recipe.run, stages)?;
            let manifest = &stage.inputs[0];
            succeeded(program, &[], &with_recordings(words, manifest)?)
        }
    }
}

fn succeeded(program: &Path, variables: &[String], words: &[String]) -> Result<()> {
    let mut command = Command::new(program);
    command
        .args(words)
        .envs(variables.iter().filter_map(|v| v.split_once('=')))
        .current_dir(root());
    let status = command.status().with_context(|| format!("can't start {}", program.display()))?;
    ensure!(
        status.success(),
        "`syrinx {}` ended with {status}; the same command goes on from there",
        words.join(" ")
    );
    Ok(())
}

/// Returns the words in which `--voice NAME=UTTERANCE` has become `--voice NAME=FILE`.
fn with_recordings(words: &[String], manifest: &Path) -> Result<Vec<String>> {
    let lines = fs::read_to_string(manifest).with_context(|| text(manifest))?;
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let recording = |utterance: &str| {
        lines.lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let is = line["id"] == utterance;
            line["audio"].as_str().filter(|_| is).map(|audio| folder.join(audio))
        })
    };
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        let voice = out.last().is_some_and(|before| before == "--voice");
        match word.split_once('=').filter(|_| voice) {
            None => out.push(word.clone()),
            Some((name, utterance)) => {
                let Some(file) = recording(utterance) else {
                    bail!("voice `{name}`: {} has no utterance `{utterance}`", text(manifest));
                };
                out.push(format!("{name}={}", file.display()));
            }
        }
    }
    Ok(out)
}

/// Writes the card of the recipe with the durations of its stages.
fn write_card(card: Option<&Path>, to: &Path, run: &Path, stages: &[PretrainStage]) -> Result<()> {
    let mut json = match card {
        None => json!({}),
        Some(path) => serde_json::from_str(&fs::read_to_string(path).with_context(|| text(path))?)
            .with_context(|| text(path))?,
    };
    let root = format!("{}/", root().display());
    let took = stages.iter().filter_map(|stage| {
        let record = stage.record(run).filter(|r| r.done)?;
        // Paths of this machine do not belong in the card.
        let command = record.command.replace(&root, "");
        let seconds = record.seconds.round();
        Some(
            json!({"stage": stage.name, "seconds": seconds, "command": command, "key": record.key}),
        )
    });
    json["recipe"] = Value::Array(took.collect());
    fs::write(to, serde_json::to_string_pretty(&json)? + "\n").with_context(|| text(to))
}
