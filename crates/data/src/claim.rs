//! Claims on shards, so that several processes can encode the same share of a manifest into a common folder.
//!
//! A claim is an advisory lock on a file next to the shard. The operating system releases the lock when the process
//! ends or is killed. On network file systems the lock is valid for all machines.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use syrinx_types::IoOperation;

use crate::DataError;

/// Exclusive right to write a shard, released when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    _locked: File,
}

/// Returns the path of the lock file of a shard.
fn lock_path(shard: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(shard.file_name().unwrap_or_default());
    name.push(".lock");
    shard.with_file_name(name)
}

impl Claim {
    /// Claims a shard; `None` if another process has claimed it.
    ///
    /// # Errors
    /// [`DataError::Io`] if the lock file can't be created.
    pub(crate) fn try_new(shard: &Path) -> Result<Option<Self>, DataError> {
        let path = lock_path(shard);
        loop {
            let file = File::options().create(true).append(true).open(&path);
            let file = file.map_err(DataError::io(IoOperation::Write, &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                // On a file system without locks the user must start only one process for each share.
                Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(e)) => {
                    return Err(DataError::io(IoOperation::Lock, &path)(e));
                }
            }
            // Another process may have removed the file between opening and locking.
            if is_there(&file, &path) {
                return Ok(Some(Self { path, _locked: file }));
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A lock file that can't be removed does no harm: later processes lock it again.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the path still refers to this file.
#[cfg(unix)]
fn is_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |m: fs::Metadata| (m.dev(), m.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(own), Ok(there)) => id(own) == id(there),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_there(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_has_one_claim_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let shard = folder.path().join("shard-00001-of-00002.safetensors");
        let first = Claim::try_new(&shard).unwrap();
        assert!(first.is_some());
        assert!(Claim::try_new(&shard).unwrap().is_none());
        drop(first);
        assert!(Claim::try_new(&shard).unwrap().is_some());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "lock files are removed");
    }
}
