//! Dynamic time warping: the mean cost along the cheapest path.

/// Narrowest band around the diagonal, frames.
const MIN_BAND: usize = 200;

/// Returns the mean of `cost(i, j)` along the path of least total cost from (0, 0) to (n - 1, m - 1) in steps of (1,
/// 1), (1, 0) and (0, 1) (Sakoe and Chiba 1978, symmetric form without slope limit). The path stays within a band
/// around the diagonal of a tenth of the longer side, at least 200 frames, so that short recordings aren't limited at
/// all. `None` when a side is empty.
pub(crate) fn mean_cost(n: usize, m: usize, cost: impl Fn(usize, usize) -> f64) -> Option<f64> {
    if n == 0 || m == 0 {
        return None;
    }
    let half = MIN_BAND.max(n.max(m) / 10);
    // The diagonal of row i, scaled so that it ends in the corner.
    let centre = |i: usize| if n > 1 { i * (m - 1) / (n - 1) } else { 0 };
    let step = (m - 1).div_ceil((n - 1).max(1));
    let range = |i: usize| {
        let first = if n == 1 { 0 } else { centre(i).saturating_sub(half) };
        let last = if n == 1 { m - 1 } else { (centre(i) + step + half).min(m - 1) };
        (first, last)
    };
    // Total cost and number of steps of the cheapest path to each cell of the row.
    let far = (f64::INFINITY, 0usize);
    let (mut above, mut row) = (vec![far; m], vec![far; m]);
    for i in 0..n {
        let (first, last) = range(i);
        row.fill(far);
        for j in first..=last {
            let before = if i == 0 && j == 0 {
                (0.0, 0)
            } else {
                let pair = if i > 0 && j > 0 { above[j - 1] } else { far };
                let down = if i > 0 { above[j] } else { far };
                let right = if j > 0 { row[j - 1] } else { far };
                [down, right].into_iter().fold(pair, |a, b| if b.0 < a.0 { b } else { a })
            };
            row[j] = (before.0 + cost(i, j), before.1 + 1);
        }
        std::mem::swap(&mut above, &mut row);
    }
    let (total, steps) = above[m - 1];
    Some(total / steps as f64)
}
