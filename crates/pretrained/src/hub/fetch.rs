//! Download of models: the list of a repository's files, then one file after the other.

use std::path::{Path, PathBuf};

use hf_hub::api::Progress;
use hf_hub::api::sync::{ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use serde_json::Value;
use syrinx_types::{CancelToken, Event, EventSink, IoOperation};

use super::checksum::verify;
use super::{HubFault, Installed, ModelName, RequestFault};
use crate::PretrainedError;

/// Address of the Hugging Face hub.
pub const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// Connection to a hub, and the folder that stores its models.
#[derive(Debug, Clone)]
pub struct Hub {
    endpoint: String,
    folder: PathBuf,
    token: Option<String>,
}

/// Contents of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Name of the model.
    pub name: ModelName,
    /// Commit.
    pub revision: String,
    /// Licence, if the repository states one.
    pub licence: Option<String>,
    /// Files that are needed to load the model.
    pub files: Vec<RemoteFile>,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// Path in the repository.
    pub path: String,
    /// Size in bytes; `None` if the hub doesn't state it.
    pub bytes: Option<u64>,
}

impl Listing {
    /// Returns the total size of the files in bytes; `None` if the hub doesn't state it.
    pub fn bytes(&self) -> Option<u64> {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl Hub {
    /// Builds a hub whose models are stored in a folder. No connection is opened yet.
    pub fn new(endpoint: &str, folder: &Path, token: Option<String>) -> Self {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Self { endpoint, folder: folder.into(), token }
    }

    fn repo(&self, name: &ModelName, revision: &str) -> Result<ApiRepo, HubFault> {
        let api = ApiBuilder::from_cache(Cache::new(self.folder.clone()))
            .with_endpoint(self.endpoint.clone())
            .with_token(self.token.clone())
            .with_progress(false)
            .build()
            .map_err(|e| self.failed("a connection", e))?;
        let repo = Repo::with_revision(name.id.clone(), RepoType::Model, revision.to_owned());
        Ok(api.repo(repo))
    }

    fn failed(&self, object: impl Into<String>, cause: ApiError) -> HubFault {
        HubFault::Request {
            endpoint: self.endpoint.clone(),
            object: object.into(),
            fault: RequestFault::Connection(cause.into()),
        }
    }

    /// Requests the listing of a repository: its licence, and the files of the model, or the files `only` if given.
    ///
    /// # Errors
    /// [`HubFault::Request`] if the request fails or a file of `only` is missing, [`HubFault::NoWeights`] for a
    /// repository without weights.
    pub fn look_up(&self, name: &ModelName, only: &[String]) -> Result<Listing, PretrainedError> {
        let object = format!("the list of files of `{name}`");
        let request = self.repo(name, &name.revision)?.info_request().query("blobs", "true");
        let failed = |fault| HubFault::Request {
            endpoint: self.endpoint.clone(),
            object: object.clone(),
            fault,
        };
        let connection = |cause| failed(RequestFault::Connection(cause));
        let response = request.call().map_err(|e| connection(e.into()))?;
        let body = response.into_string().map_err(|e| connection(e.into()))?;
        let info: Value = serde_json::from_str(&body).map_err(|e| connection(e.into()))?;
        let revision = info["sha"].as_str().ok_or_else(|| failed(RequestFault::NoCommit))?;
        let all: Vec<RemoteFile> = info["siblings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|file| {
                let path = file["rfilename"].as_str()?.to_owned();
                Some(RemoteFile { path, bytes: file["size"].as_u64() })
            })
            .collect();
        let files = chosen(all, only);
        if let Some(missing) = only.iter().find(|path| !files.iter().any(|f| f.path == **path)) {
            return Err(failed(RequestFault::NoFile { path: missing.clone() }).into());
        }
        if only.is_empty() && !files.iter().any(|file| is_weights(&file.path)) {
            return Err(HubFault::NoWeights { name: name.to_string() }.into());
        }
        Ok(Listing {
            name: name.clone(),
            revision: revision.to_owned(),
            licence: licence(&info),
            files,
        })
    }

    /// Downloads the files of a listing and checks each against the announced checksum. Continues where an earlier call
    /// stopped.
    ///
    /// # Errors
    /// [`HubFault::Request`] if a download fails, [`HubFault::Checksum`] for a file that differs from the announced one
    /// (it is removed), [`HubFault::Io`] if a file can't be read or written, [`HubFault::Cancelled`] after a
    /// cancellation, which is checked between two files.
    pub fn fetch(
        &self,
        listing: &Listing,
        cancel: &CancelToken,
        events: &dyn EventSink,
    ) -> Result<Installed, PretrainedError> {
        let repo = self.repo(&listing.name, &listing.revision)?;
        let mut path = None;
        let mut bytes = 0;
        for file in &listing.files {
            if cancel.is_cancelled() {
                return Err(HubFault::Cancelled.into());
            }
            let fetched = match self.kept(listing, &file.path) {
                Some(kept) => kept,
                None => {
                    let progress = Reported { events, name: String::new(), done: 0 };
                    repo.download_with_progress(&file.path, progress)
                        .map_err(|e| self.failed(format!("`{}`", file.path), e))?
                }
            };
            bytes += check(&fetched)?;
            path = path.or_else(|| snapshot(&fetched, &file.path));
        }
        let model = Installed {
            name: listing.name.id.clone(),
            revision: listing.revision.clone(),
            licence: listing.licence.clone(),
            bytes,
            path: path.ok_or_else(|| HubFault::NoWeights { name: listing.name.to_string() })?,
        };
        model.write_record(&self.folder, &listing.name)?;
        Ok(model)
    }

    /// Returns a file that an earlier call downloaded.
    fn kept(&self, listing: &Listing, path: &str) -> Option<PathBuf> {
        let revision = listing.revision.clone();
        let repo = Repo::with_revision(listing.name.id.clone(), RepoType::Model, revision);
        let kept = Cache::new(self.folder.clone()).repo(repo).get(path);
        // A link with a missing target is downloaded again.
        kept.filter(|path| path.is_file())
    }
}

/// Checks a downloaded file against its checksum, which is the name of the link's target. Returns the size in bytes.
fn check(link: &Path) -> Result<u64, HubFault> {
    let io = |cause| HubFault::Io { operation: IoOperation::Read, path: link.to_path_buf(), cause };
    let blob = link.canonicalize().map_err(io)?;
    let announced = blob.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Err(error) = verify(&blob, &announced) {
        // With the file removed, the next call downloads it completely.
        let _ = std::fs::remove_file(link).and_then(|()| std::fs::remove_file(&blob));
        return Err(error);
    }
    Ok(std::fs::metadata(&blob).map_err(io)?.len())
}

/// Returns the folder that a repository's paths are relative to.
fn snapshot(file: &Path, path: &str) -> Option<PathBuf> {
    file.ancestors().nth(Path::new(path).components().count()).map(Path::to_path_buf)
}

/// Returns the licence of a repository, from its card or its tags.
fn licence(info: &Value) -> Option<String> {
    let card = &info["cardData"];
    let named = match &card["license"] {
        Value::String(name) if name == "other" => card["license_name"].as_str().or(Some("other")),
        name => name.as_str(),
    };
    let tags = info["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let tagged = tags.filter_map(|tag| tag.strip_prefix("license:")).next();
    named.or(tagged).map(str::to_owned)
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_weights(path: &str) -> bool {
    ["safetensors", "sft", "gguf", "bin"].contains(&extension(path))
}

/// Returns the files to download: weights (pickles only if there is no other format), configurations, tokenizers, cards
/// and licences.
fn chosen(all: Vec<RemoteFile>, only: &[String]) -> Vec<RemoteFile> {
    if !only.is_empty() {
        return all.into_iter().filter(|file| only.contains(&file.path)).collect();
    }
    let safe = |path: &str| is_weights(path) && extension(path) != "bin";
    let has_safe = all.iter().any(|file| safe(&file.path));
    let described = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        ["json", "yaml", "yml", "md", "txt"].contains(&extension(&name))
            || name.starts_with("license")
            || name.starts_with("licence")
    };
    let needed = |path: &str| safe(path) || (!has_safe && is_weights(path)) || described(path);
    all.into_iter().filter(|file| needed(&file.path)).collect()
}

/// Emits the progress of a download as events.
struct Reported<'a> {
    events: &'a dyn EventSink,
    name: String,
    done: u64,
}

impl Progress for Reported<'_> {
    fn init(&mut self, size: usize, filename: &str) {
        // The library calls this a second time when the connection is open.
        if !self.name.is_empty() {
            return;
        }
        self.name = format!("fetching {filename}");
        let total = Some(size as u64);
        self.events.emit(Event::JobStarted { name: self.name.clone(), total });
    }

