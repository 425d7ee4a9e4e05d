//! Rows with players.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use syrinx_audio::{WavFormat, write_wav_to};
use syrinx_types::Audio;

use crate::Row;
use crate::catalogue::{figure_kind, rank, title};
use crate::html::spectrogram::{TOP_HZ, spectrogram};
use crate::html::words::{Word, differences};

/// Longest excerpt of a recording on the page, seconds.
const MOST_S: f64 = 20.0;

/// Folders of the recordings, and their reader.
pub(crate) struct Media<'a> {
    pub(crate) suite: &'a Path,
    pub(crate) run: &'a Path,
    pub(crate) read: &'a dyn Fn(&Path) -> Option<Audio>,
}

/// A row with its differences, players and measures.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) reference: String,
    pub(crate) error: Option<String>,
    pub(crate) transcripts: Vec<Transcript>,
    pub(crate) players: Vec<Player>,
    pub(crate) measures: Vec<MeasureLine>,
}

/// Result or transcript with its differences from the reference.
pub(crate) struct Transcript {
    pub(crate) label: String,
    pub(crate) words: Vec<Word>,
}

/// Audio player. `wav` is empty for a recording that cannot be read.
pub(crate) struct Player {
    pub(crate) label: &'static str,
    pub(crate) name: String,
    pub(crate) wav: String,
    pub(crate) spectrogram: Option<String>,
    pub(crate) seconds: String,
    pub(crate) top_khz: String,
}

/// Measure of the row.
pub(crate) struct MeasureLine {
    pub(crate) title: String,
    pub(crate) value: String,
}

impl Card {
    /// Collects the content of a row's card.
    pub(crate) fn of(row: &Row, media: &Media<'_>) -> Self {
        let mut transcripts = Vec::new();
        if !row.hypothesis.is_empty() {
            let words = differences(&row.reference, &row.hypothesis);
            transcripts.push(Transcript { label: "result".into(), words });
        }
        for (judge, verdict) in &row.verdicts {
            if let Some(transcript) = &verdict.transcript {
                let words = differences(&row.reference, transcript);
                transcripts.push(Transcript { label: format!("transcript by {judge}"), words });
            }
        }
        let recordings = [
            ("output", &row.audio, true),
            ("reference", &row.reference_audio, true),
            ("voice", &row.prompt, false),
        ];
        let player = |(label, name, picture): (&'static str, &Option<String>, bool)| {
            name.as_ref().map(|name| media.player(label, name, picture))
        };
        Self {
            id: row.id.clone(),
            group: row.group.clone(),
            reference: row.reference.clone(),
            error: row.error.clone(),
            transcripts,
            players: recordings.into_iter().filter_map(player).collect(),
            measures: measures(row),
        }
    }
}

fn measures(row: &Row) -> Vec<MeasureLine> {
    let mut all: Vec<(String, f64)> = row
        .all_measures()
        .into_iter()
        .filter_map(|(name, measure)| Some((name, measure.alone()?)))
        .collect();
    all.sort_by_key(|(name, _)| rank(name));
    let line = |(name, value): (String, f64)| MeasureLine {
        title: title(&name),
        value: figure_kind(&name).unit.show(value),
    };
    all.into_iter().map(line).collect()
}

impl Media<'_> {
    /// Finds a recording that a report names: in the run's folder, in the suite's folder, or by its own path.
    fn find(&self, name: &str) -> Option<PathBuf> {
        [self.run.join(name), self.suite.join(name)].into_iter().find(|p| p.is_file())
    }

    /// Builds a player whose audio and picture are embedded in the page.
    fn player(&self, label: &'static str, name: &str, picture: bool) -> Player {
        let audio = self.find(name).and_then(|path| (self.read)(&path));
        let unreadable = Audio { samples: Vec::new(), sample_rate_hz: 0 };
        let audio = audio.map_or(unreadable, |a| a.slice(0.0, MOST_S));
        let png = picture.then(|| spectrogram(&audio)).flatten();
        Player {
            label,
            name: name.to_owned(),
            wav: data(&audio).unwrap_or_default(),
            spectrogram: png.map(|png| STANDARD.encode(png)),
            seconds: format!("{:.2} s", audio.seconds()),
            top_khz: format!("{:.0}", TOP_HZ.min(0.5 * f64::from(audio.sample_rate_hz)) / 1000.0),
        }
    }
}

fn data(audio: &Audio) -> Option<String> {
    if audio.samples.is_empty() {
        return None;
    }
    let mut wav = Vec::new();
    write_wav_to(&mut wav, "page", audio, WavFormat::Int16).ok()?;
    Some(STANDARD.encode(wav))
}
