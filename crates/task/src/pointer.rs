//! Pointers and frame labels from durations.

use syrinx_types::TimedPhone;

/// Most phone indices that the pointer may advance in one frame.
pub const MAX_ADVANCE: usize = 2;

/// Returns the phone index at each of `frames` frames: the phone at the frame's middle, delayed where the index would
/// advance by more than [`MAX_ADVANCE`] at once. `durations_s` has one duration for each phone; the first begins at
/// `lead_s`.
///
/// `None` if the index cannot reach the last phone (more than two phones a frame on average).
pub fn pointer_of_durations(
    durations_s: &[f64],
    lead_s: f64,
    frames: usize,
    frame_rate_hz: f64,
) -> Option<Vec<u32>> {
    if durations_s.is_empty() || frames == 0 {
        return None;
    }
    let mut pointer = Vec::with_capacity(frames);
    let (mut phone_index, mut ends_s) = (0usize, lead_s + durations_s[0]);
    let mut last = 0usize;
    for frame in 0..frames {
        let middle_s = (frame as f64 + 0.5) / frame_rate_hz;
        while phone_index + 1 < durations_s.len() && middle_s >= ends_s {
            phone_index += 1;
            ends_s += durations_s[phone_index];
        }
        last = if frame == 0 {
            phone_index.min(MAX_ADVANCE - 1)
        } else {
            phone_index.min(last + MAX_ADVANCE)
        };
        pointer.push(last as u32);
    }
    (last + 1 >= durations_s.len().saturating_sub(1)).then_some(pointer)
}

/// Returns the index of the phone at the middle of each of `frames * per_frame` equal parts of the frames; `None`
/// before `lead_s` and after the last phone.
pub fn frame_labels(
    phones: &[TimedPhone],
    lead_s: f64,
    frames: usize,
    per_frame: usize,
    frame_rate_hz: f64,
) -> Vec<Option<usize>> {
    let mut labels = Vec::with_capacity(frames * per_frame);
    let mut ends: Vec<f64> = Vec::with_capacity(phones.len());
    let mut at = lead_s;
    for phone in phones {
        at += phone.duration_s;
        ends.push(at);
    }
    let mut index = 0;
    for part in 0..frames * per_frame {
        let middle_s = (part as f64 + 0.5) / (frame_rate_hz * per_frame as f64);
        while index < ends.len() && middle_s >= ends[index] {
            index += 1;
        }
        labels.push((middle_s >= lead_s && index < phones.len()).then_some(index));
    }
    labels
}
