//! `pretrain`: all stages of a recipe, from the corpus to the evaluated model.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueHint};
use syrinx_recipes::pretraining::{
    CorpusMaker, CorpusRequest, PlannedStage, Pretraining, PretrainingContext, PretrainingFault,
    Recipe, StageState, StageUpdate,
};
use syrinx_types::{CallbackError, RunContext};

use crate::failure::{Exit, Failure, Outcome};
use crate::provenance;
use crate::session::Session;

/// `pretrain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Stages: corpus (or import), align, fit, vocoder, encode, simulate, train-NAME for each phase of the training, package, test-set, evaluate, as far as the recipe has them; with a published codec (`codec = \"PATH\"`) without fit and vocoder. Each is skipped if it was done with the same inputs and settings, resumes where it was stopped, and begins anew if anything before it has changed.\n\nHere --set changes the recipe, STAGE.KEY=VALUE. Relative paths of a recipe start from the current folder.\n\nExamples:\n  syrinx pretrain --dry-run\n  syrinx pretrain --set corpus.manifest=corpus/manifest.jsonl --set out=model.safetensors\n  syrinx pretrain --from train-final --set train.final.set=steps=20000"
)]
pub struct PretrainArgs {
    /// The recipe
    #[arg(default_value = "configs/recipes/english.toml", value_name = "FILE", value_hint = ValueHint::FilePath)]
    recipe: PathBuf,
    /// Repeat this stage and all after it
    #[arg(long, value_name = "STAGE")]
    from: Option<String>,
    /// Print the stages with their states and commands, run nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the unfinished stages.
pub fn run(session: &Session, args: &PretrainArgs) -> Outcome {
    let recipe = Recipe::read(&args.recipe, &session.globals.set)?;
    let root = std::env::current_dir().map_err(|e| Failure::reading("the current folder", &e))?;
    let (maker, layers) = (WorkspaceCorpus { root: &root }, session.recipe_layers()?);
    let context = PretrainingContext {
        root: &root,
        layers: &layers,
        tasks: syrinx_registry::ALL,
        corpus_maker: Some(&maker),
        origin: &provenance::origin(),
    };
    let pretraining = Pretraining::new(recipe, context);
    let width = pretraining.stages().iter().map(|stage| stage.name.len()).max().unwrap_or_default();
    let from = args.from.as_deref();
    if args.dry_run {
        let planned = pretraining.plan(from)?;
        return planned.iter().try_for_each(|planned| print(session, planned, width));
    }
    let mut printed = Ok(());
    let mut each = |update: StageUpdate<'_>| match update {
        StageUpdate::Planned(planned) if printed.is_ok() => {
            printed = print(session, &planned, width);
        }
        StageUpdate::Finished { summary, .. } => session.say(summary),
        _ => {}
    };
    pretraining.run(from, RunContext::new(&session.cancel, session.sink()), &mut each)?;
    session.say(&format!("the model is {}", pretraining.recipe().out.display()));
    printed
}

/// Prints a stage with its state.
fn print(session: &Session, planned: &PlannedStage<'_>, width: usize) -> Outcome {
    if session.globals.json {
        return session.print_json(planned);
    }
    let (state, about) = match planned.state {
        StageState::Done => ("done", duration(planned.seconds)),
        StageState::Begun => ("resumes", planned.stage.work.line()),
        StageState::New => ("to do", planned.stage.work.line()),
        StageState::Waiting => ("waits", planned.stage.work.line()),
    };
    session.print(&format!("{:<width$} {state}: {about}", planned.name))
}

fn duration(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}

/// Generator of synthetic corpora: `cargo xtask corpus` in the project's checkout.
struct WorkspaceCorpus<'a> {
    root: &'a Path,
}

impl CorpusMaker for WorkspaceCorpus<'_> {
    fn inputs(&self) -> Vec<PathBuf> {
        let folder = self.root.join("xtask/corpus");
        vec![folder.join("make_corpus.py"), folder.join("requirements.txt")]
    }

    fn line(&self, request: &CorpusRequest) -> String {
        format!("cargo xtask corpus {}", request.words().join(" "))
    }

    fn make(&self, request: &CorpusRequest, _: RunContext<'_>) -> Result<(), CallbackError> {
        let mut command = Command::new("cargo");
        command.args(["xtask", "corpus"]).args(request.words()).current_dir(self.root);
        let status = command.status().map_err(|cause| {
            let error = CallbackError::new(format!("cannot start cargo: {cause}"));
            error
                .with_hint(Some("install Rust, or name a manifest with --set corpus.manifest=FILE"))
        })?;
        if !status.success() {
            let error = CallbackError::new(format!("`{}` ended with {status}", self.line(request)));
            return Err(error.with_hint(Some("the same command goes on from there")));
        }
        Ok(())
    }
}

impl From<PretrainingFault> for Failure {
    fn from(fault: PretrainingFault) -> Self {
        let exit = match &fault {
            PretrainingFault::Recipe { .. }
            | PretrainingFault::Setting { .. }
            | PretrainingFault::UnknownStage { .. }
            | PretrainingFault::NoCorpusMaker => Exit::Usage,
            _ => Exit::BadInput,
        };
        let hint = fault.hint();
        match fault {
            PretrainingFault::Stage { stage, cause } => {
                let failure = Self::from(*cause);
                let message = format!("stage `{stage}`: {}", failure.message);
                Self { message, hint: hint.map(Into::into).or(failure.hint), ..failure }
            }
            fault => Self::of(exit, &fault, hint),
        }
    }
}
