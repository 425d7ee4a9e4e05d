//! From a request to rows, and from their codes to a recording.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_audio::silence::{PauseConfig, trim};
use syrinx_task::{
    Clip, Content, Contents, Generated, Plan, RowPlan, StageRun, TaskError, TaskKit, TextContent,
};
use syrinx_types::{Audio, Coded, Codes};

use crate::layout::{MASKED, NAR, RECORDING, SPEAKER, TEXT};
use crate::{EnhanceConfig, Kind};

/// How much of the silence around the wanted speaker's recording stays, seconds.
const KEEP_S: f64 = 0.1;

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The recording.
    pub audio: &'a Clip,
    /// The wanted speaker.
    pub speaker: Option<&'a Clip>,
    /// What is said.
    pub text: Option<&'a str>,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Enhanced {
    /// The recording, as long as the one that was given.
    pub audio: Clip,
    /// Its length, seconds.
    pub seconds: f64,
}

/// One row a piece of the recording.
///
/// # Errors
/// [`TaskError::Input`] for recordings that are too short or silent, and for a mixture shorter than the recording of
/// its speaker.
pub fn plan(
    kind: Kind,
    (config, kit): (&EnhanceConfig, &TaskKit),
    asked: Asked<'_>,
) -> Result<Plan, TaskError> {
    let studio = kit.studio()?;
    let name = |clip: &Clip, what: &str| match clip.path.as_os_str().is_empty() {
        true => format!("the {what}"),
        false => format!("the {what} `{}`", clip.path.display()),
    };
    let coded = |clip: &Clip, what: &str, trimmed: bool| -> Result<(Coded, f64), TaskError> {
        let audio = studio.audio(clip)?;
        if audio.is_silent() {
            let name = name(clip, what);
            return Err(TaskError::Input(format!("{name} is silent: give one with sound in it")));
        }
        let kept = if trimmed { trim(&audio, &PauseConfig::default(), KEEP_S) } else { audio };
        let frames = kept.seconds() * studio.frame_rate_hz();
        let coded = if frames < 1.0 { Coded::default() } else { studio.encode_whole(&kept)? };
        if coded.is_empty() {
            return Err(TaskError::Input(format!(
                "{} lasts {:.3} s, less than one frame: give a longer one",
                name(clip, what),
                kept.seconds()
            )));
        }
        Ok((coded, kept.seconds()))
    };
    let (recording, recording_s) = coded(asked.audio, "recording", false)?;
    let mut shared = Contents::new();
    if let Some(clip) = asked.speaker.filter(|_| kind.speaker) {
        let (speaker, speaker_s) = coded(clip, "recording of the speaker", true)?;
        if speaker_s > recording_s {
            return Err(TaskError::Input(format!(
                "{} lasts {recording_s:.1} s, {} {speaker_s:.1} s: a mixture is at least as long as what its speaker \
                 is known by; cut the latter, or check that the two aren't swapped",
                name(asked.audio, "recording"),
                name(clip, "recording of the speaker"),
            )));
        }
        let speaker = speaker.codes.slice(0, config.max_enrolment_frames);
        shared.insert(SPEAKER.into(), Content::Codes(speaker));
    }
    // Words of the whole recording say nothing about a piece of it.
    let whole = recording.frames() <= config.max_frames;
    if let Some(text) = asked.text.filter(|_| kind.text && whole) {
        let phones = kit.frontend.phonemize(text)?.phones;
        let text = TextContent::plain(kit.vocab.encode_phones(&phones));
        shared.insert(TEXT.into(), Content::Text(text));
    }
    let starts = (0..recording.frames()).step_by(config.max_frames);
    let pieces = starts.map(|at| recording.slice(at, at + config.max_frames));
    // What is turned down to latents needs no codes of further levels.
    let turned_down = kind.filter.is_some() && kit.latents;
    let stages = if turned_down { &[MASKED][..] } else { &[MASKED, NAR] };
    Ok(Plan { rows: pieces.map(|piece| row(piece, stages, &shared)).collect() })
}

fn row(piece: Coded, stages: &[&str], shared: &Contents) -> RowPlan {
    let limit = piece.frames();
    let mut contents = shared.clone();
    contents.insert(RECORDING.into(), Content::Coded(piece));
    let run = |stage: &str| StageRun::new(stage, contents.clone(), limit);
    RowPlan::new(stages.iter().map(|stage| run(stage)).collect())
}

/// The answer of all pieces as one recording: the given one turned down to the latents that the model expects, where the
/// task is of that kind and the model and the codec know them; otherwise the sound of the codes.
///
/// # Errors
/// [`TaskError::Answer`] if a piece is missing.
pub fn finish(
    kind: Kind,
    (config, kit): (&EnhanceConfig, &TaskKit),
    (asked, generated): (Asked<'_>, &[Generated]),
) -> Result<Enhanced, TaskError> {
    let answer = |audio: Audio| Enhanced { seconds: audio.seconds(), audio: audio.into() };
    let expected = generated.iter().all(|piece| !piece.latents.is_empty());
    if let (Some(how), true) = (kind.filter, expected && !generated.is_empty()) {
        let how = config.turning(how);
        let latents: Vec<f32> = generated.iter().flat_map(|p| p.latents.iter().copied()).collect();
        let studio = kit.studio()?;
        if let Some(audio) = studio.filter(&studio.audio(asked.audio)?, &latents, how)? {
            return Ok(answer(audio));
        }
    }
    let mut whole: Option<Codes> = None;
    for piece in generated {
        let codes = piece.codes.as_ref().filter(|c| !c.is_empty());
        let codes = codes.ok_or_else(|| nothing(kind))?;
        let whole = whole.get_or_insert_with(|| Codes::empty(codes.levels()));
        (0..codes.frames()).for_each(|frame| whole.push(codes.frame(frame)));
    }
    let audio = kit.studio()?.decode(&whole.ok_or_else(|| nothing(kind))?)?;
    Ok(answer(audio))
}

fn nothing(kind: Kind) -> TaskError {
    TaskError::Answer { task: kind.task.into(), reason: "nothing came out".into() }
}
