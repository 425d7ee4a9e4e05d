//! Operations on files and folders, for errors.

use std::fmt;
use std::io::ErrorKind;

/// Operation on a file or folder that an error reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IoOperation {
    /// Reading a file.
    Read,
    /// Opening a folder of an object store.
    Open,
    /// Writing a file.
    Write,
    /// Listing a folder.
    List,
    /// Looking up a file or folder.
    Find,
    /// Creating a folder.
    CreateFolder,
    /// Removing a file or folder.
    Remove,
    /// Locking a file.
    Lock,
}

impl IoOperation {
    /// Whether the operation changes the disk.
    pub fn is_write(self) -> bool {
        matches!(self, Self::Write | Self::CreateFolder | Self::Remove | Self::Lock)
    }
}

impl fmt::Display for IoOperation {
    /// Writes the verb: "cannot {operation} `file`".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Open => "open",
            Self::Write => "write",
            Self::List => "list",
            Self::Find => "find",
            Self::CreateFolder => "create folder",
            Self::Remove => "remove",
            Self::Lock => "lock",
        })
    }
}

/// Remedy for a failed operation, for the kinds of errors that have an obvious one.
pub fn io_hint(operation: IoOperation, kind: ErrorKind) -> Option<&'static str> {
    Some(match (operation.is_write(), kind) {
        (_, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            "the disk is full: free some space there, or write to another place, and run the command again"
        }
        (true, ErrorKind::NotFound) => "create the folder first, or write to another place",
        (true, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            "you may not write there: write to another place"
        }
        (true, _) => "write to another place",
        (false, ErrorKind::NotFound) => "check the path",
        (false, ErrorKind::InvalidData) => "give UTF-8 text",
        (false, ErrorKind::PermissionDenied) => "check who owns it",
        (false, _) => return None,
    })
}
