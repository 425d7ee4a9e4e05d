//! From a recording to rows in its own timing, and from their codes to a recording.

use std::ops::Range;

use syrinx_speech::{Recording, Script, Utterance, Voice};
use syrinx_task::{Content, Generated, Plan, TaskError, TaskKit};
use syrinx_types::{Audio, Codes};

use crate::{ConvertAnswer, ConvertConfig, ConvertRequest};

/// The recording and its pieces: frames with something to say, one row each, and frames without.
struct Source {
    recording: Recording,
    pieces: Vec<Range<usize>>,
}

impl Source {
    fn of(
        config: &ConvertConfig,
        kit: &TaskKit,
        request: &ConvertRequest,
    ) -> Result<Self, TaskError> {
        let recording = Recording::listen(kit, &request.audio, request.says.as_deref())?;
        let pieces = recording.cut(config.max_piece_s);
        Ok(Self { recording, pieces })
    }

    /// Whether a sound is heard in a piece. Others stay as they are.
    fn speaks(&self, frames: &Range<usize>) -> bool {
        !self.recording.timed_phones(frames.clone()).0.is_empty()
    }
}

fn voice(request: &ConvertRequest) -> Voice<'_> {
    Voice { name: request.voice.as_deref(), clip: request.prompt.as_ref() }
}

/// One row a piece; where the model has a pointer, it walks as the recording does.
pub(crate) fn plan(
    config: &ConvertConfig,
    kit: &TaskKit,
    request: &ConvertRequest,
) -> Result<Plan, TaskError> {
    let prompt = voice(request).codes(&config.speaking, kit)?.map(Content::Codes);
    let source = Source::of(config, kit, request)?;
    let mut rows = Vec::new();
    for frames in source.pieces.iter().filter(|frames| source.speaks(frames)) {
        let too_fast = || {
            let (start_s, end_s) =
                (source.recording.at_s(frames.start), source.recording.at_s(frames.end));
            TaskError::Input(format!(
                "too many sounds were heard between {start_s:.1} and {end_s:.1} s: give what the recording says, or one with slower speech"
            ))
        };
        let line = source.recording.line(frames.clone(), &config.speaking).ok_or_else(too_fast)?;
        let script = Script::of(&line, kit)?;
        let mut utterance = Utterance::new(script.content(), prompt.clone(), &config.speaking);
        if kit.alignment.walks() {
            let rate_hz = source.recording.frame_rate_hz;
            utterance.pointer =
                script.pointer_in_haste(frames.len(), rate_hz).ok_or_else(too_fast)?;
            utterance.limit = frames.len();
        }
        rows.push(utterance.into_row(kit));
    }
    Ok(Plan { rows })
}

/// The pieces one after another through the codec at once, so that no seam is heard.
pub(crate) fn finish(
    config: &ConvertConfig,
    kit: &TaskKit,
    request: &ConvertRequest,
    generated: Vec<Generated>,
) -> Result<ConvertAnswer, TaskError> {
    let fault = |reason: String| TaskError::Answer { task: "convert".into(), reason };
    let source = Source::of(config, kit, request)?;
    let rows = source.pieces.iter().filter(|frames| source.speaks(frames)).count();
    if rows != generated.len() {
        return Err(fault(format!("{} rows came out of {rows}", generated.len())));
    }
    let complete = generated.iter().all(|g| g.finished);
    let mut generated = generated.into_iter();
    let mut codes = Codes::empty(source.recording.codes.levels());
    for frames in &source.pieces {
        let spoken = if source.speaks(frames) {
            let spoken = generated.next().and_then(|g| g.codes).filter(|c| !c.is_empty());
            spoken.ok_or_else(|| fault("nothing came out for a piece of the recording".into()))?
        } else {
            source.recording.codes.slice(frames.start, frames.end)
        };
        if spoken.levels() != codes.levels() {
            return Err(fault(format!("codes of {} levels came out", spoken.levels())));
        }
        (0..spoken.frames()).for_each(|frame| codes.push(spoken.frame(frame)));
    }
    let mut audio: Audio = kit.studio()?.decode(&codes)?;
    if kit.alignment.walks() {
        // The last frame may be longer than what was left of the recording.
        audio.samples.truncate(source.recording.audio.samples.len());
    }
    Ok(ConvertAnswer {
        words: source.recording.word_times(),
        seconds: audio.seconds(),
        says: source.recording.text(),
        voice: voice(request).built_in(kit)?,
        complete,
        audio: audio.into(),
    })
}
