//! One line of a manifest.

use std::collections::BTreeMap;
use std::path::{Component, PathBuf};

use serde::{Deserialize, Serialize};
use syrinx_types::TimedPhone;

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
    /// Other recordings that belong to it (`noisy`, `mixture`, ...), by name; paths as that of `audio`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub views: BTreeMap<String, PathBuf>,
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

    /// Contradiction, in words for a human; `None` for a sound utterance.
    pub(crate) fn problem(&self) -> Option<String> {
        let seconds = |s: &f64, what: &str| time_problem(*s).map(|p| format!("{what} is {s}, {p}"));
        self.name_problem()
            .or_else(|| seconds(&self.lead_s, "`lead_s`"))
            .or_else(|| self.seconds.as_ref().and_then(|s| seconds(s, "`seconds`")))
            .or_else(|| self.phone_problem())
    }

    fn name_problem(&self) -> Option<String> {
        if self.id.trim().is_empty() {
            return Some("`id` is empty; give every utterance a name of its own".to_owned());
        }
        if self.speaker.trim().is_empty() {
            return Some("`speaker` is empty; give a name, even if there is one only".to_owned());
        }
        if self.audio.as_os_str().is_empty() {
            return Some("`audio` is empty; give the path of the recording".to_owned());
        }
        if self.audio.to_str().is_none() {
            return Some("`audio` is not UTF-8; rename the file".to_owned());
        }
        let climbs = self.audio.components().any(|part| part == Component::ParentDir);
        // A path that climbs out breaks as soon as the folder is moved or packed; an absolute one is at least plain.
        (climbs && self.audio.is_relative()).then(|| {
            format!(
                "`audio` is `{}`, which leaves the manifest's folder; use a path inside it or an absolute one",
                self.audio.display()
            )
        })
    }

    fn phone_problem(&self) -> Option<String> {
        let durations = self.durations_s.as_ref()?;
        let Some(phones) = &self.phones else {
            return Some("`durations_s` without `phones`; give both or neither".to_owned());
        };
        if phones.len() != durations.len() {
            return Some(format!(
                "{} phones but {} durations in `durations_s`; give one a phone",
                phones.len(),
                durations.len()
            ));
        }
        durations.iter().enumerate().find_map(|(i, &d)| {
            let problem = time_problem(d)?;
            Some(format!("duration {} (phone `{}`) is {d}, {problem}", i + 1, phones[i]))
        })
    }
}

/// Fault of a number that can't be a duration.
fn time_problem(seconds: f64) -> Option<&'static str> {
    if !seconds.is_finite() {
        Some("not a number of seconds")
    } else if seconds < 0.0 {
        Some("but a time cannot be negative")
    } else {
        None
    }
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
