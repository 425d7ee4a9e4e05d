//! Quantization of latents to codes.

use std::ops::Range;

use syrinx_model::LanguageModel;

/// Subtracts the entry of a code from the residual of a latent.
pub(crate) fn subtract_entry(model: &LanguageModel, left: &mut [f32], level: usize, code: u16) {
    for (l, e) in left.iter_mut().zip(model.codebook_entry(level, code)) {
        *l -= e;
    }
}

/// Quantizes a latent level by level to the nearest entries: each level quantizes the residual of the levels before it.
pub(crate) fn round(
    model: &LanguageModel,
    mut left: Vec<f32>,
    levels: Range<usize>,
    codes: &mut Vec<u16>,
) {
    for level in levels {
        let distance =
            |entry: &[f32]| entry.iter().zip(&left).map(|(e, l)| (e - l) * (e - l)).sum::<f32>();
        let nearest = model
            .codebook(level)
            .chunks_exact(left.len())
            .map(distance)
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0, |(i, _)| i as u16);
        codes.push(nearest);
        subtract_entry(model, &mut left, level, nearest);
    }
}
