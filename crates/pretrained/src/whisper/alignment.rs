//! Token times from the decoder's cross-attention, by dynamic time warping over the alignment heads.

use candle_core::{IndexOp, Tensor};

use super::model::{Whisper, failed};
use super::network::Cache;
use crate::PretrainedError;

/// Width of the median filter along time, in encoder positions.
const MEDIAN_WIDTH: usize = 7;
/// Encoder positions per second.
const POSITIONS_PER_S: f64 = 50.0;

/// Times and probabilities of tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct AlignedTokens {
    /// Start of each token, followed by the start of the end of text, in seconds from the start of the window.
    pub(crate) starts_s: Vec<f64>, // (tokens + 1)
    /// Probability of each token among the text tokens.
    pub(crate) probabilities: Vec<f64>, // (tokens)
}

impl Whisper {
    /// Aligns text tokens with a window. The recording fills the first `frames` spectrogram frames of the window.
    pub(crate) fn align_tokens(
        &self,
        window: &Cache,
        text: &[u32],
        language: Option<u32>,
        frames: usize,
    ) -> Result<AlignedTokens, PretrainedError> {
        let fail = failed("align words");
        let mut tokens = self.vocabulary.prefix(language);
        let prefix = tokens.len();
        tokens.push(self.vocabulary.no_timestamps);
        tokens.extend_from_slice(text);
        tokens.push(self.vocabulary.end);
        let mut cross = Vec::new();
        let mut cache = window.clone();
        let hidden = self.network.decode(&tokens, &mut cache, Some(&mut cross)).map_err(&fail)?; // (tokens, width)
        let probabilities = self.text_probabilities(&hidden, prefix, text).map_err(&fail)?;
        let positions = (frames / 2).clamp(1, self.config.max_source_positions);
        let cost = self.cost(&cross, positions).map_err(&fail)?;
        // The rows of the language and task tokens and of the end are not aligned.
        let rows = &cost[prefix..cost.len() - 1];
        let path = warp(rows, positions);
        let mut starts_s = Vec::with_capacity(rows.len());
        for (token, position) in path {
            if token == starts_s.len() {
                starts_s.push(position as f64 / POSITIONS_PER_S);
            }
        }
        Ok(AlignedTokens { starts_s, probabilities })
    }

    /// Returns the probability of each text token among all text tokens, given the previous tokens. // (tokens)
    fn text_probabilities(
        &self,
        hidden: &Tensor,
        prefix: usize,
        text: &[u32],
    ) -> candle_core::Result<Vec<f64>> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let before = hidden.narrow(0, prefix, text.len())?; // (tokens of the text, width)
        let logits = self.network.logits(&before)?; // (tokens of the text, vocabulary)
        let logits = logits.narrow(1, 0, self.vocabulary.end as usize)?;
        let rows = logits.to_vec2::<f32>()?;
        let probability = |(row, &token): (&Vec<f32>, &u32)| {
            let logit = row.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY);
            f64::from((logit - super::rules::log_sum_exp(row)).exp())
        };
        Ok(rows.iter().zip(text).map(probability).collect())
    }

    /// Returns the negative mean of the alignment heads' attention weights (tokens, positions), restricted to the
    /// recording, standardized over the tokens and smoothed over time.
    fn cost(&self, cross: &[Tensor], positions: usize) -> candle_core::Result<Vec<Vec<f32>>> {
        let mut sum: Vec<Vec<f32>> = Vec::new();
        for &(layer, head) in &self.alignment_heads {
            let weights = cross[layer].i(head)?.narrow(1, 0, positions)?; // (tokens, positions)
            // The division renormalizes the softmax over the window to the positions of the recording.
            let total = weights.sum_keepdim(1)?; // (tokens, 1)
            let mut rows = weights.broadcast_div(&total)?.to_vec2::<f32>()?;
            standardise(&mut rows);
            rows.iter_mut().for_each(|row| *row = median_filter(row));
            if sum.is_empty() {
                sum = rows;
            } else {
                let pairs = sum.iter_mut().flatten().zip(rows.iter().flatten());
                pairs.for_each(|(total, value)| *total += value);
            }
        }
        let heads = self.alignment_heads.len() as f32;
        sum.iter_mut().flatten().for_each(|value| *value /= -heads);
        Ok(sum)
    }
}

