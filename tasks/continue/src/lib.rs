//! Continuation: a recording continues with a given text in its own voice (the "continual" setting of VALL-E, arXiv
//! 2301.02111, section 5.2).
//!
//! The frames at the end of the recording and their alignment are the first frames of the AR stage's response;
//! generation continues after them. The samples of the recording stay unchanged.

mod issue;
mod request;
mod speak;

use syrinx_audio::speech::has_speech;
use syrinx_speech::{Setup, Speaking, SpeakingTask, speech_sections};
use syrinx_task::{
    Capabilities, Chunks, Clip, Context, Generated, Plan, RequestChunk, Section, TaskDescriptor,
    TaskError, Verb,
};

pub use issue::ContinueIssue;
pub use request::{ContinueAnswer, ContinueConfig, ContinueRequest};

/// Longest section of a recording that is recognized at once, seconds.
const MAX_SECTION_S: f64 = 60.0;

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Continue>();

/// The task: continuation of a recording.
pub type Continue = SpeakingTask<Continuation>;

/// Implementation of continuation in the family of tasks that synthesize speech.
pub struct Continuation;

impl Speaking for Continuation {
    const ID: &'static str = "continue";
    const SUMMARY: &'static str =
        "continues a recording in its own voice, with the words of a text";
    const VERB: Verb = Verb {
        name: "continue",
        positional: "audio",
        example: "syrinx continue talk.wav --text \"And so it went on.\" -o longer.wav",
    };
    const CAPABILITIES: Capabilities = Capabilities {
        required: &["audio", "text"],
        recordings: &["audio"],
        text: Some("text"),
        ..Capabilities::NONE
    };
    type Config = ContinueConfig;
    type Request = ContinueRequest;
    type Prepared = speak::Prepared;
    type Answer = ContinueAnswer;

    fn clips(request: &mut ContinueRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio)]
    }

    /// Returns the sections before the end of a long recording, which stay as they are, and its end, which is
    /// continued. A recording with known words is one section.
    fn chunks(
        _setup: Setup<'_, ContinueConfig>,
        request: ContinueRequest,
        context: &Context<'_>,
    ) -> Result<Chunks<ContinueRequest>, TaskError> {
        if request.says.is_some() {
            return Ok(Chunks::one(request));
        }
        let mut before = speech_sections(&request.audio, MAX_SECTION_S, context)?;
        let Some((mut end, mut end_start_s)) = before.pop() else {
            return Ok(Chunks::one(request));
        };
        // The voice and the words before the continuation are those of the end.
        while !is_enough(&end, context)?
            && let Some((section, start_s)) = before.pop()
        {
            (end, end_start_s) = (joined(section, &end), start_s);
        }
        if request.alone {
            (before, end_start_s) = (Vec::new(), 0.0);
        }
        let of =
            |audio: Clip, is_before: bool| ContinueRequest { audio, is_before, ..request.clone() };
        let chunk = |request, start_s| RequestChunk { request, start_s: Some(start_s) };
        let mut chunks: Vec<_> =
            before.into_iter().map(|(clip, start_s)| chunk(of(clip, true), start_s)).collect();
        chunks.push(chunk(of(end, false), end_start_s));
        Ok(Chunks { chunks, pause_s: 0.0 })
    }

    fn plan(
        setup: Setup<'_, ContinueConfig>,
        request: &ContinueRequest,
        context: &Context<'_>,
    ) -> Result<(Plan, speak::Prepared), TaskError> {
        speak::plan(setup, request, context)
    }

    fn finish(
        setup: Setup<'_, ContinueConfig>,
        request: &ContinueRequest,
        prepared: speak::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<ContinueAnswer, TaskError> {
        speak::finish(setup, request, prepared, &generated, context)
    }
}

/// Whether the end of a recording is long enough to be continued, and has speech.
fn is_enough(end: &Clip, context: &Context<'_>) -> Result<bool, TaskError> {
    const SHORTEST_S: f64 = 20.0;
    let audio = context.audio(end)?;
    Ok(audio.seconds() >= SHORTEST_S && has_speech(audio.as_ref()))
}

/// Returns a section and the one behind it as one.
fn joined(section: Clip, next: &Clip) -> Clip {
    match (section.section, &next.section) {
        (Some(first), Some(last)) => {
            Clip { section: Some(Section { end_s: last.end_s, ..first }), ..next.clone() }
        }
        (section, _) => Clip { section, ..next.clone() },
    }
}
