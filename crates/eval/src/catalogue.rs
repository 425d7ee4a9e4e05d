//! Catalogue of figures: names, meanings, units and directions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Direction of improvement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
    /// A descriptive figure without a better direction.
    Neither,
}

/// Unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share, shown in per cent.
    Share,
    /// A plain number.
    Number,
    /// Decibels.
    Decibels,
    /// Seconds, shown in milliseconds.
    Seconds,
    /// Hertz.
    Hertz,
    /// Semitones.
    Semitones,
}

impl Unit {
    /// Returns a value with its unit, for a human.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Share => format!("{:.1} %", 100.0 * value),
            Self::Number => format!("{value:.3}"),
            Self::Decibels => format!("{value:.2} dB"),
            Self::Seconds => format!("{:.0} ms", 1000.0 * value),
            Self::Hertz => format!("{value:.0} Hz"),
            Self::Semitones => format!("{value:.2} st"),
        }
    }
}

/// Aggregation of row values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    Mean,
    Median,
}

/// Description of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FigureKind {
    /// Name in files, without a judge.
    pub name: &'static str,
    /// Name for humans.
    pub title: &'static str,
    /// Meaning, in one sentence.
    pub meaning: &'static str,
    /// Unit.
    pub unit: Unit,
    /// Direction of improvement.
    pub better: Better,
    /// Whether a significant deterioration is a regression. Times are not gated, since they depend on the machine.
    pub gate: bool,
    pub(crate) pool: Pooling,
}

const fn kind(
    name: &'static str,
    title: &'static str,
    unit: Unit,
    better: Better,
    meaning: &'static str,
) -> FigureKind {
    let gate = !matches!(better, Better::Neither);
    FigureKind { name, title, meaning, unit, better, gate, pool: Pooling::Mean }
}

const fn median(kind: FigureKind) -> FigureKind {
    FigureKind { pool: Pooling::Median, ..kind }
}

const fn timing(kind: FigureKind) -> FigureKind {
    FigureKind { gate: false, ..kind }
}

use Better::{Higher, Lower, Neither};
use Unit::{Decibels, Hertz, Number, Seconds, Semitones, Share};

/// Every known figure, in the order of tables.
#[rustfmt::skip]
pub(crate) const FIGURES: &[FigureKind] = &[
    kind("wer", "word error rate", Share, Lower,
        "Substituted, deleted and inserted words over the words of the reference; all rows together."),
    kind("cer", "character error rate", Share, Lower,
        "Substituted, deleted and inserted characters over the characters of the reference, spaces included."),
    kind("fail", "failures", Share, Lower,
        "Rows with more than half of their words wrong, or no words at all."),
    kind("skips", "words skipped", Share, Lower,
        "Deleted words over the words of the reference."),
    kind("repeats", "words repeated", Share, Lower,
        "Inserted words that repeat one of the three words before, over the words of the reference."),
    kind("invented", "words invented", Number, Lower,
        "Words of the answer for a recording in which nobody speaks; mean over the recordings."),
    kind("wer_whisper_rules", "WER, normalized", Share, Lower,
        "Word error rate after the English rules of Whisper's published normalizer (openai-whisper 20250625): contractions and titles written out, numbers in digits, American spellings."),
    kind("per", "phone error rate", Share, Lower,
        "Wrong phones over the phones of the nearest listed pronunciation, stress included."),
    kind("per_no_stress", "phone error rate, without stress", Share, Lower,
        "The same without stress marks on either side."),
    kind("word_error", "words with a wrong pronunciation", Share, Lower,
        "Words whose phones are none of the listed pronunciations, stress included."),
    kind("word_error_no_stress", "words with a wrong pronunciation, without stress", Share, Lower,
        "The same without stress marks on either side."),
    median(kind("word_time_error_s", "word time error, median", Seconds, Lower,
        "Distance of a word's start or end from the reference, over correctly recognized words.")),
    kind("similarity", "speaker similarity", Number, Higher,
        "Cosine similarity of long-term spectral and pitch statistics of output and prompt, without a trained encoder: comparable only with other values of this figure. A missing output counts as 0."),
    kind("own_voice", "nearer to the own voice", Share, Higher,
        "Rows more similar to their own prompt than to another speaker's."),
    kind("drift", "drift of the voice", Number, Lower,
        "Speaker similarity of the first tenth minus that of the last; only for recordings of a minute or more. A judge that compares voices rates both ends."),
    kind("mcd_db", "mel-cepstral distance", Decibels, Lower,
        "To the reference recording, after time alignment."),
    kind("lsd_db", "log-spectral distance", Decibels, Lower,
        "To the original recording, frame by frame."),
    median(kind("f0_hz", "pitch, median", Hertz, Neither, "Median pitch of voiced frames.")),
    kind("f0_spread_st", "pitch spread", Semitones, Neither,
        "Standard deviation of the pitch of voiced frames."),
    kind("f0_shift_st", "pitch off the reference", Semitones, Lower,
        "Distance of the median pitch from the reference recording's."),
    kind("voiced", "voiced", Share, Neither, "Frames with a pitch."),
    kind("voiced_kept", "voiced frames kept", Number, Neither,
        "Voiced frames over those of the original recording, loud frames only: below 1 where voices turn hoarse."),
    median(kind("f0_error_cents", "pitch error, median", Number, Lower,
        "Median distance of the pitch from the original recording's, in cents, over frames voiced in both.")),
    kind("voicing_error", "voicing decision error", Share, Lower,
        "Loud frames that are voiced either in the original recording or in the output, not in both."),
    kind("duration_ratio", "length over reference", Number, Neither,
        "Seconds of output over seconds of the reference recording."),
    timing(kind("rtf", "real-time factor", Number, Lower,
        "Seconds of computing over seconds of sound; depends on the machine.")),
    median(timing(kind("first_audio_s", "time to first audio, median", Seconds, Lower,
        "Seconds from the request to the first sound, or to the end where the answer doesn't stream. Depends on the machine."))),
    median(kind("ovr", "DNSMOS overall, median", Number, Higher, "Given by the judge.")),
    median(kind("sig", "DNSMOS speech, median", Number, Higher, "Given by the judge.")),
    median(kind("bak", "DNSMOS background, median", Number, Higher, "Given by the judge.")),
    median(kind("sim", "speaker similarity, median", Number, Higher, "Given by the judge.")),
    median(kind("rival_sim", "similarity to the rival, median", Number, Lower,
        "Similarity to the voice that the output must not have; given by the judge.")),
];