/// Standardizes each column to mean 0 and variance 1 over the rows.
fn standardise(rows: &mut [Vec<f32>]) {
    let (count, columns) = (rows.len() as f32, rows.first().map_or(0, Vec::len));
    for column in 0..columns {
        let mean = rows.iter().map(|row| row[column]).sum::<f32>() / count;
        let variance = rows.iter().map(|row| (row[column] - mean).powi(2)).sum::<f32>() / count;
        let deviation = variance.sqrt().max(f32::MIN_POSITIVE);
        rows.iter_mut().for_each(|row| row[column] = (row[column] - mean) / deviation);
    }
}

/// Returns the running median of a row, mirrored at the ends. A row shorter than half the filter is unchanged.
fn median_filter(row: &[f32]) -> Vec<f32> {
    let half = MEDIAN_WIDTH / 2;
    if row.len() <= half {
        return row.to_vec();
    }
    let last = row.len() as isize - 1;
    let mirrored = |i: isize| row[if i < 0 { -i } else { last - (last - i).abs() } as usize];
    let median = |centre: isize| {
        let mut around: Vec<f32> =
            (-(half as isize)..=half as isize).map(|d| mirrored(centre + d)).collect();
        *around.select_nth_unstable_by(half, f32::total_cmp).1
    };
    (0..=last).map(median).collect()
}

/// Returns the monotonic path (row, column) of least cost through a cost matrix, from the first cell to the last.
fn warp(cost: &[Vec<f32>], columns: usize) -> Vec<(usize, usize)> {
    let rows = cost.len();
    // Least sum up to each cell, and the step to it: 0 next row and column, 1 next row, 2 next column.
    let mut sums = vec![f32::INFINITY; (rows + 1) * (columns + 1)];
    let mut steps = vec![2u8; (rows + 1) * (columns + 1)];
    let at = |row: usize, column: usize| row * (columns + 1) + column;
    (1..=rows).for_each(|row| steps[at(row, 0)] = 1);
    sums[0] = 0.0;
    for column in 1..=columns {
        for row in 1..=rows {
            let (both, down, right) = (
                sums[at(row - 1, column - 1)],
                sums[at(row - 1, column)],
                sums[at(row, column - 1)],
            );
            let (sum, step) = if both < down && both < right {
                (both, 0)
            } else if down < both && down < right {
                (down, 1)
            } else {
                (right, 2)
            };
            sums[at(row, column)] = cost[row - 1][column - 1] + sum;
            steps[at(row, column)] = step;
        }
    }
    let (mut row, mut column) = (rows, columns);
    let mut path = Vec::with_capacity(rows + columns);
    while row > 0 && column > 0 {
        path.push((row - 1, column - 1));
        match steps[at(row, column)] {
            0 => (row, column) = (row - 1, column - 1),
            1 => row -= 1,
            _ => column -= 1,
        }
    }
    path.extend((0..row).rev().map(|row| (row, 0)));
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_follows_the_cheap_cells() {
        let mut cost = vec![vec![1.0; 6]; 3];
        for (row, columns) in [(0, 0..2), (1, 2..3), (2, 3..6)] {
            columns.for_each(|column| cost[row][column] = 0.0);
        }
        let expected = [(0, 0), (0, 1), (1, 2), (2, 3), (2, 4), (2, 5)];
        assert_eq!(warp(&cost, 6), expected);
        let alone = warp(&[vec![0.5; 3]], 3);
        assert_eq!(alone, [(0, 0), (0, 1), (0, 2)]);
    }

    #[test]
    fn the_filter_removes_single_peaks_and_mirrors_the_ends() {
        let mut row = vec![0.0; 9];
        row[4] = 9.0;
        assert_eq!(median_filter(&row), [0.0; 9]);
        let steps: Vec<f32> = (0..9).map(|i| i as f32).collect();
        assert_eq!(median_filter(&steps), [2.0, 2.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 6.0]);
        assert_eq!(median_filter(&[1.0, 5.0, 2.0]), [1.0, 5.0, 2.0]);
    }
}
