//! Faults of recipes and of their stages.

use std::borrow::Cow;
use std::path::PathBuf;

use syrinx_pretrained::SpecError;
use syrinx_types::CallbackError;

use crate::RecipeError;

/// Fault of a pretraining.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PretrainingFault {
    /// A recipe that can't be used.
    #[error("recipe {}: {issue}", path.display())]
    Recipe {
        /// File of the recipe.
        path: PathBuf,
        /// Fault of the recipe.
        issue: RecipeIssue,
    },
    /// A change of a configuration that can't be used.
    #[error(transparent)]
    Setting {
        /// Fault of the change.
        issue: RecipeIssue,
    },
    /// A stage that the recipe does not have.
    #[error("no stage `{name}`")]
    UnknownStage {
        /// Name given.
        name: String,
        /// Stages of the recipe.
        known: Vec<String>,
    },
    /// Inputs of a stage that no earlier stage wrote.
    #[error("missing inputs of stage `{stage}`: {}", shown(missing))]
    MissingInputs {
        /// Name of the stage.
        stage: String,
        /// Missing files and folders.
        missing: Vec<PathBuf>,
    },
    /// An output that a finished stage did not write.
    #[error("stage `{stage}` did not write {}", path.display())]
    MissingOutput {
        /// Name of the stage.
        stage: String,
        /// Missing file or folder.
        path: PathBuf,
    },
    /// A stage that failed or was stopped.
    #[error("stage `{stage}`: {cause}")]
    Stage {
        /// Name of the stage.
        stage: String,
        /// Error of its work.
        cause: Box<RecipeError>,
    },
    /// A voice whose prompt is not in the corpus.
    #[error("voice `{voice}`: {} has no utterance `{utterance}`", manifest.display())]
    NoVoiceUtterance {
        /// Name of the voice.
        voice: String,
        /// Name of the utterance.
        utterance: String,
        /// Manifest of the corpus.
        manifest: PathBuf,
    },
    /// A card that is not JSON.
    #[error("model card {}: {cause}", path.display())]
    Card {
        /// File of the card.
        path: PathBuf,
        /// Cause.
        cause: serde_json::Error,
    },
    /// A recipe without a corpus, in a program that cannot make one.
    #[error("the recipe names no corpus, and this program cannot synthesize one")]
    NoCorpusMaker,
    /// Error of the maker of the corpus.
    #[error(transparent)]
    CorpusMaker(#[from] CallbackError),
}

/// Fault of a recipe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeIssue {
    /// Text that is not a recipe.
    #[error("{}", cause.to_string().trim_end())]
    Syntax {
        /// Cause, whose message ends with a line break.
        cause: Box<toml::de::Error>,
    },
    /// Values that no recipe has.
    #[error(transparent)]
    Values(#[from] serde_json::Error),
    /// A change or a setting without a value.
    #[error("`{text}` has no `=`")]
    NoValue {
        /// Text given.
        text: String,
    },
    /// A change of a key that the recipe does not have.
    #[error("there is no key `{key}`")]
    UnknownKey {
        /// Key given.
        key: String,
    },
    /// A model without voices.
    #[error("`package.voices` is empty")]
    NoVoices,
    /// Two sources of one corpus.
    #[error("`corpus.manifest` and `corpus.import` exclude each other")]
    TwoCorpora,
    /// An imported test set without a place for its manifest.
    #[error("`evaluate.import` without `evaluate.manifest`")]
    NoTestManifest,
    /// A recipe that trains nothing.
    #[error("there is no phase of training")]
    NoPhases,
    /// Two phases of one name.
    #[error("two phases are called `{phase}`")]
    RepeatedPhase {
        /// Name of the phases.
        phase: String,
    },
    /// A phase whose name can't be that of a folder.
    #[error("`{phase}` can't be the name of a phase")]
    PhaseName {
        /// Name of the phase.
        phase: String,
    },
    /// A phase that begins with the model that the recipe writes.
    #[error("phase `{phase}` begins with the file that the recipe writes")]
    PhaseStart {
        /// Name of the phase.
        phase: String,
    },
    /// A codec specification.
    #[error(transparent)]
    Codec(#[from] SpecError),
}

/// Returns paths in one line.
fn shown(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

impl PretrainingFault {
    /// Wraps an error of a stage's work.
    pub(super) fn of_stage(stage: &str) -> impl FnOnce(RecipeError) -> RecipeError {
        let stage = stage.to_owned();
        move |cause| Self::Stage { stage, cause: Box::new(cause) }.into()
    }

    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Recipe { issue, .. } | Self::Setting { issue } => issue.hint(),
            Self::UnknownStage { known, .. } => {
                format!("stages of the recipe: {}", known.join(", ")).into()
            }
            Self::MissingInputs { .. } => "check the paths of the recipe".into(),
            Self::MissingOutput { .. } => "repeat the stage with --from".into(),
            Self::Stage { cause, .. } => {
                return cause.hint().or_else(|| Some("the same command goes on from there".into()));
            }
            Self::NoVoiceUtterance { .. } => {
                "name an utterance with --set package.voices.NAME.utterance=ID".into()
            }
            Self::Card { .. } => "correct the file".into(),
            Self::NoCorpusMaker => {
                "name a manifest with --set corpus.manifest=FILE, or a corpus to import".into()
            }
            Self::CorpusMaker(error) => return error.hint(),
        })
    }
}

impl RecipeIssue {
    /// Remedy.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::Syntax { .. } | Self::Values(_) | Self::UnknownKey { .. } => {
                "configs/recipes has recipes with all keys".into()
            }
            Self::NoValue { .. } => "for instance steps=500".into(),
            Self::NoVoices => "add a voice and the utterance that is its prompt".into(),
            Self::TwoCorpora => "leave one of them out".into(),
            Self::NoTestManifest => "name the manifest that the suite reads".into(),
            Self::NoPhases => "add [[train]]".into(),
            Self::RepeatedPhase { .. } => "give each phase a name of its own".into(),
            Self::PhaseName { .. } => "use letters, digits and dashes".into(),
            Self::PhaseStart { .. } => "name another file, or leave out `from`".into(),
            Self::Codec(_) => "for instance codec = \"mimi,levels=8\"".into(),
        }
    }
}
