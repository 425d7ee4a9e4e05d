use std::path::Path;
use std::time::Duration;

use syrinx_train::ranks::threads::{ThreadRank, thread_ranks};
use syrinx_train::{
    OptimizerState, RankFigures, Ranks, ReduceError, TrainConfig, TrainError, Trainer,
    TrainingCheckpoint, TrainingMaterial,
};
use syrinx_types::{CancelToken, Event, EventSink, RecordingSink, Tee};

use crate::run::{Setup, StopAfter, config};

const TIMEOUT: Duration = Duration::from_secs(120);

/// Trains on threads as ranks. Returns the events of rank 0 and the figures of every rank.
fn train(
    setup: &Setup,
    config: &TrainConfig,
    run: &Path,
    ranks: usize,
    stop_after: Option<u64>,
) -> (Vec<Event>, Vec<RankFigures>) {
    let sink = RecordingSink::default();
    let figures = std::thread::scope(|scope| {
        let one = |rank: ThreadRank| {
            let sink = &sink;
            scope.spawn(move || {
                let ranks = Ranks::join(move || Ok(rank), TIMEOUT).unwrap();
                let material = TrainingMaterial { ranks, ..setup.material() };
                let mut trainer = Trainer::new(config, &material, run, true).unwrap();
                let cancel = CancelToken::default();
                let stop = stop_after.map(|step| StopAfter(step, cancel.clone()));
                let mut sinks: Vec<Box<dyn EventSink + '_>> = vec![Box::new(sink)];
                if let Some(stop) = stop {
                    sinks.push(Box::new(stop));
                }
                let outcome = trainer.run(&Tee(sinks), &cancel).unwrap();
                assert_eq!(outcome.cancelled, stop_after.is_some());
                trainer.figures()
            })
        };
        let running: Vec<_> = thread_ranks(ranks).into_iter().map(one).collect();
        running.into_iter().map(|r| r.join().unwrap()).collect()
    });
    (sink.events(), figures)
}

/// Names and values of all losses of all steps and evaluations.
fn losses(events: &[Event]) -> Vec<(String, f64)> {
    let mut out = Vec::new();
    for event in events {
        match event {
            Event::TrainStep { step, loss, losses, gradient_norm, .. } => {
                out.push((format!("{step} loss"), *loss));
                out.push((format!("{step} norm"), *gradient_norm));
                out.extend(losses.iter().map(|(name, v)| (format!("{step} {name}"), *v)));
            }
            Event::TrainEval { figures, .. } => out.extend(figures.iter().cloned()),
            _ => {}
        }
    }
    out
}

#[track_caller]
fn assert_same(one: &[(String, f64)], other: &[(String, f64)], ranks: usize) {
    assert_eq!(one.len(), other.len(), "{ranks} ranks");
    for ((name, a), (other_name, b)) in one.iter().zip(other) {
        assert_eq!(name, other_name, "{ranks} ranks");
        let near = (a - b).abs() <= 1e-5 * a.abs().max(1e-3);
        // An accuracy counts rows: one whose two likeliest classes are even may fall either way.
        let counted = name.ends_with("accuracy") && (a - b).abs() < 0.02;
        assert!(near || counted, "{ranks} ranks, {name}: {a} and {b}");
    }
}

