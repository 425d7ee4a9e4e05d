//! Embeddings of codes.

use candle_core::{Result, Tensor};
use syrinx_nn::ops::{self, NONE};
use syrinx_nn::{Init, Kernels, Linear, Scope};
use syrinx_task::{CodeTable, TokenSpace};

use crate::compute::Compute;
use crate::positions::RowPosition;
use crate::{ModelError, Tables};

/// Codebooks of the codec, one a level: (codebook_size, latent_dim), row by row.
pub(crate) struct Codebooks {
    pub(crate) entries: Vec<Vec<f32>>,
    pub(crate) latent_dim: usize,
    /// Gain of each level, which brings the entries of all levels to the same mean norm, so that inputs and logits of
    /// all levels learn at the same pace. Unscaled entries of level 1 are several times longer than those of other
    /// levels.
    pub(crate) gains: Vec<f32>,
    /// Mean of the latents if all entries are equally probable. // (latent_dim)
    pub(crate) centre: Vec<f32>,
    /// Root mean square of the latents minus their centre.
    pub(crate) spread: f32,
}

/// Mean length of the scaled entries, as a share of the square root of their dimension.
const SCALED_LENGTH: f32 = 0.25;

impl Codebooks {
    pub(crate) fn new(
        entries: Vec<Vec<f32>>,
        space: &TokenSpace,
    ) -> std::result::Result<Self, ModelError> {
        let latent_dim = entries.first().map_or(0, |e| e.len() / space.codebook_size.max(1));
        let fits = |e: &Vec<f32>| latent_dim > 0 && e.len() == latent_dim * space.codebook_size;
        if entries.len() != space.levels || !entries.iter().all(fits) {
            let (levels, entries) = (space.levels, space.codebook_size);
            return Err(ModelError::Codebooks { levels, entries });
        }
        let gains = entries.iter().map(|book| gain(book, latent_dim)).collect();
        let (centre, spread) = moments(&entries, latent_dim);
        Ok(Self { entries, latent_dim, gains, centre, spread })
    }

    pub(crate) fn entry(&self, level: usize, code: usize) -> &[f32] {
        &self.entries[level][code * self.latent_dim..][..self.latent_dim]
    }
}

/// Mean and spread of sums of one entry of every level.
fn moments(entries: &[Vec<f32>], latent_dim: usize) -> (Vec<f32>, f32) {
    let mut centre = vec![0.0; latent_dim];
    let mut power = 0.0;
    for book in entries {
        let count = (book.len() / latent_dim) as f32;
        let mut mean = vec![0.0; latent_dim];
        for entry in book.chunks_exact(latent_dim) {
            mean.iter_mut().zip(entry).for_each(|(m, e)| *m += e / count);
        }
        let wrong = |entry: &[f32]| -> f32 {
            entry.iter().zip(&mean).map(|(e, m)| (e - m) * (e - m)).sum()
        };
        power += book.chunks_exact(latent_dim).map(wrong).sum::<f32>() / book.len() as f32;
        centre.iter_mut().zip(&mean).for_each(|(c, m)| *c += m);
    }
    (centre, power.sqrt().max(1e-6))
}

fn gain(book: &[f32], latent_dim: usize) -> f32 {
    let length = |e: &[f32]| e.iter().map(|v| v * v).sum::<f32>().sqrt();
    let mean =
        book.chunks_exact(latent_dim).map(length).sum::<f32>() / (book.len() / latent_dim) as f32;
    SCALED_LENGTH * (latent_dim as f32).sqrt() / mean.max(1e-6)
}

/// Embedding of codes, by type of table.
pub(crate) enum CodeInput {
    /// Table of learned rows.
    Free(Tensor),
    /// Linear maps of the codebook entries, and a learned table for codes of the AR's history.
    Codebook { prompt: Linear, ar: Linear, ar_free: Tensor, nar: Linear },
}

const KINDS: [CodeTable; 3] = [CodeTable::Prompt, CodeTable::ResponseAr, CodeTable::ResponseNar];

impl CodeInput {
    pub(crate) fn new(
        scope: &Scope,
        space: &TokenSpace,
        books: &Codebooks,
        dim: usize,
        tables: Tables,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        if tables == Tables::Free {
            let rows = space.code_tables() * space.table_rows();
            return Ok(Self::Free(scope.get("tables", &[rows, dim], Init::Normal(0.2))?));
        }
        let linear = |name: &str, slots: usize| {
            Linear::new(
                &scope.pp(name),
                slots * books.latent_dim,
                dim,
                0.3 / (books.latent_dim as f64).sqrt(),
                kernels,
            )
        };
        let free_rows = space.group * space.table_rows();
        Ok(Self::Codebook {
            prompt: linear("prompt", space.levels)?,
            ar: linear("ar", space.group)?,
            ar_free: scope.get("ar_free", &[free_rows, dim], Init::Normal(0.05))?,
            nar: linear("nar", space.levels)?,
        })
    }

