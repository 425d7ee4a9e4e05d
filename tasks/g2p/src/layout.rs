//! Layout of the stages of both directions.

use syrinx_task::{Layout, Segment, Stage, heads};

/// Name of the stage that predicts phones from letters.
pub const TO_PHONES: &str = "to_phones";
/// Name of the stage that predicts letters from phones.
pub const TO_LETTERS: &str = "to_letters";

/// Name of the segment with the letters, given or predicted.
pub(crate) const LETTERS: &str = "letters";
/// Name of the segment with the phones, given or predicted.
pub(crate) const PHONES: &str = "phones";

/// Returns the layout of a word: the decoder reads the input with full attention, and the output follows it.
pub(crate) fn layout() -> Layout {
    let stage = |name: &str, task: &str, given: &str, written: &str| {
        let segments = vec![
            Segment::special_token(task),
            Segment::special_token("lang:en"),
            Segment::text(given),
            Segment::text_response(written),
        ];
        Stage::self_taught(name, heads::Text, segments)
    };
    Layout {
        task: "g2p".into(),
        stages: vec![
            stage(TO_PHONES, "task:g2p", LETTERS, PHONES),
            stage(TO_LETTERS, "task:p2g", PHONES, LETTERS),
        ],
    }
}
