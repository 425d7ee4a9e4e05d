//! Reference recordings of voices.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syrinx_audio::{WavFormat, write_wav};
use syrinx_metrics::speaker::SpeakerEmbedding;
use syrinx_task::AnswerKind;
use syrinx_types::{Audio, IoOperation};

use crate::case::{Case, CaseWork};
use crate::run::{SuiteRun, file_name};
use crate::template::{Blanks, fill_string, mentions};
use crate::{EvalError, SubjectError};

/// Placeholder for the next speaker.
const OTHER: &str = "{other}";

/// One voice.
pub(crate) struct Prompt {
    embedding: SpeakerEmbedding,
    path: PathBuf,
    group: String,
}

/// Requested voices of recordings, and rival voices.
#[derive(Default)]
pub(crate) struct Prompts {
    /// Voices by name, or by the path of their recording.
    voices: BTreeMap<String, Prompt>,
    /// Rival speaker by the key of the case, where the suite names rivals.
    rivals: BTreeMap<String, String>,
}

impl Prompts {
    /// Returns the recording of a case's own voice.
    pub(crate) fn path(&self, case: &Case) -> Option<PathBuf> {
        Some(self.voices.get(&key(case))?.path.clone())
    }

    /// Returns the recording of the voice that a case must not have.
    pub(crate) fn rival_path(&self, case: &Case) -> Option<PathBuf> {
        Some(self.rival(case)?.path.clone())
    }

    /// Returns the speaker embeddings of a case's own voice and of its rival.
    pub(crate) fn embeddings(
        &self,
        case: &Case,
    ) -> (Option<&SpeakerEmbedding>, Option<&SpeakerEmbedding>) {
        let own = self.voices.get(&key(case));
        (own.map(|p| &p.embedding), self.rival(case).map(|p| &p.embedding))
    }

    /// Returns the rival that the suite names, or else the next speaker.
    fn rival(&self, case: &Case) -> Option<&Prompt> {
        if let Some(named) = self.rivals.get(&case.key) {
            return self.voices.get(named);
        }
        let own = key(case);
        let after = self.voices.iter().skip_while(|(k, _)| **k <= own);
        let mut others = after.chain(&self.voices).map(|(_, prompt)| prompt);
        others.find(|prompt| prompt.group != case.group)
    }
}

/// Returns the prompt of a case: the voice's, or the item's own.
fn key(case: &Case) -> String {
    match (&case.voice, &case.item.prompt) {
        (Some(voice), _) => voice.clone(),
        (None, Some(path)) => path.display().to_string(),
        (None, None) => String::new(),
    }
}

impl SuiteRun<'_> {
    /// Returns the voices of all cases whose answers are recordings. Named voices are written into the run's folder,
    /// for judges and readers.
    pub(crate) fn prompts(&self) -> Result<Prompts, EvalError> {
        let mut prompts = Prompts::default();
        if self.kind != Some(AnswerKind::Speech) {
            return Ok(prompts);
        }
        let given = mentions(&self.suite.request, "prompt");
        for case in self.cases {
            // A prompt that is not part of the request is not a reference voice.
            if case.voice.is_some() || (given && case.item.prompt.is_some()) {
                self.add(&mut prompts, &key(case), &case.group)?;
            }
        }
        for case in self.cases {
            if let Some(rival) = self.named_rival(case)? {
                self.add(&mut prompts, &rival, "")?;
                prompts.rivals.insert(case.key.clone(), rival);
            }
        }
        Ok(prompts)
    }

    /// Returns the rival voice that the suite names for a case: a built-in voice or a recording. Recordings of the
    /// ceiling have none.
    fn named_rival(&self, case: &Case) -> Result<Option<String>, EvalError> {
        if let CaseWork::Levels(_) = case.what {
            return Ok(None);
        }
        let Some(template) = self.suite.rival.as_ref().filter(|rival| *rival != OTHER) else {
            return Ok(None);
        };
        let blanks = Blanks { item: case.item, voice: case.voice.as_deref() };
        let filled = fill_string(template, &blanks).map_err(|issue| self.suite.fault(issue))?;
        Ok(Some(filled))
    }

    /// Adds a voice under its name or the path of its recording.
    fn add(&self, prompts: &mut Prompts, key: &str, group: &str) -> Result<(), EvalError> {
        if prompts.voices.contains_key(key) {
            return Ok(());
        }
        let (audio, path) = if self.subject.voices().iter().any(|voice| voice == key) {
            self.named(key)?
        } else {
            (self.read(Path::new(key))?, key.into())
        };
        if let Ok(embedding) = SpeakerEmbedding::of(&audio) {
            let prompt = Prompt { embedding, path, group: group.to_owned() };
            prompts.voices.insert(key.to_owned(), prompt);
        }
        Ok(())
    }

    fn named(&self, voice: &str) -> Result<(Audio, PathBuf), EvalError> {
        let audio = self.subject.voice_recording(voice)?;
        let folder = self.folder.join("voices");
        fs::create_dir_all(&folder).map_err(EvalError::io(IoOperation::CreateFolder, &folder))?;
        let path = folder.join(format!("{}.wav", file_name(voice)));
        write_wav(&path, &audio, WavFormat::Int16).map_err(SubjectError::from)?;
        Ok((audio, path))
    }
}
