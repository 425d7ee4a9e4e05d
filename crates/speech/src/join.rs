//! Recordings joined without a click.

use std::f32::consts::FRAC_PI_2;

/// Appends samples so that the last `overlap` of what is there and the first of what comes fade into each other with
/// equal power. The overlap is cut to what both have.
pub fn join(before: &mut Vec<f32>, after: &[f32], overlap: usize) {
    let overlap = overlap.min(before.len()).min(after.len());
    let start = before.len() - overlap;
    for (i, (b, a)) in before[start..].iter_mut().zip(after).enumerate() {
        let angle = FRAC_PI_2 * (i as f32 + 0.5) / overlap as f32;
        *b = *b * angle.cos() + a * angle.sin();
    }
    before.extend_from_slice(&after[overlap..]);
}