#[test]
fn losses_do_not_depend_on_the_number_of_ranks() {
    let setup = Setup::new();
    let mut config = config(&setup.tasks, 10);
    (config.accumulation, config.parallel.bucket_mib) = (2, 0.002);
    let folder = |name: &str| setup.folder.path().join(name);
    let (alone, _) = train(&setup, &config, &folder("1"), 1, None);
    let alone = losses(&alone);
    assert!(alone.len() > 40, "{} losses", alone.len());
    for state in [OptimizerState::Replicated, OptimizerState::Sharded] {
        config.parallel.optimizer_state = state;
        for ranks in [2, 4] {
            let run = folder(&format!("{ranks}-{state:?}"));
            let (events, figures) = train(&setup, &config, &run, ranks, None);
            assert_same(&alone, &losses(&events), ranks);
            let whole: usize = figures.iter().map(|f| f.optimizer_bytes).sum();
            let most = figures.iter().map(|f| f.optimizer_bytes).max().unwrap();
            let copies = whole as f64 / (3 * figures[0].weight_bytes) as f64;
            match state {
                OptimizerState::Replicated => assert_eq!(copies, ranks as f64),
                OptimizerState::Sharded => {
                    assert_eq!(copies, 1.0);
                    assert!(most * 4 < whole * 3, "{most} of {whole} bytes on one rank");
                }
            }
            // A rank without a sequence of the last batch has nothing to send early.
            assert!(figures.iter().any(|f| f.early_share > 0.1), "{figures:?}");
            for figures in &figures {
                assert!(figures.early_share < 1.0 && figures.sent_bytes > 0, "{figures:?}");
            }
        }
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_ranks() {
    let setup = Setup::new();
    let mut config = config(&setup.tasks, 8);
    let straight = losses(&train(&setup, &config, &setup.folder.path().join("one"), 1, None).0);
    config.parallel.optimizer_state = OptimizerState::Sharded;
    let run = setup.folder.path().join("several");
    // The other ranks stop one step after the cancelled one.
    let (first, _) = train(&setup, &config, &run, 4, Some(2));
    assert_eq!(TrainingCheckpoint::read(&run).unwrap().unwrap().step, 3);
    let (second, _) = train(&setup, &config, &run, 2, Some(5));
    assert_eq!(TrainingCheckpoint::read(&run).unwrap().unwrap().step, 6);
    let (third, _) = train(&setup, &config, &run, 1, None);
    let all: Vec<Event> = [first, second, third].concat();
    assert_same(&straight, &losses(&all), 4);
}

/// Ends its rank's thread at a step, as a crash would.
struct PanicAt(u64);

impl EventSink for PanicAt {
    fn emit(&self, event: Event) {
        let at = matches!(event, Event::TrainStep { step, .. } if step == self.0);
        assert!(!at, "rank 0 crashes");
    }
}

#[test]
fn a_lost_rank_ends_the_job_by_name_and_leaves_the_checkpoint() {
    let setup = Setup::new();
    let mut config = config(&setup.tasks, 8);
    (config.checkpoint_steps, config.eval_steps) = (3, 0);
    let run = setup.folder.path().join("run");
    let errors: Vec<TrainError> = std::thread::scope(|scope| {
        let one = |rank: ThreadRank| {
            let (setup, config, run) = (&setup, &config, &run);
            scope.spawn(move || {
                let ranks = Ranks::join(move || Ok(rank), TIMEOUT).unwrap();
                let material = TrainingMaterial { ranks, ..setup.material() };
                let mut trainer = Trainer::new(config, &material, run, false).unwrap();
                trainer.run(&PanicAt(5), &CancelToken::default()).unwrap_err()
            })
        };
        let running: Vec<_> = thread_ranks(2).into_iter().map(one).collect();
        running.into_iter().filter_map(|r| r.join().ok()).collect()
    });
    let [TrainError::Ranks(error @ ReduceError::Lost { rank: 0, host, .. })] = &errors[..] else {
        panic!("{errors:?}");
    };
    assert_eq!(host, "thread 0");
    assert!(error.to_string().contains("rank 0") && error.hint().contains("--resume"), "{error}");
    assert_eq!(TrainingCheckpoint::read(&run).unwrap().unwrap().step, 3);
}

#[test]
fn ranks_that_were_started_differently_are_refused() {
    let setup = Setup::new();
    let run = setup.folder.path().join("run");
    let errors: Vec<String> = std::thread::scope(|scope| {
        let one = |rank: ThreadRank| {
            let (setup, run) = (&setup, &run);
            scope.spawn(move || {
                let mut config = config(&setup.tasks, 8);
                let ranks = Ranks::join(move || Ok(rank), TIMEOUT).unwrap();
                config.seed = ranks.rank() as u64;
                let material = TrainingMaterial { ranks, ..setup.material() };
                Trainer::new(&config, &material, run, false).err().unwrap().to_string()
            })
        };
        let running: Vec<_> = thread_ranks(2).into_iter().map(one).collect();
        running.into_iter().map(|r| r.join().unwrap()).collect()
    });
    for error in errors {
        assert!(error.starts_with("rank 1 has another configuration than rank 0"), "{error}");
    }
}

#[test]
fn a_rank_that_does_not_answer_is_an_error_after_the_timeout() {
    let mut ranks = thread_ranks(2);
    let silent = ranks.pop();
    let waits = ranks.pop().unwrap();
    let waits = Ranks::join(move || Ok(waits), Duration::from_millis(50)).unwrap();
    let error = waits.gather(&1).unwrap_err();
    assert!(matches!(error, ReduceError::Timeout { .. }), "{error}");
    drop(silent);
}
