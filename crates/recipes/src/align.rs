//! Forced alignment of the phones of a corpus with its recordings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_data::{DataError, LeftOutReasons, Manifest, Utterance};
use syrinx_engine::{Engine, EngineError};
use syrinx_task::Transcript;
use syrinx_types::{Event, RunContext};

use crate::recordings::DecodedRecordings;
use crate::word_phones::with_phones;
use crate::{RecipeError, UtteranceFault};

/// Name of the job in progress events.
const JOB: &str = "align";
/// Mark of a word boundary in the phones of a manifest.
const WORD_BOUNDARY: &str = "|";
/// Tolerance for equal times, in seconds.
const SAME_TIME_S: f64 = 1e-3;

/// Settings of the alignment of a corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlignConfig {
    /// Minimum confidence of an alignment, from 0 to 1. Utterances with a lower confidence are left out.
    pub min_confidence: f64,
}

impl Default for AlignConfig {
    fn default() -> Self {
        Self { min_confidence: 0.02 }
    }
}

/// A manifest whose utterances have phones and durations.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignedManifest {
    /// Aligned utterances, in the order of the input.
    pub manifest: Manifest,
    /// Reasons for the utterances that were left out.
    pub left_out: LeftOutReasons,
    /// Mean confidence of the alignments, from 0 to 1.
    pub confidence: f64,
}

/// Aligns the text of every utterance with its recording. The result has phones, durations and recording lengths, both
/// in seconds. Utterances that already have phones and durations are kept unchanged.
///
/// # Errors
/// [`EngineError::Cancelled`], errors of a model without a recognizer that can align, and
/// [`DataError::NothingSelected`] if no utterance was aligned. An utterance whose recording or text cannot be aligned
/// is left out with the reason.
pub fn align_manifest(
    engine: &Engine,
    manifest: &Manifest,
    config: &AlignConfig,
    run: RunContext<'_>,
) -> Result<AlignedManifest, RecipeError> {
    let recordings = DecodedRecordings::new(engine.codec_id().info.sample_rate_hz, 0);
    let aligned = Aligner { engine, recordings: &recordings, config, run }.align(manifest)?;
    if aligned.manifest.is_empty() {
        let (selection, left_out) = ("aligned manifest", aligned.left_out);
        return Err(DataError::NothingSelected { selection, left_out }.into());
    }
    Ok(aligned)
}

/// Aligner of the utterances of a manifest.
#[derive(Clone, Copy)]
pub(crate) struct Aligner<'a> {
    /// Model whose recognizer aligns.
    pub(crate) engine: &'a Engine,
    /// Recordings at the sample rate of the model.
    pub(crate) recordings: &'a DecodedRecordings,
    pub(crate) config: &'a AlignConfig,
    pub(crate) run: RunContext<'a>,
}

impl Aligner<'_> {
    /// Aligns a manifest as [`align_manifest`] does, but may return an empty one.
    pub(crate) fn align(&self, manifest: &Manifest) -> Result<AlignedManifest, RecipeError> {
        let run = self.run;
        let total = manifest.len() as u64;
        run.events.emit(Event::JobStarted { name: JOB.to_owned(), total: Some(total) });
        let (mut aligned, mut left_out) = (Vec::new(), LeftOutReasons::default());
        let mut confidences = Vec::new();
        for (done, utterance) in manifest.utterances().iter().enumerate() {
            if run.is_cancelled() {
                return Err(EngineError::Cancelled.into());
            }
            match self.align_one(manifest, utterance) {
                Ok((utterance, confidence)) => {
                    aligned.push(utterance);
                    confidences.extend(confidence);
                }
                Err(fault) => left_out.add(fault, &utterance.id),
            }
            let note = format!("{} left out", done + 1 - aligned.len());
            run.events.emit(Event::JobProgress {
                name: JOB.to_owned(),
                done: done as u64 + 1,
                note,
            });
        }
        let summary = format!("{} of {total} utterances aligned", aligned.len());
        run.events.emit(Event::JobFinished { name: JOB.to_owned(), summary });
        let confidence = confidences.iter().sum::<f64>() / confidences.len().max(1) as f64;
        let manifest = Manifest::new(manifest.root(), aligned)?;
        Ok(AlignedManifest { manifest, left_out, confidence })
    }

    /// Aligns one utterance. Returns it with its phones, and the confidence of the alignment; the confidence is `None`
    /// if the utterance already had phones.
    fn align_one(
        &self,
        manifest: &Manifest,
        utterance: &Utterance,
    ) -> Result<(Utterance, Option<f64>), UtteranceFault> {
        let Self { engine, recordings, config, run } = *self;
        if !utterance.timed_phones().is_empty() {
            return Ok((utterance.clone(), None));
        }
        let path = manifest.audio_path(utterance);
        let audio = recordings.load(&path, run.events)?;
        let mut transcript = engine.align(&audio, &utterance.text, run).map_err(Box::new)?;
        if transcript.phones.is_empty() {
            transcript = with_phones(engine, &audio, &transcript, run).map_err(Box::new)?;
        }
        let confidence = transcript.confidence.unwrap_or(1.0);
        if confidence < config.min_confidence {
            let min_confidence = config.min_confidence;
            return Err(UtteranceFault::LowConfidence { min_confidence });
        }
        let (phones, durations_s) = with_boundaries(&transcript);
        let aligned = Utterance {
            phones: Some(phones),
            durations_s: Some(durations_s),
            lead_s: 0.0,
            seconds: Some(audio.seconds()),
            ..utterance.clone()
        };
        Ok((aligned, Some(confidence)))
    }
}

/// Returns phones and durations in seconds, with a word boundary of duration 0 before the first phone of every word
/// except the first.
fn with_boundaries(transcript: &Transcript) -> (Vec<String>, Vec<f64>) {
    let mut starts = transcript.words.iter().skip(1).map(|word| word.start_s).peekable();
    let (mut phones, mut durations_s, mut at_s) = (Vec::new(), Vec::new(), 0.0);
    for timed in &transcript.phones {
        if starts.next_if(|&start_s| start_s <= at_s + SAME_TIME_S).is_some() {
            phones.push(WORD_BOUNDARY.to_owned());
            durations_s.push(0.0);
        }
        phones.push(timed.phone.clone());
        durations_s.push(timed.duration_s);
        at_s += timed.duration_s;
    }
    (phones, durations_s)
}

#[cfg(test)]
mod tests {
    use syrinx_types::{TimedPhone, WordTime};

    use super::*;

    #[test]
    fn a_boundary_stands_before_each_word_but_the_first() {
        let phone = |phone: &str, duration_s| TimedPhone { phone: phone.into(), duration_s };
        let word = |word: &str, start_s, end_s| WordTime { word: word.into(), start_s, end_s };
        let transcript = Transcript {
            words: vec![word("a", 0.1, 0.3), word("key", 0.3, 0.7), word("I", 1.0, 1.2)],
            phones: vec![
                phone("SIL", 0.1),
                phone("AH", 0.2),
                phone("K", 0.1),
                phone("IY", 0.3),
                phone("SIL", 0.3),
                phone("AY", 0.2),
            ],
            ..Transcript::default()
        };
        let (phones, durations_s) = with_boundaries(&transcript);
        assert_eq!(phones.join(" "), "SIL AH | K IY SIL | AY");
        assert_eq!(durations_s, [0.1, 0.2, 0.0, 0.1, 0.3, 0.3, 0.0, 0.2]);
    }
}
