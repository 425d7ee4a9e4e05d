use std::sync::Mutex;

use syrinx_model::LmFile;
use syrinx_nn::{Kernels, Precision, to_vec_f32};
use syrinx_train::{InTrainingEvaluator, InTrainingFault, TrainConfig, Trainer};
use syrinx_types::{CallbackError, CancelToken, Event, NullSink, RecordingSink};

use crate::run::{Setup, config};

/// The events of a run from beginning to end.
fn events(setup: &Setup, config: &TrainConfig, name: &str) -> Vec<Event> {
    let (sink, material) = (RecordingSink::default(), setup.material());
    let run = setup.folder.path().join(name);
    let mut trainer = Trainer::new(config, &material, &run, false).unwrap();
    trainer.run(&sink, &CancelToken::default()).unwrap();
    sink.events()
}

/// Step, loss and norm of every step that was told.
fn steps(events: &[Event]) -> Vec<(u64, f64, f64)> {
    let step = |event: &Event| match event {
        Event::TrainStep { step, loss, gradient_norm, .. } => Some((*step, *loss, *gradient_norm)),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}

#[test]
fn figures_that_are_read_seldom_are_the_same_figures() {
    let setup = Setup::new();
    let mut config = config(&setup.tasks, 7);
    let often = steps(&events(&setup, &config, "often"));
    config.log_steps = 3;
    let all = events(&setup, &config, "seldom");
    assert_eq!(steps(&all), often);
    // All saved and measured figures have been read before.
    let place = |wanted: fn(&Event) -> bool| all.iter().position(wanted).unwrap();
    let third = place(|e| matches!(e, Event::TrainStep { step: 3, .. }));
    assert!(third < place(|e| matches!(e, Event::CheckpointSaved { step: 3, .. })));
    let fourth = place(|e| matches!(e, Event::TrainStep { step: 4, .. }));
    assert!(fourth < place(|e| matches!(e, Event::TrainEval { step: 4, .. })));
}

#[test]
fn half_precision_learns_what_single_precision_learns() {
    let setup = Setup::new();
    let mut config = config(&setup.tasks, 12);
    (config.kernels, config.learning_rate) = (Kernels::Primitive, 3e-3);
    let single = steps(&events(&setup, &config, "single"));
    config.precision = Precision::Bf16;
    let half = steps(&events(&setup, &config, "half"));
    for ((step, single, _), (_, half, norm)) in single.iter().zip(&half) {
        // Eight bits of mantissa: a few per mille of a loss.
        assert!((single - half).abs() < 0.02 * single, "step {step}: {single} and {half}");
        assert!(*norm > 0.0, "step {step}");
    }
    assert!(single != half, "it was computed in single precision");
}

#[test]
fn primitive_kernels_train_like_fused_ones_and_resume_bit_for_bit() {
    let setup = Setup::new();
    let mut config = config(&setup.tasks, 8);
    let fused = steps(&events(&setup, &config, "fused"));
    config.kernels = Kernels::Primitive;
    let primitive = steps(&events(&setup, &config, "primitive"));
    for ((step, a, _), (_, b, _)) in fused.iter().zip(&primitive) {
        assert!((a - b).abs() < 1e-3 * a, "step {step}: fused {a}, primitive {b}");
    }
    let (material, run) = (setup.material(), setup.folder.path().join("resumed"));
    let mut last = Vec::new();
    for until in [5, 8] {
        let part = TrainConfig { steps: until, ..config.clone() };
        // The schedule depends on the number of steps, so the rate is held for both parts.
        let part = TrainConfig { final_rate: 1.0, ..part };
        let mut trainer = Trainer::new(&part, &material, &run, true).unwrap();
        trainer.run(&NullSink, &CancelToken::default()).unwrap();
        last = trainer.weights().values().flat_map(|t| to_vec_f32(t).unwrap()).collect();
    }
    let whole = TrainConfig { final_rate: 1.0, ..config };
    let straight = setup.folder.path().join("straight");
    let mut trainer = Trainer::new(&whole, &material, &straight, false).unwrap();
    trainer.run(&NullSink, &CancelToken::default()).unwrap();
    let weights: Vec<f32> =
        trainer.weights().values().flat_map(|t| to_vec_f32(t).unwrap()).collect();
    assert!(weights == last, "weights differ after resuming");
}

/// Records its calls; the second one fails.
#[derive(Default)]
struct Notebook(Mutex<Vec<usize>>);

impl InTrainingEvaluator for Notebook {
    fn evaluate(
        &self,
        model: &LmFile,
        _: &CancelToken,
    ) -> Result<Vec<(String, f64)>, InTrainingFault> {
        let mut notes = self.0.lock().unwrap();
        notes.push(model.tensors.len());
        match notes.len() {
            2 => Err(CallbackError::new("no recognizer").into()),
            _ => Ok(vec![("own wer".into(), 0.5)]),
        }
    }
}

#[test]
fn an_evaluator_sees_the_averaged_weights_and_may_fail() {
    let setup = Setup::new();
    let mut config = config(&setup.tasks, 6);
    config.in_training_eval_steps = 2;
    let (sink, material, notebook) =
        (RecordingSink::default(), setup.material(), Notebook::default());
    let run = setup.folder.path().join("evaluated");
    let mut trainer =
        Trainer::new(&config, &material, &run, false).unwrap().evaluated_by(&notebook);
    let parameters = trainer.weights().len();
    let outcome = trainer.run(&sink, &CancelToken::default()).unwrap();
    assert_eq!(outcome.step, 6);
    assert_eq!(*notebook.0.lock().unwrap(), [parameters; 3]);
    let events = sink.events();
    let evaluations = |e: &&Event| matches!(e, Event::TrainEval { figures, .. } if figures == &[("own wer".to_owned(), 0.5)]);
    assert_eq!(events.iter().filter(evaluations).count(), 2);
    let warned =
        |e: &Event| matches!(e, Event::Warning { message } if message.contains("no recognizer"));
    assert!(events.iter().any(warned));
}
