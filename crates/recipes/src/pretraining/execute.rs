//! Execution of the stages by the other recipes of this crate.

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use syrinx_audio::UniqueWarnings;
use syrinx_codec::{FitConfig, MelRvq, VocoderTrainConfig};
use syrinx_config::{Layer, Settings, load_config};
use syrinx_data::import::{libri, ljspeech, pairs};
use syrinx_data::{Corpus, EncodePlan, Manifest};
use syrinx_engine::{PackageCodec, PackageVoice, open_codec, package, write_atomic};
use syrinx_eval::{EvalOptions, JudgeConfig, Suite};
use syrinx_pretrained::CodecSpec;
use syrinx_results::Store;
use syrinx_task::SimulationRanges;
use syrinx_train::TrainConfig;
use syrinx_types::{IoOperation, RunContext};

use super::Pretraining;
use super::fault::{PretrainingFault, RecipeIssue};
use super::parsing::key_and_value;
use super::recipe::{ConfiguredStage, CorpusForm, EvaluateRecipe, SimulateRecipe, VoiceRecipe};
use super::stage::{RecipeStage, json_lines};
use super::work::{Encoding, PhaseWork, StageWork};
use crate::{
    AlignConfig, CodecClips, CodecCorpus, CodecTraining, CorpusCodec, EngineSubject,
    KeptEvaluation, Origin, RecipeError, Simulator, Splits, TrainedCodec, Training, TrainingData,
    TrainingRun, Tuning, add_phone_times, align_manifest, fit_quantizer, model_source,
    open_engine_of, package_voice, train_codec, warn_of_import, warn_of_symbols, with_suite,
};

/// Training split of a corpus.
const TRAIN_SPLIT: &str = "train";
/// Number of encoding threads.
const THREADS: usize = 2;
/// Speaker of a corpus with a single speaker.
const SPEAKER: &str = "lj";
/// Default minimum and maximum of the signal-to-noise and signal-to-interference ratio, in dB.
const LEVELS_DB: (f64, f64) = (-5.0, 20.0);
/// Share of scenes with an echo.
const ECHO_SHARE: f64 = 0.3;

