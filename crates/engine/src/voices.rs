//! Voices by name: those of the model, and the user's own in a folder.
//!
//! A voice of the user is one file, `NAME.safetensors`, with the codes of a prompt. It belongs to the codec that made
//! it; with another codec it is listed, but can't be used. A trained voice has an adapter to the language model beside
//! it, `NAME.adapter.safetensors`.

use std::path::{Path, PathBuf};

use serde::Serialize;
use syrinx_audio::AudioWarning;
use syrinx_types::{Audio, Codes, IoOperation};

use crate::fault::{FileFault, VoiceFault};
use crate::format::{CodesHeader, codes_from_bytes, codes_to_bytes};
use crate::nearest::nearest;
use crate::{CodecId, EngineError, PackageVoice, PromptConfig, excerpt};

const EXTENSION: &str = "safetensors";
/// Ending of the file with a voice's adapter, beside that with its prompt.
const ADAPTER_ENDING: &str = ".adapter.safetensors";

/// Origin of a voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VoiceOrigin {
    /// In the model.
    Model,
    /// In a file of the user's.
    File(PathBuf),
}

/// Facts about a voice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Voice {
    /// Name of the voice.
    pub name: String,
    /// Length of its prompt, seconds.
    pub seconds: f64,
    /// Description of the origin.
    pub about: String,
    /// Origin.
    pub origin: VoiceOrigin,
    /// Fault of a voice that can't be used.
    pub problem: Option<String>,
}

/// All voices of an engine. The user's voices are read from the disk at every call, so that other programs can add
/// some.
#[derive(Debug, Clone)]
pub struct VoiceTable {
    model: Vec<(Voice, Codes)>,
    folder: Option<PathBuf>,
    codec: CodecId,
    /// Selection of a prompt from a recording.
    prompt: PromptConfig,
}

impl VoiceTable {
    pub(crate) fn new(
        model: Vec<PackageVoice>,
        folder: Option<PathBuf>,
        codec: CodecId,
        prompt: PromptConfig,
    ) -> Self {
        let model = model
            .into_iter()
            .map(|PackageVoice { name, about, codes }| {
                let seconds = codes.frames() as f64 / codec.info.frame_rate_hz;
                (Voice { name, seconds, about, origin: VoiceOrigin::Model, problem: None }, codes)
            })
            .collect();
        Self { model, folder, codec, prompt }
    }

    /// Returns the names: the model's voices in its order (the first is the default), then the user's by name.
    pub fn names(&self) -> Vec<String> {
        let own = self.files().into_iter().map(|(name, _)| name);
        self.model.iter().map(|(v, _)| v.name.clone()).chain(own).collect()
    }

    /// Returns all voices, in the order of [`Self::names`].
    pub fn list(&self) -> Vec<Voice> {
        let own = self.files().into_iter().map(|(name, path)| match self.read(&name, &path) {
            Ok((voice, _)) => voice,
            Err(error) => Voice {
                name,
                seconds: 0.0,
                about: String::new(),
                origin: VoiceOrigin::File(path),
                problem: Some(error.to_string()),
            },
        });
        self.model.iter().map(|(v, _)| v.clone()).chain(own).collect()
    }

    /// Returns the prompt of a voice.
    ///
    /// # Errors
    /// [`EngineError::UnknownVoice`]; [`EngineError::Voice`] for a file that can't be used.
    pub fn codes(&self, name: &str) -> Result<Codes, EngineError> {
        if let Some((_, codes)) = self.model.iter().find(|(v, _)| v.name == name) {
            return Ok(codes.clone());
        }
        let Some((_, path)) = self.files().into_iter().find(|(n, _)| n == name) else {
            return Err(self.unknown(name));
        };
        Ok(self.read(name, &path)?.1)
    }

