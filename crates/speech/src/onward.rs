//! Speech that goes on where a recording is left off.

use std::ops::Range;

use syrinx_task::{Alignment, Content, TaskKit};
use syrinx_text::Phone;
use syrinx_types::TimedPhone;

use crate::timeline::Timeline;
use crate::{Recording, SpeakConfig, Utterance};

/// A guess at how long a phone lasts that isn't spoken yet, seconds. Only its order counts.
const GUESSED_S: f64 = 0.08;

/// Words spoken after a stretch of a recording, which is given, and before others, which are only looked ahead to.
#[derive(Debug, Clone, PartialEq)]
pub struct Onward {
    /// What is to be spoken, the given frames first.
    pub utterance: Utterance,
    /// Frames of the recording that are given.
    pub given: Range<usize>,
    /// Stops of the new phones. Later ones are the look-ahead and the last silence.
    pub new: Range<u32>,
}

impl Recording {
    /// The stretch of whole words before `end` that is at most `most_s` seconds long.
    pub fn context(&self, end: usize, most_s: f64) -> Range<usize> {
        let (from_s, end_s) = (self.at_s(end) - most_s, self.at_s(end));
        if from_s <= 0.0 {
            return 0..end;
        }
        let starts = self.words.iter().map(|w| w.start_s).filter(|&s| s >= from_s && s < end_s);
        let start = self.frame(starts.fold(f64::INFINITY, f64::min).min(end_s));
        // Without words any place will do.
        let start = if start >= end { self.frame(from_s) } else { start };
        start..end
    }

    /// Speaks `new` (phones with `|` and pauses between them, no silence around) after the frames `given` of this
    /// recording and before `ahead`. `None` if there is no sounding phone in all of it.
    pub fn onward(
        &self,
        given: Range<usize>,
        (new, ahead): (&[Phone], &[Phone]),
        prompt: Option<Content>,
        (config, kit): (&SpeakConfig, &TaskKit),
    ) -> Option<Onward> {
        let (mut timed, mut lead_s) = self.timed_phones(given.clone());
        let given_s = self.at_s(given.len());
        let spoken_s = lead_s + timed.iter().map(|t| t.duration_s).sum::<f64>();
        let sounding = |phones: &[Phone]| phones.iter().filter(|p| !p.is_mark()).count();
        let before = timed.iter().filter(|t| t.phone != "|").count();
        if before == 0 {
            lead_s = given_s;
        } else {
            timed.push(boundary((given_s - spoken_s).max(0.0)));
        }
        timed.extend(new.iter().map(guessed));
        timed.push(boundary(0.0));
        timed.extend(ahead.iter().map(guessed));
        let total_s = lead_s + timed.iter().map(|t| t.duration_s).sum::<f64>() + GUESSED_S;
        let line =
            Timeline::of_recording(&timed, (lead_s, total_s), config.stress, config.pause_from_s)?;
        let first = nth_sounding(&line, before)?;
        let end = nth_sounding(&line, before + sounding(new))?;
        let text = line.content(&kit.vocab);
        let limit = given.len() + config.frames_for(text.stops.len() - first as usize);
        let prompt = config.shown(prompt);
        let mut utterance = Utterance { text, prompt, limit, ..Utterance::default() };
        if !given.is_empty() {
            utterance.given = Some(self.codes.slice(given.start, given.end));
        }
        if kit.alignment == Alignment::Pointer {
            let frames = (total_s * self.frame_rate_hz).ceil() as usize + 1;
            let pointer = line.pointer_in_haste(frames, self.frame_rate_hz)?;
            let before_new = |stop: u32| stop.min(first.saturating_sub(1));
            utterance.pointer = pointer.into_iter().take(given.len()).map(before_new).collect();
        }
        Some(Onward { utterance, given, new: first..end })
    }
}

fn boundary(duration_s: f64) -> TimedPhone {
    TimedPhone { phone: Phone::BOUNDARY.arpabet().into(), duration_s }
}

fn guessed(phone: &Phone) -> TimedPhone {
    let duration_s = if *phone == Phone::BOUNDARY { 0.0 } else { GUESSED_S };
    TimedPhone { phone: phone.arpabet().into(), duration_s }
}

/// The stop of a sounding phone, counted from 0; the last silence's after all of them.
fn nth_sounding(line: &Timeline, n: usize) -> Option<u32> {
    let stops = line.phones.iter().filter(|&&p| p != Phone::BOUNDARY);
    let mut sounding = stops.enumerate().filter(|(_, p)| !p.is_mark()).map(|(stop, _)| stop as u32);
    sounding.nth(n).or_else(|| (line.durations_s.len() as u32).checked_sub(1))
}