impl Pretraining<'_> {
    /// Runs the work of a stage; returns a summary of the result.
    pub(super) fn execute(
        &self,
        stage: &RecipeStage,
        run: RunContext<'_>,
    ) -> Result<String, RecipeError> {
        match &stage.work {
            StageWork::Synthesize { request, .. } => {
                let maker = self.context.corpus_maker;
                let maker = maker.ok_or(PretrainingFault::NoCorpusMaker)?;
                maker.make(request, run).map_err(PretrainingFault::from)?;
                Ok(format!("wrote {}", request.folder.display()))
            }
            StageWork::Import { form, corpus, textgrids, manifest } => {
                import(*form, corpus, textgrids.as_deref(), manifest, run)
            }
            StageWork::Align { corpus, manifest } => self.align(corpus, manifest, run),
            StageWork::Fit { manifest, config, quantizer } => {
                let config: FitConfig = configured(config, &self.context.layers.fit)?;
                let corpus = CodecCorpus::new(&Manifest::read(manifest)?, TRAIN_SPLIT)?;
                let rvq = fit_quantizer(&corpus, &config, run)?;
                rvq.save(quantizer)?;
                Ok(format!("wrote {} ({})", quantizer.display(), rvq.fingerprint()))
            }
            StageWork::Vocoder { manifest, quantizer, state, config, codec } => {
                let config = configured(config, &self.context.layers.vocoder)?;
                let paths = VocoderPaths { manifest, quantizer, state, codec: Path::new(codec) };
                train_vocoder(paths, &config, run)
            }
            StageWork::Encode { encoding, per_shard } => self.encode(encoding, *per_shard, run),
            StageWork::Simulate { encoding, scenes } => self.simulate(encoding, scenes, run),
            StageWork::Train(phase) => self.train(phase, run),
            StageWork::Package { manifest, lm, codec, card, written_card, out, voices } => {
                let card = self.card(card.as_deref())?;
                let text = json_lines(&card);
                let text = text.map_err(RecipeError::io(IoOperation::Write, written_card))?;
                write_atomic(written_card, text.as_bytes())?;
                let codec = PackageCodec::new(codec.parse()?, false, out);
                let voices = self.voices(voices, manifest, &codec.spec, run)?;
                let bytes = package(lm, &codec, &voices, card)?;
                if run.is_cancelled() {
                    return Err(RecipeError::Cancelled);
                }
                write_atomic(out, &bytes)?;
                Ok(format!("wrote {} ({:.1} MB)", out.display(), bytes.len() as f64 / 1e6))
            }
            StageWork::Evaluate { recipe, model, report, results } => {
                let store = Store::open(results)?;
                let settings = Settings { model: Some(model.clone()), ..self.settings(&[])? };
                let command = stage.work.line();
                let origin = Origin { command, ..self.context.origin.clone() };
                self.evaluate(
                    recipe,
                    settings,
                    report,
                    Kept { store: &store, origin: &origin },
                    run,
                )
            }
        }
    }

    /// Returns the settings with the changes of a phase over them.
    fn settings(&self, changes: &[String]) -> Result<Settings, RecipeError> {
        let mut layers = self.context.layers.settings.clone();
        layers.push(Layer::Flags(pairs_of(changes)?));
        Ok(Settings::load_with_tasks(&layers, self.context.tasks)?.value)
    }

    /// Opens the codec that encodes the corpus.
    fn corpus_codec(&self, codec: &str) -> Result<CorpusCodec<'static>, RecipeError> {
        CorpusCodec::open(Some(&codec.parse()?), &self.settings(&[])?)
    }

    fn align(
        &self,
        corpus: &Path,
        manifest: &Path,
        run: RunContext<'_>,
    ) -> Result<String, RecipeError> {
        let settings = self.settings(&[])?;
        let engine = open_engine_of(&model_source(&settings)?, &settings, self.context.tasks)?;
        let corpus = Manifest::read(corpus)?;
        let run = run.with_seed(settings.seed);
        let aligned = align_manifest(&engine, &corpus, &AlignConfig::default(), run)?;
        aligned.manifest.write(manifest)?;
        Ok(format!(
            "wrote {}: {} of {} utterances aligned, mean confidence {:.2}; {}",
            manifest.display(),
            aligned.manifest.len(),
            corpus.len(),
            aligned.confidence,
            aligned.left_out
        ))
    }

    fn encode(
        &self,
        encoding: &Encoding,
        per_shard: usize,
        run: RunContext<'_>,
    ) -> Result<String, RecipeError> {
        let Encoding { manifest, shards, codec, .. } = encoding;
        let (manifest, codec) = (Manifest::read(manifest)?, self.corpus_codec(codec)?);
        let plan = EncodePlan { utterances_per_shard: per_shard, ..encode_plan(encoding, &codec) };
        warn_of_symbols(&manifest, run.events);
        let summary = codec.encode_manifest(&manifest, shards, &plan, run)?;
        Ok(format!(
            "wrote {} ({} shards, {} of them existed): {} utterances encoded ({} frames), {} failed",
            shards.display(),
            summary.shards,
            summary.shards_kept,
            summary.utterances,
            summary.frames,
            summary.failed.len()
        ))
    }

    fn simulate(
        &self,
        encoding: &Encoding,
        scenes: &SimulateRecipe,
        run: RunContext<'_>,
    ) -> Result<String, RecipeError> {
        let Encoding { manifest, shards, codec, .. } = encoding;
        let ranges = SimulationRanges {
            snr_db: scenes.snr_db.unwrap_or(LEVELS_DB),
            sir_db: scenes.sir_db.unwrap_or(LEVELS_DB),
            echo_share: ECHO_SHARE,
        };
        Simulator::check(ranges)?;
        let (manifest, codec) = (Manifest::read(manifest)?, self.corpus_codec(codec)?);
        let plan = encode_plan(encoding, &codec);
        let simulator = Simulator::new(&manifest, codec.sample_rate_hz(), ranges, scenes.seed)?;
        let simulator = simulator.with_tasks(self.context.tasks);
        let renditions = simulator.renditions();
        let mut failed = 0;
        for rendition in &renditions {
            failed +=
                simulator.encode(*rendition, &codec, shards, &plan, run)?.summary.failed.len();
        }
        Ok(format!(
            "wrote {} renditions of {}, {failed} failed",
            renditions.len(),
            shards.display()
        ))
    }

    fn train(&self, phase: &PhaseWork, run: RunContext<'_>) -> Result<String, RecipeError> {
        let config: TrainConfig = configured(&phase.config, &self.context.layers.train)?;
        let settings = self.settings(&phase.settings)?;
        let spec: CodecSpec = phase.codec.parse()?;
        let codec = CorpusCodec::open(Some(&spec), &settings)?;
        let corpus = Corpus::open(&phase.data)?;
        let splits = Splits { train: TRAIN_SPLIT, watch: None };
        let data = TrainingData::new(&corpus, &phase.data, codec, splits, config.max_seconds)?;
        let from = phase.from.as_ref().map(|file| file.display().to_string());
        let plan = TrainingRun {
            settings: &settings,
            tasks: self.context.tasks,
            folder: &phase.run,
            resume: true,
            tuning: Tuning { from: from.as_deref(), ..Tuning::default() },
            evaluated_sentences: phase.in_training_eval,
            codec: Some(&spec),
        };
        let steps = config.steps;
        let training = Training::new(plan, config, data)?;
        let trained = training.run(self.context.origin.now_s, run)?;
        let (first, step) = (trained.first_step, trained.outcome.step);
        if trained.outcome.cancelled {
            return Err(RecipeError::Stopped { step, steps });
        }
        Ok(format!("{}; trained from step {first} to {step}", training.selection()))
    }

    /// Returns the model card of the recipe with the commands and durations, in seconds, of the finished stages.
    fn card(&self, card: Option<&Path>) -> Result<Value, RecipeError> {
        let mut json = match card {
            None => json!({}),
            Some(path) => {
                let text = fs::read(path).map_err(RecipeError::io(IoOperation::Read, path))?;
                let fault = |cause| PretrainingFault::Card { path: path.to_path_buf(), cause };
                serde_json::from_slice(&text).map_err(fault)?
            }
        };
        let root = format!("{}/", self.context.root.display());
        let finished = self.stages.iter().filter_map(|stage| {
            let record = stage.record(&self.recipe.run).filter(|record| record.done)?;
            // Commands are stored without the local root folder.
            let command = record.command.replace(&root, "");
            let (seconds, key) = (record.seconds.round(), record.key);
            Some(json!({"stage": stage.name, "seconds": seconds, "command": command, "key": key}))
        });
        json["recipe"] = Value::Array(finished.collect());
        Ok(json)
    }

    /// Returns the voices of the model: prompts extracted from utterances of the corpus and encoded.
    fn voices(
        &self,
        voices: &[VoiceRecipe],
        manifest: &Path,
        codec: &CodecSpec,
        run: RunContext<'_>,
    ) -> Result<Vec<PackageVoice>, RecipeError> {
        let (corpus, codec) = (Manifest::read(manifest)?, open_codec(codec)?);
        let prompt = self.settings(&[])?.prompt;
        let warnings = UniqueWarnings::default();
        let mut warn = warnings.emit_to(run.events);
        let mut packaged = Vec::new();
        for VoiceRecipe { name, utterance } in voices {
            let found = corpus.utterances().iter().find(|known| known.id == *utterance);
            let found = found.ok_or_else(|| PretrainingFault::NoVoiceUtterance {
                voice: name.clone(),
                utterance: utterance.clone(),
                manifest: manifest.to_path_buf(),
            })?;
            let file = corpus.audio_path(found).display().to_string();
            packaged.push(package_voice(name, &file, codec.as_ref(), &prompt, &mut warn)?);
        }
        Ok(packaged)
    }

    fn evaluate(
        &self,
        recipe: &EvaluateRecipe,
        settings: Settings,
        report: &Path,
        kept: Kept<'_>,
        run: RunContext<'_>,
    ) -> Result<String, RecipeError> {
        let suite = Suite::load(&recipe.suite)?;
        let mut settings = with_suite(settings, &suite);
        let engine = open_engine_of(&model_source(&settings)?, &settings, self.context.tasks)?;
        // A codec suite evaluates the codec of the model.
        settings.codec = None;
        let options = EvalOptions {
            out: report.to_path_buf(),
            limit: recipe.limit,
            seeds: recipe.seeds.clone(),
            judges: judges(recipe),
            ..EvalOptions::default()
        };
        let evaluation = KeptEvaluation {
            store: kept.store,
            suite: &suite,
            subject: &EngineSubject { engine: &engine, settings: &settings },
            settings: &settings,
            cell: None,
            origin: kept.origin,
        };
        let made = evaluation.run(&options, run)?;
        Ok(format!("{}\nreport: {}", made.table().trim_end(), report.join("report.html").display()))
    }
}

