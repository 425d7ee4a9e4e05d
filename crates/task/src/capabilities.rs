//! Capabilities of tasks as data.

use crate::Stem;

/// Inputs of a task's requests, and uses of its answers. Programs read this in place of schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Fields that every request has.
    pub required: &'static [&'static str],
    /// Fields that take a recording, the main one first.
    pub recordings: &'static [&'static str],
    /// Field with a text to speak.
    pub text: Option<&'static str>,
    /// Field that names a built-in voice.
    pub voice: Option<&'static str>,
    /// Field that lists voices: names of built-in ones, or recordings.
    pub voices: Option<&'static str>,
    /// Field with a recording of the voice to speak in.
    pub prompt: Option<&'static str>,
    /// Whether long requests are answered in chunks ([`crate::Task::chunks`]), so that the first part of the answer is
    /// there before the last.
    pub streaming: bool,
    /// For transcribing tasks: field of a known text to align instead.
    pub known_text: Option<&'static str>,
    /// Field of a text that is converted to phones, but not spoken.
    pub phonemized_text: Option<&'static str>,
    /// Answer fields that can be printed alone, the default first; empty for an answer with one text.
    pub forms: &'static [&'static str],
    /// Stem of the recording that the answer is an estimate of.
    pub stem: Option<Stem>,
}

impl Capabilities {
    /// Capabilities of a task whose requests are plain fields.
    pub const NONE: Self = Self {
        required: &[],
        recordings: &[],
        text: None,
        voice: None,
        voices: None,
        prompt: None,
        streaming: false,
        known_text: None,
        phonemized_text: None,
        forms: &[],
        stem: None,
    };

    /// Whether a field takes a recording.
    pub fn takes_recording(&self, field: &str) -> bool {
        self.recordings.contains(&field)
    }
}
