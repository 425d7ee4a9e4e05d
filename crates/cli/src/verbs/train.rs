//! `train`: a language model on token shards.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use syrinx_data::Corpus;
use syrinx_engine::EngineError;
use syrinx_model::LmFile;
use syrinx_registry::ALL;
use syrinx_task::{DynTask, TaskKit, TokenSpace};
use syrinx_text::{Frontend, TextVocab};
use syrinx_train::{Checkpoint, TrainConfig, Trainer, TrainingMaterial};

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;
use crate::verbs::data::Coder;

/// `train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx train --config configs/train/english.toml --data shards --codec codec.safetensors --run runs/lm\n  syrinx train --config configs/train/english.toml --data shards --run runs/lm --resume\n\nHere --config names the training's own file; --set changes keys of it. Ctrl-C saves a checkpoint and stops."
)]
pub struct TrainArgs {
    /// Folder of token shards (`syrinx data encode`)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: PathBuf,
    /// The codec of the shards; that of the model if not given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    codec: Option<PathBuf>,
    /// Folder of the run: checkpoint, averaged model, events
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    run: PathBuf,
    /// Go on from the run's last checkpoint, bit for bit
    #[arg(long)]
    resume: bool,
    /// Begin with the weights of this language model
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "resume")]
    from: Option<PathBuf>,
    /// Split of the corpus to learn from; all of it if no utterance has a split
    #[arg(long, default_value = "train", value_name = "NAME")]
    train_split: String,
    /// Split of the corpus to watch while training
    #[arg(long, default_value = "test", value_name = "NAME")]
    watch_split: String,
}

/// Trains, or goes on.
pub fn run(session: &Session, args: &TrainArgs) -> Outcome {
    let config: TrainConfig = session.verb_config("train")?;
    if !args.resume && Checkpoint::path(&args.run).exists() {
        return Err(Failure::usage(
            format!("{} holds a run already", args.run.display()),
            "go on with --resume, or name another folder with --run",
        ));
    }
    let coder = Coder::new(session, args.codec.as_deref())?;
    let stamp = coder.stamp();
    let corpus = Corpus::open(&args.data)?;
    if *corpus.codec() != stamp {
        return Err(Failure {
            exit: Exit::BadInput,
            message: format!(
                "{}: the shards are of the codec {}, the codec given is {}",
                args.data.display(),
                corpus.codec().fingerprint,
                stamp.fingerprint
            ),
            hint: Some(
                "name the codec of the shards with --codec, or encode the manifest again".into(),
            ),
        });
    }
    let short = |_: &syrinx_data::Utterance, frames: usize| {
        frames as f64 / stamp.frame_rate_hz < config.max_seconds
    };
    let named = corpus.split(&args.train_split);
    let learnt = if named.is_empty() { &corpus } else { &named }.filter(short);
    let watched = corpus.split(&args.watch_split).filter(short);
    let (tasks, space) = tasks(session, &config, &coder)?;
    std::fs::create_dir_all(&args.run)
        .map_err(|e| Failure::writing(&args.run.display().to_string(), &e))?;
    let held_out = (!watched.is_empty()).then_some(&watched);
    let material = TrainingMaterial {
        corpus: &learnt,
        held_out,
        tasks: &tasks,
        space,
        codebooks: coder.codebooks(),
    };
    let mut trainer = Trainer::new(&config, &material, &args.run, args.resume)?;
    if let Some(path) = &args.from {
        let name = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|source| EngineError::OpenModel { file: name.clone(), source })?;
        let part = |e: syrinx_model::ModelError| EngineError::Part {
            file: name.clone(),
            part: "language model",
            source: e.into(),
        };
        trainer.start_from(&LmFile::from_bytes(&bytes).map_err(part)?)?;
    }
    let parameters: usize = trainer.weights().values().map(|t| t.elem_count()).sum();
    session.say(&format!(
        "{} utterances, {parameters} parameters, from step {}",
        learnt.len(),
        trainer.step()
    ));
    let outcome = trainer.run(session.sink(), &session.cancel)?;
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

type Built = (Vec<Box<dyn DynTask>>, TokenSpace);

fn tasks(session: &Session, config: &TrainConfig, coder: &Coder) -> Outcome<Built> {
    let settings = session.settings_beside()?;
    let vocab = TextVocab::english()?;
    let kit = TaskKit {
        vocab: Arc::new(vocab.clone()),
        frontend: Arc::new(Frontend::english()?),
        studio: None,
        alignment: config.model.alignment,
    };
    let build = |d: &&'static syrinx_task::TaskDescriptor| -> Outcome<Box<dyn DynTask>> {
        let own: Value = settings.tasks.get(d.id).cloned().unwrap_or_default();
        Ok((d.build)(own, &kit)?)
    };
    let tasks: Vec<_> = ALL.iter().map(build).collect::<Outcome<_>>()?;
    let marks: Vec<String> = tasks.iter().flat_map(|t| t.layout().marks()).collect();
    let stamp = coder.stamp();
    let sizes = (stamp.levels, stamp.codebook_size, stamp.frame_rate_hz);
    Ok((tasks, TokenSpace::new(&vocab, sizes, config.model.group, marks)))
}
