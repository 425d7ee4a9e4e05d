//! Training of a language model on token shards.

use std::path::Path;

use syrinx_config::Settings;
use syrinx_data::Corpus;
use syrinx_engine::{EngineOptions, PackageCodec};
use syrinx_model::LmFile;
use syrinx_pretrained::CodecSpec;
use syrinx_task::{CodebookSizes, DynTask, TaskDescriptor, TokenSpace};
use syrinx_text::TextVocab;
use syrinx_train::{
    Ranks, TrainConfig, Trainer, TrainingCheckpoint, TrainingMaterial, TrainingOutcome,
};
use syrinx_types::{IoOperation, RunContext, Tee};

use crate::events::{EVENTS_FILE, JsonLines};
use crate::in_training::{CodecSource, InTrainingConfig, InTrainingEvaluation};
use crate::models::{build_tasks, engine_options, model_source};
use crate::tuning::{KnownSpaces, Tuning, space};
use crate::{CorpusCodec, RecipeError, TrainingSelection};

/// Splits of a corpus.
#[derive(Debug, Clone, Copy)]
pub struct Splits<'a> {
    /// Training split; all of the corpus if no utterance has a split.
    pub train: &'a str,
    /// Split to evaluate during training; [`DEFAULT_WATCH_SPLIT`](crate::DEFAULT_WATCH_SPLIT) where none is named and there is one.
    pub watch: Option<&'a str>,
}

/// Training data: a corpus that fits its codec, split.
pub struct TrainingData {
    /// Codec of the corpus.
    pub codec: CorpusCodec<'static>,
    /// Utterances to learn from and to evaluate.
    pub selection: TrainingSelection,
}

impl TrainingData {
    /// Splits a corpus and leaves out utterances that are not shorter than `max_seconds`. `folder` names the corpus in
    /// errors.
    ///
    /// # Errors
    /// [`RecipeError::OtherCodec`], and errors of a split that selects nothing.
    pub fn new(
        corpus: &Corpus,
        folder: &Path,
        codec: CorpusCodec<'static>,
        splits: Splits<'_>,
        max_seconds: f64,
    ) -> Result<Self, RecipeError> {
        let stamp = codec.stamp();
        if *corpus.codec() != stamp {
            return Err(RecipeError::OtherCodec {
                path: folder.to_path_buf(),
                shards: corpus.codec().fingerprint.clone(),
                codec: stamp.fingerprint,
            });
        }
        let selection = TrainingSelection::of(corpus, splits, max_seconds)?;
        Ok(Self { codec, selection })
    }
}

/// Run of a training.
#[derive(Clone, Copy)]
pub struct TrainingRun<'a> {
    /// Settings: the device, those of the tasks, the model in use.
    pub settings: &'a Settings,
    /// Tasks that the training and its evaluation know: those of the registry, or a list with tasks of other crates.
    pub tasks: &'a [&'static TaskDescriptor],
    /// Folder of the run: checkpoint, averaged model, events.
    pub folder: &'a Path,
    /// Whether the run is resumed from its last checkpoint.
    pub resume: bool,
    /// Start of the training.
    pub tuning: Tuning<'a>,
    /// Sentences of in-training evaluation at most; 0 for none.
    pub evaluated_sentences: usize,
    /// Codec of the corpus where one is named, which decodes evaluated sentences.
    pub codec: Option<&'a CodecSpec>,
}

/// A training that is ready to run: [`Training::trainer`] returns its trainer.
pub struct Training<'a> {
    run: TrainingRun<'a>,
    config: TrainConfig,
    material: OwnedMaterial,
    base: Option<LmFile>,
    adapts: bool,
    evaluation: Option<InTrainingEvaluation>,
}

/// Material of a training that does not depend on the ranks.
struct OwnedMaterial {
    data: TrainingData,
    tasks: Vec<Box<dyn DynTask>>,
    space: TokenSpace,
}

impl<'a> Training<'a> {
    /// Whether a new run would overwrite that of a folder.
    ///
    /// # Errors
    /// [`RecipeError::RunExists`].
    pub fn check_folder(folder: &Path, resume: bool) -> Result<(), RecipeError> {
        if !resume && TrainingCheckpoint::path(folder).exists() {
            return Err(RecipeError::RunExists { path: folder.to_path_buf() });
        }
        Ok(())
    }