    /// Returns the sum of the code embeddings at each position: (positions, dim), or `None` if no position has codes.
    /// Maps of entries are computed in `dtype`; the sum has the type of the tables.
    pub(crate) fn forward(
        &self,
        positions: &[RowPosition<'_>],
        space: &TokenSpace,
        books: &Codebooks,
        compute: Compute<'_>,
    ) -> Result<Option<Tensor>> {
        let Compute { device, dtype, kernels } = compute;
        let slots = space.code_slots();
        if !positions.iter().any(|row| row.position.weighted_codes().next().is_some()) {
            return Ok(None);
        }
        match self {
            Self::Free(table) => {
                let indices: Vec<u32> =
                    positions.iter().flat_map(|row| row.position.codes.iter().copied()).collect();
                let mut sum = ops::embed(table, &indices, slots, kernels)?; // (positions, dim)
                let most = positions.iter().map(|row| row.position.blend.len()).max().unwrap_or(0);
                for share in 0..most {
                    sum = (sum + embed_share(table, positions, share, slots, kernels)?)?;
                }
                Ok(Some(sum))
            }
            Self::Codebook { prompt, ar, ar_free, nar } => {
                let mut sum: Option<Tensor> = None;
                for kind in KINDS {
                    let linear = match kind {
                        CodeTable::Prompt => prompt,
                        CodeTable::ResponseAr => ar,
                        CodeTable::ResponseNar => nar,
                    };
                    let Some((latents, place)) = gather(positions, kind, space, books) else {
                        continue;
                    };
                    let rows = latents.len() / linear.weight().dim(1)?;
                    let latents =
                        Tensor::from_vec(latents, (rows, linear.weight().dim(1)?), device)?;
                    let embedded = linear.forward(&latents.to_dtype(dtype)?)?; // (rows with codes, dim)
                    let placed = ops::embed(&embedded, &place, 1, kernels)?; // (positions, dim)
                    let placed = placed.to_dtype(ar_free.dtype())?;
                    sum = Some(sum.map_or(Ok(placed.clone()), |s| s + placed)?);
                }
                let first =
                    (space.code_table(CodeTable::ResponseAr, 0) * space.table_rows()) as u32;
                let end = first + (space.group * space.table_rows()) as u32;
                let own = |c: u32| if (first..end).contains(&c) { c - first } else { NONE };
                let codes = positions.iter().flat_map(|row| row.position.codes.iter());
                let indices: Vec<u32> = codes.map(|&code| own(code)).collect();
                if indices.iter().any(|&i| i != NONE) {
                    let free = ops::embed(ar_free, &indices, slots, kernels)?; // (positions, dim)
                    sum = Some(sum.map_or(Ok(free.clone()), |s| s + free)?);
                }
                Ok(sum)
            }
        }
    }
}

/// Returns the embedding of one recording of a blend, times its weight: (positions, dim).
fn embed_share(
    table: &Tensor,
    positions: &[RowPosition<'_>],
    share: usize,
    slots: usize,
    kernels: Kernels,
) -> Result<Tensor> {
    let mut indices = Vec::with_capacity(positions.len() * slots); // (positions, slots)
    let mut weights = Vec::with_capacity(positions.len());
    for RowPosition { position: p, .. } in positions {
        match p.blend.get(share) {
            Some(share) => indices.extend_from_slice(&share.codes),
            None => indices.extend(std::iter::repeat_n(NONE, slots)),
        }
        weights.push(p.blend.get(share).map_or(0.0, |s| s.weight));
    }
    let weights =
        Tensor::from_vec(weights, (positions.len(), 1), table.device())?.to_dtype(table.dtype())?;
    ops::embed(table, &indices, slots, kernels)?.broadcast_mul(&weights)
}

/// Returns the codebook entries of one type of table for the positions that have any, (rows, slots * latent_dim), and
/// the row of each position.
fn gather(
    positions: &[RowPosition<'_>],
    kind: CodeTable,
    space: &TokenSpace,
    books: &Codebooks,
) -> Option<(Vec<f32>, Vec<u32>)> {
    let members = if kind == CodeTable::ResponseAr { space.group } else { space.levels };
    let rows = space.table_rows();
    let first = space.code_table(kind, 0) * rows;
    let range = first..first + members * rows;
    let mut latents = Vec::new();
    let mut place = Vec::with_capacity(positions.len());
    let mut count = 0;
    for RowPosition { position: p, .. } in positions {
        if !p.weighted_codes().any(|(_, c)| range.contains(&(c as usize))) {
            place.push(NONE);
            continue;
        }
        let start = latents.len();
        latents.resize(start + members * books.latent_dim, 0.0);
        // Maps are linear and have no bias: the weighted sum of embeddings is the embedding of the weighted sum.
        for (weight, c) in p.weighted_codes().filter(|(_, c)| range.contains(&(*c as usize))) {
            let (member, code) = ((c as usize - first) / rows, (c as usize - first) % rows);
            if code < space.codebook_size {
                let level = if kind == CodeTable::ResponseAr { 0 } else { member };
                let entry = books.entry(level, code);
                let sum = &mut latents[start + member * books.latent_dim..][..books.latent_dim];
                sum.iter_mut().zip(entry).for_each(|(s, e)| *s += weight * e);
            }
        }
        place.push(count);
        count += 1;
    }
    (count > 0).then_some((latents, place))
}
