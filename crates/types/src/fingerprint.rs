//! Fingerprints of contents.

/// BLAKE3 hash of a content, shown as 16 hexadecimal digits. It is the same on every machine and in every version, but
/// is not a signature, since it has 64 bits.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// Number of hexadecimal digits shown.
    pub const DIGITS: usize = 16;

    /// Appends bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// Appends a delimited part: its length, then its bytes.
    #[must_use]
    pub fn part(self, part: &[u8]) -> Self {
        self.bytes(&(part.len() as u64).to_le_bytes()).bytes(part)
    }

    /// Appends floating-point values by their bits.
    #[must_use]
    pub fn values(mut self, values: &[f32]) -> Self {
        const CHUNK: usize = 1 << 12;
        let mut bytes = Vec::with_capacity(4 * CHUNK);
        for chunk in values.chunks(CHUNK) {
            bytes.clear();
            bytes.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
            self.0.update(&bytes);
        }
        self
    }

    /// Returns the fingerprint as 16 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.finalize().to_hex()[..Self::DIGITS].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_the_published_test_vectors() {
        // BLAKE3 of no input and of the byte 0: test_vectors.json of the reference implementation.
        assert_eq!(Fingerprint::default().hex(), "af1349b9f5f9a1a6");
        assert_eq!(Fingerprint::default().bytes(&[0]).hex(), "2d3adedff11b61f1");
    }

    #[test]
    fn parts_and_paired_bit_flips_are_told_apart() {
        let of = |parts: &[&str]| {
            let all = parts.iter().fold(Fingerprint::default(), |f, part| f.part(part.as_bytes()));
            all.hex()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        let mut values = vec![1.0_f32; 10_000];
        let before = Fingerprint::default().values(&values).hex();
        // Flips the sign bits of two values.
        (values[3], values[7]) = (-values[3], -values[7]);
        assert_ne!(Fingerprint::default().values(&values).hex(), before);
    }
}
