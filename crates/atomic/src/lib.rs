//! Atomic writes: a file is complete or unchanged.
//!
//! A file is written without a name where the system can do that (`O_TMPFILE` of Linux), else under a temporary name
//! beside its place; it is synced and renamed. The old content stays until the rename, however the program ends; on
//! Linux a kill during the write leaves no temporary file.
//!
//! Invariants:
//! - The finished file has the rights that any new file gets: the umask decides.
//! - A link at a path that the user names stays a link: the file that it points to is replaced. A file that the program
//!   names in a folder ([`write_bytes_inside`]) is never written through a link out of the folder.
//! - A device or pipe is written to as it is: renaming over `/dev/null` would replace it.
//! - An error leaves no temporary file and names none: it is the operating system's own, that of the content, or that of
//!   a link out of the folder.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Cursor, Seek, Write};
use std::path::{Path, PathBuf};

/// Ends the prefix of temporary names: `.NAME.tmp-RANDOM` lies beside `NAME` while it is being written.
const TEMPORARY: &str = ".tmp-";

/// Longest name that a temporary one repeats, bytes: file systems take 255 in all.
const LONGEST_NAME: usize = 240;

/// Destination of a file's content. Formats with lengths in their header seek back in it.
pub trait WriteSeek: Write + Seek {}

impl<T: Write + Seek> WriteSeek for T {}

/// Writes a file that is either complete or unchanged: into a temporary file in the same folder, synced, then renamed.
/// Nothing is buffered: a `write` of many small pieces needs a buffer of its own.
///
/// The content for a device or pipe at `path` is collected first, since seeking in it is impossible.
///
/// # Errors
/// Errors of `write` and of the operating system (full disk, missing folder, no permission). A file that existed before
/// is unchanged after an error.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn WriteSeek) -> io::Result<()>,
) -> io::Result<()> {
    let mut draft = Draft::create(path)?;
    write(&mut draft)?;
    draft.publish()
}

/// A file that is being written and not there yet. Dropped without [`Draft::publish`], it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    content: Content,
    place: PathBuf,
}

#[derive(Debug)]
enum Content {
    /// A file without a name, and the prefix of the temporary one that it gets before its own.
    #[cfg(target_os = "linux")]
    Unnamed(File, OsString),
    /// A file under a temporary name.
    Named(tempfile::NamedTempFile),
    /// Destination that is a device.
    Device(File, Cursor<Vec<u8>>),
}

impl Draft {
    /// Begins a file that will be at `path`. Nothing is buffered.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn create(path: &Path) -> io::Result<Self> {
        if is_special(path) {
            let device = File::options().write(true).open(path)?;
            let content = Content::Device(device, Cursor::default());
            return Ok(Self { content, place: path.to_owned() });
        }
        let place = place_of(path)?;
        let prefix = prefix_of(&place).unwrap_or_else(|| TEMPORARY.into());
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed::create(folder_of(&place)) {
            return Ok(Self { content: Content::Unnamed(file, prefix), place });
        }
        // Created with the permissions of any new file: tempfile's own are readable by their owner only.
        let make = |path: &Path| File::options().write(true).create_new(true).open(path);
        let file = tempfile::Builder::new().prefix(&prefix).make_in(folder_of(&place), make)?;
        Ok(Self { content: Content::Named(file), place })
    }

    /// Puts the file in its place, synced.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn publish(self) -> io::Result<()> {
        match self.content {
            #[cfg(target_os = "linux")]
            Content::Unnamed(file, prefix) => {
                file.sync_all()?;
                let named = tempfile::Builder::new()
                    .prefix(&prefix)
                    .make_in(folder_of(&self.place), |path| unnamed::name(&file, path))?;
                named.persist(&self.place).map_err(|e| e.error)?;
            }
            Content::Named(file) => {
                file.as_file().sync_all()?;
                file.persist(&self.place).map_err(|e| e.error)?;
            }
            Content::Device(mut device, bytes) => {
                device.write_all(bytes.get_ref())?;
                device.flush()?;
            }
        }
        Ok(())
    }

    fn content(&mut self) -> &mut dyn WriteSeek {
        match &mut self.content {
            #[cfg(target_os = "linux")]
            Content::Unnamed(file, _) => file,
            Content::Named(file) => file.as_file_mut(),
            Content::Device(_, bytes) => bytes,
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.content().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content().flush()
    }
}

impl Seek for Draft {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.content().seek(to)
    }
}

/// Files without a name, which vanish with their last handle.
#[cfg(target_os = "linux")]
mod unnamed {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, OFlags, linkat};

    /// Creates a file in a folder; nothing where the file system has no such files.
    pub(super) fn create(folder: &Path) -> Option<File> {
        let flags = OFlags::TMPFILE.bits().cast_signed();
        let file = File::options().write(true).custom_flags(flags).open(folder).ok()?;
        // `/proc` names the file when it gets its place; without it the file could never have one.
        Path::new(&link_of(&file)).exists().then_some(file)
    }

    /// Gives a file a name that is free.
    pub(super) fn name(file: &File, path: &Path) -> io::Result<()> {
        Ok(linkat(CWD, link_of(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }

    fn link_of(file: &File) -> String {
        use std::os::fd::AsRawFd as _;
        format!("/proc/self/fd/{}", file.as_raw_fd())
    }
}

/// [`write_whole`] of bytes that are all there already.
///
/// # Errors
/// As [`write_whole`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole(path, |file| file.write_all(bytes))
}

/// [`write_bytes`] of a file that the program names in its folder, which may be the work of others. A link at the place
/// is followed only inside the folder.
///
/// # Errors
/// As [`write_whole`]; [`io::ErrorKind::InvalidInput`] with the target for a link that leads out of the folder.
pub fn write_bytes_inside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    stays_inside(path)?;
    write_bytes(path, bytes)
}

/// Refuses a path that is a link out of its folder. A link to nothing is no danger: it is replaced itself.
fn stays_inside(path: &Path) -> io::Result<()> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|there| there.file_type().is_symlink());
    if !is_link || !path.exists() {
        return Ok(());
    }
    let target = fs::canonicalize(path)?;
    if target.starts_with(fs::canonicalize(folder_of(path))?) {
        return Ok(());
    }
    let message = format!("a symbolic link leads out of the folder, to {}", target.display());
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
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

/// Returns the folder a file lies in; `.` for a bare name.
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

/// Returns the target of a link: a rename would otherwise replace the link.
fn place_of(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_symlink() && path.exists() => fs::canonicalize(path),
        _ => Ok(path.to_owned()),
    }
}

/// Returns the prefix of this file's temporary names; `None` for a name that is too long to be repeated.
fn prefix_of(place: &Path) -> Option<OsString> {
    let name = place.file_name().filter(|name| name.len() <= LONGEST_NAME)?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(TEMPORARY);
    Some(prefix)
}
