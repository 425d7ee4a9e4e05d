//! Pretraining by a recipe: all stages from the corpus to the evaluated model.
//!
//! A [`Recipe`] is a file (`configs/recipes`). [`Pretraining::run`] imports or synthesizes the corpus, aligns, fits and
//! trains the codec, encodes, simulates, trains the language model phase by phase, packages and evaluates, as far as the
//! recipe has these stages. A stage is skipped if it was finished with the same inputs and settings, resumed where it was
//! stopped, and repeated if anything before it has another content.

mod execute;
mod fault;
mod parsing;
mod recipe;
mod stage;
mod stages;
mod work;

use std::path::{Path, PathBuf};

use serde::Serialize;
use syrinx_config::Layer;
use syrinx_task::TaskDescriptor;
use syrinx_types::{CallbackError, Event, RunContext};

use crate::{Origin, RecipeError};

pub use fault::{PretrainingFault, RecipeIssue};
pub use recipe::{
    ConfiguredStage, CorpusForm, CorpusRecipe, EncodeRecipe, EvaluateRecipe, ImportRecipe,
    PackageRecipe, PhaseRecipe, Recipe, SimulateRecipe, VoiceRecipe,
};
pub use stage::{RecipeStage, StageRecord, StageState};
pub use work::{CorpusRequest, Encoding, PhaseWork, StageWork};

/// Maker of synthetic corpora, for recipes without a corpus.
pub trait CorpusMaker {
    /// Files that a corpus depends on besides the request.
    fn inputs(&self) -> Vec<PathBuf>;

    /// Command that makes the corpus, as a person would type it.
    fn line(&self, request: &CorpusRequest) -> String;

    /// Synthesizes recordings and writes them with `manifest.jsonl` to the folder of the request. Utterances that exist are
    /// kept.
    ///
    /// # Errors
    /// Errors of the maker.
    fn make(&self, request: &CorpusRequest, run: RunContext<'_>) -> Result<(), CallbackError>;
}

/// Layers of configuration that a program adds to those of a recipe, such as variables of its environment.
#[derive(Debug, Clone, Default)]
pub struct RecipeLayers {
    /// Settings, lowest first; those of a phase are above them.
    pub settings: Vec<Layer>,
    /// Fit of the quantizer: above the configuration file, below the changes of the recipe.
    pub fit: Vec<Layer>,
    /// Training of the vocoder, in the same place.
    pub vocoder: Vec<Layer>,
    /// Training of the language model, in the same place.
    pub train: Vec<Layer>,
}

/// Surroundings of a pretraining.
#[derive(Clone, Copy)]
pub struct PretrainingContext<'a> {
    /// Folder that relative paths of the recipe start from.
    pub root: &'a Path,
    /// Layers of configuration of the program.
    pub layers: &'a RecipeLayers,
    /// Tasks that can be trained: those of the registry, or a list with tasks of other crates.
    pub tasks: &'a [&'static TaskDescriptor],
    /// Maker of synthetic corpora; without one, the recipe names a corpus.
    pub corpus_maker: Option<&'a dyn CorpusMaker>,
    /// Origin of the evaluation's results.
    pub origin: &'a Origin,
}

/// A stage with its state before a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PlannedStage<'a> {
    /// Name of the stage.
    pub name: &'a str,
    /// State of the stage.
    pub state: StageState,
    /// Duration of the stage so far, seconds.
    pub seconds: f64,
    /// The stage.
    #[serde(skip)]
    pub stage: &'a RecipeStage,
}

/// Progress of a run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum StageUpdate<'a> {
    /// A stage is skipped, resumed or begun, by its state.
    Planned(PlannedStage<'a>),
    /// A stage is finished.
    Finished {
        /// The stage.
        stage: &'a RecipeStage,
        /// Summary of its result.
        summary: &'a str,
    },
}

/// The stages of a recipe.
pub struct Pretraining<'a> {
    recipe: Recipe,
    stages: Vec<RecipeStage>,
    context: PretrainingContext<'a>,
}

