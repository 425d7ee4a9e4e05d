use std::path::Path;
use std::sync::Arc;

use syrinx_data::{
    CodecStamp, Corpus, EncodeFault, EncodePlan, Manifest, Utterance, encode_manifest,
};
use syrinx_model::LmFile;
use syrinx_nn::{BlockConfig, to_vec_f32};
use syrinx_task::{CodebookSizes, DynTask, ModelSwitches, TaskKit, TokenSpace};
use syrinx_text::{Frontend, TextVocab};
use syrinx_train::{
    MixEntry, Ranks, TrainConfig, TrainError, Trainer, TrainingCheckpoint, TrainingMaterial,
};
use syrinx_types::{CancelToken, Coded, Codes, Event, EventSink, NullSink, RecordingSink};

const LEVELS: usize = 3;
const SIZE: usize = 8;

/// Twelve utterances of two speakers with made-up codes.
fn corpus(folder: &Path) -> Corpus {
    let utterances = (0..12)
        .map(|i| Utterance {
            id: format!("u{i}"),
            audio: format!("u{i}.wav").into(),
            speaker: format!("s{}", i % 2),
            text: "so far".into(),
            phones: Some("SIL S OW1 | F AA1 R SIL".split(' ').map(String::from).collect()),
            durations_s: Some(vec![0.12, 0.1, 0.2, 0.0, 0.1, 0.16, 0.1, 0.2]),
            split: Some("train".into()),
            ..Utterance::default()
        })
        .collect();
    let manifest = Manifest::new(folder, utterances).unwrap();
    let stamp = CodecStamp {
        fingerprint: "toy".into(),
        frame_rate_hz: 25.0,
        levels: LEVELS,
        codebook_size: SIZE,
    };
    let shards = folder.join("shards");
    let codes = |u: &Utterance| {
        let seed = u.speaker.bytes().map(usize::from).sum::<usize>();
        let values = (0..25 * LEVELS).map(|i| ((i * 7 + seed) % SIZE) as u16).collect();
        Codes::new(LEVELS, values).map_err(EncodeFault::from)
    };
    let encode = |folder: &Path, shift: u16| {
        let shifted = |u: &Utterance| {
            let values = codes(u)?.values().iter().map(|c| (c + shift) % SIZE as u16).collect();
            Codes::new(LEVELS, values).map(Coded::from).map_err(EncodeFault::from)
        };
        let plan = EncodePlan::new(stamp.clone());
        let cancel = CancelToken::default();
        encode_manifest(&manifest, folder, &plan, &shifted, &NullSink, &cancel).unwrap();
    };
    encode(&shards, 0);
    let simulations = syrinx_registry::ALL.iter().filter_map(|task| task.simulation);
    let renditions = simulations.flat_map(|simulation| simulation.renditions());
    let renditions: std::collections::BTreeSet<&str> =
        renditions.map(|rendition| rendition.name).collect();
    for (rendition, shift) in renditions.into_iter().zip(1..) {
        encode(&shards.join(syrinx_data::RENDITIONS).join(rendition), shift);
    }
    Corpus::open(&shards).unwrap()
}

fn tasks() -> (Vec<Box<dyn DynTask>>, TextVocab) {
    let vocab = TextVocab::english().unwrap();
    let kit = TaskKit {
        vocab: Arc::new(vocab.clone()),
        frontend: Arc::new(Frontend::english().unwrap()),
        switches: ModelSwitches::default(),
    };
    let build = |d: &&'static syrinx_task::TaskDescriptor| {
        (d.build)(serde_json::Value::Null, &kit).unwrap()
    };
    (syrinx_registry::ALL.iter().map(build).collect(), vocab)
}

