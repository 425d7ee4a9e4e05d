//! One line of a manifest.

use std::collections::BTreeMap;
use std::path::{Component, PathBuf};

use serde::{Deserialize, Serialize};
use syrinx_types::TimedPhone;

use crate::UtteranceIssue;
use crate::fault::{RequiredField, TimeField};

/// A recording with its annotations.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Utterance {
    /// Name, unique in its manifest.
    pub id: String,
    /// Path of the recording: absolute, or relative to the folder of the manifest.
    pub audio: PathBuf,
    /// Speaker. Prompts are drawn from other utterances of the same speaker.
    pub speaker: String,
    /// Spoken text, as written; empty if unknown.
    pub text: String,
    /// Phones in the notation of [`TimedPhone`]. In JSON a string of phones separated by spaces, or a list of strings.
    #[serde(default, with = "phone_string", skip_serializing_if = "Option::is_none")]
    pub phones: Option<Vec<String>>,
    /// Duration of each phone, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durations_s: Option<Vec<f64>>,
    /// Silence before the first phone, seconds.
    #[serde(default)]
    pub lead_s: f64,
    /// Length of the recording, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// `train`, `dev`, `test`, or any other name of a subset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Voice of the engine that synthesized the recording, or any other grouping coarser than the speaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Other recordings of the utterance, by name (such as `noisy` or `mixture`). Paths are interpreted like `audio`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renditions: BTreeMap<String, PathBuf>,
}

impl Utterance {
    /// Returns the phones with their durations; empty unless both are known.
    pub fn timed_phones(&self) -> Vec<TimedPhone> {
        let (Some(phones), Some(durations)) = (&self.phones, &self.durations_s) else {
            return Vec::new();
        };
        let pairs = phones.iter().zip(durations);
        pairs.map(|(p, &d)| TimedPhone { phone: p.clone(), duration_s: d }).collect()
    }

    /// Returns the first fault; `None` for a valid utterance.
    pub(crate) fn issue(&self) -> Option<UtteranceIssue> {
        let time = |&seconds: &f64, field| {
            (!is_time(seconds)).then_some(UtteranceIssue::Time { field, seconds })
        };
        self.name_issue()
            .or_else(|| time(&self.lead_s, TimeField::Lead))
            .or_else(|| self.seconds.as_ref().and_then(|s| time(s, TimeField::Seconds)))
            .or_else(|| self.phone_issue())
    }

    fn name_issue(&self) -> Option<UtteranceIssue> {
        let empty = |field| Some(UtteranceIssue::Empty { field });
        if self.id.trim().is_empty() {
            return empty(RequiredField::Id);
        }
        if self.speaker.trim().is_empty() {
            return empty(RequiredField::Speaker);
        }
        if self.audio.as_os_str().is_empty() {
            return empty(RequiredField::Audio);
        }
        if self.audio.to_str().is_none() {
            return Some(UtteranceIssue::AudioNotUtf8);
        }
        let climbs = self.audio.components().any(|part| part == Component::ParentDir);
        // A relative path that leaves the folder becomes wrong when the folder is moved; an absolute path does not.
        (climbs && self.audio.is_relative())
            .then(|| UtteranceIssue::LeavesFolder { audio: self.audio.clone() })
    }

    fn phone_issue(&self) -> Option<UtteranceIssue> {
        let durations = self.durations_s.as_ref()?;
        let Some(phones) = &self.phones else {
            return Some(UtteranceIssue::NoPhones);
        };
        if phones.len() != durations.len() {
            let (phones, durations) = (phones.len(), durations.len());
            return Some(UtteranceIssue::DurationCount { phones, durations });
        }
        let i = durations.iter().position(|&d| !is_time(d))?;
        let phone = phones[i].clone();
        Some(UtteranceIssue::Duration { number: i + 1, phone, seconds: durations[i] })
    }
}

/// Whether a number can be a duration.
fn is_time(seconds: f64) -> bool {
    seconds.is_finite() && seconds >= 0.0
}

/// Conversion of phones from and to one JSON string, which is readable in a manifest. A list is accepted, too.
mod phone_string {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "phones must be a string with spaces between, or a list of strings"
    )]
    enum Written {
        Line(String),
        List(Vec<String>),
    }

    #[allow(clippy::ref_option, reason = "serde gives this signature")]
    pub(super) fn serialize<S: Serializer>(
        phones: &Option<Vec<String>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match phones {
            Some(phones) => serializer.serialize_str(&phones.join(" ")),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<String>>, D::Error> {
        let written = Option::<Written>::deserialize(deserializer)?;
        Ok(written.map(|written| match written {
            Written::Line(line) => line.split_whitespace().map(str::to_owned).collect(),
            Written::List(list) => list,
        }))
    }
}
