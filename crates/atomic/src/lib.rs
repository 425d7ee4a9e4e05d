//! Files that are there whole or as they were.
//!
//! A file is written under a temporary name beside its place, synced, and renamed. Whatever ends the program on the
//! way, the old content stays.
//!
//! Invariants:
//! - The finished file has the rights that any new file gets: the umask decides.
//! - A link stays a link: the file that it points to is replaced.
//! - A device or pipe is written to as it is: renaming over `/dev/null` would replace it.
//! - An error leaves no temporary file and names none: it is the operating system's own, or that of the content.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Cursor, Seek, Write};
use std::path::{Path, PathBuf};

/// Ends the prefix of temporary names: `.NAME.tmp-RANDOM` lies beside `NAME` while it is being written.
const TEMPORARY: &str = ".tmp-";

/// Longest name that a temporary one repeats, bytes: file systems take 255 in all.
const LONGEST_NAME: usize = 240;

/// What a file's content is written to. Formats with lengths in their header go back in it.
pub trait WriteSeek: Write + Seek {}

impl<T: Write + Seek> WriteSeek for T {}

/// Writes a file so that it is there whole or as it was: into a temporary file beside it, synced, then renamed.
/// Nothing is buffered; `write` does that where it writes in small pieces.
///
/// What a device or pipe at `path` gets is gathered first, since it can't be gone back in.
///
/// # Errors
/// That of `write`, and whatever the operating system refuses (full disk, missing folder, no permission). What was
/// there before is untouched then.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn WriteSeek) -> io::Result<()>,
) -> io::Result<()> {
    if is_special(path) {
        let mut device = File::options().write(true).open(path)?;
        let mut bytes = Cursor::new(Vec::new());
        write(&mut bytes)?;
        device.write_all(bytes.get_ref())?;
        return device.flush();
    }
    let place = place_of(path)?;
    let prefix = prefix_of(&place).unwrap_or_else(|| TEMPORARY.into());
    // Made as any new file is: those that tempfile makes itself are for their owner's eyes only.
    let make = |beside: &Path| File::options().write(true).create_new(true).open(beside);
    let mut file = tempfile::Builder::new().prefix(&prefix).make_in(folder_of(&place), make)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(&place).map_err(|e| e.error)?;
    Ok(())
}

/// [`write_whole`] of bytes that are all there already.
///
/// # Errors
/// As [`write_whole`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole(path, |file| file.write_all(bytes))
}

/// Removes what killed programs left of `path`; none may be writing it. Failing to is no harm: such files are never
/// read.
pub fn remove_leftovers(path: &Path) {
    let Ok(place) = place_of(path) else { return };
    let Some(prefix) = prefix_of(&place) else { return };
    let Ok(entries) = fs::read_dir(folder_of(&place)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The folder a file lies in; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether something is there that is neither file nor folder.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Where the file really is: a rename would otherwise replace a link and not what it points to.
fn place_of(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_symlink() && path.exists() => fs::canonicalize(path),
        _ => Ok(path.to_owned()),
    }
}

/// How the temporary names of this file begin, and of no other; nothing for a name too long to be repeated.
fn prefix_of(place: &Path) -> Option<OsString> {
    let name = place.file_name().filter(|name| name.len() <= LONGEST_NAME)?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(TEMPORARY);
    Some(prefix)
}
