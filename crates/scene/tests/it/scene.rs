use std::collections::BTreeSet;

use syrinx_scene::{Background, Scene, SceneError, SceneRanges, active_level_db, render, seed_of};

use crate::speech;

#[test]
fn scenes_stay_in_their_ranges_and_follow_their_seed() {
    let ranges = SceneRanges { echo_share: 0.5, ..SceneRanges::default() };
    let mut kinds = BTreeSet::new();
    let mut rooms = 0;
    for i in 0..200 {
        let seed = seed_of(7, &format!("u{i}"));
        let scene = Scene::draw(&ranges, true, seed);
        assert_eq!(scene, Scene::draw(&ranges, true, seed));
        assert!((-5.0..=20.0).contains(&scene.snr_db) && (-5.0..=20.0).contains(&scene.sir_db));
        kinds.insert(format!("{:?}", scene.background).split('(').next().unwrap().to_owned());
        rooms += usize::from(scene.room.is_some());
        let alone = Scene::draw(&ranges, false, seed);
        assert_ne!(alone.background, Background::Babble);
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    assert!((60..140).contains(&rooms), "{rooms}");
    assert_ne!(seed_of(7, "a"), seed_of(8, "a"));
    assert_ne!(seed_of(7, "a"), seed_of(7, "b"));
}

#[test]
fn a_scene_is_rendered_alike_every_time_and_at_its_level() {
    let (voice, other) = (speech(140.0, 2.0), speech(230.0, 1.5));
    for i in 0..12 {
        let scene = Scene::draw(&SceneRanges::default(), true, i);
        let render = || render(&scene, &voice, std::slice::from_ref(&other), Some(&other)).unwrap();
        let made = render();
        assert_eq!(made, render());
        let mixture = made.mixture.unwrap();
        for part in [&made.noisy, &made.background, &mixture] {
            assert_eq!(part.samples.len(), voice.samples.len());
        }
        if scene.room.is_none() {
            let level = |samples| {
                active_level_db(&syrinx_types::Audio { samples, ..voice.clone() }).unwrap()
            };
            let both = made.noisy.samples.iter().zip(&made.background.samples);
            let speech_db = level(both.map(|(n, b)| n - b).collect());
            let snr_db = speech_db - level(made.background.samples.clone());
            assert!((snr_db - scene.snr_db).abs() < 0.3, "{snr_db} for {}", scene.snr_db);
        }
    }
}

#[test]
fn ranges_that_cannot_be_drawn_from_are_refused() {
    let check = |ranges: SceneRanges| ranges.check().unwrap_err();
    let error = check(SceneRanges { snr_db: (5.0, -5.0), ..SceneRanges::default() });
    assert_eq!(error, SceneError::Range { name: "snr_db", low: 5.0, high: -5.0 });
    check(SceneRanges { sir_db: (f64::NAN, 1.0), ..SceneRanges::default() });
    check(SceneRanges { echo_share: 1.5, ..SceneRanges::default() });
    check(SceneRanges { echo_share: -0.5, ..SceneRanges::default() });
    SceneRanges::default().check().unwrap();
}