    /// Returns the section of a recording that makes the best prompt of a stored voice ([`excerpt`]). `file` is for
    /// messages.
    ///
    /// # Errors
    /// [`EngineError::Prompt`] for a recording that is silent or has too little speech.
    pub fn excerpt(
        &self,
        audio: &Audio,
        file: &str,
        warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<Audio, EngineError> {
        excerpt(audio, file, &self.prompt, warn)
    }

    /// Returns [`Self::excerpt`] of a recording in a request, of at most `longest_s` seconds.
    pub(crate) fn excerpt_within(
        &self,
        audio: &Audio,
        file: &str,
        longest_s: f64,
        warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<Audio, EngineError> {
        let max_s = longest_s.max(self.prompt.min_s);
        excerpt(audio, file, &PromptConfig { max_s, ..self.prompt.clone() }, warn)
    }

    /// Stores a prompt under a name, replacing the user's voice of that name.
    ///
    /// # Errors
    /// [`EngineError::Voice`] for a name that can't be a file's or is one of the model's, or without a folder;
    /// [`EngineError::Io`].
    pub fn add(&self, name: &str, codes: &Codes, about: &str) -> Result<PathBuf, EngineError> {
        let fail = |fault| EngineError::Voice { name: name.into(), fault };
        if !is_name(name) {
            return Err(fail(VoiceFault::InvalidName));
        }
        if self.model.iter().any(|(v, _)| v.name == name) {
            return Err(fail(VoiceFault::NameInModel));
        }
        let folder = self.folder.as_ref().ok_or_else(|| fail(VoiceFault::NoFolder))?;
        std::fs::create_dir_all(folder)
            .map_err(EngineError::io(IoOperation::CreateFolder, folder))?;
        let header = CodesHeader {
            codec: self.codec.fingerprint.clone(),
            frame_rate_hz: self.codec.info.frame_rate_hz,
            codebook_size: self.codec.info.codebook_size,
            about: about.into(),
            length: None,
        };
        let bytes =
            codes_to_bytes(codes, &header).map_err(|e| fail(VoiceFault::Write(Box::new(e))))?;
        // The replaced voice may have an adapter.
        self.remove_adapter(name)?;
        let path = folder.join(format!("{name}.{EXTENSION}"));
        write_inside(&path, &bytes)?;
        Ok(path)
    }

    /// Returns the adapter of a user's voice, if it has one.
    pub fn adapter(&self, name: &str) -> Option<PathBuf> {
        if !is_name(name) || self.model.iter().any(|(v, _)| v.name == name) {
            return None;
        }
        let path = self.folder.as_ref()?.join(format!("{name}{ADAPTER_ENDING}"));
        path.is_file().then_some(path)
    }

    /// Stores a trained voice: its prompt, and the adapter from a file that training wrote. Returns the prompt's file.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_trained(
        &self,
        name: &str,
        codes: &Codes,
        about: &str,
        adapter: &Path,
    ) -> Result<PathBuf, EngineError> {
        let bytes = std::fs::read(adapter).map_err(EngineError::io(IoOperation::Read, adapter))?;
        let path = self.add(name, codes, about)?;
        write_inside(&path.with_file_name(format!("{name}{ADAPTER_ENDING}")), &bytes)?;
        Ok(path)
    }

    /// Removes a user's voice; returns the deleted file.
    ///
    /// # Errors
    /// [`EngineError::Voice`] for one of the model's; [`EngineError::UnknownVoice`]; [`EngineError::Io`].
    pub fn remove(&self, name: &str) -> Result<PathBuf, EngineError> {
        if self.model.iter().any(|(v, _)| v.name == name) {
            return Err(EngineError::Voice { name: name.into(), fault: VoiceFault::PartOfModel });
        }
        let Some((_, path)) = self.files().into_iter().find(|(n, _)| n == name) else {
            return Err(self.unknown(name));
        };
        self.remove_adapter(name)?;
        std::fs::remove_file(&path).map_err(EngineError::io(IoOperation::Remove, &path))?;
        Ok(path)
    }

    fn remove_adapter(&self, name: &str) -> Result<(), EngineError> {
        match self.adapter(name) {
            Some(path) => {
                std::fs::remove_file(&path).map_err(EngineError::io(IoOperation::Remove, &path))
            }
            None => Ok(()),
        }
    }

    fn unknown(&self, name: &str) -> EngineError {
        let names = self.names();
        let nearest = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
        EngineError::UnknownVoice { name: name.into(), nearest }
    }

    /// Returns name and path of the user's voices, sorted by name, without those whose names the model's voices have.
    fn files(&self) -> Vec<(String, PathBuf)> {
        let entries = self.folder.iter().filter_map(|f| std::fs::read_dir(f).ok()).flatten();
        let mut files: Vec<(String, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let name = path.file_stem()?.to_str()?.to_owned();
                let ours = path.extension().is_some_and(|e| e == EXTENSION) && is_name(&name);
                ours.then_some((name, path))
            })
            .filter(|(name, _)| !self.model.iter().any(|(v, _)| v.name == *name))
            .collect();
        files.sort();
        files
    }

    fn read(&self, name: &str, path: &Path) -> Result<(Voice, Codes), EngineError> {
        let fail = |fault| EngineError::Voice { name: name.into(), fault };
        let bytes = std::fs::read(path).map_err(EngineError::io(IoOperation::Read, path))?;
        let no_voice =
            |fault: FileFault| fail(VoiceFault::File { path: path.into(), fault: Box::new(fault) });
        let (codes, header) = codes_from_bytes(&bytes).map_err(no_voice)?;
        if header.codec != self.codec.fingerprint {
            let (found, expected) = (header.codec, self.codec.fingerprint.clone());
            return Err(fail(VoiceFault::OtherCodec { path: path.into(), found, expected }));
        }
        header.check_prompt(&codes, &self.codec.info).map_err(|fault| no_voice(fault.into()))?;
        if codes.is_empty() {
            return Err(fail(VoiceFault::NoFrames { path: path.into() }));
        }
        let voice = Voice {
            name: name.into(),
            seconds: codes.frames() as f64 / header.frame_rate_hz,
            about: header.about,
            origin: VoiceOrigin::File(path.into()),
            problem: None,
        };
        Ok((voice, codes))
    }
}

/// Writes a file of the folder of voices.
fn write_inside(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    syrinx_atomic::write_bytes_inside(path, bytes)
        .map_err(EngineError::io(IoOperation::Write, path))
}

/// Whether a name is valid for a voice, whose file and tensor are named after it.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= 64 && name.chars().all(fits) && !name.starts_with('-')
}
