//! Files by their content: what a stage was done with.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// FNV-1a, 64 bits, over whatever it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Takes bytes, and their number: `ab` and `c` are other than `a` and `bc`.
    pub fn take(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        for byte in bytes.iter().chain(&length) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Takes a file's content, or that of all files of a folder with their names.
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

    /// 16 hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
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
            let mut fnv = Fnv::default();
            fnv.take_path(folder.path()).unwrap();
            fnv.hex()
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
