//! Simulated input: recordings that a task learns from, made of clean ones.

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

/// Recordings that a view of an utterance is rendered from.
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

/// Renders a view, as long as the utterance; `None` where the material does not suffice.
pub type RenderView = fn(&SimulationMaterial<'_>) -> Result<Option<Audio>, TaskError>;

/// A view of utterances: the same utterance otherwise, frame by frame.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Name in corpora and manifests.
    pub name: &'static str,
    /// Renders the view.
    pub render: RenderView,
}

/// Views that a task learns from.
#[derive(Debug, Clone, Copy)]
pub struct Simulation {
    /// Input of the task.
    pub input: View,
    /// Target of the task; the utterance itself if none is named.
    pub target: Option<View>,
    /// Whether the input comes with another recording of the utterance's speaker.
    pub enrolment: bool,
}

impl Simulation {
    /// Views of the simulation, the input first.
    pub fn views(&self) -> impl Iterator<Item = View> + use<> {
        std::iter::once(self.input).chain(self.target)
    }
}
