//! Forced alignment of a known text.

use std::ops::Range;

use syrinx_speech::{Acoustics, SpeechError, SpokenForm, Units, align_acoustics};
use syrinx_task::{
    AnswerIssue, FrameScores, Generated, PhoneRecognizer, TaskError, TaskKit, Transcript,
};
use syrinx_text::{Phone, Phonemized};
use syrinx_types::{Event, RunContext, TimedPhone, WordTime};

use crate::confidence::Confidence;
use crate::frames::Frames;
use crate::{SttConfig, SttError};

/// Name of the job in events.
const JOB: &str = "align";

/// Confidence of an alignment below which the recording probably has another text. Correct texts have 0.15 to 0.9,
/// wrong texts less than 0.001, a text of which half is spoken 0.07.
const FITS_BELOW: f64 = 0.1;

/// Duration of a phone from which the text probably lacks words of the recording, seconds. Phones of correct texts last
/// up to 0.9 s.
const LONGEST_PHONE_S: f64 = 1.5;

/// Phone scores of a recording, collected part by part.
struct Gathered {
    units: Units,
    prior_weight: f64,
    /// Scores so far; `None` before the first part.
    acoustics: Option<Acoustics>,
}

impl Gathered {
    fn new(config: &SttConfig) -> Result<Self, TaskError> {
        let units = Units::english().map_err(SttError::from)?;
        Ok(Self { units, prior_weight: config.decoder.prior_weight, acoustics: None })
    }

    /// Appends the scores of the next part.
    fn push(&mut self, scores: &FrameScores) -> Result<(), TaskError> {
        let gathered = match &mut self.acoustics {
            Some(gathered) => gathered,
            None => {
                let empty = Acoustics::empty(&self.units, scores.rate_hz, self.prior_weight);
                self.acoustics.insert(empty.map_err(SttError::from)?)
            }
        };
        Ok(gathered.extend(scores, &self.units).map_err(SttError::from)?)
    }
}

/// Computes the phone scores of a long recording section by section, so that memory holds neither its latents nor the
/// scores of all labels.
pub(crate) struct Scorer<'a> {
    phones: &'a dyn PhoneRecognizer,
    gathered: Gathered,
    run: RunContext<'a>,
    sections: u64,
    done: u64,
}

impl<'a> Scorer<'a> {
    /// Starts the job of a recording with `sections` sections.
    pub(crate) fn begin(
        phones: &'a dyn PhoneRecognizer,
        config: &SttConfig,
        sections: usize,
        run: RunContext<'a>,
    ) -> Result<Self, TaskError> {
        let sections = sections as u64;
        run.events.emit(Event::JobStarted { name: JOB.to_owned(), total: Some(sections) });
        Ok(Self { phones, gathered: Gathered::new(config)?, run, sections, done: 0 })
    }

    /// Appends the scores of the next part.
    pub(crate) fn push(&mut self, part: &Frames) -> Result<(), TaskError> {
        let scores = match part {
            Frames::Codes(codes) => self.phones.phone_scores(codes, self.run)?,
            Frames::Latents(latents) => self.phones.phone_scores_of_latents(latents, self.run)?,
        };
        self.gathered.push(&scores)
    }

    /// Reports a finished section.
    pub(crate) fn end_section(&mut self) {
        self.done += 1;
        let (name, note) = (JOB.to_owned(), String::new());
        self.run.events.emit(Event::JobProgress { name, done: self.done, note });
    }

    /// Finishes the job and returns the scores; `None` for a recording without parts.
    pub(crate) fn end(self) -> Option<Acoustics> {
        let summary = format!("{} sections", self.sections);
        self.run.events.emit(Event::JobFinished { name: JOB.to_owned(), summary });
        self.gathered.acoustics
    }
}

/// Collects the scores of the rows. Each row is dropped once its scores are read.
pub(crate) fn scores_of_rows(
    config: &SttConfig,
    rows: Vec<Generated>,
) -> Result<Option<Acoustics>, TaskError> {
    let mut gathered = Gathered::new(config)?;
    for row in rows {
        gathered.push(&row.phones.ok_or_else(|| AnswerIssue::NoScores.of("stt"))?)?;
    }
    Ok(gathered.acoustics)
}

/// Returns the transcript of a known text, with the times of its words.
pub(crate) fn aligned(
    kit: &TaskKit,
    text: &str,
    acoustics: Option<Acoustics>,
    run: RunContext<'_>,
) -> Result<Transcript, TaskError> {
    let acoustics = acoustics.ok_or(SttError::Speech(SpeechError::NoScores))?;
    let units = Units::english().map_err(SttError::from)?;
    let spoken = kit.frontend.phonemize(text)?;
    let forms: Vec<SpokenForm> =
        spoken.words.iter().map(|w| SpokenForm::of(&kit.frontend, &w.spoken, Some(w))).collect();
    let aligned = align_acoustics(&forms, &acoustics, &units).map_err(SttError::from)?;
    let mut sum = Confidence::default();
    sum.add(&aligned);
    if let Some(confidence) = sum.mean().filter(|c| *c < FITS_BELOW) {
        let message = format!(
            "the text does not match the recording well (confidence {confidence:.2}): \
             word times are unreliable where the recording differs"
        );
        run.events.emit(Event::Warning { message });
    } else if let Some(gap) = longest_phone(&aligned.phones) {
        let message = format!(
            "the text may lack words from {:.1} to {:.1} s: one phone fills this time",
            gap.start, gap.end
        );
        run.events.emit(Event::Warning { message });
    }
    Ok(Transcript {
        text: text.trim().to_owned(),
        words: by_written(&spoken, &aligned.words),
        phones: aligned.phones,
        confidence: sum.mean(),
    })
}

/// Returns start and end of the longest phone, in seconds, if it lasts longer than phones do.
fn longest_phone(phones: &[TimedPhone]) -> Option<Range<f64>> {
    let mut start_s = 0.0;
    let spans = phones.iter().filter_map(|timed| {
        let span = start_s..start_s + timed.duration_s;
        start_s = span.end;
        let is_phone = timed.phone != Phone::SILENCE.arpabet();
        (is_phone && timed.duration_s >= LONGEST_PHONE_S).then_some(span)
    });
    spans.max_by(|a, b| (a.end - a.start).total_cmp(&(b.end - b.start)))
}

/// Returns the times of the written words: `$5` lasts from the start of `five` to the end of `dollars`.
fn by_written(spoken: &Phonemized, times: &[WordTime]) -> Vec<WordTime> {
    let mut written: Vec<WordTime> = Vec::new();
    let mut last = None;
    for (word, time) in spoken.words.iter().zip(times) {
        match written.last_mut() {
            Some(whole) if last == Some(word.piece) => whole.end_s = time.end_s,
            _ => written.push(WordTime { word: word.written.clone(), ..time.clone() }),
        }
        last = Some(word.piece);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_fills_missing_words_is_found() {
        let phones = |list: &[(&str, f64)]| -> Vec<TimedPhone> {
            let timed = |&(phone, duration_s): &(&str, f64)| TimedPhone {
                phone: phone.to_owned(),
                duration_s,
            };
            list.iter().map(timed).collect()
        };
        for (list, expected) in [
            (&[("SIL", 3.0), ("Y", 0.1), ("EH1", 1.4), ("S", 0.2)][..], None),
            (&[("SIL", 0.5), ("T", 1.5), ("AH0", 2.5), ("N", 0.1)], Some(2.0..4.5)),
            (&[], None),
        ] {
            assert_eq!(longest_phone(&phones(list)), expected, "{list:?}");
        }
    }
}
