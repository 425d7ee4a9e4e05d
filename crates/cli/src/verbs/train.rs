//! `train`: a language model on token shards.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use syrinx_config::Settings;
use syrinx_data::Corpus;
use syrinx_engine::{EngineOptions, PackageCodec};
use syrinx_model::LmConfig;
use syrinx_pretrained::CodecSpec;
use syrinx_registry::ALL;
use syrinx_task::{CodebookSizes, DynTask, TaskKit, TokenSpace};
use syrinx_text::{Frontend, TextVocab};
use syrinx_train::{Ranks, TrainConfig, Trainer, TrainingCheckpoint, TrainingMaterial};
use syrinx_types::{Event, EventSink};

use crate::coder::Coder;
use crate::corpora;
use crate::failure::{Exit, Failure, Outcome};
use crate::in_training::{CodecSource, InTrainingEvaluation};
use crate::progress::JsonLines;
use crate::ranks::{self, Transport};
use crate::session::{Session, engine_options, model_source};
use crate::verbs::tuning::{Tuning, space};

/// `train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx train --config configs/train/english.toml --data shards --codec codec.safetensors --run runs/lm\n  syrinx train --config configs/train/english.toml --data shards --run runs/lm --resume\n  syrinx train --tasks my-task,tts --weights 3,1 --lora 8 --data shards --run runs/mine --set steps=300\n\nWith --tasks or --lora a finished model is fine-tuned: that of --from, or the model in use. Here --config names the training's own file; --set changes keys of it. Ctrl-C saves a checkpoint and stops.\n\nSeveral ranks: mpirun -n 2 syrinx train ... (a program built with --features mpi). Each rank\nreads its part of every batch; rank 0 writes the run."
)]
pub struct TrainArgs {
    /// Folder of token shards (`syrinx data encode`), or its URL: s3://, gs://, file://
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: PathBuf,
    /// The codec of the shards; that of the model if not given
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
    /// Folder of the run: checkpoint, averaged model, events
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    run: PathBuf,
    /// Go on from the run's last checkpoint, bit for bit
    #[arg(long)]
    resume: bool,
    /// Begin with the weights of this model: a model file, a language model's own file, or `embedded`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    from: Option<String>,
    /// Train these tasks, all their stages, instead of the configuration's mix
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    tasks: Vec<String>,
    /// Sampling weights of these tasks; equal if not given
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    weights: Vec<f64>,
    /// Train an adapter of this rank beside the weights, which stay as they are
    #[arg(long, value_name = "RANK")]
    lora: Option<usize>,
    /// Training split of the corpus; all of it if no utterance has a split
    #[arg(long, default_value = "train", value_name = "NAME")]
    train_split: String,
    /// Split of the corpus to evaluate while training; `test` if not given and there is one
    #[arg(long, value_name = "NAME")]
    watch_split: Option<String>,
    /// Held-out sentences that are synthesized and transcribed by the model itself every `in_training_eval_steps`
    #[arg(long, value_name = "SENTENCES")]
    in_training_eval: Option<usize>,
    /// Transport to the other ranks of the job
    #[arg(long, value_enum, default_value = "auto", value_name = "NAME")]
    reduce: Transport,
}

/// Trains, or goes on: on this rank of its job.
pub fn run(session: &Session, args: &TrainArgs) -> Outcome {
    let config: TrainConfig = session.verb_config("train")?;
    let ranks = ranks::join(args.reduce, &args.run, config.parallel.timeout_s)?;
    ranks::ended(&ranks, train(session, args, config, &ranks))
}

