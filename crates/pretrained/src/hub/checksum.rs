//! Checksums of the files of the hub.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};
use syrinx_types::IoOperation;

use super::HubFault;

/// Returns the checksum of a file, of the same type as the announced one: SHA-256 for large files, Git's blob hash for
/// small ones. `None` if the announced text is neither.
fn checksum(path: &Path, announced: &str) -> std::io::Result<Option<String>> {
    let hexadecimal = announced.bytes().all(|b| b.is_ascii_hexdigit());
    match (announced.len(), hexadecimal) {
        (64, true) => digest(path, Sha256::new()).map(Some),
        (40, true) => {
            let mut blob = Sha1::new();
            blob.update(format!("blob {}\0", std::fs::metadata(path)?.len()));
            digest(path, blob).map(Some)
        }
        _ => Ok(None),
    }
}

fn digest(path: &Path, mut digest: impl Digest) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Checks a file against its announced checksum.
pub(crate) fn verify(path: &Path, announced: &str) -> Result<(), HubFault> {
    let found = checksum(path, announced).map_err(|cause| HubFault::Io {
        operation: IoOperation::Read,
        path: path.into(),
        cause,
    })?;
    match found {
        Some(found) if !found.eq_ignore_ascii_case(announced) => {
            Err(HubFault::Checksum { path: path.into(), found, expected: announced.to_owned() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_sha256sum_and_git() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "hello\n").unwrap();
        let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        let git = "ce013625030ba8dba906f756967f9e9ca394464a";
        for announced in [sha256, git, "W/weak"] {
            verify(&path, announced).unwrap();
        }
        let error = verify(&path, &sha256.replace('5', "6")).unwrap_err();
        assert!(matches!(error, HubFault::Checksum { .. }), "{error}");
    }
}
