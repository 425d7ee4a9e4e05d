//! How the voices sound that recordings should have.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use syrinx_audio::{WavFormat, write_wav};
use syrinx_metrics::speaker::VoicePrint;
use syrinx_task::AnswerKind;
use syrinx_types::Audio;

use crate::case::Case;
use crate::run::{Run, file_name};
use crate::template::mentions;
use crate::{EvalError, SubjectError};

/// One voice.
pub(crate) struct Prompt {
    print: VoicePrint,
    path: PathBuf,
    group: String,
}

/// Voices by name, or by the path of their recording.
pub(crate) struct Prompts(BTreeMap<String, Prompt>);

impl Prompts {
    /// The recording of a case's own voice.
    pub(crate) fn path(&self, case: &Case) -> Option<PathBuf> {
        Some(self.0.get(&key(case))?.path.clone())
    }

    /// The print of a case's own voice, and that of another speaker: the next one, so that all are met.
    pub(crate) fn prints(&self, case: &Case) -> (Option<&VoicePrint>, Option<&VoicePrint>) {
        let own = key(case);
        let after = self.0.iter().skip_while(|(k, _)| **k <= own);
        let mut others = after.chain(&self.0).map(|(_, prompt)| prompt);
        let other = others.find(|prompt| prompt.group != case.group);
        (self.0.get(&own).map(|p| &p.print), other.map(|p| &p.print))
    }
}

/// Which prompt belongs to a case: the voice's, or the item's own.
fn key(case: &Case) -> String {
    match (&case.voice, &case.item.prompt) {
        (Some(voice), _) => voice.clone(),
        (None, Some(path)) => path.display().to_string(),
        (None, None) => String::new(),
    }
}

impl Run<'_> {
    /// The voices of all cases, where recordings come out. Those with a name are written into the run's folder, for
    /// judges and readers.
    pub(crate) fn prompts(&self) -> Result<Prompts, EvalError> {
        let mut prompts = BTreeMap::new();
        if self.kind != Some(AnswerKind::Speech) {
            return Ok(Prompts(prompts));
        }
        let given = mentions(&self.suite.request, "prompt");
        for case in self.cases {
            let key = key(case);
            if prompts.contains_key(&key) {
                continue;
            }
            let (audio, path) = match (&case.voice, &case.item.prompt) {
                (Some(voice), _) => self.named(voice)?,
                (None, Some(path)) if given => (self.read(path)?, path.clone()),
                _ => continue,
            };
            if let Ok(print) = VoicePrint::of(&audio) {
                prompts.insert(key, Prompt { print, path, group: case.group.clone() });
            }
        }
        Ok(Prompts(prompts))
    }

    fn named(&self, voice: &str) -> Result<(Audio, PathBuf), EvalError> {
        let audio = self.subject.voice_recording(voice)?;
        let folder = self.folder.join("voices");
        fs::create_dir_all(&folder).map_err(EvalError::io("make folder", &folder))?;
        let path = folder.join(format!("{}.wav", file_name(voice)));
        write_wav(&path, &audio, WavFormat::Int16)
            .map_err(|e| SubjectError::Failed(e.to_string()))?;
        Ok((audio, path))
    }
}
