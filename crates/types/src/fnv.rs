//! Seeds derived from names.

/// FNV-1a, 64 bits (Fowler, Noll, Vo): the same on every machine and in every version, which the standard library's
/// hasher doesn't promise. Seeds are derived by it; fingerprints of contents are [`crate::Fingerprint`]s.
///
/// The values are seeds of samples, scenes and splits: the algorithm must never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Fnv1a(u64);

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

impl Default for Fnv1a {
    fn default() -> Self {
        Self(OFFSET)
    }
}

impl Fnv1a {
    /// Builds the initial state of a hash, different for every seed.
    pub fn seeded(seed: u64) -> Self {
        Self(OFFSET ^ seed)
    }

    /// Appends bytes.
    pub fn bytes(self, bytes: impl IntoIterator<Item = u8>) -> Self {
        bytes.into_iter().fold(self, |hash, byte| hash.word(u64::from(byte)))
    }

    fn word(self, word: u64) -> Self {
        Self((self.0 ^ word).wrapping_mul(PRIME))
    }

    /// Returns the hash.
    pub fn value(self) -> u64 {
        self.0
    }

    /// Returns the hash as 16 hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_published_test_vectors() {
        assert_eq!(Fnv1a::default().hex(), "cbf29ce484222325");
        assert_eq!(Fnv1a::default().bytes(*b"a").hex(), "af63dc4c8601ec8c");
        assert_eq!(Fnv1a::default().bytes(*b"foobar").value(), 0x8594_4171_f739_67e8);
        assert_eq!(Fnv1a::seeded(0), Fnv1a::default());
        assert_ne!(Fnv1a::seeded(1).bytes(*b"a"), Fnv1a::default().bytes(*b"a"));
    }
}
