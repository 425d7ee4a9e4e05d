//! Shards on object storage: S3, Google Cloud Storage, or files by URL, through the `object_store` crate.

use std::ops::Range;

use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use syrinx_types::IoOperation;
use tokio::runtime::Runtime;
use url::Url;

use crate::{DataError, ShardSource};

/// A folder of an object store: `s3://bucket/folder`, `gs://bucket/folder`, `file:///folder`.
pub struct ObjectFolder {
    url: String,
    store: Box<dyn ObjectStore>,
    folder: Path,
    runtime: Runtime,
}

impl std::fmt::Debug for ObjectFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Options may contain secret keys.
        f.debug_struct("ObjectFolder").field("url", &self.url).finish_non_exhaustive()
    }
}

impl ObjectFolder {
    /// Opens a folder. `options` are names and values of `object_store`, such as `aws_access_key_id`, `aws_endpoint`,
    /// `google_service_account`; unknown names are ignored.
    ///
    /// # Errors
    /// [`DataError::Remote`] for an unsupported URL, or contradictory options.
    pub fn open(url: &str, options: Vec<(String, String)>) -> Result<Self, DataError> {
        let refuse = |cause| DataError::Remote {
            operation: IoOperation::Open,
            place: url.to_owned(),
            cause,
        };
        let parsed = Url::parse(url).map_err(|e| refuse(e.into()))?;
        let (store, folder) =
            object_store::parse_url_opts(&parsed, options).map_err(|e| refuse(e.into()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|e| refuse(e.into()))?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), store, folder, runtime })
    }

    fn failed(&self, operation: IoOperation, path: &str, error: object_store::Error) -> DataError {
        let place = if path.is_empty() { self.url.clone() } else { format!("{}/{path}", self.url) };
        DataError::Remote { operation, place, cause: error.into() }
    }

    fn path_of(&self, path: &str) -> Path {
        path.split('/')
            .filter(|part| !part.is_empty())
            .fold(self.folder.clone(), |folder, part| folder.join(part))
    }
}

impl ShardSource for ObjectFolder {
    fn place(&self) -> String {
        self.url.clone()
    }

    fn list(&self) -> Result<Vec<String>, DataError> {
        let listed = self.store.list(Some(&self.folder)).try_collect::<Vec<_>>();
        let listed =
            self.runtime.block_on(listed).map_err(|e| self.failed(IoOperation::List, "", e))?;
        let below = |path: &Path| -> Option<String> {
            let parts: Vec<String> =
                path.prefix_match(&self.folder)?.map(|p| p.as_ref().to_owned()).collect();
            Some(parts.join("/"))
        };
        Ok(listed.iter().filter_map(|object| below(&object.location)).collect())
    }

    fn read(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, DataError> {
        let location = self.path_of(path);
        let bytes = self.runtime.block_on(self.store.get_range(&location, range));
        Ok(bytes.map_err(|e| self.failed(IoOperation::Read, path, e))?.to_vec())
    }
}
