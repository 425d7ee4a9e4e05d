//! Corpora by folder or by URL.

use std::path::Path;

use syrinx_data::Corpus;

#[cfg(not(feature = "object-store"))]
use crate::failure::Failure;
use crate::failure::Outcome;

/// Opens the shards of a folder, or of object storage where the name is a URL.
pub fn open(name: &Path) -> Outcome<Corpus> {
    match name.to_str().filter(|name| name.contains("://")) {
        Some(url) => streamed(url),
        None => Ok(Corpus::open(name)?),
    }
}

/// Prefixes of variables that object storage is configured by.
#[cfg(feature = "object-store")]
const PREFIXES: [&str; 2] = ["AWS_", "GOOGLE_"];

#[cfg(feature = "object-store")]
fn streamed(url: &str) -> Outcome<Corpus> {
    use std::sync::Arc;
    use syrinx_data::{ObjectFolder, ShardSource};
    let ours = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.to_str()?;
        let known = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        known.then(|| Some((name.to_lowercase(), value.to_str()?.to_owned())))?
    };
    let options = std::env::vars_os().filter_map(ours).collect();
    let source: Arc<dyn ShardSource> = Arc::new(ObjectFolder::open(url, options)?);
    Ok(Corpus::stream(&source)?)
}

#[cfg(not(feature = "object-store"))]
fn streamed(url: &str) -> Outcome<Corpus> {
    Err(Failure::usage(
        format!("{url}: this program was built without object storage"),
        "build one with `cargo build --features object-store`, or name a folder",
    ))
}