impl<'a> Pretraining<'a> {
    /// Lists the stages of a recipe.
    pub fn new(recipe: Recipe, context: PretrainingContext<'a>) -> Self {
        let recipe = recipe.below(context.root);
        let stages = stages::stages(&recipe, context.corpus_maker);
        Self { recipe, stages, context }
    }

    /// Returns the recipe, with absolute paths.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Returns the stages in their order.
    pub fn stages(&self) -> &[RecipeStage] {
        &self.stages
    }

    /// Returns the stages with their states. `from` is a stage that is repeated with all after it.
    ///
    /// # Errors
    /// [`PretrainingFault::UnknownStage`], and errors of reading inputs.
    pub fn plan(&self, from: Option<&str>) -> Result<Vec<PlannedStage<'_>>, RecipeError> {
        let repeated = self.first_repeated(from)?;
        let numbered = self.stages.iter().enumerate();
        numbered.map(|(i, stage)| self.planned(stage, i >= repeated)).collect()
    }

    /// Runs the stages that are not finished, and repeats `from` and all after it. `each` receives every stage before it is
    /// run or skipped, and the summary of each that was run. Finished stages and begun work survive a kill.
    ///
    /// # Errors
    /// [`PretrainingFault`] for the stage that failed; [`RecipeError::Cancelled`].
    pub fn run(
        &self,
        from: Option<&str>,
        run: RunContext<'_>,
        each: &mut dyn FnMut(StageUpdate<'_>),
    ) -> Result<(), RecipeError> {
        let repeated = self.first_repeated(from)?;
        for stage in &self.stages[repeated..] {
            stage.forget(&self.recipe.run)?;
        }
        for stage in &self.stages {
            let planned = self.planned(stage, false)?;
            each(StageUpdate::Planned(planned));
            if planned.state == StageState::Done {
                continue;
            }
            if run.is_cancelled() {
                return Err(RecipeError::Cancelled);
            }
            let name = format!("stage {}", stage.name);
            run.events.emit(Event::JobStarted { name: name.clone(), total: None });
            let summary = stage.run(&self.recipe.run, || self.execute(stage, run))?;
            each(StageUpdate::Finished { stage, summary: &summary });
            run.events.emit(Event::JobFinished { name, summary });
        }
        Ok(())
    }

    /// Index of the first stage that is repeated; the number of stages if none is.
    fn first_repeated(&self, from: Option<&str>) -> Result<usize, RecipeError> {
        let Some(name) = from else { return Ok(self.stages.len()) };
        let found = self.stages.iter().position(|stage| stage.name == name);
        found.ok_or_else(|| {
            let known = self.stages.iter().map(|stage| stage.name.clone()).collect();
            PretrainingFault::UnknownStage { name: name.to_owned(), known }.into()
        })
    }

    fn planned<'s>(
        &self,
        stage: &'s RecipeStage,
        repeated: bool,
    ) -> Result<PlannedStage<'s>, RecipeError> {
        let state = match stage.state(&self.recipe.run)? {
            StageState::Done | StageState::Begun if repeated => StageState::New,
            state => state,
        };
        let known = matches!(state, StageState::Done | StageState::Begun);
        let record = stage.record(&self.recipe.run).filter(|_| known);
        let seconds = record.map_or(0.0, |record| record.seconds);
        Ok(PlannedStage { name: &stage.name, state, seconds, stage })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use syrinx_audio::{WavFormat, write_wav};
    use syrinx_data::Manifest;
    use syrinx_types::{CancelToken, RecordingSink};

    use super::*;
    use crate::damaged::{tone, utterance};

    const RECIPE: &str = "run = 'run'\nout = 'm'\n[corpus]\nutterances = 2\n\
        [[train]]\nname = 'all'\nconfig = 't.toml'\n[package]\nvoices = [{ name = 'ann', utterance = 'u0' }]\n";

    /// Maker of rising tones; counts its calls.
    #[derive(Default)]
    struct Tones(Cell<usize>);

    impl CorpusMaker for Tones {
        fn inputs(&self) -> Vec<PathBuf> {
            Vec::new()
        }

        fn line(&self, request: &CorpusRequest) -> String {
            format!("tones {}", request.words().join(" "))
        }

        fn make(&self, request: &CorpusRequest, _: RunContext<'_>) -> Result<(), CallbackError> {
            self.0.set(self.0.get() + 1);
            let one = |i: usize| {
                let path = request.folder.join(format!("u{i}.wav"));
                write_wav(&path, &tone(1.0, 24_000), WavFormat::Int16)?;
                Ok(utterance(&format!("u{i}"), "x", &path))
            };
            let utterances: Result<Vec<_>, RecipeError> =
                (0..request.utterances).map(one).collect();
            let manifest = Manifest::new(&request.folder, utterances.map_err(CallbackError::new)?);
            let manifest = manifest.map_err(CallbackError::new)?;
            manifest.write(&request.folder.join("manifest.jsonl")).map_err(CallbackError::new)
        }
    }

    fn origin() -> Origin {
        let text = String::new;
        Origin { revision: text(), machine: text(), command: text(), now_s: || 0.0 }
    }

    fn states(pretraining: &Pretraining<'_>, from: Option<&str>) -> Vec<StageState> {
        let planned = pretraining.plan(from).expect("a plan");
        planned[..2].iter().map(|stage| stage.state).collect()
    }

    #[test]
    fn a_cancelled_run_keeps_the_finished_stages() {
        let folder = tempfile::tempdir().expect("a folder");
        let (tones, layers, origin) = (Tones::default(), RecipeLayers::default(), origin());
        let context = PretrainingContext {
            root: folder.path(),
            layers: &layers,
            tasks: syrinx_registry::ALL,
            corpus_maker: Some(&tones),
            origin: &origin,
        };
        let recipe = Recipe::parse(RECIPE, &[]).expect("a recipe");
        let pretraining = Pretraining::new(recipe, context);
        assert_eq!(states(&pretraining, None), [StageState::New, StageState::Waiting]);
        for _ in 0..2 {
            let (cancel, sink) = (CancelToken::default(), RecordingSink::default());
            let mut each = |update: StageUpdate<'_>| {
                if matches!(update, StageUpdate::Planned(planned) if planned.name == "fit") {
                    cancel.cancel();
                }
            };
            let stopped = pretraining.run(None, RunContext::new(&cancel, &sink), &mut each);
            let stopped = stopped.expect_err("it is stopped");
            assert!(stopped.is_cancelled(), "{stopped}");
        }
        assert_eq!(tones.0.get(), 1, "a finished stage is skipped");
        assert_eq!(states(&pretraining, None), [StageState::Done, StageState::New]);
        assert_eq!(states(&pretraining, Some("corpus")), [StageState::New; 2]);
        let unknown = pretraining.plan(Some("dance")).expect_err("no such stage");
        let hint = unknown.hint().expect("a remedy");
        assert!(hint.starts_with("stages of the recipe: corpus, fit, vocoder"), "{hint}");
    }

    #[test]
    fn a_failed_stage_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().expect("a folder");
        let (layers, origin, cancel) = (RecipeLayers::default(), origin(), CancelToken::default());
        let context = PretrainingContext {
            root: folder.path(),
            layers: &layers,
            tasks: syrinx_registry::ALL,
            corpus_maker: None,
            origin: &origin,
        };
        let recipe = Recipe::parse(RECIPE, &[]).expect("a recipe");
        let run = RunContext::quiet(&cancel);
        let failed = Pretraining::new(recipe, context).run(None, run, &mut |_| {});
        let failed = failed.expect_err("no corpus");
        assert!(failed.to_string().starts_with("stage `corpus`: the recipe names no corpus"));
        assert!(failed.hint().is_some_and(|hint| hint.contains("corpus.manifest=FILE")));
    }
}
