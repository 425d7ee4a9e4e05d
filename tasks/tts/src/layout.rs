//! What the prompts look like.

use syrinx_task::{Alignment, Head, Layout, Segment, Stage};

/// The stage that writes the level-1 codes.
pub const AR: &str = "ar";
/// The stage that writes the further levels.
pub const NAR: &str = "nar";

/// Segment of the phones.
pub(crate) const TEXT: &str = "text";
/// Segment of the voice's codes.
pub(crate) const PROMPT: &str = "prompt";

/// VALL-E's two stages (arXiv 2301.02111, section 4), with the phones beside the frames where the alignment says so.
pub(crate) fn layout(alignment: Alignment) -> Layout {
    let task = Segment::mark("task:tts");
    let language = Segment::mark("lang:en");
    let text = Segment::aligned_text(TEXT, alignment);
    let prompt = Segment::prompt(PROMPT).optional();
    let ar = vec![
        task.clone(),
        language.clone(),
        text.clone(),
        prompt.clone(),
        Segment::ar_response("codes"),
    ];
    let nar =
        vec![task, language, Segment::level_mark(), text, prompt, Segment::nar_response("codes")];
    Layout {
        task: "tts".into(),
        stages: vec![
            Stage::new(AR, Head::FirstLevel, ar),
            Stage::new(NAR, Head::FurtherLevels, nar),
        ],
    }
}
