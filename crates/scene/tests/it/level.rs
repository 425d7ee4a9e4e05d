use syrinx_scene::{SceneError, active_level_db, mixed};

use crate::{audio, speech};

#[test]
fn pauses_do_not_count() {
    let (full, paused) = (speech(150.0, 0.7), speech(150.0, 5.0));
    let level = |a| active_level_db(a).unwrap();
    assert!((level(&full) - level(&paused)).abs() < 0.2);
    assert!((level(&full) - 20.0 * (0.3f64 / 2f64.sqrt()).log10()).abs() < 0.2);
    assert_eq!(active_level_db(&audio(vec![0.0; 100])), None);
    assert_eq!(active_level_db(&audio(Vec::new())), None);
}

#[test]
fn parts_are_as_far_apart_as_asked_and_add_up() {
    let (voice, tone) = (speech(150.0, 2.0), speech(900.0, 0.65));
    for ratio_db in [-5.0, 0.0, 20.0] {
        let mix = mixed(&voice, &tone, ratio_db).unwrap();
        let level = |a| active_level_db(a).unwrap();
        assert!((level(&mix.wanted) - level(&mix.behind) - ratio_db).abs() < 0.1, "{ratio_db}");
        assert_eq!(mix.mixture.samples.len(), voice.samples.len());
        for ((w, b), m) in
            mix.wanted.samples.iter().zip(&mix.behind.samples).zip(&mix.mixture.samples)
        {
            assert_eq!(w + b, *m);
        }
    }
}

#[test]
fn a_loud_sum_is_turned_down_with_its_parts() {
    let loud = audio(speech(150.0, 1.0).samples.iter().map(|x| 3.2 * x).collect());
    let mix = mixed(&loud, &speech(300.0, 1.0), 0.0).unwrap();
    let peak = |a: &syrinx_types::Audio| a.samples.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    assert!((peak(&mix.mixture) - 0.98).abs() < 1e-3, "{}", peak(&mix.mixture));
    assert!(peak(&mix.wanted) < peak(&loud));
}

#[test]
fn what_cannot_be_mixed_is_refused() {
    let silent = audio(vec![0.0; 1_000]);
    let voice = speech(150.0, 1.0);
    assert_eq!(mixed(&silent, &voice, 0.0), Err(SceneError::Silent("speech")));
    assert_eq!(mixed(&voice, &silent, 0.0), Err(SceneError::Silent("background")));
    let slow = syrinx_types::Audio { sample_rate_hz: 8_000, ..voice.clone() };
    let error = mixed(&voice, &slow, 0.0).unwrap_err();
    assert_eq!(error, SceneError::Rate { found: 8_000, wanted: 16_000 });
}
