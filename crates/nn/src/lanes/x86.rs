//! Lanes of AVX2 and AVX-512.

#![expect(
    unsafe_code,
    reason = "arrays and registers of one size are transmuted, which costs no check of a pointer in an inner loop; the instruction sets are checked by [`super::run`]"
)]

use std::arch::x86_64::{
    __m128i, __m256, __m512, _mm_cvtsi64_si128, _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps,
    _mm256_fmadd_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm512_add_ps, _mm512_cvtepi8_epi32,
    _mm512_cvtepi32_ps, _mm512_fmadd_ps, _mm512_permute_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_shuffle_f32x4,
};
use std::mem::transmute;

use super::{LANES, Lanes};

/// Two registers of AVX2. Only functions compiled for AVX2 and FMA may use it.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256, __m256);

// SAFETY of every block below: the processor has AVX2 and FMA, as the caller was compiled for them and is called after a
// check; arrays and registers that are transmuted have the same size, and every bit pattern is valid.
impl Lanes for Avx2 {
    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_setzero_ps(), _mm256_setzero_ps()) }
    }

    #[inline(always)]
    fn load(values: &[f32; LANES]) -> Self {
        // SAFETY: see above.
        let [low, high] = unsafe { transmute::<[f32; LANES], [__m256; 2]>(*values) };
        Self(low, high)
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_set1_ps(value), _mm256_set1_ps(value)) }
    }

    #[inline(always)]
    fn widen(values: &[i8; LANES]) -> Self {
        // SAFETY: see above.
        unsafe {
            let [low, high] = transmute::<[i8; LANES], [i64; 2]>(*values);
            Self(
                _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(low))),
                _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(high))),
            )
        }
    }

    #[inline(always)]
    fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_fmadd_ps(a.0, b.0, self.0), _mm256_fmadd_ps(a.1, b.1, self.1)) }
    }

    #[inline(always)]
    fn values(self) -> [f32; LANES] {
        // SAFETY: see above.
        unsafe { transmute::<[__m256; 2], [f32; LANES]>([self.0, self.1]) }
    }
}

/// A register of AVX-512. Only functions compiled for AVX-512F may use it.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

// SAFETY of every block below: the processor has AVX-512F, as the caller was compiled for it and is called after a check;
// arrays and registers that are transmuted have the same size, and every bit pattern is valid.
impl Lanes for Avx512 {
    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_setzero_ps()) }
    }

    #[inline(always)]
    fn load(values: &[f32; LANES]) -> Self {
        // SAFETY: see above.
        Self(unsafe { transmute::<[f32; LANES], __m512>(*values) })
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_set1_ps(value)) }
    }

    #[inline(always)]
    fn widen(values: &[i8; LANES]) -> Self {
        // SAFETY: see above.
        unsafe {
            let bytes = transmute::<[i8; LANES], __m128i>(*values);
            Self(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)))
        }
    }

    #[inline(always)]
    fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_fmadd_ps(a.0, b.0, self.0)) }
    }

    #[inline(always)]
    fn values(self) -> [f32; LANES] {
        // SAFETY: see above.
        unsafe { transmute::<__m512, [f32; LANES]>(self.0) }
    }

    #[inline(always)]
    fn sums(four: [Self; 4]) -> [f32; 4] {
        let [a, b, c, d] = four;
        // SAFETY: see above.
        unsafe {
            // Eight values of two registers each, then four values of all, then two, then one.
            let ab = _mm512_add_ps(
                _mm512_shuffle_f32x4::<0x44>(a.0, b.0),
                _mm512_shuffle_f32x4::<0xEE>(a.0, b.0),
            );
            let cd = _mm512_add_ps(
                _mm512_shuffle_f32x4::<0x44>(c.0, d.0),
                _mm512_shuffle_f32x4::<0xEE>(c.0, d.0),
            );
            let all = _mm512_add_ps(
                _mm512_shuffle_f32x4::<0x88>(ab, cd),
                _mm512_shuffle_f32x4::<0xDD>(ab, cd),
            );
            let pairs = _mm512_add_ps(all, _mm512_permute_ps::<0x4E>(all));
            let sums = Self(_mm512_add_ps(pairs, _mm512_permute_ps::<0xB1>(pairs))).values();
            [sums[0], sums[4], sums[8], sums[12]]
        }
    }
}