fn train(session: &Session, args: &TrainArgs, mut config: TrainConfig, ranks: &Ranks) -> Outcome {
    if !args.resume && TrainingCheckpoint::path(&args.run).exists() {
        return Err(Failure::usage(
            format!("{} holds a run already", args.run.display()),
            "go on with --resume, or name another folder with --run",
        ));
    }
    let splits = (args.train_split.as_str(), args.watch_split.as_deref());
    let places = (args.data.as_path(), args.codec.as_ref());
    let TrainingData { coder, learnt, watched } =
        TrainingData::open(session, places, splits, config.max_seconds)?;
    if !coder.entries_add_up() {
        config.model.residual_weight = 0.0;
    }
    let stamp = coder.stamp();
    let tuning = Tuning {
        tasks: &args.tasks,
        weights: &args.weights,
        from: args.from.as_deref(),
        lora: args.lora,
    };
    let base = tuning.base(session, &config)?;
    if let Some(base) = &base {
        config.model.switches = base.config.switches;
    }
    let tasks = tasks(&session.base_settings()?, &config.model)?;
    tuning.apply(&mut config, base.as_ref(), &tasks)?;
    let config = config;
    let sizes = CodebookSizes {
        levels: stamp.levels,
        codebook_size: stamp.codebook_size,
        frame_rate_hz: stamp.frame_rate_hz,
    };
    let fresh = TokenSpace::new(&TextVocab::english()?, sizes, config.model.group, []);
    let run = (args.run.as_path(), args.resume);
    let adapts = tuning.adapts(&config);
    let space = space(run, base.as_ref().filter(|_| adapts), fresh, &tasks, &config);
    std::fs::create_dir_all(&args.run)
        .map_err(|e| Failure::writing(&args.run.display().to_string(), &e))?;
    let held_out = (!watched.is_empty()).then_some(&watched);
    let settings = session.base_settings()?;
    let evaluation = match args.in_training_eval.filter(|&n| n > 0) {
        None => None,
        Some(count) => {
            let codec_source = match &args.codec {
                Some(spec) => CodecSource::Codec(PackageCodec {
                    spec: spec.clone(),
                    carried: true,
                    folder: None,
                }),
                None => CodecSource::Model(model_source(&settings)?),
            };
            // Training may produce an adapter; no other adapter is applied.
            let options =
                EngineOptions { adapter: None, codec: None, ..engine_options(&settings)? };
            let how = (options, settings.decode.clone(), settings.seed);
            Some(InTrainingEvaluation::new(
                (&watched, &learnt),
                count,
                &config.prompt,
                codec_source,
                how,
            )?)
        }
    };
    let material = TrainingMaterial {
        device: settings.device.open()?,
        corpus: &learnt,
        held_out,
        tasks: &tasks,
        space,
        codebooks: coder.codebooks(),
        ranks: ranks.clone(),
    };
    let mut trainer = match &base {
        Some(base) if adapts => {
            Trainer::from_base(&config, &material, &args.run, args.resume, base)?
        }
        _ => Trainer::new(&config, &material, &args.run, args.resume)?,
    };
    if let Some(base) = base.as_ref().filter(|_| !adapts && trainer.step() == 0) {
        trainer.start_from(base)?;
    }
    if let Some(evaluation) = &evaluation {
        trainer = trainer.evaluated_by(evaluation);
    }
    let parameters: usize = trainer.weights().values().map(|t| t.elem_count()).sum();
    let (first, leads) = (trainer.step(), ranks.leads());
    if leads {
        let count = learnt.len();
        session.say(&format!("{count} utterances, {parameters} parameters, from step {first}"));
    }
    // Beside the checkpoint, so that the dashboard finds it without being told where.
    let events = JsonLines::open(&args.run.join("events.jsonl"))?;
    let outcome = trainer.run(&Both(session.sink(), &events), &session.cancel)?;
    ranks::report(session, ranks, &trainer, outcome.step - first)?;
    if !leads {
        return Ok(());
    }
    if session.globals.json {
        session.print_json(
            &json!({"step": outcome.step, "model": outcome.model, "cancelled": outcome.cancelled}),
        )?;
    }
    if outcome.cancelled {
        let kept = format!("step {} is saved; go on with --resume", outcome.step);
        return Err(Failure::interrupted(kept));
    }
    session.say(&format!("wrote {} after {} steps", outcome.model.display(), outcome.step));
    Ok(())
}

/// Split that is evaluated during training unless another is named.
const DEFAULT_WATCH_SPLIT: &str = "test";

/// Training data: a corpus that fits its codec, split.
pub struct TrainingData {
    /// The codec.
    pub coder: Coder,
    /// Utterances to learn from; all of the corpus if no utterance has that split.
    pub learnt: Corpus,
    /// Utterances to watch.
    pub watched: Corpus,
}

impl TrainingData {
    /// Opens shards and their codec, and leaves out what is too long.
    pub fn open(
        session: &Session,
        (data, codec): (&Path, Option<&CodecSpec>),
        (train_split, watch_split): (&str, Option<&str>),
        max_seconds: f64,
    ) -> Outcome<Self> {
        let coder = Coder::new(session, codec)?;
        let stamp = coder.stamp();
        let corpus = corpora::open(data)?;
        if *corpus.codec() != stamp {
            return Err(Failure {
                exit: Exit::BadInput,
                message: format!(
                    "{}: the shards are of the codec {}, the codec given is {}",
                    data.display(),
                    corpus.codec().fingerprint,
                    stamp.fingerprint
                ),
                hint: Some(
                    "name the codec of the shards with --codec, or encode the manifest again"
                        .into(),
                ),
            });
        }
        let too_long = |_: &syrinx_data::Utterance, frames: usize| {
            let long = frames as f64 / stamp.frame_rate_hz >= max_seconds;
            long.then(|| format!("it is not shorter than max_seconds = {max_seconds}"))
        };
        let learnt = corpus.split_or_all(train_split)?.select("training split", too_long)?;
        let watched = match watch_split {
            Some(name) => corpus.split_or_none(name)?,
            None => corpus.split(DEFAULT_WATCH_SPLIT),
        };
        let watched = watched.filter(|u, frames| too_long(u, frames).is_none());
        Ok(Self { coder, learnt, watched })
    }
}

/// Two sinks as one.
pub struct Both<'a>(pub &'a dyn EventSink, pub &'a dyn EventSink);

impl EventSink for Both<'_> {
    fn emit(&self, event: Event) {
        self.0.emit(event.clone());
        self.1.emit(event);
    }
}

/// All tasks, built for a model's alignment, its form of text and its order of codes.
pub fn tasks(settings: &Settings, model: &LmConfig) -> Outcome<Vec<Box<dyn DynTask>>> {
    let kit = TaskKit {
        vocab: Arc::new(TextVocab::english()?),
        frontend: Arc::new(Frontend::english()?),
        switches: model.switches,
    };
    let build = |d: &&'static syrinx_task::TaskDescriptor| -> Outcome<Box<dyn DynTask>> {
        let own: Value = settings.tasks.get(d.id).cloned().unwrap_or_default();
        Ok((d.build)(own, &kit)?)
    };
    ALL.iter().map(build).collect()
}
