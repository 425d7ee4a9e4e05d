//! Layer that a setting comes from.

use std::fmt;
use std::path::PathBuf;

use figment::{Metadata, Source};
use serde::{Serialize, Serializer};

/// Layer that a setting comes from. It is serialised as it is shown: `default`, a file's name, `environment` or `flag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingOrigin {
    /// Defaults of the program.
    Default,
    /// TOML file.
    File(PathBuf),
    /// Variables of the environment.
    Environment,
    /// Flags of the command line.
    Flag,
}

impl SettingOrigin {
    /// Name of the layers that are no file.
    const FIXED: [(&'static str, Self); 3] =
        [("default", Self::Default), ("environment", Self::Environment), ("flag", Self::Flag)];

    /// Returns the description of the layer for figment, which [`SettingOrigin::of`] reads.
    pub(crate) fn metadata(&self) -> Metadata {
        match self {
            Self::File(path) => Metadata::from(self.to_string(), path.as_path()),
            _ => Metadata::named(self.to_string()),
        }
    }

    /// Returns the layer that figment's description is of; the defaults without one.
    pub(crate) fn of(metadata: Option<&Metadata>) -> Self {
        let Some(metadata) = metadata else { return Self::Default };
        if let Some(Source::File(path)) = &metadata.source {
            return Self::File(path.clone());
        }
        let mut fixed = Self::FIXED.into_iter();
        fixed.find(|(name, _)| metadata.name == *name).map_or(Self::Default, |(_, place)| place)
    }
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

impl Serialize for SettingOrigin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
