//! Files that are there whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;

use crate::DataError;

/// Ends the prefix of temporary names: `.NAME.tmp-RANDOM` lies beside `NAME` while it is being written.
const TEMPORARY: &str = ".tmp-";

/// Writes `bytes` to a temporary file in the folder of `path`, then renames it to `path`.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let folder = folder_of(path);
    let mut builder = tempfile::Builder::new();
    let prefix = temporary_prefix(path);
    builder.prefix(&prefix);
    #[cfg(unix)]
    {
        // Temporary files are private by default; a data set is as readable as the umask lets it be.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(DataError::io("write", path))?;
    file.write_all(bytes).map_err(DataError::io("write", path))?;
    file.as_file().sync_all().map_err(DataError::io("write", path))?;
    file.persist(path).map_err(|e| e.error).map_err(DataError::io("write", path))?;
    Ok(())
}

/// Removes what a killed run left of `path`. Failing to is no harm: such files are never read.
pub(crate) fn remove_leftovers(path: &Path) {
    let prefix = temporary_prefix(path);
    let Ok(entries) = fs::read_dir(folder_of(path)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The folder a file lies in; `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn temporary_prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(TEMPORARY);
    prefix
}
