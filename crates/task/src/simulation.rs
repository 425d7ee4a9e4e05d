//! Simulated input: recordings for training that are rendered from clean ones.

use syrinx_types::Audio;

use crate::TaskError;

/// Ranges that simulations draw from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulationRanges {
    /// Level of the speech above the background, lowest and highest, dB.
    pub snr_db: (f64, f64),
    /// Level of the target speaker above the other, lowest and highest, dB.
    pub sir_db: (f64, f64),
    /// Share of the utterances in a room with an echo, 0 to 1.
    pub echo_share: f64,
}

/// Recordings that a rendition of an utterance is rendered from.
#[derive(Debug, Clone, Copy)]
pub struct SimulationMaterial<'a> {
    /// The utterance, clean.
    pub speech: &'a Audio,
    /// Utterances of other speakers; none in a corpus of one speaker.
    pub others: &'a [Audio],
    /// Ranges to draw from.
    pub ranges: SimulationRanges,
    /// Seed of everything random, which follows from the utterance's name.
    pub seed: u64,
}

/// Renders a rendition, as long as the utterance; `None` where the material does not suffice.
pub type RenderRendition = fn(&SimulationMaterial<'_>) -> Result<Option<Audio>, TaskError>;

/// A rendition of utterances: recordings with the same frames, such as the utterances in noise.
#[derive(Debug, Clone, Copy)]
pub struct Rendition {
    /// Name in corpora and manifests.
    pub name: &'static str,
    /// Renders the rendition.
    pub render: RenderRendition,
}

/// Renditions that a task learns from.
#[derive(Debug, Clone, Copy)]
pub struct Simulation {
    /// Input of the task.
    pub input: Rendition,
    /// Target of the task; the utterance itself if none is named.
    pub target: Option<Rendition>,
    /// Whether the input comes with another recording of the utterance's speaker.
    pub enrolment: bool,
}

impl Simulation {
    /// Returns the renditions of the simulation, the input first.
    pub fn renditions(&self) -> impl Iterator<Item = Rendition> + use<> {
        std::iter::once(self.input).chain(self.target)
    }
}
