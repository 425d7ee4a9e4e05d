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
    /// The recording, relative to the folder of the manifest; an absolute path is taken as it is.
    pub audio: PathBuf,
    /// Speaker. Prompts are drawn from other utterances of the same speaker.
    pub speaker: String,
    /// Spoken text, as written. May be empty where nothing is known.
    pub text: String,
    /// Phones in the notation of [`TimedPhone`]. In JSON one string with spaces between, or a list of strings.
    #[serde(default, with = "phone_string", skip_serializing_if = "Option::is_none")]
    pub phones: Option<Vec<String>>,
    /// Duration of each phone, seconds; as many as `phones`.
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
    /// The engine's voice behind a synthetic speaker, or any coarser grouping than the speaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Other recordings of the utterance (`noisy`, `mixture`, ...) by name, with paths like that of `audio`.
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

    /// Returns the first contradiction; `None` for a sound utterance.
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
        // A path that climbs out breaks as soon as the folder is moved or packed; an absolute one is at least plain.
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

/// Phones are one string in JSON, so that a line can be read by a human; a list is understood as well.
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
