//! Rows with the timing of a recording, and the converted recording from generated codes.

use std::ops::Range;

use syrinx_speech::{AlignedRecording, RequestedVoice, Script, Setup, SpokenRow};
use syrinx_task::{AnswerIssue, Content, Context, Generated, Plan, Speech, TaskError};
use syrinx_types::{Audio, Codes};

use crate::{ConvertAnswer, ConvertConfig, ConvertIssue, ConvertRequest};

/// The recording, its sections, and the name of the built-in voice. Each section with phones has one row; the codes of
/// other sections are kept.
pub struct Prepared {
    recording: AlignedRecording,
    sections: Vec<Range<usize>>, // frames
    voice: Option<String>,
}

impl Prepared {
    fn has_phones(&self, frames: &Range<usize>) -> bool {
        !self.recording.timed_phones(frames.clone()).0.is_empty()
    }
}

/// Plans one row per section with phones. In models with a phone index per frame, the index is that of the recording.
pub(crate) fn plan(
    setup: Setup<'_, ConvertConfig>,
    request: &ConvertRequest,
    context: &Context<'_>,
) -> Result<(Plan, Prepared), TaskError> {
    let Setup { config, kit } = setup;
    let voice = RequestedVoice { name: request.voice.as_deref(), clip: request.prompt.as_ref() };
    let prompt = voice.codes(&config.speaking, context)?.map(Content::Codes);
    let recording =
        AlignedRecording::recognize(kit, &request.audio, request.says.as_deref(), context)?;
    let sections = recording.cut(config.max_row_s);
    let prepared = Prepared { recording, sections, voice: voice.built_in(context)? };
    let recording = &prepared.recording;
    let mut rows = Vec::new();
    for frames in prepared.sections.iter().filter(|frames| prepared.has_phones(frames)) {
        let too_fast = || ConvertIssue::TooManyPhones {
            start_s: recording.at_s(frames.start),
            end_s: recording.at_s(frames.end),
        };
        let line = recording.line(frames.clone(), &config.speaking).ok_or_else(too_fast)?;
        let script = Script::of(&line, kit)?;
        let mut utterance = SpokenRow::new(script.content(), prompt.clone(), &config.speaking);
        if kit.switches.alignment.is_aligned() {
            let rate_hz = recording.frame_rate_hz;
            utterance.pointer =
                script.pointer_in_haste(frames.len(), rate_hz).ok_or_else(too_fast)?;
            utterance.limit = frames.len();
        }
        rows.push(utterance.into_row(kit));
    }
    Ok((Plan { rows }, prepared))
}

/// Decodes the codes of all sections together, so that their boundaries are inaudible.
pub(crate) fn finish(
    setup: Setup<'_, ConvertConfig>,
    prepared: Prepared,
    generated: Vec<Generated>,
    context: &Context<'_>,
) -> Result<ConvertAnswer, TaskError> {
    let fault = |issue: AnswerIssue| issue.of("convert");
    let recording = &prepared.recording;
    let complete = generated.iter().all(|g| g.finished);
    let mut generated = generated.into_iter();
    let mut codes = Codes::empty(recording.codes.levels());
    for frames in &prepared.sections {
        let spoken = if prepared.has_phones(frames) {
            let spoken = generated.next().and_then(|g| g.codes).filter(|c| !c.is_empty());
            spoken.ok_or_else(|| fault(AnswerIssue::EmptyStretch))?
        } else {
            recording.codes.slice(frames.start, frames.end)
        };
        if spoken.levels() != codes.levels() {
            return Err(fault(AnswerIssue::Levels(spoken.levels())));
        }
        codes.append(&spoken);
    }
    let mut audio: Audio = context.codec()?.decode(&codes, context.run)?;
    if setup.kit.switches.alignment.is_aligned() {
        // The last frame may extend beyond the end of the recording.
        audio.samples.truncate(recording.audio.samples.len());
    }
    let words = recording.word_times();
    let speech = Speech { words, complete, voice: prepared.voice, ..Speech::from(audio) };
    Ok(ConvertAnswer { speech, says: recording.text() })
}
