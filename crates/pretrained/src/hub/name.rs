//! Names of models on the hub.

use std::fmt;
use std::str::FromStr;

use super::HubFault;
use crate::PretrainedError;

/// Branch of models whose names have no revision.
const DEFAULT_REVISION: &str = "main";

/// Name of a model: `hf:OWNER/NAME`, with `@REVISION` for another revision than the latest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelName {
    /// Owner and name.
    pub id: String,
    /// Branch, tag or commit.
    pub revision: String,
}

impl FromStr for ModelName {
    type Err = PretrainedError;

    fn from_str(text: &str) -> Result<Self, PretrainedError> {
        let fault = || PretrainedError::from(HubFault::Name { name: text.to_owned() });
        let plain = text.strip_prefix("hf:").unwrap_or(text);
        let (id, revision) = plain.split_once('@').unwrap_or((plain, DEFAULT_REVISION));
        let (owner, name) = id.split_once('/').ok_or_else(fault)?;
        // The components become names of folders.
        let fits = |part: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && part.chars().all(plain) && !part.starts_with('.')
        };
        match fits(owner) && fits(name) && fits(revision) {
            true => Ok(Self { id: id.to_owned(), revision: revision.to_owned() }),
            false => Err(fault()),
        }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        if self.revision == DEFAULT_REVISION { Ok(()) } else { write!(f, "@{}", self.revision) }
    }
}

impl ModelName {
    /// Returns the name of the model's folder inside the folder of all models.
    pub(crate) fn folder(&self) -> String {
        format!("models--{}", self.id.replace('/', "--"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (text, shown) in [
            ("hf:openai/whisper-tiny.en", "openai/whisper-tiny.en"),
            ("openai/whisper-tiny.en@main", "openai/whisper-tiny.en"),
            ("hf:kyutai/mimi@v1.0", "kyutai/mimi@v1.0"),
        ] {
            let name: ModelName = text.parse().unwrap();
            assert_eq!(name.to_string(), shown);
            assert_eq!(name.to_string().parse::<ModelName>().unwrap(), name);
        }
    }

    #[test]
    fn names_that_are_paths_are_refused() {
        for text in ["", "mimi", "hf:a/../b", "a/b/c", "../b", "a/.b", "a/b@../c", "a/b@", "a b/c"]
        {
            let error = text.parse::<ModelName>().unwrap_err();
            assert!(matches!(error, PretrainedError::Hub(HubFault::Name { .. })), "{text}");
        }
    }
}
