//! Codes of several frame rates in lists of equal length.

/// Returns the number of codes of each level per frame of the slowest level.
pub(crate) fn widths(strides: &[usize]) -> Vec<usize> {
    let slowest = strides.first().copied().unwrap_or(1);
    strides.iter().map(|s| slowest / s.max(&1)).collect()
}

/// Distributes the codes of each level over columns of equal length. A level with `width` codes per frame has `width`
/// columns; column `k` has every `width`-th code, starting with code `k`.
pub fn flatten(levels: &[Vec<u32>], strides: &[usize]) -> Vec<Vec<u32>> {
    let columns = levels.iter().zip(widths(strides)).flat_map(|(codes, width)| {
        (0..width).map(move |k| codes.iter().skip(k).step_by(width).copied().collect())
    });
    columns.collect()
}

/// Inverts [`flatten`]. Codes of columns that are missing at the end are `None`.
pub fn unflatten(columns: &[Vec<u32>], strides: &[usize]) -> Vec<Vec<Option<u32>>> {
    let frames = columns.first().map_or(0, Vec::len);
    let mut first = 0;
    let mut levels = Vec::with_capacity(strides.len());
    for width in widths(strides) {
        let code = |t: usize, k: usize| columns.get(first + k).and_then(|c| c.get(t)).copied();
        levels.push((0..frames).flat_map(|t| (0..width).map(move |k| code(t, k))).collect());
        first += width;
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_every_level_in_turn_and_missing_columns_are_none() {
        let levels = vec![vec![1, 2], vec![11, 12, 13, 14], vec![21, 22, 23, 24, 25, 26, 27, 28]];
        let columns = flatten(&levels, &[4, 2, 1]);
        let frame = |t: usize| columns.iter().map(|c| c[t]).collect::<Vec<_>>();
        assert_eq!(frame(0), [1, 11, 12, 21, 22, 23, 24]);
        assert_eq!(frame(1), [2, 13, 14, 25, 26, 27, 28]);
        let known: Vec<Vec<Option<u32>>> =
            levels.iter().map(|l| l.iter().copied().map(Some).collect()).collect();
        assert_eq!(unflatten(&columns, &[4, 2, 1]), known);
        let part = unflatten(&columns[..2], &[4, 2, 1]);
        assert_eq!(part[1], [Some(11), None, Some(13), None]);
        assert_eq!(part[2], [None; 8]);
    }
}