/// Every stage of every task that learns from the corpus.
pub fn config(tasks: &[Box<dyn DynTask>], steps: u64) -> TrainConfig {
    let mix = tasks
        .iter()
        .flat_map(|t| t.layout().stages.into_iter().map(|s| (t.id(), s)))
        .filter(|(_, s)| s.from_corpus)
        .map(|(task, s)| MixEntry { task: task.into(), stage: s.name, weight: 1.0 })
        .collect();
    let mut config =
        TrainConfig { mix, steps, positions: 200, warmup_steps: 2, ..TrainConfig::default() };
    config.model.trunk =
        BlockConfig { dim: 16, layers: 1, heads: 2, hidden: 24, ..BlockConfig::default() };
    config.model.encoder_layers = 1;
    (config.checkpoint_steps, config.eval_steps) = (3, 4);
    (config.prompt.min_frames, config.prompt.max_frames) = (4, 6);
    config
}

pub struct Setup {
    pub folder: tempfile::TempDir,
    corpus: Corpus,
    pub tasks: Vec<Box<dyn DynTask>>,
    vocab: TextVocab,
}

impl Setup {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let corpus = corpus(folder.path());
        let (tasks, vocab) = tasks();
        Self { folder, corpus, tasks, vocab }
    }

    /// A space that knows the special tokens of these tasks.
    pub fn space(&self, known: impl Fn(&str) -> bool) -> TokenSpace {
        let tasks = self.tasks.iter().filter(|t| known(t.id()));
        let special_tokens: Vec<String> = tasks.flat_map(|t| t.layout().special_tokens()).collect();
        let (levels, codebook_size) = (LEVELS, SIZE);
        let sizes = CodebookSizes { levels, codebook_size, frame_rate_hz: 25.0 };
        TokenSpace::new(&self.vocab, sizes, 1, special_tokens)
    }

    pub fn material(&self) -> TrainingMaterial<'_> {
        let space = self.space(|_| true);
        let book = |l: usize| {
            (0..SIZE * 4).map(|i| ((i * (l + 3)) as f32).sin() / (l + 1) as f32).collect()
        };
        TrainingMaterial {
            device: candle_core::Device::Cpu,
            corpus: &self.corpus,
            held_out: Some(&self.corpus),
            tasks: &self.tasks,
            space,
            codebooks: (0..LEVELS).map(book).collect(),
            ranks: Ranks::alone(),
        }
    }
}

fn values(trainer: &Trainer<'_>) -> Vec<f32> {
    trainer.weights().values().flat_map(|t| to_vec_f32(t).unwrap()).collect()
}

/// Cancels a run after a number of steps.
pub struct StopAfter(pub u64, pub CancelToken);

