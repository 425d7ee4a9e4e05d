//! Corpora by folder or by URL.

use std::path::Path;

use syrinx_recipes::CorpusSource;

/// Prefixes of environment variables that configure object storage.
const PREFIXES: [&str; 2] = ["AWS_", "GOOGLE_"];

/// Returns the source of shards: a folder, or object storage if the name is a URL.
pub fn named(place: &Path) -> CorpusSource {
    let ours = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.to_str()?;
        let known = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        known.then(|| Some((name.to_lowercase(), value.to_str()?.to_owned())))?
    };
    let storage_options = std::env::vars_os().filter_map(ours).collect();
    CorpusSource { place: place.to_path_buf(), storage_options }
}
