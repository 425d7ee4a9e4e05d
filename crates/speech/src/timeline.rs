//! Phones on the time line of a recording, in the one form that training and requests share.
//!
//! The corpora differ: some begin with `SIL`, some with a phone after `lead_s` seconds; some end with `.`, some with
//! `SIL`; pauses are `,` before or `SIL` after the word boundary. Here all of them become: `SIL`, words with `|`
//! between them, `,` before the `|` where a pause is heard, `SIL`.

use syrinx_task::{MAX_MOVE, TextContent, pointer_of_durations};
use syrinx_text::{Phone, TextVocab};
use syrinx_types::TimedPhone;

use crate::StressMode;

/// Phones, and how long those of them last that take time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// All phones and marks.
    pub phones: Vec<Phone>,
    /// Seconds of each stop: of every entry of `phones` but `|`.
    pub durations_s: Vec<f64>, // (stops)
}

/// Durations that run over the end of the recording by more than this are wrong, seconds. (Diphone voices of flite
/// cut their final silence by 0.1 s.)
const MAX_OVERRUN_S: f64 = 0.2;

/// How much of its first and last frame a silence holds at least: a bit more than half, so that the pointer, which
/// looks at the middle of frames, stands on it.
const SILENCE_SHARE: f64 = 0.51;

/// What stands between two words.
#[derive(Default)]
struct Gap {
    marks: usize,
    pause_s: f64,
    boundary_s: f64,
}

impl Gap {
    fn total_s(&self) -> f64 {
        self.pause_s + self.boundary_s
    }
}

impl Timeline {
    /// The time line of a recording of `total_s` seconds whose phones begin at `lead_s`. `None` if a phone is unknown,
    /// if none of them sounds, or if the durations don't fit the recording.
    ///
    /// A `|` gives its time to the stop before it. A pause mark without time is dropped. A gap between words of at
    /// least `pause_from_s` is a pause, marked or not. The last silence takes what remains.
    pub fn of_recording(
        timed: &[TimedPhone],
        (lead_s, total_s): (f64, f64),
        stress: StressMode,
        pause_from_s: f64,
    ) -> Option<Self> {
        let mut line = Self { phones: vec![Phone::SILENCE], durations_s: vec![lead_s] };
        let mut gap = Gap::default();
        for TimedPhone { phone, duration_s } in timed {
            let phone = Phone::from_arpabet(phone)?;
            if phone.is_mark() {
                let part =
                    if phone == Phone::BOUNDARY { &mut gap.boundary_s } else { &mut gap.pause_s };
                *part += duration_s;
                gap.marks += 1;
            } else {
                line.close_gap(&std::mem::take(&mut gap), pause_from_s);
                line.push(stress.apply(phone), *duration_s);
            }
        }
        if line.phones.len() == 1 {
            return None;
        }
        let rest_s = total_s - line.durations_s.iter().sum::<f64>();
        line.push(Phone::SILENCE, rest_s.max(0.0));
        (rest_s > -MAX_OVERRUN_S).then_some(line)
    }

    /// The phones of a text without times, from the front end's sequence of words, `|` and written pauses.
    pub fn of_text(spoken: &[Phone], stress: StressMode) -> Self {
        let end = spoken.iter().rposition(|p| !p.is_mark()).map_or(0, |last| last + 1);
        let mut phones = vec![Phone::SILENCE];
        for &phone in &spoken[..end] {
            let pause = phone.is_mark() && phone != Phone::BOUNDARY;
            phones.push(if pause { Phone::COMMA } else { stress.apply(phone) });
        }
        phones.push(Phone::SILENCE);
        Self { phones, durations_s: Vec::new() }
    }

    fn push(&mut self, phone: Phone, duration_s: f64) {
        self.phones.push(phone);
        self.durations_s.push(duration_s);
    }

    /// Puts what stands before the next phone into the line.
    fn close_gap(&mut self, gap: &Gap, pause_from_s: f64) {
        if gap.marks == 0 {
            return;
        }
        let before_all = self.phones.len() == 1;
        if !before_all && (gap.pause_s > 0.0 || gap.boundary_s >= pause_from_s) {
            self.push(Phone::COMMA, gap.total_s());
        } else if let Some(last) = self.durations_s.last_mut() {
            *last += gap.total_s();
        }
        if !before_all {
            self.phones.push(Phone::BOUNDARY);
        }
    }

    /// The stop under the pointer at every frame. It begins at the first stop and ends at the last: each of the
    /// silences at the ends gets its frame even where the recording has none to speak of, at the cost of its
    /// neighbours. `None` if the phones can't be passed in so few frames.
    pub fn pointer(&self, frames: usize, frame_rate_hz: f64) -> Option<Vec<u32>> {
        let earliest_s = SILENCE_SHARE / frame_rate_hz;
        let latest_s = (frames as f64 - SILENCE_SHARE) / frame_rate_hz;
        if latest_s < earliest_s {
            return None;
        }
        let (mut at_s, mut end_s) = (0.0, 0.0);
        let mut durations_s = Vec::with_capacity(self.durations_s.len());
        for duration_s in &self.durations_s {
            at_s += duration_s;
            let clamped_s = at_s.clamp(earliest_s, latest_s);
            durations_s.push(clamped_s - end_s);
            end_s = clamped_s;
        }
        let pointer = pointer_of_durations(&durations_s, 0.0, frames, frame_rate_hz)?;
        let last = self.durations_s.len() as u32 - 1;
        (pointer.first() == Some(&0) && pointer.last() == Some(&last)).then_some(pointer)
    }

    /// As [`Timeline::pointer`], but where the phones come too fast for it, it hurries on before and lags behind after.
    /// `None` only if there are more than two stops a frame on the whole.
    pub fn pointer_in_haste(&self, frames: usize, frame_rate_hz: f64) -> Option<Vec<u32>> {
        if let Some(pointer) = self.pointer(frames, frame_rate_hz) {
            return Some(pointer);
        }
        let last = self.durations_s.len().checked_sub(1)?;
        if frames == 0 || last > MAX_MOVE * (frames - 1) {
            return None;
        }
        let (mut stop, mut end_s, mut at) = (0, self.durations_s[0], 0);
        let mut pointer = Vec::with_capacity(frames);
        for frame in 0..frames {
            let middle_s = (frame as f64 + 0.5) / frame_rate_hz;
            while stop < last && middle_s >= end_s {
                stop += 1;
                end_s += self.durations_s[stop];
            }
            let in_time = last.saturating_sub(MAX_MOVE * (frames - 1 - frame));
            let most = if frame == 0 { 0 } else { at + MAX_MOVE };
            at = stop.max(in_time).min(most);
            pointer.push(at as u32);
        }
        Some(pointer)
    }

    /// Token ids, and which of them the pointer stops at.
    pub fn content(&self, vocab: &TextVocab) -> TextContent {
        let stops = (0..self.phones.len()).filter(|&i| self.phones[i] != Phone::BOUNDARY);
        TextContent {
            ids: vocab.encode_phones(&self.phones),
            stops: stops.map(|i| i as u32).collect(),
        }
    }
}