impl EventSink for StopAfter {
    fn emit(&self, event: Event) {
        if matches!(event, Event::TrainStep { step, .. } if step == self.0) {
            self.1.cancel();
        }
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_bit_for_bit() {
    let setup = Setup::new();
    let (material, config) = (setup.material(), config(&setup.tasks, 8));
    let straight_run = setup.folder.path().join("straight");
    let sink = RecordingSink::default();
    let mut straight = Trainer::new(&config, &material, &straight_run, false).unwrap();
    let outcome = straight.run(&sink, &CancelToken::default()).unwrap();
    assert_eq!((outcome.step, outcome.cancelled), (8, false));
    assert!(
        sink.events()
            .iter()
            .any(|e| matches!(e, Event::TrainEval { step: 4, figures } if !figures.is_empty()))
    );

    let run = setup.folder.path().join("stopped");
    let cancel = CancelToken::default();
    let mut first = Trainer::new(&config, &material, &run, true).unwrap();
    let outcome = first.run(&StopAfter(5, cancel.clone()), &cancel).unwrap();
    assert_eq!((outcome.step, outcome.cancelled), (5, true));
    drop(first);
    // A kill leaves such files where the file system has no unnamed ones.
    for name in [".checkpoint.safetensors.tmp-Ab3xYz", ".model.safetensors.tmp-Ab3xYz"] {
        std::fs::write(run.join(name), "half").unwrap();
    }
    let mut second = Trainer::new(&config, &material, &run, true).unwrap();
    assert_eq!(second.step(), 5);
    second.run(&NullSink, &CancelToken::default()).unwrap();
    assert_eq!(values(&straight), values(&second));
    let averages = |r: &Path| -> Vec<f32> {
        let file =
            LmFile::from_bytes(&std::fs::read(r.join("model.safetensors")).unwrap()).unwrap();
        file.tensors.values().flat_map(|t| to_vec_f32(t).unwrap()).collect()
    };
    assert!(averages(&straight_run) == averages(&run), "averaged weights differ");
    let mut left = std::fs::read_dir(&run).unwrap().flatten().map(|entry| entry.file_name());
    assert!(left.all(|name| !name.to_string_lossy().contains(".tmp-")), "temporary files stay");
}

#[test]
fn broken_checkpoints_are_refused_with_a_remedy() {
    let setup = Setup::new();
    let material = setup.material();
    let config = config(&setup.tasks, 3);
    let run = setup.folder.path().join("run");
    Trainer::new(&config, &material, &run, false)
        .unwrap()
        .run(&NullSink, &CancelToken::default())
        .unwrap();

    let mut other = config.clone();
    other.model.trunk.hidden = 20;
    let refused = Trainer::new(&other, &material, &run, true).err().unwrap().to_string();
    assert!(refused.contains("another model configuration"), "{refused}");

    let path = TrainingCheckpoint::path(&run);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let refused = Trainer::new(&config, &material, &run, true).err().unwrap();
    assert!(matches!(refused, TrainError::Checkpoint { .. }), "{refused}");
    assert!(refused.hint().is_some_and(|hint| hint.contains("delete")), "{refused}");
}

#[test]
fn a_loss_that_is_not_a_number_stops_and_names_the_last_good_checkpoint() {
    let setup = Setup::new();
    let material = setup.material();
    let mut config = config(&setup.tasks, 3);
    let run = setup.folder.path().join("run");
    Trainer::new(&config, &material, &run, false)
        .unwrap()
        .run(&NullSink, &CancelToken::default())
        .unwrap();
    let before = std::fs::read(TrainingCheckpoint::path(&run)).unwrap();
    (config.steps, config.learning_rate, config.optimizer.clip_norm) = (50, 1e30, 0.0);
    config.checkpoint_steps = 1_000;
    let mut trainer = Trainer::new(&config, &material, &run, true).unwrap();
    let error = trainer.run(&NullSink, &CancelToken::default()).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("checkpoint.safetensors")), "{error}");
    assert!(std::fs::read(TrainingCheckpoint::path(&run)).unwrap() == before);
}

#[test]
fn a_mix_that_names_nothing_lists_what_there_is() {
    let setup = Setup::new();
    let material = setup.material();
    let run = setup.folder.path().join("run");
    let mut wrong = config(&setup.tasks, 2);
    wrong.mix[0].task = "sing".into();
    let error = Trainer::new(&wrong, &material, &run, false)
        .and_then(|mut t| t.run(&NullSink, &CancelToken::default()))
        .unwrap_err();
    assert!(error.to_string().contains("no task `sing`"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("tts")), "{:?}", error.hint());
}

#[test]
fn training_lowers_the_loss_of_every_stage() {
    let setup = Setup::new();
    let material = setup.material();
    let mut config = config(&setup.tasks, 1);
    config.steps = 60 * config.mix.len() as u64;
    (config.learning_rate, config.eval_steps) = (1e-2, config.steps / 5);
    (config.checkpoint_steps, config.warmup_steps) = (config.steps, config.steps / 10);
    config.optimizer.ema_decay = 0.0;
    config.seed = 7;
    let sink = RecordingSink::default();
    let run = setup.folder.path().join("run");
    Trainer::new(&config, &material, &run, false)
        .unwrap()
        .run(&sink, &CancelToken::default())
        .unwrap();
    let evals: Vec<Vec<(String, f64)>> = sink
        .events()
        .into_iter()
        .filter_map(|e| if let Event::TrainEval { figures, .. } = e { Some(figures) } else { None })
        .collect();
    let mut measured = 0;
    for ((name, first), (_, last)) in evals[0].iter().zip(&evals[evals.len() - 1]) {
        if name.ends_with(" accuracy") {
            assert!((0.0..=1.0).contains(last) && last >= first, "{name}: {first}, {last}");
            measured += 1;
        } else {
            assert!(last < first, "{name} went from {first} to {last}");
        }
    }
    assert!(measured > config.mix.len() / 2, "{measured} accuracies");
}
