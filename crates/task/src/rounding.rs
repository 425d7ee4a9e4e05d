//! Quantization of latents to codes.

use std::ops::Range;

/// Subtracts the entry of a code from a residual. `codebook` has the entries of the level. // (codebook_size, latent_dim)
pub(crate) fn subtract_entry(residual: &mut [f32], codebook: &[f32], code: u16) {
    let latent_dim = residual.len();
    let entry = &codebook[usize::from(code) * latent_dim..][..latent_dim];
    residual.iter_mut().zip(entry).for_each(|(r, e)| *r -= e);
}

/// Quantizes a latent level by level to the nearest entries, and appends their codes: each level quantizes the residual of
/// the levels before it.
pub(crate) fn round(
    codebooks: &[Vec<f32>],
    mut residual: Vec<f32>,
    levels: Range<usize>,
    codes: &mut Vec<u16>,
) {
    for codebook in &codebooks[levels] {
        let distance = |entry: &[f32]| {
            entry.iter().zip(&residual).map(|(e, r)| (e - r) * (e - r)).sum::<f32>()
        };
        let nearest = codebook
            .chunks_exact(residual.len())
            .map(distance)
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0, |(i, _)| i as u16);
        codes.push(nearest);
        subtract_entry(&mut residual, codebook, nearest);
    }
}
