//! Phones of a recording whose words are unknown.

use syrinx_task::FrameScores;

use crate::{Acoustics, SpeechError, TimedSound, Units};

/// Penalty on a change of phone in nats, which prevents phones of a single subframe.
const CHANGE: f32 = 3.0;

/// Returns the most probable sequence of phones and silences without a dictionary: the Viterbi path through the scores,
/// with a penalty on every change of phone.
///
/// # Errors
/// The errors of [`Acoustics::new`].
pub fn sounds(scores: &FrameScores, units: &Units) -> Result<Vec<TimedSound>, SpeechError> {
    let acoustics = Acoustics::new(scores, units, 0.0)?;
    let path = best_path(&acoustics, units.len());
    let mut sounds: Vec<TimedSound> = Vec::new();
    for (part, &unit) in path.iter().enumerate() {
        let (start_s, end_s) = (acoustics.at_s(part), acoustics.at_s(part + 1));
        match sounds.last_mut() {
            Some(last) if path[part - 1] == unit => last.end_s = end_s,
            _ => sounds.push(TimedSound { phone: units.phone(unit), start_s, end_s, word: None }),
        }
    }
    Ok(sounds)
}

/// Returns the unit of each subframe on the best path (Viterbi).
fn best_path(acoustics: &Acoustics, units: usize) -> Vec<u8> {
    let best = |score: &[f32]| -> usize {
        (0..score.len()).max_by(|&a, &b| score[a].total_cmp(&score[b])).unwrap_or(0)
    };
    let mut score = vec![0.0_f32; units];
    let mut came: Vec<u8> = Vec::with_capacity(acoustics.parts() * units); // (parts, units)
    for part in 0..acoustics.parts() {
        let from = best(&score);
        let changed = score[from] - CHANGE;
        for (unit, score) in score.iter_mut().enumerate() {
            let (kept, before) = if *score >= changed { (*score, unit) } else { (changed, from) };
            came.push(before as u8);
            *score = kept + acoustics.log_posterior(part, unit as u8);
        }
    }
    let mut path = vec![best(&score) as u8; acoustics.parts()];
    for part in (1..path.len()).rev() {
        path[part - 1] = came[part * units + usize::from(path[part])];
    }
    path
}
