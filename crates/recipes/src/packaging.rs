//! Model files from the parts that training runs and recordings give: language model, codec, card and voices.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use syrinx_audio::{AudioWarning, ReadLimits};
use syrinx_codec::Codec;
use syrinx_engine::{
    ModelSource, PackageCodec, PackageVoice, PromptConfig, excerpt, open_codec, package,
    with_codec, with_language_model,
};
use syrinx_train::TrainingCheckpoint;

use crate::RecipeError;
use crate::evaluation::Origin;
use crate::events::{EVENTS_FILE, last_figures};

/// Parts of a model file to write. Those that are not given are taken from another model.
#[derive(Debug, Clone)]
pub enum PackageParts {
    /// All of them.
    All {
        /// File of the language model.
        lm: PathBuf,
        /// Codec that the language model was trained on.
        codec: PackageCodec,
        /// Voices, the default first.
        voices: Vec<VoiceRecording>,
    },
    /// A language model, and perhaps a codec with the same quantiser.
    LanguageModel {
        /// File of the language model.
        lm: PathBuf,
        /// Codec; that of the other model if not given.
        codec: Option<PackageCodec>,
    },
    /// A codec with the same quantiser.
    Codec(PackageCodec),
}

/// A voice to make from a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceRecording {
    /// Name of the voice.
    pub name: String,
    /// Recording: a file, perhaps with a channel (`FILE:CHANNEL`).
    pub file: String,
}

/// Program that writes a model file, and settings of its voices.
#[derive(Debug, Clone, Copy)]
pub struct PackageOptions<'a> {
    /// Name of the program, for the card.
    pub program: &'a str,
    /// Revision and date, for the card.
    pub origin: &'a Origin,
    /// Selection of prompts from recordings.
    pub prompt: &'a PromptConfig,
}

/// Returns the bytes of a model file. `other` is the model that further parts are taken from. Without `card` a language
/// model has the card of its run ([`card_of_run`]), and a codec that of the other model.
///
/// # Errors
/// Errors of reading the parts, the recordings and the run; parts that do not go together.
pub fn package_model(
    other: &ModelSource,
    parts: &PackageParts,
    card: Option<Value>,
    options: PackageOptions<'_>,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Vec<u8>, RecipeError> {
    let card_of = |lm: &Path| match card.clone() {
        Some(card) => Ok(card),
        None => card_of_run(lm, options.program, options.origin),
    };
    Ok(match parts {
        PackageParts::All { lm, codec, voices } => {
            let opened = open_codec(&codec.spec)?;
            let mut listed = Vec::new();
            for VoiceRecording { name, file } in voices {
                listed.push(package_voice(name, file, opened.as_ref(), options.prompt, warn)?);
            }
            package(lm, codec, &listed, card_of(lm)?)?
        }
        PackageParts::LanguageModel { lm, codec } => {
            with_language_model(other, lm, codec.as_ref(), Some(card_of(lm)?))?
        }
        PackageParts::Codec(codec) => with_codec(other, codec, card)?,
    })
}

/// Returns the model card of a language model file: its name, the program that packaged it, and steps, figures and
/// settings of the training run in its folder if there is one.
///
/// # Errors
/// [`RecipeError::Train`] if the checkpoint of the run cannot be read.
pub fn card_of_run(lm: &Path, program: &str, origin: &Origin) -> Result<Value, RecipeError> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut card = json!({
        "language model": name(lm),
        "packaged": { "by": program, "revision": origin.revision, "date": origin.date() },
    });
    let run = lm.parent().unwrap_or(Path::new("."));
    if let Some(checkpoint) = TrainingCheckpoint::read(run)? {
        let figures: BTreeMap<String, f64> =
            last_figures(&run.join(EVENTS_FILE)).into_iter().collect();
        card["training"] = json!({
            "steps": checkpoint.step,
            "figures": figures,
            "settings": checkpoint.config,
        });
    }
    Ok(card)
}

/// Returns a voice of a model file: the codes of the best excerpt of a recording. The name of the file is its
/// description. Passes decoder warnings and a warning of a clipped excerpt to `warn`.
///
/// # Errors
/// [`RecipeError::Audio`] if the recording cannot be read; an error if it has no suitable excerpt;
/// [`RecipeError::Codec`].
pub fn package_voice(
    name: &str,
    file: &str,
    codec: &dyn Codec,
    prompt: &PromptConfig,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<PackageVoice, RecipeError> {
    let rate_hz = codec.info().sample_rate_hz;
    let audio = syrinx_audio::load_source_warned(file, rate_hz, &ReadLimits::default(), warn)?;
    let codes = codec.encode(&excerpt(&audio, file, prompt, warn)?)?;
    let about = Path::new(file).file_name();
    let about = about.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(PackageVoice { name: name.to_owned(), about, codes })
}

#[cfg(test)]
mod tests {
    use syrinx_audio::UniqueWarnings;
    use syrinx_config::Settings;
    use syrinx_types::RecordingSink;

    use super::*;
    use crate::damaged::{check_warnings, truncated};
    use crate::model_source;

    #[test]
    fn a_truncated_recording_of_two_voices_is_reported_once() {
        let source = model_source(&Settings::default()).expect("the embedded model");
        let codec = syrinx_engine::codec(&source).expect("its codec");
        let folder = tempfile::tempdir().expect("a folder");
        let speech = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../evals/data/test/audio/awb_085_0009.ogg");
        let speech = syrinx_audio::read(&speech).expect("a recording");
        let path = truncated(folder.path(), "joe.wav", &speech);
        let file = path.display().to_string();
        let (sink, unique) = (RecordingSink::default(), UniqueWarnings::default());
        for name in ["joe", "slt"] {
            let mut warn = unique.emit_to(&sink);
            let voice = package_voice(name, &file, &codec, &PromptConfig::default(), &mut warn);
            let voice = voice.expect("a voice");
            assert_eq!((voice.name.as_str(), voice.about.as_str()), (name, "joe.wav"));
            assert!(voice.codes.frames() > 0);
        }
        check_warnings(&sink, &[&path]);
    }
}
