//! SIMD: sixteen values at a time in the registers of the processor.

#![expect(unsafe_code, reason = "functions of an instruction set are called after its check")]

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "x86_64")]
use x86::{Avx2, Avx512};

/// Number of values that an inner loop processes at a time.
pub(crate) const LANES: usize = 16;

/// [`LANES`] values in the registers of an instruction set.
pub(crate) trait Lanes: Copy {
    /// Zeros.
    fn zero() -> Self;

    /// Loads values.
    fn load(values: &[f32; LANES]) -> Self;

    /// Returns the same value in every lane.
    fn splat(value: f32) -> Self;

    /// Loads integers as floats.
    fn widen(values: &[i8; LANES]) -> Self;

    /// `self + a * b`, rounded once where the instruction set can.
    fn add_product(self, a: Self, b: Self) -> Self;

    /// Returns the values.
    fn values(self) -> [f32; LANES];

    /// Returns [`sum`] of each of four.
    #[inline(always)]
    fn sums(four: [Self; 4]) -> [f32; 4] {
        let [a, b, c, d] = four;
        [sum(a.values()), sum(b.values()), sum(c.values()), sum(d.values())]
    }
}

/// Work that is compiled for several instruction sets. All of them give the same values where the processor has fused
/// multiply-add. Implementations are `#[inline(always)]` and use loops in place of closures: a closure would be compiled
/// without the instruction set of its caller, and called.
pub(crate) trait Kernel {
    /// Runs the work with these lanes. `WIDE` tells whether there are enough registers for tiles of 2 x 8 lanes.
    fn run<L: Lanes, const WIDE: bool>(self);
}

/// Runs a kernel with the best instruction set of this processor.
pub(crate) fn run(kernel: impl Kernel) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has these instructions.
            return unsafe { run_avx512(kernel) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has these instructions.
            return unsafe { run_avx2(kernel) };
        }
    }
    kernel.run::<Portable, false>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn run_avx512(kernel: impl Kernel) {
    kernel.run::<Avx512, true>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(kernel: impl Kernel) {
    kernel.run::<Avx2, false>();
}

/// Sums the lanes by halves, so that few additions depend on each other.
#[inline(always)]
pub(crate) fn sum(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// Lanes for any processor, NEON included where the compiler vectorizes.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; LANES]);

impl Lanes for Portable {
    #[inline(always)]
    fn zero() -> Self {
        Self([0.0; LANES])
    }

    #[inline(always)]
    fn load(values: &[f32; LANES]) -> Self {
        Self(*values)
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn widen(values: &[i8; LANES]) -> Self {
        Self(values.map(f32::from))
    }

    #[inline(always)]
    fn add_product(mut self, a: Self, b: Self) -> Self {
        for i in 0..LANES {
            // Without the instruction, a fused multiply-add is a function call.
            self.0[i] = if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
                a.0[i].mul_add(b.0[i], self.0[i])
            } else {
                self.0[i] + a.0[i] * b.0[i]
            };
        }
        self
    }

    #[inline(always)]
    fn values(self) -> [f32; LANES] {
        self.0
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns values for tests of products.
    pub(crate) fn made(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 31 + seed * 17) as f32 * 0.37).sin()).collect()
    }

    /// Runs a kernel with the lanes of every instruction set of this processor that has fused multiply-add, and returns
    /// how many there were.
    pub(crate) fn on_all<K: Kernel>(mut kernel: impl FnMut() -> K) -> usize {
        #[cfg(target_arch = "x86_64")]
        {
            let fma = is_x86_feature_detected!("fma");
            let (narrow, wide) =
                (is_x86_feature_detected!("avx2"), is_x86_feature_detected!("avx512f"));
            if fma && narrow {
                // SAFETY: the processor has these instructions.
                unsafe { run_avx2(kernel()) };
            }
            if fma && wide {
                // SAFETY: the processor has these instructions.
                unsafe { run_avx512(kernel()) };
            }
            usize::from(fma && narrow) + usize::from(fma && wide)
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            kernel().run::<Portable, false>();
            1
        }
    }

    /// Runs a kernel with portable lanes.
    pub(crate) fn on_portable(kernel: impl Kernel) {
        kernel.run::<Portable, false>();
    }
}
