//! Merging of folders with shards of one manifest.

use std::fs;
use std::path::Path;

use syrinx_atomic::write_bytes_inside;

use syrinx_types::IoOperation;

use crate::corpus::RENDITIONS;
use crate::encode::shard_files;
use crate::shard::{Shard, ShardStamp};
use crate::{DataError, Expected};

/// Result of a merge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergedShards {
    /// Number of copied shards.
    pub copied: usize,
    /// Number of shards that the folder had before.
    pub kept: usize,
    /// Number of shards of the manifest.
    pub of: usize,
    /// Numbers of missing shards, from 1.
    pub missing: Vec<usize>,
}

impl MergedShards {
    /// Checks that no shard is missing. `folder` is the target folder, for the error.
    ///
    /// # Errors
    /// [`DataError::MissingShards`].
    pub fn check(&self, folder: &Path) -> Result<(), DataError> {
        let Some(&first) = self.missing.first() else { return Ok(()) };
        let (dir, missing) = (folder.to_path_buf(), self.missing.len());
        Err(DataError::MissingShards { dir, missing, of: self.of, first })
    }
}

/// Copies the shards of `folders`, and those of their renditions, into the folder `into`, which is created if needed.
/// Valid shards in `into` are kept; damaged shards in `folders` are skipped. Copies are atomic, so a killed merge can
/// be repeated.
///
/// # Errors
/// [`DataError::Mismatch`] for shards of different codecs or manifests, [`DataError::NothingFound`] for folders without
/// shards, [`DataError::Io`].
pub fn merge_shards(folders: &[&Path], into: &Path) -> Result<MergedShards, DataError> {
    let merged = merge_folder(folders, into)?;
    let mut renditions = Vec::new();
    for folder in folders {
        let path = folder.join(RENDITIONS);
        if path.is_dir() {
            for entry in fs::read_dir(&path).map_err(DataError::io(IoOperation::List, &path))? {
                renditions
                    .push(entry.map_err(DataError::io(IoOperation::List, &path))?.file_name());
            }
        }
    }
    renditions.sort();
    renditions.dedup();
    for rendition in renditions {
        let sources: Vec<_> = folders.iter().map(|f| f.join(RENDITIONS).join(&rendition)).collect();
        let sources: Vec<&Path> =
            sources.iter().filter(|s| s.is_dir()).map(|s| s.as_path()).collect();
        merge_folder(&sources, &into.join(RENDITIONS).join(&rendition))?;
    }
    Ok(merged)
}

fn merge_folder(folders: &[&Path], into: &Path) -> Result<MergedShards, DataError> {
    fs::create_dir_all(into).map_err(DataError::io(IoOperation::CreateFolder, into))?;
    let mut stamp: Option<ShardStamp> = None;
    let mut there = Vec::new();
    let mut merged = MergedShards::default();
    for (own, folder) in [(true, &into)].into_iter().chain(folders.iter().map(|f| (false, f))) {
        for path in shard_files(folder)? {
            let shard = match Shard::read(&path) {
                Ok(shard) => shard,
                Err(DataError::BrokenShard { .. }) => continue,
                Err(error) => return Err(error),
            };
            let found = shard.stamp();
            let first = stamp.get_or_insert_with(|| found.clone());
            found.check(first, &path)?;
            there.resize(first.of, false);
            if found.index >= first.of || there[found.index] {
                continue;
            }
            there[found.index] = true;
            merged.kept += usize::from(own);
            if !own {
                let bytes = fs::read(&path).map_err(DataError::io(IoOperation::Read, &path))?;
                let to = into.join(found.file_name());
                write_bytes_inside(&to, &bytes).map_err(DataError::io(IoOperation::Write, &to))?;
                merged.copied += 1;
            }
        }
    }
    let Some(stamp) = stamp else {
        let path = folders.first().map_or(into, |f| *f).to_path_buf();
        let looked_for = Expected::Shards;
        return Err(DataError::NothingFound { path, looked_for });
    };
    merged.of = stamp.of;
    merged.missing = (0..stamp.of).filter(|&i| !there[i]).map(|i| i + 1).collect();
    Ok(merged)
}