/// Results store and origin of an evaluation.
#[derive(Clone, Copy)]
struct Kept<'a> {
    store: &'a Store,
    origin: &'a Origin,
}

/// Files of a vocoder training.
struct VocoderPaths<'a> {
    manifest: &'a Path,
    quantizer: &'a Path,
    state: &'a Path,
    codec: &'a Path,
}

fn train_vocoder(
    paths: VocoderPaths<'_>,
    config: &VocoderTrainConfig,
    run: RunContext<'_>,
) -> Result<String, RecipeError> {
    let quantizer = MelRvq::load(paths.quantizer)?;
    let corpus = CodecCorpus::new(&Manifest::read(paths.manifest)?, TRAIN_SPLIT)?;
    let clips = CodecClips::new(&corpus, &quantizer, None)?;
    let training = CodecTraining { quantizer, from: None, state: Some(paths.state) };
    let TrainedCodec { codec, step, finished } = train_codec(training, &clips, config, run)?;
    codec.save(paths.codec, config.stored)?;
    if !finished {
        return Err(RecipeError::Stopped { step, steps: config.steps });
    }
    Ok(format!("wrote {} after {step} steps", paths.codec.display()))
}

/// Imports a published corpus and writes its manifest.
fn import(
    form: CorpusForm,
    corpus: &Path,
    textgrids: Option<&Path>,
    manifest: &Path,
    run: RunContext<'_>,
) -> Result<String, RecipeError> {
    let mut found = match form {
        CorpusForm::Libri => libri(corpus)?,
        CorpusForm::LjSpeech => ljspeech(corpus, SPEAKER)?,
        CorpusForm::Pairs => pairs(corpus, SPEAKER)?,
    };
    if let Some(textgrids) = textgrids {
        add_phone_times(&mut found, textgrids, run.events)?;
    }
    warn_of_import(&found, run.events);
    warn_of_symbols(&found.manifest, run.events);
    found.manifest.write(manifest)?;
    Ok(format!(
        "wrote {}: {} found, {} used, {} left out",
        manifest.display(),
        found.found(),
        found.manifest.len(),
        found.left_out.len()
    ))
}

