//! Sixteen values side by side, and the weights they are loaded from.

/// Values that an inner loop adds up side by side.
pub(super) const LANES: usize = 16;

/// [`LANES`] values in the registers of an instruction set.
pub(super) trait Lanes: Copy {
    /// Zeros.
    fn zero() -> Self;

    /// Loads values.
    fn load(values: &[f32; LANES]) -> Self;

    /// Loads integers as floats.
    fn widen(values: &[i8; LANES]) -> Self;

    /// `self + a * b`, rounded once where the instruction set can.
    fn add_product(self, a: Self, b: Self) -> Self;

    /// Returns the values.
    fn values(self) -> [f32; LANES];
}

/// A stored weight.
pub(super) trait StoredWeight: Copy {
    /// Loads weights.
    fn load<L: Lanes>(weights: &[Self; LANES]) -> L;

    fn value(self) -> f32;
}

impl StoredWeight for f32 {
    #[inline(always)]
    fn load<L: Lanes>(weights: &[Self; LANES]) -> L {
        L::load(weights)
    }

    #[inline(always)]
    fn value(self) -> f32 {
        self
    }
}

impl StoredWeight for i8 {
    #[inline(always)]
    fn load<L: Lanes>(weights: &[Self; LANES]) -> L {
        L::widen(weights)
    }

    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }
}

/// Lanes of any processor: NEON where the compiler finds it.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; LANES]);

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
    fn widen(values: &[i8; LANES]) -> Self {
        Self(values.map(f32::from))
    }

    #[inline(always)]
    fn add_product(mut self, a: Self, b: Self) -> Self {
        for i in 0..LANES {
            // Without the instruction, one rounding costs a call of a function.
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
