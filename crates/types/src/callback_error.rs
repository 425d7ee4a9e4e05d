//! Errors of code that a library calls back.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// Error of a caller's own code that a library calls (an encoder, an evaluator, a subject, a runner), with the remedy that
/// the code knows. Message and source are those of the wrapped error.
#[derive(Debug)]
pub struct CallbackError {
    cause: Box<dyn Error + Send + Sync>,
    hint: Option<Cow<'static, str>>,
}

impl CallbackError {
    /// Wraps an error without a remedy.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: cause.into(), hint: None }
    }

    /// Returns the error with a remedy, where one is known.
    #[must_use]
    pub fn with_hint(self, hint: Option<impl Into<Cow<'static, str>>>) -> Self {
        Self { hint: hint.map(Into::into), ..self }
    }

    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        self.hint.clone()
    }
}

impl fmt::Display for CallbackError {
    /// Writes the message of the wrapped error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for CallbackError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_and_remedy_are_those_of_the_callback() {
        let error = CallbackError::new("no recognizer");
        assert_eq!((error.to_string().as_str(), error.hint()), ("no recognizer", None));
        let error = error.with_hint(Some("train one"));
        assert_eq!(error.hint().as_deref(), Some("train one"));
        assert!(error.source().is_none());
        let number = "x".parse::<u8>().map_err(CallbackError::new);
        assert_eq!(number.unwrap_err().to_string(), "invalid digit found in string");
    }
}
