//! Files of keys.

use crate::config::LONGEST_KEY;

/// Fault of a text that should hold keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysFault {
    /// No key.
    #[error("no key")]
    Missing,
    /// A key that is too long to be compared in constant time.
    #[error("a key of more than {LONGEST_KEY} bytes")]
    TooLong,
}

impl KeysFault {
    /// Returns the remedy.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Missing => "write one key a line",
            Self::TooLong => "shorten it",
        }
    }
}

/// Returns the keys of a text, one a line. Empty lines and lines that begin with `#` are left out.
///
/// # Errors
/// [`KeysFault`].
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
