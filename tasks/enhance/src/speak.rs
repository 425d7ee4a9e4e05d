//! Rows from a request, and a recording from generated codes or latents.

use syrinx_audio::silence::{PauseConfig, is_inaudible, trim};
use syrinx_task::{
    AnswerIssue, Clip, Content, Contents, Context, Generated, Plan, RecordingIssue, RowPlan,
    Speech, StageRun, TaskError, TaskKit, TextContent,
};
use syrinx_types::{Audio, Coded, Codes, Event};

use crate::layout::{MASKED, NAR, RECORDING, SPEAKER, TEXT};
use crate::{EnhanceConfig, EnhancementSpec};

/// Silence kept at both ends of the target speaker's enrolment, in seconds.
const KEEP_S: f64 = 0.1;

/// Length from which a recording counts as a mixture rather than an enrolment, in seconds.
const MIXTURE_S: f64 = 10.0;

/// Inputs of a request.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The recording.
    pub audio: &'a Clip,
    /// Enrolment of the target speaker.
    pub speaker: Option<&'a Clip>,
    /// Words of the recording.
    pub text: Option<&'a str>,
}

/// Settings of the task, and the kit that it was built from.
#[derive(Clone, Copy)]
pub(crate) struct Setup<'a> {
    pub(crate) kind: EnhancementSpec,
    pub(crate) config: &'a EnhanceConfig,
    pub(crate) kit: &'a TaskKit,
}

/// Plans one row per section of the recording.
///
/// # Errors
/// [`TaskError::Input`] for recordings that are silent or shorter than one frame, and errors of the services.
pub(crate) fn plan(
    setup: Setup<'_>,
    inputs: Inputs<'_>,
    context: &Context<'_>,
) -> Result<(Plan, Audio), TaskError> {
    let Setup { kind, config, kit } = setup;
    let audio = context.audio(inputs.audio)?.into_owned();
    // A silent section of a longer recording is returned unchanged.
    if inputs.audio.section.is_some() && audio.is_silent() {
        return Ok((Plan { rows: Vec::new() }, audio));
    }
    let name = inputs.audio.named("recording");
    if audio.is_silent() {
        return Err(silent(&name));
    }
    let recording = coded(&audio, &name, context)?;
    let mut shared = Contents::new();
    if let Some(clip) = inputs.speaker.filter(|_| kind.speaker) {
        if kit.switches.vall_e.is_some() {
            let message = format!("published vall-e weights were not trained to {}", kind.task);
            context.run.events.emit(Event::Warning { message });
        }
        let enrolment = context.audio(clip)?;
        let name = clip.named("recording of the speaker");
        if is_inaudible(&enrolment) {
            return Err(silent(&name));
        }
        let enrolment = trim(&enrolment, &PauseConfig::default(), KEEP_S);
        let speaker = coded(&enrolment, &name, context)?;
        let shorter = audio.seconds() < enrolment.seconds().min(MIXTURE_S);
        if shorter && inputs.audio.section.is_none() {
            let message = format!(
                "{} lasts {:.1} s, less than {name} ({:.1} s): they may be swapped",
                inputs.audio.named("recording"),
                audio.seconds(),
                enrolment.seconds(),
            );
            context.run.events.emit(Event::Warning { message });
        }
        let speaker = speaker.codes.slice(0, config.max_enrolment_frames);
        shared.insert(SPEAKER.into(), Content::Codes(speaker));
    }
    // Words can be given for a recording of one row only, since it is unknown which section contains which words.
    let whole = inputs.audio.section.is_none() && recording.frames() <= config.max_frames;
    if let Some(text) = inputs.text.filter(|_| kind.text && whole) {
        let phones = kit.frontend.phonemize(text)?.phones;
        let text = TextContent::plain(kit.vocab.encode_phones(&phones));
        shared.insert(TEXT.into(), Content::Text(text));
    }
    let starts = (0..recording.frames()).step_by(config.max_frames);
    let sections = starts.map(|at| recording.slice(at, at + config.max_frames));
    // A recording that is attenuated towards latents needs no codes above level 1.
    let attenuates = kind.gain.is_some() && kit.switches.latent_conditioning;
    let stages = if attenuates { &[MASKED][..] } else { &[MASKED, NAR] };
    Ok((Plan { rows: sections.map(|section| row(section, stages, &shared)).collect() }, audio))
}

/// Returns codes and latents of a recording.
fn coded(audio: &Audio, name: &str, context: &Context<'_>) -> Result<Coded, TaskError> {
    let codec = context.codec()?;
    let frames = audio.seconds() * codec.frame_rate_hz();
    let coded = if frames < 1.0 {
        Coded::default()
    } else {
        codec.encode_with_latents(audio, context.run)?
    };
    if coded.is_empty() {
        let (name, seconds) = (name.to_owned(), audio.seconds());
        return Err(RecordingIssue::TooShort { name, seconds }.into());
    }
    Ok(coded)
}

/// Returns the error for a recording without sound.
pub(crate) fn silent(name: &str) -> TaskError {
    RecordingIssue::Silent { name: name.to_owned() }.into()
}

fn row(section: Coded, stages: &[&str], shared: &Contents) -> RowPlan {
    let limit = section.frames();
    let mut contents = shared.clone();
    contents.insert(RECORDING.into(), Content::Coded(section));
    let run = |stage: &str| StageRun::new(stage, contents.clone(), limit);
    RowPlan::new(stages.iter().map(|stage| run(stage)).collect())
}

/// Returns all sections as one recording. If task, model and codec support it, the recording is attenuated towards the
/// predicted latents; otherwise the codes are decoded.
///
/// # Errors
/// [`TaskError::Answer`] if a section is missing, and errors of the codec.
pub(crate) fn finish(
    setup: Setup<'_>,
    recording: &Audio,
    generated: &[Generated],
    context: &Context<'_>,
) -> Result<Speech, TaskError> {
    let Setup { kind, config, .. } = setup;
    if generated.is_empty() && recording.is_silent() {
        return Ok(recording.clone().into());
    }
    let codec = context.codec()?;
    let expected = generated.iter().all(|section| !section.latents.is_empty());
    if let (Some(gain), true) = (kind.gain, expected && !generated.is_empty()) {
        let gain = config.spectral_gain(gain);
        let latents: Vec<f32> = generated.iter().flat_map(|p| p.latents.iter().copied()).collect();
        if let Some(audio) = codec.attenuate(recording, &latents, gain, context.run)? {
            return Ok(audio.into());
        }
    }
    let mut whole: Option<Codes> = None;
    for section in generated {
        let codes = section.codes.as_ref().filter(|c| !c.is_empty());
        let codes = codes.ok_or_else(|| nothing(kind))?;
        let whole = whole.get_or_insert_with(|| Codes::empty(codes.levels()));
        whole.append(codes);
    }
    Ok(codec.decode(&whole.ok_or_else(|| nothing(kind))?, context.run)?.into())
}

fn nothing(kind: EnhancementSpec) -> TaskError {
    AnswerIssue::Nothing.of(kind.task)
}