    fn update(&mut self, size: usize) {
        self.done += size as u64;
        let (name, done) = (self.name.clone(), self.done);
        self.events.emit(Event::JobProgress { name, done, note: String::new() });
    }

    fn finish(&mut self) {
        let summary = format!("{} bytes", self.done);
        self.events.emit(Event::JobFinished { name: self.name.clone(), summary });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn files(paths: &[&str]) -> Vec<RemoteFile> {
        let file = |path: &&str| RemoteFile { path: (*path).to_owned(), bytes: None };
        paths.iter().map(file).collect()
    }

    #[test]
    fn pickles_are_fetched_only_where_there_is_nothing_safer() {
        let whisper = files(&[
            "README.md",
            "config.json",
            "flax_model.msgpack",
            "model.safetensors",
            "pytorch_model.bin",
            "tf_model.h5",
            "tokenizer.json",
            "onnx/model.onnx",
        ]);
        let paths =
            |files: Vec<RemoteFile>| -> Vec<String> { files.into_iter().map(|f| f.path).collect() };
        let expected = ["README.md", "config.json", "model.safetensors", "tokenizer.json"];
        assert_eq!(paths(chosen(whisper.clone(), &[])), expected);
        let snac = files(&["LICENSE", "config.json", "pytorch_model.bin", "sample.wav"]);
        assert_eq!(paths(chosen(snac, &[])), ["LICENSE", "config.json", "pytorch_model.bin"]);
        assert_eq!(paths(chosen(whisper, &["tf_model.h5".into()])), ["tf_model.h5"]);
    }

    #[test]
    fn a_licence_is_found_on_the_card_or_among_the_tags() {
        let named = json!({"cardData": {"license": "mit"}, "tags": ["license:apache-2.0"]});
        let own = json!({"cardData": {"license": "other", "license_name": "stability"}});
        let tagged = json!({"tags": ["audio", "license:agpl-3.0"]});
        assert_eq!(licence(&named).as_deref(), Some("mit"));
        assert_eq!(licence(&own).as_deref(), Some("stability"));
        assert_eq!(licence(&tagged).as_deref(), Some("agpl-3.0"));
        assert_eq!(licence(&json!({})), None);
    }
}
