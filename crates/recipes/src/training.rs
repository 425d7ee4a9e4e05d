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

/// Splits of a corpus for training and validation.
#[derive(Debug, Clone, Copy)]
pub struct Splits<'a> {
    /// Training split; the whole corpus if no utterance has a split.
    pub train: &'a str,
    /// Validation split; `None` selects [`DEFAULT_WATCH_SPLIT`](crate::DEFAULT_WATCH_SPLIT) if the corpus has it.
    pub watch: Option<&'a str>,
}

/// Training and validation utterances with the codec of their shards.
pub struct TrainingData {
    /// Codec of the corpus.
    pub codec: CorpusCodec<'static>,
    /// Training and validation utterances.
    pub selection: TrainingSelection,
}

impl TrainingData {
    /// Splits a corpus and leaves out utterances of `max_seconds` seconds or more. `folder` is the name of the corpus
    /// in errors.
    ///
    /// # Errors
    /// [`RecipeError::OtherCodec`] if the shards were encoded with another codec; [`RecipeError::Data`] for a split
    /// without utterances.
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

/// Settings of a training run.
#[derive(Clone, Copy)]
pub struct TrainingRun<'a> {
    /// Settings of the device, the tasks and the configured model.
    pub settings: &'a Settings,
    /// Tasks that can be trained and evaluated: the registered ones, or a list with tasks of other crates.
    pub tasks: &'a [&'static TaskDescriptor],
    /// Folder for the checkpoint, the averaged model and the event log.
    pub folder: &'a Path,
    /// Whether to resume from the last checkpoint in the folder.
    pub resume: bool,
    /// Initial weights, or fine-tuning.
    pub tuning: Tuning<'a>,
    /// Maximum number of sentences of in-training evaluation; 0 disables it.
    pub evaluated_sentences: usize,
    /// Codec that decodes sentences of in-training evaluation; `None` selects the codec of the configured model.
    pub codec: Option<&'a CodecSpec>,
}

/// A prepared training. [`Training::trainer`] returns its trainer.
pub struct Training<'a> {
    run: TrainingRun<'a>,
    config: TrainConfig,
    material: OwnedMaterial,
    base: Option<LmFile>,
    adapts: bool,
    evaluation: Option<InTrainingEvaluation>,
}

/// Training material that is the same on all ranks.
struct OwnedMaterial {
    data: TrainingData,
    tasks: Vec<Box<dyn DynTask>>,
    space: TokenSpace,
}

impl<'a> Training<'a> {
    /// Checks that a new run does not overwrite an existing one.
    ///
    /// # Errors
    /// [`RecipeError::RunExists`] if the folder has a checkpoint and `resume` is false.
    pub fn check_folder(folder: &Path, resume: bool) -> Result<(), RecipeError> {
        if !resume && TrainingCheckpoint::path(folder).exists() {
            return Err(RecipeError::RunExists { path: folder.to_path_buf() });
        }
        Ok(())
    }

    /// Prepares a training: tasks, token space, initial model and in-training evaluation. Creates the folder of the
    /// run.
    ///
    /// # Errors
    /// Errors of the configuration, the tasks, the initial model, in-training evaluation and the folder.
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

    /// Returns the training and validation utterances.
    pub fn selection(&self) -> &TrainingSelection {
        &self.material.data.selection
    }

    /// Returns the training material of a rank.
    ///
    /// # Errors
    /// Errors of opening the device.
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

    /// Returns the trainer of a new model, of a model with given initial weights, or of an adapter.
    ///
    /// # Errors
    /// Errors of the configuration and the checkpoint, and of an initial model that does not fit the configuration.
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
    /// Trains on a single rank until the last step or cancellation. Emits the selection of utterances, and appends all
    /// events with the time `now_s` (seconds since 1970-01-01, UTC) to [`EVENTS_FILE`] in the folder of the run.
    ///
    /// # Errors
    /// Errors of [`Self::trainer`] and of the training.
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

/// Progress of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingProgress {
    /// Step that the run started from: 0 if it is new.
    pub first_step: u64,
    /// Outcome of the training.
    pub outcome: TrainingOutcome,
}

impl TrainingRun<'_> {
    /// Returns in-training evaluation; `None` if `evaluated_sentences` is 0.
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
            // A configured adapter belongs to the configured model, not to the model in training.
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
