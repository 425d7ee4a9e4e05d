//! Errors of recipes and their stages.

use std::borrow::Cow;
use std::path::PathBuf;

use syrinx_pretrained::SpecError;
use syrinx_types::CallbackError;

use crate::RecipeError;

/// Error of a pretraining.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PretrainingFault {
    /// An invalid recipe.
    #[error("recipe {}: {issue}", path.display())]
    Recipe {
        /// File of the recipe.
        path: PathBuf,
        /// Fault of the recipe.
        issue: RecipeIssue,
    },
    /// An invalid change of a configuration.
    #[error(transparent)]
    Setting {
        /// Fault of the change.
        issue: RecipeIssue,
    },
    /// A stage that the recipe does not have.
    #[error("no stage `{name}`")]
    UnknownStage {
        /// Requested name.
        name: String,
        /// Names of the recipe's stages.
        known: Vec<String>,
    },
    /// Inputs of a stage that do not exist.
    #[error("missing inputs of stage `{stage}`: {}", shown(missing))]
    MissingInputs {
        /// Name of the stage.
        stage: String,
        /// Missing files and folders.
        missing: Vec<PathBuf>,
    },
    /// An output that does not exist after the stage finished.
    #[error("stage `{stage}` did not write {}", path.display())]
    MissingOutput {
        /// Name of the stage.
        stage: String,
        /// Missing file or folder.
        path: PathBuf,
    },
    /// A stage failed or was cancelled.
    #[error("stage `{stage}`: {cause}")]
    Stage {
        /// Name of the stage.
        stage: String,
        /// Error of the stage.
        cause: Box<RecipeError>,
    },
    /// A voice whose prompt utterance is not in the corpus.
    #[error("voice `{voice}`: {} has no utterance `{utterance}`", manifest.display())]
    NoVoiceUtterance {
        /// Name of the voice.
        voice: String,
        /// Identifier of the utterance.
        utterance: String,
        /// Manifest of the corpus.
        manifest: PathBuf,
    },
    /// A model card that is not valid JSON.
    #[error("model card {}: {cause}", path.display())]
    Card {
        /// File of the card.
        path: PathBuf,
        /// Cause.
        cause: serde_json::Error,
    },
    /// A recipe without a corpus in a program that cannot generate one.
    #[error("the recipe names no corpus, and this program cannot synthesize one")]
    NoCorpusMaker,
    /// Error of the corpus generator.
    #[error(transparent)]
    CorpusMaker(#[from] CallbackError),
}

/// Fault of a recipe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeIssue {
    /// Invalid TOML, or unknown keys.
    #[error("{}", cause.to_string().trim_end())]
    Syntax {
        /// Cause, whose message ends with a line break.
        cause: Box<toml::de::Error>,
    },
    /// Values of a wrong type after changes.
    #[error(transparent)]
    Values(#[from] serde_json::Error),
    /// A change or setting without `=`.
    #[error("`{text}` has no `=`")]
    NoValue {
        /// The text.
        text: String,
    },
    /// A change of a key that the recipe does not have.
    #[error("the recipe has no key `{key}`")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A model without voices.
    #[error("`package.voices` is empty")]
    NoVoices,
    /// Two sources of one corpus.
    #[error("`corpus.manifest` and `corpus.import` exclude each other")]
    TwoCorpora,
    /// An imported test set without the path of its manifest.
    #[error("`evaluate.import` needs `evaluate.manifest`")]
    NoTestManifest,
    /// A recipe without a training phase.
    #[error("the recipe has no training phase")]
    NoPhases,
    /// Two phases with the same name.
    #[error("two phases are called `{phase}`")]
    RepeatedPhase {
        /// Name of the phases.
        phase: String,
    },
    /// A name of a phase that is not a valid folder name.
    #[error("`{phase}` can't be the name of a phase")]
    PhaseName {
        /// Name of the phase.
        phase: String,
    },
    /// A phase that starts from the model file that the recipe writes.
    #[error("phase `{phase}` starts from the model file that the recipe writes")]
    PhaseStart {
        /// Name of the phase.
        phase: String,
    },
    /// An invalid codec specification.
    #[error(transparent)]
    Codec(#[from] SpecError),
}

/// Joins paths by commas.
fn shown(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

impl PretrainingFault {
    /// Returns a function that wraps an error of a stage.
    pub(super) fn of_stage(stage: &str) -> impl FnOnce(RecipeError) -> RecipeError {
        let stage = stage.to_owned();
        move |cause| Self::Stage { stage, cause: Box::new(cause) }.into()
    }

    /// Remedy; `None` if none is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Recipe { issue, .. } | Self::Setting { issue } => issue.hint(),
            Self::UnknownStage { known, .. } => {
                format!("stages of the recipe: {}", known.join(", ")).into()
            }
            Self::MissingInputs { .. } => "check the paths of the recipe".into(),
            Self::MissingOutput { .. } => "repeat the stage with --from".into(),
            Self::Stage { cause, .. } => {
                return cause
                    .hint()
                    .or_else(|| Some("run the same command again to resume".into()));
            }
            Self::NoVoiceUtterance { .. } => {
                "select an utterance of the manifest with --set package.voices.NAME.utterance=ID"
                    .into()
            }
            Self::Card { .. } => "the file must have a JSON object".into(),
            Self::NoCorpusMaker => {
                "select a manifest with --set corpus.manifest=FILE, or import a corpus".into()
            }
            Self::CorpusMaker(error) => return error.hint(),
        })
    }
}

impl RecipeIssue {
    /// Returns the remedy.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::Syntax { .. } | Self::Values(_) | Self::UnknownKey { .. } => {
                "see configs/recipes for recipes with all keys".into()
            }
            Self::NoValue { .. } => "write KEY=VALUE, such as steps=500".into(),
            Self::NoVoices => "add a voice and the utterance that is its prompt".into(),
            Self::TwoCorpora => "leave one of them out".into(),
            Self::NoTestManifest => {
                "set `evaluate.manifest` to the manifest that the suite reads".into()
            }
            Self::NoPhases => "add [[train]]".into(),
            Self::RepeatedPhase { .. } => "give each phase a unique name".into(),
            Self::PhaseName { .. } => "use letters, digits and dashes".into(),
            Self::PhaseStart { .. } => "use another file, or omit `from`".into(),
            Self::Codec(_) => "an example is codec = \"mimi,levels=8\"".into(),
        }
    }
}