fn encode_plan(encoding: &Encoding, codec: &CorpusCodec<'_>) -> EncodePlan {
    let latent_dim = if encoding.latents { codec.latent_dim() } else { 0 };
    EncodePlan { latent_dim, threads: THREADS, ..EncodePlan::new(codec.stamp()) }
}

/// Returns the judges that the recipe adds to those of the suite.
fn judges(recipe: &EvaluateRecipe) -> Vec<JudgeConfig> {
    let command = recipe.judge_command.clone();
    let command = command.map(|command| JudgeConfig::Command { name: "judge".into(), command });
    let whisper = recipe.judge_whisper.clone();
    let whisper = whisper.map(|folder| JudgeConfig::Whisper { name: "whisper".into(), folder });
    command.into_iter().chain(whisper).collect()
}

/// Returns the configuration of a stage: its file, then the layers of the program, then its changes.
fn configured<T>(stage: &ConfiguredStage, program: &[Layer]) -> Result<T, RecipeError>
where
    T: Default + Serialize + DeserializeOwned + JsonSchema,
{
    let mut layers: Vec<Layer> = stage.config.iter().cloned().map(Layer::File).collect();
    layers.extend_from_slice(program);
    layers.push(Layer::Flags(pairs_of(&stage.set)?));
    Ok(load_config(&layers)?.value)
}

/// Splits texts of the form `KEY=VALUE`.
fn pairs_of(changes: &[String]) -> Result<Vec<(String, String)>, PretrainingFault> {
    let pair = |text: &String| -> Result<(String, String), RecipeIssue> {
        let (key, value) = key_and_value(text)?;
        Ok((key.to_owned(), value.to_owned()))
    };
    let pairs = changes.iter().map(pair).collect::<Result<_, _>>();
    pairs.map_err(|issue| PretrainingFault::Setting { issue })
}