    /// Prepares a training: tasks, token space, the model to begin with, in-training evaluation. Creates the folder.
    ///
    /// # Errors
    /// Errors of the configuration, the tasks, the model to begin with and the evaluation.
    pub fn new(
        run: TrainingRun<'a>,
        mut config: TrainConfig,
        data: TrainingData,
    ) -> Result<Self, RecipeError> {
        if !data.codec.entries_add_up() {
            config.model.residual_weight = 0.0;
        }
        let base = run.tuning.base(run.settings, &config)?;
        if let Some(base) = &base {
            config.model.switches = base.config.switches;
        }
        let tasks = build_tasks(run.tasks, run.settings, config.model.switches)?;
        run.tuning.apply(&mut config, base.as_ref(), &tasks)?;
        let stamp = data.codec.stamp();
        let sizes = CodebookSizes {
            levels: stamp.levels,
            codebook_size: stamp.codebook_size,
            frame_rate_hz: stamp.frame_rate_hz,
        };
        let fresh = TokenSpace::new(&TextVocab::english()?, sizes, config.model.group, []);
        let adapts = run.tuning.adapts(&config);
        let adapted = base.as_ref().filter(|_| adapts);
        let known = KnownSpaces { folder: run.folder, resume: run.resume, base: adapted, fresh };
        let space = space(known, &tasks, &config);
        std::fs::create_dir_all(run.folder)
            .map_err(RecipeError::io(IoOperation::CreateFolder, run.folder))?;
        let evaluation = run.evaluation(&config, &data)?;
        let material = OwnedMaterial { data, tasks, space };
        Ok(Self { run, config, material, base, adapts, evaluation })
    }

    /// Returns the utterances to learn from and to evaluate.
    pub fn selection(&self) -> &TrainingSelection {
        &self.material.data.selection
    }

    /// Material of this rank.
    ///
    /// # Errors
    /// Errors of the device.
    pub fn material(&self, ranks: Ranks) -> Result<TrainingMaterial<'_>, RecipeError> {
        let OwnedMaterial { data, tasks, space } = &self.material;
        Ok(TrainingMaterial {
            device: self.run.settings.device.open()?,
            corpus: &data.selection.learnt,
            held_out: Some(&data.selection.watched).filter(|watched| !watched.is_empty()),
            tasks,
            space: space.clone(),
            codebooks: data.codec.codebooks(),
            ranks,
        })
    }

    /// Trainer of the run: of a new model, of one with the weights of another, or of an adapter.
    ///
    /// # Errors
    /// Errors of the configuration, of the checkpoint and of a model to begin with that does not fit.
    pub fn trainer<'t>(
        &'t self,
        material: &'t TrainingMaterial<'t>,
    ) -> Result<Trainer<'t>, RecipeError> {
        let TrainingRun { folder, resume, .. } = self.run;
        let mut trainer = match &self.base {
            Some(base) if self.adapts => {
                Trainer::from_base(&self.config, material, folder, resume, base)?
            }
            _ => Trainer::new(&self.config, material, folder, resume)?,
        };
        if let Some(base) = self.base.as_ref().filter(|_| !self.adapts && trainer.step() == 0) {
            trainer.start_from(base)?;
        }
        Ok(match &self.evaluation {
            Some(evaluation) => trainer.evaluated_by(evaluation),
            None => trainer,
        })
    }
}

impl Training<'_> {
    /// Trains on this machine alone, to the last step or until the run is cancelled. Reports the selection of utterances,
    /// and appends all events to [`EVENTS_FILE`] in the folder of the run, with the time that `now_s` returns.
    ///
    /// # Errors
    /// As [`Self::trainer`], and errors of the training.
    pub fn run(
        &self,
        now_s: fn() -> f64,
        run: RunContext<'_>,
    ) -> Result<TrainingProgress, RecipeError> {
        self.selection().report(run.events);
        let material = self.material(Ranks::alone())?;
        let mut trainer = self.trainer(&material)?;
        let first_step = trainer.step();
        let log = JsonLines::open(&self.run.folder.join(EVENTS_FILE), now_s)?;
        let sink = Tee(vec![Box::new(run.events), Box::new(&log)]);
        let outcome = trainer.run(&sink, run.cancel)?;
        Ok(TrainingProgress { first_step, outcome })
    }
}

/// Progress that a training made.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingProgress {
    /// Step that it began or resumed after.
    pub first_step: u64,
    /// Outcome.
    pub outcome: TrainingOutcome,
}

impl TrainingRun<'_> {
    /// In-training evaluation, where `evaluated_sentences` is not 0.
    fn evaluation(
        &self,
        config: &TrainConfig,
        data: &TrainingData,
    ) -> Result<Option<InTrainingEvaluation>, RecipeError> {
        if self.evaluated_sentences == 0 {
            return Ok(None);
        }
        let settings = self.settings;
        let codec = match self.codec {
            Some(spec) => {
                CodecSource::Codec(PackageCodec { spec: spec.clone(), carried: true, folder: None })
            }
            None => CodecSource::Model(model_source(settings)?),
        };
        let evaluation = InTrainingConfig {
            sentences: self.evaluated_sentences,
            codec,
            // Training may produce an adapter; no other adapter is applied.
            options: EngineOptions {
                adapter: None,
                codec: None,
                tasks: self.tasks.to_vec(),
                ..engine_options(settings)?
            },
            decode: settings.decode.clone(),
            seed: settings.seed,
        };
        let TrainingSelection { learnt, watched, .. } = &data.selection;
        InTrainingEvaluation::new(watched, learnt, &config.prompt, evaluation).map(Some)
    }
}
