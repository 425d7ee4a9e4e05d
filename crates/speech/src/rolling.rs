//! A long text as rows that go on from one another, so that the voice doesn't start anew with every sentence.

use syrinx_task::{Content, Follow, Generated, RowPlan, TaskKit};
use syrinx_text::Phone;

use crate::timeline::Timeline;
use crate::{Piece, SpeakConfig, Utterance};

/// Where a piece stands in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// What is added to a stop of the piece's own line to get that of the row.
    pub offset: u32,
    /// How the row goes on from the one before it.
    pub follow: Option<Follow>,
}

impl Place {
    /// How many frames of what came out for the row belong to the piece before.
    pub fn known(&self, previous: Option<&Generated>) -> usize {
        match (self.follow, previous) {
            (Some(follow), Some(previous)) => follow.frames(previous),
            _ => 0,
        }
    }

    /// The pointer of the piece's own frames, in its own stops.
    pub fn pointer(&self, generated: &Generated, known: usize) -> Vec<u32> {
        let own = generated.pointer.iter().skip(known);
        own.map(|&p| p.saturating_sub(self.offset)).collect()
    }
}

/// The rows of pieces that go on from one another: each begins with the last words of the piece before, whose frames
/// are given to it, and all have the same prompt, so that the voice can't drift away.
pub fn rolling(
    pieces: &[Piece],
    prompt: Option<&Content>,
    (config, kit): (&SpeakConfig, &TaskKit),
) -> Vec<(RowPlan, Place)> {
    let mut rows: Vec<(RowPlan, Place)> = Vec::with_capacity(pieces.len());
    for (i, piece) in pieces.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| (&pieces[i].line, rows[i].1.offset));
        let (line, place) = match before {
            None => (piece.line.clone(), Place::default()),
            Some((before, offset)) => continued(before, offset, &piece.line, config.context_stops),
        };
        let text = line.content(&kit.vocab);
        let new = text.stops.len() - place.offset as usize;
        let mut utterance = Utterance::new(text, prompt.cloned(), config);
        // What is given of the piece before is added once it is known.
        utterance.limit = config.frames_for(new);
        rows.push((RowPlan { follow: place.follow, ..utterance.into_row() }, place));
    }
    rows
}

/// The line of a piece with the last words of the one before and a pause before its own; `offset` is that of the piece
/// before in its row.
fn continued(before: &Timeline, offset: u32, own: &Timeline, most: usize) -> (Timeline, Place) {
    let last = before.phones.len() - 1;
    let stops = |from: usize| {
        let context = before.phones[from..last].iter();
        context.filter(|&&p| p != Phone::BOUNDARY).count()
    };
    // Words begin after the first silence and after every boundary.
    let starts = (1..last).filter(|&i| i == 1 || before.phones[i - 1] == Phone::BOUNDARY);
    let from = starts
        .clone()
        .find(|&i| stops(i) <= most)
        .or_else(|| starts.clone().next_back())
        .unwrap_or(last);
    let context = stops(from) as u32;
    let first = (stops(0) as u32) - context;
    let mut phones = vec![Phone::SILENCE];
    phones.extend_from_slice(&before.phones[from..last]);
    phones.extend([Phone::COMMA, Phone::BOUNDARY]);
    phones.extend_from_slice(&own.phones[1..]);
    let follow = Follow { from_stop: first + offset, at_stop: 1 };
    let place = Place { offset: context + 1, follow: Some(follow) };
    (Timeline { phones, durations_s: Vec::new() }, place)
}
