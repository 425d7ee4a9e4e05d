//! Settings whose values cannot work, for errors.

/// Setting whose value cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` {reason}")]
pub struct SettingIssue {
    /// Key of the setting, with dots.
    pub key: String,
    /// Requirement that the value does not meet: `must be above zero`.
    pub reason: String,
}

impl SettingIssue {
    /// Builds an issue of one setting.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }

    /// Returns the issue with the key of the table that the setting belongs to.
    #[must_use]
    pub fn in_table(self, table: &str) -> Self {
        Self { key: format!("{table}.{}", self.key), ..self }
    }

    /// Checks that the settings of these keys are above zero.
    ///
    /// # Errors
    /// Names the first setting that is zero.
    pub fn above_zero(sizes: &[(&str, usize)]) -> Result<(), Self> {
        match sizes.iter().find(|(_, size)| *size == 0) {
            Some((key, _)) => Err(Self::new(*key, "must be above zero")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_zero_is_named_with_its_table() {
        let issue = SettingIssue::above_zero(&[("dim", 4), ("layers", 0), ("heads", 0)]);
        let issue = issue.unwrap_err().in_table("trunk");
        assert_eq!(issue.to_string(), "`trunk.layers` must be above zero");
        assert_eq!(SettingIssue::above_zero(&[("dim", 4)]), Ok(()));
    }
}
