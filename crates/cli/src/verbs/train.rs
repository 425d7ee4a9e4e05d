//! `train`: a language model on token shards.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::json;
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{
    CorpusCodec, EVENTS_FILE, JsonLines, Splits, Training, TrainingData, TrainingRun, Tuning,
};
use syrinx_train::{Ranks, TrainConfig};
use syrinx_types::Tee;

use crate::corpora;
use crate::failure::{Failure, Outcome};
use crate::provenance::now_s;
use crate::ranks::{self, Transport};
use crate::session::Session;

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

/// Trains or resumes on this rank of its job.
pub fn run(session: &Session, args: &TrainArgs) -> Outcome {
    if args.tasks.is_empty() && !args.weights.is_empty() {
        return Err(Failure::usage(
            "--weights without --tasks",
            "name the tasks: --tasks a,b --weights 3,1",
        ));
    }
    let config: TrainConfig = session.verb_config("train")?;
    let ranks = ranks::join(args.reduce, &args.run, config.parallel.timeout_s)?;
    ranks::ended(&ranks, train(session, args, config, &ranks))
}

fn train(session: &Session, args: &TrainArgs, config: TrainConfig, ranks: &Ranks) -> Outcome {
    Training::check_folder(&args.run, args.resume)?;
    let settings = session.base_settings()?;
    let codec = CorpusCodec::open(args.codec.as_ref(), &settings)?;
    let splits = Splits { train: &args.train_split, watch: args.watch_split.as_deref() };
    let corpus = corpora::named(&args.data).open()?;
    let data = TrainingData::new(&corpus, &args.data, codec, splits, config.max_seconds)?;
    let run = TrainingRun {
        settings: &settings,
        tasks: syrinx_registry::ALL,
        folder: &args.run,
        resume: args.resume,
        tuning: Tuning {
            tasks: &args.tasks,
            weights: &args.weights,
            from: args.from.as_deref(),
            lora: args.lora,
        },
        evaluated_sentences: args.in_training_eval.unwrap_or_default(),
        codec: args.codec.as_ref(),
    };
    let training = Training::new(run, config, data)?;
    let material = training.material(ranks.clone())?;
    let mut trainer = training.trainer(&material)?;
    let parameters: usize = trainer.weights().values().map(|t| t.elem_count()).sum();
    let (first, leads) = (trainer.step(), ranks.leads());
    if leads {
        let selection = training.selection();
        selection.report(session.sink());
        session.say(&format!("{selection}; {parameters} parameters, from step {first}"));
    }
    // The event file is in the folder of the checkpoint, where the dashboard searches for it.
    let events = JsonLines::open(&args.run.join(EVENTS_FILE), now_s)?;
    let sink = Tee(vec![Box::new(session.sink()), Box::new(&events)]);
    let outcome = trainer.run(&sink, &session.cancel)?;
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
