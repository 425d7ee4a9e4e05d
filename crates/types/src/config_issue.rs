//! Settings whose values cannot work, for errors.

use std::borrow::Cow;
use std::fmt;

/// Setting whose value cannot work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{key}` {reason}")]
pub struct ConfigIssue {
    /// Key of the setting, with dots.
    pub key: Cow<'static, str>,
    /// Requirement that the value does not meet.
    pub reason: Requirement,
}

/// Requirement that the value of a setting does not meet.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Requirement {
    /// Range of numbers.
    Range {
        /// Values that fit.
        allowed: Allowed,
        /// Value of the setting.
        value: f64,
    },
    /// Setting that a value goes with.
    Together {
        /// Value of this setting: `above 1`, `"masked"`.
        value: Cow<'static, str>,
        /// Other settings with the values that fit: `codes = "ar_nar"`.
        with: Cow<'static, str>,
    },
    /// Whole number that the value must be a multiple of.
    MultipleOf {
        /// Value of the setting.
        value: usize,
        /// The number.
        of: usize,
    },
    /// Number that the value must equal.
    Equal {
        /// Value of the setting.
        value: usize,
        /// The number.
        expected: usize,
        /// Source of the number: `the token space`.
        of: &'static str,
    },
    /// Requirement that only one setting has, as the end of a sentence: `must name a linear map`.
    Other(Cow<'static, str>),
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { allowed, value } => write!(f, "must be {allowed}, not {value}"),
            Self::Together { value, with } => write!(f, "{value} goes with {with} only"),
            Self::MultipleOf { value, of } => write!(f, "must be a multiple of {of}, not {value}"),
            Self::Equal { value, expected, of } => {
                write!(f, "must be {expected} as in {of}, not {value}")
            }
            Self::Other(requirement) => f.write_str(requirement),
        }
    }
}

impl From<&'static str> for Requirement {
    fn from(requirement: &'static str) -> Self {
        Self::Other(requirement.into())
    }
}

impl From<String> for Requirement {
    fn from(requirement: String) -> Self {
        Self::Other(requirement.into())
    }
}

/// Values that a numeric setting may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Allowed {
    /// Numbers from this one upwards.
    AtLeast(f64),
    /// Larger numbers.
    Above(f64),
    /// Numbers up to this one.
    AtMost(f64),
    /// Numbers between these two, both included.
    Within(f64, f64),
    /// Any finite number.
    Finite,
}

impl Allowed {
    /// Checks the value of a setting.
    ///
    /// # Errors
    /// [`Requirement::Range`] for another value, infinity or no number.
    pub fn check(self, key: impl Into<Cow<'static, str>>, value: f64) -> Result<(), ConfigIssue> {
        let fits = match self {
            Self::AtLeast(least) => value >= least,
            Self::Above(bound) => value > bound,
            Self::AtMost(most) => value <= most,
            Self::Within(least, most) => (least..=most).contains(&value),
            Self::Finite => true,
        };
        match fits && !value.is_nan() && (value.is_finite() || self != Self::Finite) {
            true => Ok(()),
            false => Err(ConfigIssue::new(key, Requirement::Range { allowed: self, value })),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::Above(bound) => write!(f, "above {bound}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::Within(least, most) => write!(f, "from {least} to {most}"),
            Self::Finite => f.write_str("a finite number"),
        }
    }
}

impl ConfigIssue {
    /// Builds an issue of one setting.
    pub fn new(key: impl Into<Cow<'static, str>>, reason: impl Into<Requirement>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }

    /// Returns the issue with the key of the table that the setting belongs to.
    #[must_use]
    pub fn in_table(self, table: &str) -> Self {
        Self { key: format!("{table}.{}", self.key).into(), ..self }
    }

    /// Checks that the settings of these keys are above zero.
    ///
    /// # Errors
    /// Names the first setting that is zero.
    pub fn above_zero(sizes: &[(&'static str, usize)]) -> Result<(), Self> {
        match sizes.iter().find(|(_, size)| *size == 0) {
            Some((key, _)) => Allowed::Above(0.0).check(*key, 0.0),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_zero_is_named_with_its_table() {
        let issue = ConfigIssue::above_zero(&[("dim", 4), ("layers", 0), ("heads", 0)]);
        let issue = issue.unwrap_err().in_table("trunk");
        assert_eq!(issue.to_string(), "`trunk.layers` must be above 0, not 0");
        assert_eq!(ConfigIssue::above_zero(&[("dim", 4)]), Ok(()));
    }

    #[test]
    fn numbers_outside_their_range_are_told() {
        for (allowed, value, message) in [
            (Allowed::AtLeast(1.0), 1.0, None),
            (Allowed::AtLeast(1.0), 0.5, Some("`n` must be at least 1, not 0.5")),
            (Allowed::Above(0.0), 0.0, Some("`n` must be above 0, not 0")),
            (Allowed::AtMost(2.0), f64::NAN, Some("`n` must be at most 2, not NaN")),
            (Allowed::Within(0.0, 1.0), 1.0, None),
            (Allowed::Within(0.0, 1.0), 1.5, Some("`n` must be from 0 to 1, not 1.5")),
            (Allowed::Finite, f64::INFINITY, Some("`n` must be a finite number, not inf")),
        ] {
            let found = allowed.check("n", value).err().map(|issue| issue.to_string());
            assert_eq!(found.as_deref(), message);
        }
    }
}
