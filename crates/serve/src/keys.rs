//! Key files.

use crate::config::LONGEST_KEY;

/// Faults of a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysFault {
    /// A file without keys.
    #[error("no keys")]
    Missing,
    /// A key that is too long to be compared in constant time.
    #[error("a key of more than {LONGEST_KEY} bytes")]
    TooLong,
}

impl KeysFault {
    /// Returns the remedy.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Missing => "write one key per line",
            Self::TooLong => "use a shorter key",
        }
    }
}

/// Returns the keys of a file, one per line. Empty lines and lines that begin with `#` are ignored.
///
/// # Errors
/// [`KeysFault`] if there is no key or a key is too long.
pub fn parse_keys(text: &str) -> Result<Vec<String>, KeysFault> {
    let lines = text.lines().map(str::trim);
    let keys: Vec<String> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    if keys.is_empty() {
        return Err(KeysFault::Missing);
    }
    if keys.iter().any(|key| key.len() > LONGEST_KEY) {
        return Err(KeysFault::TooLong);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_lines_but_for_comments() {
        assert_eq!(parse_keys("# mine\n one \n\ntwo"), Ok(vec!["one".into(), "two".into()]));
        assert_eq!(parse_keys("# none\n"), Err(KeysFault::Missing));
        assert_eq!(parse_keys(&"k".repeat(LONGEST_KEY + 1)), Err(KeysFault::TooLong));
    }
}
