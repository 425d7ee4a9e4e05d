//! Elementary functions that loops compute in vectors: no branches, no calls, no checked arithmetic.

use std::f32::consts::{FRAC_2_PI, LOG2_E};

/// 1.5 * 2^23: adding it rounds to the nearest integer, which is then in the lowest bits.
const ROUNDING: f32 = 12_582_912.0;

/// Largest magnitude of angles for [`sin_cos`].
pub const MOST_RADIANS: f32 = 8192.0;

/// e^x by range reduction and a polynomial. Relative error below 3e-7.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // Conversions with saturation and checked sums would keep the compiler from vectors.
    let shifted = x * LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let p = 1.0
        + r * (1.0
            + r * (0.5
                + r * (0.166_666_65 + r * (0.041_665_795 + r * (8.333_452e-3 + r * 1.398_2e-3)))));
    // The shift drops the bits of `ROUNDING`.
    p * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Sine and cosine of an angle of at most [`MOST_RADIANS`], by range reduction in three steps and polynomials (Cephes:
/// Moshier 1989). Error below 2e-7.
#[inline(always)]
pub fn sin_cos(radians: f32) -> (f32, f32) {
    let shifted = radians * FRAC_2_PI + ROUNDING;
    let quarter = shifted.to_bits();
    let n = shifted - ROUNDING;
    let r = radians - n * 1.570_312_5 - n * 4.837_513e-4 - n * 7.549_79e-8; // within pi / 4 of 0
    let square = r * r;
    let sine =
        r + r * square * (-0.166_666_55 + square * (8.332_161e-3 + square * -1.951_529_6e-4));
    let fourth = square * square;
    let cosine = 1.0 - 0.5 * square
        + fourth * (0.041_666_646 + square * (-1.388_731_6e-3 + square * 2.443_315_7e-5));
    let (a, b) = if quarter & 1 == 0 { (sine, cosine) } else { (cosine, sine) };
    let negative = |value: f32, bit: u32| f32::from_bits(value.to_bits() ^ (bit << 31));
    (negative(a, (quarter >> 1) & 1), negative(b, (quarter.wrapping_add(1) >> 1) & 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_the_library() {
        for i in -8_700..8_800 {
            let x = i as f32 * 0.01;
            let (found, wanted) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((found / wanted - 1.0).abs() < 3e-7, "{x}: {found} and {wanted}");
        }
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn sines_and_cosines_are_those_of_the_library() {
        let angles = (-8_000..8_000).map(|i| i as f32 * 0.013);
        for x in angles.chain([0.0, -0.0, MOST_RADIANS, -MOST_RADIANS, 1234.5]) {
            let (sine, cosine) = sin_cos(x);
            let (wanted_sine, wanted_cosine) = f64::from(x).sin_cos();
            let error = (f64::from(sine) - wanted_sine).abs();
            let error = error.max((f64::from(cosine) - wanted_cosine).abs());
            assert!(error < 2e-7, "{x}: {sine}, {cosine} and {wanted_sine}, {wanted_cosine}");
        }
    }
}
