//! Model that a suite evaluates.

use syrinx_config::Settings;
use syrinx_engine::Engine;
use syrinx_eval::Suite;
use syrinx_pretrained::CodecSpec;

use crate::evaluation::with_suite;
use crate::models::open_engine;
use crate::{EngineSubject, RecipeError};

/// A loaded model with the settings of its answers.
pub struct EvaluatedModel {
    engine: Engine,
    settings: Settings,
}

impl EvaluatedModel {
    /// Loads the model of the settings, with the task settings of the suite. For a codec suite, `codec` replaces the
    /// codec of the model as the evaluated codec. For other suites, `codec` is the codec of a model file that has no
    /// codec of its own.
    ///
    /// # Errors
    /// Errors of reading the settings' model, its tasks and its codec.
    pub fn open(
        settings: Settings,
        suite: &Suite,
        codec: Option<&CodecSpec>,
    ) -> Result<Self, RecipeError> {
        let mut settings = with_suite(settings, suite);
        let named = codec.map(CodecSpec::to_string);
        let engine = match (&named, suite.codec.is_some()) {
            (Some(_), false) => {
                open_engine(&Settings { codec: named.clone(), ..settings.clone() })?
            }
            _ => open_engine(&settings)?,
        };
        settings.codec = named;
        Ok(Self { engine, settings })
    }

    /// Returns the settings of the answers.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the model as the subject of the suite.
    pub fn subject(&self) -> EngineSubject<'_> {
        EngineSubject { engine: &self.engine, settings: &self.settings }
    }
}
