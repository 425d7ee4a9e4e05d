use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_decode::{DecodeConfig, RepetitionAware, SamplerConfig, draw, log_softmax};

const LOGITS: [f32; 5] = [2.0, 1.0, 0.0, -1.0, -9.0];

/// Shares of each token in 4,000 draws.
fn shares(config: &SamplerConfig, history: &[u32], aware: Option<&RepetitionAware>) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut counts = vec![0.0; LOGITS.len()];
    for _ in 0..4_000 {
        counts[draw(&LOGITS, history, config, aware, &mut rng).token as usize] += 1.0 / 4_000.0;
    }
    counts
}

fn open() -> SamplerConfig {
    SamplerConfig { temperature: 1.0, top_p: 1.0, ..SamplerConfig::default() }
}

fn check(config: SamplerConfig, history: &[u32], wanted: [f64; 5]) {
    for (token, (found, wanted)) in shares(&config, history, None).iter().zip(wanted).enumerate() {
        assert!(
            (found - wanted).abs() < 0.03,
            "{config:?}: token {token} came {found:.3}, wanted {wanted:.3}"
        );
    }
}

#[test]
fn filters_keep_what_they_say() {
    // e^2, e^1, e^0, e^-1 over their sum 11.475.
    check(open(), &[], [0.644, 0.237, 0.087, 0.032, 0.0]);
    check(SamplerConfig { temperature: 0.0, ..open() }, &[], [1.0, 0.0, 0.0, 0.0, 0.0]);
    check(SamplerConfig { temperature: 0.5, ..open() }, &[], [0.865, 0.117, 0.016, 0.002, 0.0]);
    check(SamplerConfig { top_k: 2, ..open() }, &[], [0.731, 0.269, 0.0, 0.0, 0.0]);
    check(SamplerConfig { top_p: 0.5, ..open() }, &[], [1.0, 0.0, 0.0, 0.0, 0.0]);
    check(SamplerConfig { top_p: 0.7, ..open() }, &[], [0.731, 0.269, 0.0, 0.0, 0.0]);
    check(SamplerConfig { min_p: 0.1, ..open() }, &[], [0.665, 0.245, 0.090, 0.0, 0.0]);
}

#[test]
fn repetition_penalty_lowers_both_signs_within_its_window() {
    // Token 0: 2 / 2 = 1; token 3: -1 * 2 = -2.
    check(
        SamplerConfig { repetition_penalty: 2.0, ..open() },
        &[0, 3, 0],
        [0.414, 0.414, 0.152, 0.021, 0.0],
    );
    let short = SamplerConfig { repetition_penalty: 2.0, repetition_window: 1, ..open() };
    check(short, &[0, 3], [0.658, 0.242, 0.089, 0.012, 0.0]);
}

#[test]
fn repetition_aware_sampling_fires_on_the_first_repeat() {
    let narrow = SamplerConfig { top_p: 0.1, ..open() };
    let aware = RepetitionAware { enabled: true, ..RepetitionAware::default() };
    // Nucleus 0.1 always gives token 0; without a repeat it stays.
    let always = |share: f64| (share - 1.0).abs() < 1e-9;
    assert!(always(shares(&narrow, &[1, 2, 3], Some(&aware))[0]));
    // One earlier 0 among the last ten: a plain draw from the whole distribution replaces it.
    let fired = shares(&narrow, &[0, 1, 2], Some(&aware));
    assert!((fired[0] - 0.644).abs() < 0.03 && (fired[1] - 0.237).abs() < 0.03, "{fired:?}");
    // Eleven codes ago is out of the window.
    let long_ago: Vec<u32> = std::iter::once(0).chain([1; 10]).collect();
    assert!(always(shares(&narrow, &long_ago, Some(&aware))[0]));
    // The weaker rule of some ports needs two repeats.
    let weaker = RepetitionAware { threshold: 0.2, ..aware };
    assert!(always(shares(&narrow, &[0, 1, 2], Some(&weaker))[0]));
    let off = RepetitionAware::default();
    assert!(always(shares(&narrow, &[0, 0, 0], Some(&off))[0]));
}

