//! What the prompts of speech look like.

use syrinx_task::{Alignment, Head, Layout, Segment, Stage};

/// The stage that writes the level-1 codes.
pub const AR: &str = "ar";
/// The stage that writes the further levels.
pub const NAR: &str = "nar";

/// Segment of the phones.
pub const TEXT: &str = "text";
/// Segment of the voice's codes.
pub const PROMPT: &str = "prompt";

/// VALL-E's two stages (arXiv 2301.02111, section 4), with the phones beside the frames where the alignment says so.
///
/// Whatever a task does by speaking has the same marks, so that a model that was trained to speak can do it, and what
/// is learnt of one helps the others. They are named after the first task that had them.
pub fn layout(task: &str, alignment: Alignment) -> Layout {
    let mark = Segment::mark("task:tts");
    let language = Segment::mark("lang:en");
    let text = Segment::aligned_text(TEXT, alignment);
    let prompt = Segment::prompt(PROMPT).optional();
    let ar = vec![
        mark.clone(),
        language.clone(),
        text.clone(),
        prompt.clone(),
        Segment::ar_response("codes"),
    ];
    let nar =
        vec![mark, language, Segment::level_mark(), text, prompt, Segment::nar_response("codes")];
    Layout {
        task: task.into(),
        stages: vec![
            Stage::new(AR, Head::FirstLevel, ar),
            Stage::new(NAR, Head::FurtherLevels, nar),
        ],
    }
}
