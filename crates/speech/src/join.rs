//! Cross-fading of two recordings.

use std::f32::consts::FRAC_PI_2;

/// Appends samples with an equal-power cross-fade of `overlap` samples, or of the shorter recording's length.
pub fn join(before: &mut Vec<f32>, after: &[f32], overlap: usize) {
    let overlap = overlap.min(before.len()).min(after.len());
    let start = before.len() - overlap;
    for (i, (b, a)) in before[start..].iter_mut().zip(after).enumerate() {
        let angle = FRAC_PI_2 * (i as f32 + 0.5) / overlap as f32;
        *b = *b * angle.cos() + a * angle.sin();
    }
    before.extend_from_slice(&after[overlap..]);
}