#[test]
fn same_seed_same_draws_and_true_probabilities() {
    let run = |seed| -> Vec<u32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..50).map(|_| draw(&LOGITS, &[], &open(), None, &mut rng).token).collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let total: f64 = log_softmax(&LOGITS).iter().map(|&l| f64::from(l).exp()).sum();
    assert!((total - 1.0).abs() < 1e-6);
    let greedy =
        draw(&LOGITS, &[], &SamplerConfig::greedy(), None, &mut ChaCha8Rng::seed_from_u64(1));
    assert!((greedy.log_prob - f64::from(log_softmax(&LOGITS)[0])).abs() < 1e-9);
}

#[test]
fn hopeless_logits_do_not_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for logits in [
        vec![f32::NAN; 4],
        vec![f32::NEG_INFINITY; 4],
        vec![f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY],
    ] {
        assert!((draw(&logits, &[], &open(), None, &mut rng).token as usize) < logits.len());
    }
}

#[test]
fn settings_that_cannot_be_are_named() {
    let check = |edit: fn(&mut DecodeConfig), part: &str| {
        let mut config = DecodeConfig::default();
        edit(&mut config);
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    DecodeConfig::default().check().unwrap();
    check(|c| c.codes.top_p = 0.0, "codes.top_p");
    check(|c| c.advances.temperature = -1.0, "advances.temperature");
    check(|c| c.text.repetition_penalty = 0.0, "repetition_penalty");
    check(|c| c.nar.passes = vec![3, 4], "nar.passes");
    check(|c| c.nar.passes = vec![2, 2], "nar.passes");
    check(|c| c.guidance = f64::NAN, "guidance");
    check(|c| c.best_of = 0, "best_of");
}

/// Draws as [`draw`] does, with the whole vocabulary in order.
fn ordered(logits: &[f32], config: &SamplerConfig, rng: &mut ChaCha8Rng) -> u32 {
    let scaled: Vec<f32> = logits.iter().map(|l| l / config.temperature as f32).collect();
    let mut kept: Vec<(usize, f64)> =
        log_softmax(&scaled).iter().map(|&l| f64::from(l).exp()).enumerate().collect();
    kept.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    if config.top_k > 0 {
        kept.truncate(config.top_k);
    }
    let total: f64 = kept.iter().map(|k| k.1).sum();
    let mut sum = 0.0;
    let enough = kept.iter().position(|k| {
        sum += k.1;
        sum >= config.top_p * total
    });
    kept.truncate(enough.map_or(kept.len(), |i| i + 1));
    let mut at = rng.random_range(0.0..kept.iter().map(|k| k.1).sum());
    for (token, weight) in &kept {
        if at < *weight {
            return *token as u32;
        }
        at -= weight;
    }
    kept.last().map_or(0, |k| k.0 as u32)
}

#[test]
fn draws_are_those_from_the_ordered_vocabulary() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for case in 0..300u64 {
        // From one sure token to an even spread over all, with ties.
        let spread = [0.0f32, 0.01, 1.0, 4.0, 30.0][case as usize % 5];
        let logits: Vec<f32> = (0..1_025)
            .map(|_| spread * (random.random_range(-1.0f32..1.0) * 50.0).round())
            .collect();
        let config = SamplerConfig {
            temperature: [0.3, 1.0][case as usize % 2],
            top_p: [0.05, 0.8, 0.9, 0.999][case as usize % 4],
            top_k: [0, 0, 7, 400][case as usize % 4],
            ..SamplerConfig::default()
        };
        let seeded = || ChaCha8Rng::seed_from_u64(case);
        let drawn = draw(&logits, &[], &config, None, &mut seeded());
        assert_eq!(drawn.token, ordered(&logits, &config, &mut seeded()), "{config:?}");
        let log_prob = f64::from(log_softmax(&logits)[drawn.token as usize]);
        assert_eq!(drawn.log_prob, log_prob);
    }
}
