//! Token shards in a folder or at a URL.

use std::path::{Path, PathBuf};

use syrinx_data::Corpus;

use crate::RecipeError;

/// Location of token shards.
#[derive(Debug, Clone, Default)]
pub struct CorpusSource {
    /// Folder, or URL in object storage.
    pub place: PathBuf,
    /// Options of the object storage by name, such as `aws_access_key_id`.
    pub storage_options: Vec<(String, String)>,
}

impl From<&Path> for CorpusSource {
    fn from(folder: &Path) -> Self {
        Self { place: folder.to_path_buf(), storage_options: Vec::new() }
    }
}

impl CorpusSource {
    /// Opens the shards.
    ///
    /// # Errors
    /// [`RecipeError::Data`]; [`RecipeError::NoObjectStorage`] for a URL in a program without the feature
    /// `object-store`.
    pub fn open(&self) -> Result<Corpus, RecipeError> {
        match self.place.to_str().filter(|place| place.contains("://")) {
            Some(url) => self.streamed(url),
            None => Ok(Corpus::open(&self.place)?),
        }
    }

    #[cfg(feature = "object-store")]
    fn streamed(&self, url: &str) -> Result<Corpus, RecipeError> {
        use std::sync::Arc;
        use syrinx_data::{ObjectFolder, ShardSource};
        let options = self.storage_options.clone();
        let source: Arc<dyn ShardSource> = Arc::new(ObjectFolder::open(url, options)?);
        Ok(Corpus::stream(&source)?)
    }

    #[cfg(not(feature = "object-store"))]
    fn streamed(&self, url: &str) -> Result<Corpus, RecipeError> {
        Err(RecipeError::NoObjectStorage { url: url.to_owned() })
    }
}

#[cfg(test)]
#[cfg(not(feature = "object-store"))]
mod tests {
    use super::*;

    #[test]
    fn a_url_needs_object_storage() {
        let source = CorpusSource::from(Path::new("s3://bucket/shards"));
        let Err(error) = source.open() else { panic!("it is opened") };
        assert!(matches!(error, RecipeError::NoObjectStorage { .. }), "{error}");
    }
}
