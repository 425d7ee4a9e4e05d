//! Simulated input: utterances with rooms, microphones and noise as in field recordings.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_scene::Augmentation;
use syrinx_task::{Rendition, SimulationMaterial, TaskError};
use syrinx_types::Audio;

use crate::SttError;

/// Rendition of an utterance with another room, microphone or telephone line and another background, and with the same
/// phone times.
pub(crate) const AUGMENTED: Rendition = Rendition { name: "augmented", render: augmented };

/// Renders the augmented utterance; `None` if no change is drawn.
fn augmented(material: &SimulationMaterial<'_>) -> Result<Option<Audio>, TaskError> {
    let changes = Augmentation {
        share: 1.0,
        // A change of speed would move the phones relative to their labels; a change of voice does not.
        speed_share: 0.0,
        voice_share: 0.5,
        snr_db: (material.ranges.snr_db.0.max(0.0), 30.0),
        telephone_share: 0.15,
        ..Augmentation::default()
    };
    let mut rng = ChaCha8Rng::seed_from_u64(material.seed);
    let speech = material.speech;
    let Some(change) = changes.draw(&mut rng) else { return Ok(None) };
    let changed = change.apply(speech.clone(), speech.samples.len(), &mut rng);
    changed.map(Some).map_err(|e| SttError::from(e).into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use syrinx_task::SimulationRanges;

    use super::*;

    #[test]
    fn an_augmented_utterance_is_as_long_and_differs_by_its_seed() {
        let samples = (0..24_000).map(|i| 0.3 * (i as f32 * 0.05).sin()).collect();
        let speech = Audio { samples, sample_rate_hz: 24_000 };
        let ranges = SimulationRanges { snr_db: (-5.0, 20.0), sir_db: (0.0, 0.0), echo_share: 0.0 };
        let render = |seed| {
            let material = SimulationMaterial { speech: &speech, others: &[], ranges, seed };
            augmented(&material).unwrap().unwrap()
        };
        let made: Vec<Audio> = (0..8).map(render).collect();
        for (i, audio) in made.iter().enumerate() {
            assert_eq!(audio.samples.len(), speech.samples.len());
            assert!(audio.samples != speech.samples && audio.samples.iter().all(|s| s.is_finite()));
            assert!(made[..i].iter().all(|other| other.samples != audio.samples), "seed {i}");
        }
        assert!(render(3).samples == made[3].samples, "the same seed gave another recording");
    }
}
