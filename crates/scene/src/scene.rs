//! Scenes, drawn from a seed and rendered deterministically.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{Audio, Fnv1a};

use crate::{Background, Room, SceneError, background, impulse_response, in_room, mixed};

/// Ranges that acoustic scenes are drawn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SceneRanges {
    /// Level of the speech above the background, lowest and highest, dB.
    pub snr_db: (f64, f64),
    /// Level of the target speaker above the other one, lowest and highest, dB.
    pub sir_db: (f64, f64),
    /// Share of the scenes that are in a room with an echo, 0 to 1.
    pub echo_share: f64,
    /// Decay time of the echo (60 dB), shortest and longest, seconds.
    pub decay_s: (f64, f64),
}

impl Default for SceneRanges {
    fn default() -> Self {
        Self { snr_db: (-5.0, 20.0), sir_db: (-5.0, 20.0), echo_share: 0.3, decay_s: (0.15, 0.7) }
    }
}

impl SceneRanges {
    /// Checks that all ranges can be drawn from.
    ///
    /// # Errors
    /// [`SceneError::Range`].
    pub fn check(&self) -> Result<(), SceneError> {
        let ranges = [
            ("snr_db", self.snr_db),
            ("sir_db", self.sir_db),
            ("decay_s", self.decay_s),
            ("echo_share", (self.echo_share, 1.0)),
        ];
        for (name, (low, high)) in ranges {
            let share = name == "echo_share" && low < 0.0;
            if !(low.is_finite() && high.is_finite() && low <= high) || share {
                return Err(SceneError::Range { name, low, high });
            }
        }
        Ok(())
    }
}

/// One scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// Background of the speech.
    pub background: Background,
    /// Level of the speech above the background, dB.
    pub snr_db: f64,
    /// Level of the speech above that of another speaker, dB.
    pub sir_db: f64,
    /// The room, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// Seed of the samples.
    pub seed: u64,
}

/// Recordings of a scene, all as long as the speech.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The speech with its echo, over the background.
    pub noisy: Audio,
    /// The background alone, at its level in `noisy`.
    pub background: Audio,
    /// The speech mixed with another speaker, if there is one.
    pub mixture: Option<Audio>,
}

/// Returns the seed of the scene of an utterance. It depends on the name only, not on the order of utterances.
pub fn seed_of(seed: u64, id: &str) -> u64 {
    Fnv1a::seeded(seed.rotate_left(32)).bytes(id.bytes()).value()
}

impl Scene {
    /// Draws a scene. `voices` states whether there are voices for babble.
    pub fn draw(ranges: &SceneRanges, voices: bool, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (snr, sir, decay) = (ranges.snr_db, ranges.sir_db, ranges.decay_s);
        let echo = rng.random_bool(ranges.echo_share.clamp(0.0, 1.0));
        let room = Room {
            decay_s: rng.random_range(decay.0..=decay.1),
            direct_db: rng.random_range(0.0..10.0),
        };
        Self {
            background: Background::draw(voices, &mut rng),
            snr_db: rng.random_range(snr.0..=snr.1),
            sir_db: rng.random_range(sir.0..=sir.1),
            room: echo.then_some(room),
            seed,
        }
    }
}

/// Renders a scene: `voices` are those of its babble, `other` is the other speaker.
///
/// # Errors
/// [`SceneError`] for recordings that are silent or of several rates, and for babble without voices.
pub fn render(
    scene: &Scene,
    speech: &Audio,
    voices: &[Audio],
    other: Option<&Audio>,
) -> Result<Rendered, SceneError> {
    let mut rng = ChaCha8Rng::seed_from_u64(scene.seed);
    rng.set_stream(1);
    let (samples, rate_hz) = (speech.samples.len(), speech.sample_rate_hz);
    let behind = background(scene.background, samples, rate_hz, voices, &mut rng)?;
    let reverberant = match scene.room {
        Some(room) => in_room(speech, &impulse_response(room, speech.sample_rate_hz, &mut rng)),
        None => speech.clone(),
    };
    let noisy = mixed(&reverberant, &behind, scene.snr_db)?;
    let mixture = other.map(|other| mixed(speech, other, scene.sir_db)).transpose()?;
    Ok(Rendered {
        noisy: noisy.mixture,
        background: noisy.behind,
        mixture: mixture.map(|m| m.mixture),
    })
}
