//! Temporary files. On Linux the operating system removes them even if the process is killed.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Temporary file with a path for this process. On Linux it has no name in any folder.
pub(crate) struct UnnamedFile {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    _file: std::fs::File,
    #[cfg(not(target_os = "linux"))]
    _file: tempfile::NamedTempFile,
}

impl UnnamedFile {
    /// Creates a temporary file with this content.
    pub(crate) fn of(content: &[u8]) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd as _;
            let mut file = tempfile::tempfile()?;
            file.write_all(content)?;
            let path = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
            Ok(Self { path, _file: file })
        }
        #[cfg(not(target_os = "linux"))]
        {
            let mut file = tempfile::NamedTempFile::new()?;
            file.write_all(content)?;
            Ok(Self { path: file.path().to_path_buf(), _file: file })
        }
    }

    /// Returns the path by which this process can open the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_read_by_the_path() {
        let file = UnnamedFile::of(b"content").expect("it is created");
        assert_eq!(std::fs::read(file.path()).expect("it is read"), b"content");
        assert_eq!(std::fs::read(file.path()).expect("and again"), b"content");
    }
}
