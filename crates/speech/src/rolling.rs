//! Rolling readings: each row of a long text continues the previous one, so that the voice stays the same from sentence
//! to sentence.

use syrinx_task::{Content, Follow, Generated, RowPlan, TaskError, TaskKit};
use syrinx_text::Phone;

use crate::timeline::Timeline;
use crate::{Script, Sentence, Setup, SpokenRow};

/// Position of a sentence in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentenceOffset {
    /// Difference between a phone index in the row and the same index in the sentence.
    pub offset: u32,
    /// Continuation of the previous row; `None` for a row that continues none.
    pub follow: Option<Follow>,
}

impl SentenceOffset {
    /// Returns the number of the row's first frames that belong to the previous sentence.
    pub fn known(&self, previous: Option<&Generated>) -> usize {
        match (self.follow, previous) {
            (Some(follow), Some(previous)) => follow.frames(previous),
            _ => 0,
        }
    }

    /// Returns the phone index of each new frame, counted from the first phone of the sentence. `known` is the number
    /// of frames before.
    pub fn pointer(&self, generated: &Generated, known: usize) -> Vec<u32> {
        let own = generated.pointer.iter().skip(known);
        own.map(|&p| p.saturating_sub(self.offset)).collect()
    }
}

/// Plans rows of sentences that continue each other. Each row begins with the last words of the previous sentence,
/// whose frames are known. All rows have the same prompt, so that the voice does not drift. `offset` is the offset of
/// the first sentence in its row.
///
/// # Errors
/// The errors of [`Script::of`].
pub fn rolling(
    sentences: &[Sentence],
    offset: u32,
    prompt: Option<&Content>,
    setup: Setup<'_>,
) -> Result<Vec<(RowPlan, SentenceOffset)>, TaskError> {
    let Setup { config, kit } = setup;
    let mut rows: Vec<(RowPlan, SentenceOffset)> = Vec::with_capacity(sentences.len());
    for (i, sentence) in sentences.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| (&sentences[i], rows[i].1.offset));
        let (script, place) = match before {
            None => (sentence.script.clone(), SentenceOffset { offset, follow: None }),
            Some((before, offset)) => {
                continued(before, offset, sentence, config.context_phones, kit)?
            }
        };
        // The script of the first sentence has no words of a previous one, although its offset may be above 0.
        let before = if i == 0 { 0 } else { place.offset as usize };
        let new = script.aligned.len() - before;
        let mut utterance = SpokenRow::new(script.content(), prompt.cloned(), config);
        // The limit excludes the frames of the previous sentence, which are added once they are generated.
        utterance.limit = config.frames_for(new);
        rows.push((RowPlan { follow: place.follow, ..utterance.into_row(kit) }, place));
    }
    Ok(rows)
}

/// Builds the tokens of a row: the last words of `before` with at most `most` phones and pauses, a pause, and the
/// sentence `own`. `offset` is the offset of `before` in its row.
fn continued(
    before: &Sentence,
    offset: u32,
    own: &Sentence,
    most: usize,
    kit: &TaskKit,
) -> Result<(Script, SentenceOffset), TaskError> {
    let phones = &before.line.phones;
    let last = phones.len() - 1;
    let count_from =
        |from: usize| phones[from..last].iter().filter(|&&p| p != Phone::BOUNDARY).count();
    // Words begin after the first silence and after every boundary.
    let starts: Vec<usize> =
        (1..last).filter(|&i| i == 1 || phones[i - 1] == Phone::BOUNDARY).collect();
    let fits = starts.iter().position(|&i| count_from(i) <= most);
    let first = fits.unwrap_or(starts.len().saturating_sub(1));
    let from = starts.get(first).copied().unwrap_or(last);
    let mut line = Timeline { phones: vec![Phone::SILENCE], ..Timeline::default() };
    line.phones.extend_from_slice(&phones[from..last]);
    line.phones.extend([Phone::COMMA, Phone::BOUNDARY]);
    line.phones.extend_from_slice(&own.line.phones[1..]);
    let context = before.line.words.get(first..).unwrap_or_default();
    let script = Script::of(&line.with_words([context, &own.line.words].concat()), kit)?;
    let follow = Follow { from_phone: before.script.first_phone_of(first) + offset, at_phone: 1 };
    let own_begins = script.first_phone_of(context.len()) - own.script.first_phone_of(0);
    Ok((script, SentenceOffset { offset: own_begins, follow: Some(follow) }))
}