/// Description of figures that only judges report.
const OTHER: FigureKind = FigureKind {
    name: "",
    title: "",
    meaning: "Given by the judge.",
    unit: Number,
    better: Neither,
    gate: false,
    pool: Pooling::Mean,
};

/// Returns the description of a figure (`wer`, `wer@own`). Unknown figures have no direction.
pub fn figure_kind(figure: &str) -> &'static FigureKind {
    let base = base(figure);
    FIGURES.iter().find(|k| k.name == base).unwrap_or(&OTHER)
}

/// Returns the figure without its judge.
pub(crate) fn base(figure: &str) -> &str {
    figure.split('@').next().unwrap_or(figure)
}

/// Returns a figure's name for humans.
pub fn title(figure: &str) -> String {
    let kind = figure_kind(figure);
    let title = if kind.title.is_empty() { base(figure) } else { kind.title };
    match figure.split_once('@') {
        Some((_, judge)) => format!("{title} ({judge})"),
        None => title.to_owned(),
    }
}

/// Returns the sort key of a figure in tables: unknown ones last, then by judge.
pub(crate) fn rank(figure: &str) -> (usize, String) {
    let base = base(figure);
    (FIGURES.iter().position(|k| k.name == base).unwrap_or(FIGURES.len()), figure.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_known() {
        for (i, a) in FIGURES.iter().enumerate() {
            assert!(FIGURES[..i].iter().all(|b| b.name != a.name), "{} is there twice", a.name);
            assert!(!a.meaning.is_empty() && !a.title.is_empty(), "{} explains nothing", a.name);
        }
        assert_eq!(figure_kind("wer@own").name, "wer");
        assert_eq!(figure_kind("nonsense@x").better, Better::Neither);
        assert_eq!(title("wer@own"), "word error rate (own)");
        assert_eq!(title("loudness@x"), "loudness (x)");
    }

    #[test]
    fn values_are_shown_with_units() {
        let check = |figure: &str, value: f64, shown: &str| {
            assert_eq!(figure_kind(figure).unit.show(value), shown);
        };
        check("wer", 0.1234, "12.3 %");
        check("mcd_db", 5.678, "5.68 dB");
        check("first_audio_s", 0.1234, "123 ms");
        check("rtf", 0.3, "0.300");
    }
}
