//! Layout of the stages of speech synthesis.

use syrinx_task::{
    Alignment, CodeOrder, Head, Layout, LayoutIssue, Segment, Stage, TaskError, TaskKit,
    VallELayout, heads,
};

/// Name of the stage that predicts the durations of phones and pauses.
pub const DURATIONS: &str = "durations";
/// Name of the stage that predicts frame by frame: codes of level 1, codes of all levels, or latents.
pub const AR: &str = "ar";
/// Name of the stage that predicts codes of level 1 in several passes over all frames.
pub const MASKED: &str = "masked";
/// Name of the stage that predicts the number of frames, for published models.
pub const LENGTH: &str = "length";
/// Name of the stage that predicts codes of levels 2 and above.
pub const NAR: &str = "nar";

/// Name of the segment with the phones.
pub const TEXT: &str = "text";
/// Name of the segment with the codes of the voice.
pub const PROMPT: &str = "prompt";

/// Returns the stages of speech synthesis for the model's switches: the two stages of VALL-E (arXiv 2301.02111, section
/// 4), or those of another order of codes. With a phone index per frame, the phones are read by the encoder. If the
/// alignment predicts durations, a stage for them comes first.
///
/// All tasks of the family have the same special tokens, so that a model trained on one of them can perform the others.
/// The tokens have the name of the first of these tasks.
pub fn layout(task: &str, kit: &TaskKit) -> Layout {
    if let Some(published) = kit.switches.vall_e {
        let stages = published_stages(published, kit.switches.codes);
        return Layout { task: task.into(), stages };
    }
    let special_token = Segment::special_token("task:tts");
    let language = Segment::special_token("lang:en");
    let text = Segment::aligned_text(TEXT, kit.switches.alignment);
    let prompt = Segment::prompt(PROMPT).optional();
    let with = |response: Segment| {
        vec![special_token.clone(), language.clone(), text.clone(), prompt.clone(), response]
    };
    let mut stages = Vec::new();
    let timed = kit.switches.alignment == Alignment::Durations;
    if timed {
        let durations = with(Segment::duration_response("durations"));
        stages.push(Stage::new(DURATIONS, heads::Durations, durations));
    }
    let head = kit.switches.codes.head();
    let leaves_further_levels = head.leaves_further_levels();
    let stage = Stage::new(head.stage_name(), head.clone(), with(head.response()));
    stages.push(if timed { stage.timed() } else { stage });
    if leaves_further_levels {
        let level = Segment::level_token();
        let codes = Segment::nar_response("codes");
        let nar = vec![special_token, language, level, text, prompt, codes];
        stages.push(Stage::new(NAR, heads::FurtherLevels, nar));
    }
    Layout { task: task.into(), stages }
}

/// Returns the stages of a published VALL-E model. Level 1 is generated frame by frame, or by masked decoding after the
/// number of frames; then the levels above are generated. A separator closes every segment before the response.
fn published_stages(published: VallELayout, codes: CodeOrder) -> Vec<Stage> {
    let language = published.language.then(|| Segment::special_token("vall-e:lang:en"));
    let with = |response: Segment| -> Vec<Segment> {
        let text = [Segment::text(TEXT)].into_iter().chain(language.clone());
        let prompt = [Segment::level_token(), Segment::prompt(PROMPT).optional(), response];
        text.chain(prompt).collect()
    };
    let stage = |name: &str, head: Head, response| Stage::new(name, head, with(response));
    let head = codes.head();
    let first = if published.masked && head.needs_length() {
        vec![
            stage(LENGTH, heads::Length.into(), Segment::length_response("length")),
            stage(MASKED, head.clone(), head.response()),
        ]
    } else {
        vec![stage(AR, heads::FirstLevel.into(), Segment::ar_response("codes"))]
    };
    let nar = stage(NAR, heads::FurtherLevels.into(), Segment::nar_response("codes"));
    first.into_iter().chain([nar]).map(|stage| stage.as_published(published)).collect()
}

/// Returns the names of the stages of [`layout`], in their order.
pub fn stages(kit: &TaskKit) -> Vec<String> {
    layout("", kit).stages.into_iter().map(|stage| stage.name).collect()
}

/// Checks that the tasks of the family have the stage `stage`.
///
/// # Errors
/// [`TaskError::Layout`] lists the stages that exist.
pub fn check_stage(task: &str, kit: &TaskKit, stage: &str) -> Result<(), TaskError> {
    let known = stages(kit);
    if known.iter().any(|name| name == stage) {
        return Ok(());
    }
    Err(LayoutIssue::NoStage { task: task.into(), known }.of(stage))
}
