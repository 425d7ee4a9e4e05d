//! Conversion of the samples of WAV files, integers and floats, to `f32`.

use super::header::{Encoding, Header};

/// Position of the bits of a sample in a wider container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Justified {
    /// Left-justified, as the specification requires.
    Left,
    /// Right-justified and sign-extended, as some writers store 24 bits in 32.
    Right24,
}

impl Justified {
    /// Detects the position of 24 bits in 32 from the first non-zero samples: right-justified samples have a sign byte
    /// at the top and use the lowest byte. Returns `None` if all samples are zero.
    pub(super) fn of(header: &Header, bytes: &[u8]) -> Option<Self> {
        let is_24_in_32 = header.encoding == (Encoding::Integer { container_bytes: 4 })
            && (header.bits_per_sample == 24 || header.valid_bits == 24);
        if !is_24_in_32 {
            return Some(Self::Left);
        }
        let samples = || bytes.chunks_exact(4);
        let is_extended = |s: &[u8]| s[3] == if s[2] & 0x80 == 0 { 0 } else { 0xff };
        if samples().all(|s| s == [0; 4]) {
            None
        } else if samples().all(is_extended) && samples().any(|s| s[0] != 0) {
            Some(Self::Right24)
        } else {
            Some(Self::Left)
        }
    }
}

/// Appends the complete samples of `bytes` to `out`; full scale is 1.
pub(super) fn decode(encoding: Encoding, justified: Justified, bytes: &[u8], out: &mut Vec<f32>) {
    const FULL_16: f32 = 32_768.0;
    const FULL_24: f32 = 8_388_608.0;
    const FULL_32: f32 = 2_147_483_648.0;
    match encoding {
        Encoding::Integer { container_bytes: 1 } => {
            out.extend(bytes.iter().map(|&b| (f32::from(b) - 128.0) / 128.0));
        }
        Encoding::Integer { container_bytes: 2 } => {
            let value = |s: &[u8]| f32::from(i16::from_le_bytes([s[0], s[1]])) / FULL_16;
            out.extend(bytes.chunks_exact(2).map(value));
        }
        Encoding::Integer { container_bytes: 3 } => {
            let value =
                |s: &[u8]| (i32::from_le_bytes([0, s[0], s[1], s[2]]) >> 8) as f32 / FULL_24;
            out.extend(bytes.chunks_exact(3).map(value));
        }
        Encoding::Integer { .. } => {
            let full = if justified == Justified::Right24 { FULL_24 } else { FULL_32 };
            let value = |s: &[u8]| i32::from_le_bytes([s[0], s[1], s[2], s[3]]) as f32 / full;
            out.extend(bytes.chunks_exact(4).map(value));
        }
        Encoding::Float { container_bytes: 8 } => {
            let value = |s: &[u8]| {
                f64::from_le_bytes([s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]]) as f32
            };
            out.extend(bytes.chunks_exact(8).map(value));
        }
        Encoding::Float { .. } => {
            let value = |s: &[u8]| f32::from_le_bytes([s[0], s[1], s[2], s[3]]);
            out.extend(bytes.chunks_exact(4).map(value));
        }
        Encoding::Other(_) => {}
    }
}
