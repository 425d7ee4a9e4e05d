use syrinx_train::{MixEntry, Schedule, TrainConfig};

#[test]
fn warm_up_then_cosine() {
    let config = TrainConfig {
        learning_rate: 1.0,
        warmup_steps: 10,
        steps: 110,
        final_rate: 0.1,
        ..TrainConfig::default()
    };
    let schedule = Schedule::new(&config);
    for (step, wanted) in [(1, 0.1), (10, 1.0), (60, 0.55), (110, 0.1), (500, 0.1)] {
        assert!(
            (schedule.rate(step) - wanted).abs() < 1e-9,
            "step {step}: {}",
            schedule.rate(step)
        );
    }
}

#[test]
fn settings_that_cannot_be_are_named() {
    let good = || TrainConfig {
        mix: vec![MixEntry { task: "a".into(), stage: "b".into(), weight: 1.0 }],
        ..TrainConfig::default()
    };
    good().check().unwrap();
    let check = |edit: fn(&mut TrainConfig), part: &str| {
        let mut config = good();
        edit(&mut config);
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check(|c| c.mix.clear(), "mix");
    check(|c| c.mix[0].weight = -1.0, "a/b");
    check(|c| c.learning_rate = 0.0, "learning_rate");
    check(|c| c.text_dropout = 1.5, "text_dropout");
    check(|c| c.model.trunk.heads = 3, "heads");
    check(|c| c.steps = 0, "steps");
}
