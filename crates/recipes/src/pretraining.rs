//! Pretraining by a recipe: all stages from the corpus to the evaluated model.
//!
//! A [`Recipe`] is a file (`configs/recipes`). [`Pretraining::run`] runs its stages: import or synthesis of the corpus,
//! alignment, fit and training of the codec, encoding, simulation, the training phases of the language model, packaging
//! and evaluation. A stage is skipped if it was finished with the same inputs and settings, resumed if it was
//! interrupted, and repeated if the content of its inputs or its settings changed.

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

/// Generator of synthetic corpora, for recipes without a corpus.
pub trait CorpusMaker {
    /// Returns the files that the corpus depends on besides the request.
    fn inputs(&self) -> Vec<PathBuf>;

    /// Returns the command line that generates the corpus.
    fn line(&self, request: &CorpusRequest) -> String;

    /// Synthesizes recordings and writes them with `manifest.jsonl` to the folder of the request. Existing utterances
    /// are kept.
    ///
    /// # Errors
    /// Errors of the generator.
    fn make(&self, request: &CorpusRequest, run: RunContext<'_>) -> Result<(), CallbackError>;
}

/// Layers of configuration that a program adds to a recipe, such as environment variables.
#[derive(Debug, Clone, Default)]
pub struct RecipeLayers {
    /// Layers of the settings, lowest first. The settings of a phase are above them.
    pub settings: Vec<Layer>,
    /// Layers of the quantizer's fit, above the configuration file and below the changes in the recipe.
    pub fit: Vec<Layer>,
    /// Layers of the vocoder's training, with the same precedence.
    pub vocoder: Vec<Layer>,
    /// Layers of the language model's training, with the same precedence.
    pub train: Vec<Layer>,
}

/// Context of a pretraining.
#[derive(Clone, Copy)]
pub struct PretrainingContext<'a> {
    /// Folder that relative paths in the recipe refer to.
    pub root: &'a Path,
    /// Layers of configuration of the program.
    pub layers: &'a RecipeLayers,
    /// Tasks that can be trained: the registered ones, or a list with tasks of other crates.
    pub tasks: &'a [&'static TaskDescriptor],
    /// Generator of synthetic corpora; `None` requires a corpus in the recipe.
    pub corpus_maker: Option<&'a dyn CorpusMaker>,
    /// Origin of the evaluation results.
    pub origin: &'a Origin,
}

/// A stage with its state before a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PlannedStage<'a> {
    /// Name of the stage.
    pub name: &'a str,
    /// State of the stage.
    pub state: StageState,
    /// Duration of the stage so far, in seconds.
    pub seconds: f64,
    /// The stage.
    #[serde(skip)]
    pub stage: &'a RecipeStage,
}

/// Progress of a run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum StageUpdate<'a> {
    /// A stage will be skipped, resumed or started, according to its state.
    Planned(PlannedStage<'a>),
    /// A stage has finished.
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
    /// Returns the pretraining of a recipe with all its stages.
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

    /// Returns the stages with their states. The stage `from` and all later stages count as new.
    ///
    /// # Errors
    /// [`PretrainingFault::UnknownStage`] if the recipe has no stage `from`; errors of reading inputs.
    pub fn plan(&self, from: Option<&str>) -> Result<Vec<PlannedStage<'_>>, RecipeError> {
        let repeated = self.first_repeated(from)?;
        let numbered = self.stages.iter().enumerate();
        numbered.map(|(i, stage)| self.planned(stage, i >= repeated)).collect()
    }

    /// Runs all unfinished stages, and repeats the stage `from` and all later ones. `each` receives every stage before
    /// it is run or skipped, and a summary after it was run. A killed run keeps finished stages and the progress of the
    /// current one.
    ///
    /// # Errors
    /// [`PretrainingFault`] of the stage that failed; [`RecipeError::Cancelled`].
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

    /// Returns the index of the stage `from`, or the number of stages if `from` is `None`.
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

    /// Generator of rising tones that counts its calls.
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
