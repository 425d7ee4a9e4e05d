//! Hash of the content of files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// BLAKE3 hash of contents.
#[derive(Debug, Clone, Default)]
pub struct ContentHash(blake3::Hasher);

impl ContentHash {
    /// Appends bytes after their number: `ab` and `c` are other than `a` and `bc`.
    pub fn take(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Appends a file's content, or the names and contents of all files of a folder.
    pub fn take_path(&mut self, path: &Path) -> Result<()> {
        let at = || path.display().to_string();
        if !path.is_dir() {
            self.take(&fs::read(path).with_context(at)?);
            return Ok(());
        }
        let entries = fs::read_dir(path).with_context(at)?;
        let mut entries: Vec<_> = entries.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
        entries.sort();
        for entry in entries {
            self.take(entry.file_name().unwrap_or_default().as_encoded_bytes());
            self.take_path(&entry)?;
        }
        Ok(())
    }

    /// Returns 16 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.finalize().to_hex()[..16].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_what_its_files_are_called_and_hold() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let hash = || {
            let mut hash = ContentHash::default();
            hash.take_path(folder.path()).unwrap();
            hash.hex()
        };
        fs::create_dir(path("in")).unwrap();
        fs::write(path("in/a"), "1").unwrap();
        let first = hash();
        assert_eq!(hash(), first);
        fs::write(path("in/a"), "2").unwrap();
        assert_ne!(hash(), first);
        fs::write(path("in/a"), "1").unwrap();
        assert_eq!(hash(), first);
        fs::rename(path("in/a"), path("in/b")).unwrap();
        assert_ne!(hash(), first);
    }
}
