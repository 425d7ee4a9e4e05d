//! Models in the user's folder, in the layout of the hub's own cache.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use syrinx_types::IoOperation;

use super::{HubFault, ModelName};
use crate::PretrainedError;

/// File name of the record of a model's origin, next to its snapshots.
pub(crate) const RECORD: &str = "syrinx.json";

/// A downloaded model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Owner and name.
    pub name: String,
    /// Commit on the hub.
    pub revision: String,
    /// Licence, if the hub states one.
    pub licence: Option<String>,
    /// Total size of the files, in bytes.
    pub bytes: u64,
    /// Folder with the files.
    pub path: PathBuf,
}

fn io(operation: IoOperation, path: &Path) -> impl FnOnce(io::Error) -> HubFault {
    let path = path.to_path_buf();
    move |cause| HubFault::Io { operation, path, cause }
}

/// Returns all completely downloaded models in a folder, by name.
///
/// # Errors
/// [`HubFault::Io`] if the folder or a record can't be read.
pub fn installed(folder: &Path) -> Result<Vec<Installed>, PretrainedError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(io(IoOperation::List, folder)(cause).into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(io(IoOperation::List, folder))?.path();
        if let Some(model) = read_record(&path)? {
            found.push(model);
        }
    }
    found.sort_by(|a: &Installed, b| a.name.cmp(&b.name));
    Ok(found)
}

impl Installed {
    /// Returns the model with a name in a folder.
    ///
    /// # Errors
    /// [`HubFault::Absent`] if there is none, [`HubFault::Io`] if its record can't be read.
    pub fn find(folder: &Path, name: &ModelName) -> Result<Self, PretrainedError> {
        let model = read_record(&folder.join(name.folder()))?;
        model
            .ok_or_else(|| HubFault::Absent { name: name.id.clone(), folder: folder.into() }.into())
    }

    /// Writes the record atomically.
    pub(crate) fn write_record(&self, folder: &Path, name: &ModelName) -> Result<(), HubFault> {
        let path = folder.join(name.folder()).join(RECORD);
        let json = serde_json::to_vec_pretty(self)
            .map_err(|e| io(IoOperation::Write, &path)(io::Error::other(e)))?;
        syrinx_atomic::write_bytes_inside(&path, &json).map_err(io(IoOperation::Write, &path))
    }
}

/// Returns the record in a model's folder; `None` if there is none or the model's files are missing.
fn read_record(folder: &Path) -> Result<Option<Installed>, HubFault> {
    let path = folder.join(RECORD);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(cause) => return Err(io(IoOperation::Read, &path)(cause)),
    };
    let model: Installed = serde_json::from_slice(&bytes)
        .map_err(|e| io(IoOperation::Read, &path)(io::Error::other(e)))?;
    Ok(model.path.is_dir().then_some(model))
}

/// Removes a model and its incomplete downloads.
///
/// # Errors
/// [`HubFault::Absent`] if there is no such model, [`HubFault::Io`] if it can't be removed.
pub fn remove(folder: &Path, name: &ModelName) -> Result<(), PretrainedError> {
    let path = folder.join(name.folder());
    if !path.is_dir() {
        return Err(HubFault::Absent { name: name.id.clone(), folder: folder.into() }.into());
    }
    Ok(fs::remove_dir_all(&path).map_err(io(IoOperation::Remove, &path))?)
}
