//! Start of a training: a new model, or a finished one that is fine-tuned.

use std::path::Path;

use syrinx_engine::{ModelSource, language_model};
use syrinx_model::LmFile;
use syrinx_task::{DynTask, TokenSpace};
use syrinx_train::{TrainConfig, TrainingCheckpoint, mix_of, space_of};

use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// The name of the model that is compiled in.
const EMBEDDED: &str = "embedded";

/// Returns the source of a named model.
pub fn source(name: &str) -> Outcome<ModelSource> {
    Ok(match name {
        EMBEDDED => ModelSource::Bytes(syrinx_embedded::model()?),
        file => ModelSource::File(file.into()),
    })
}

/// Fine-tuning flags of the command line.
pub struct Tuning<'a> {
    /// Tasks to learn, with all their stages; the configuration's mix if there are none.
    pub tasks: &'a [String],
    /// Their weights.
    pub weights: &'a [f64],
    /// The model to begin with.
    pub from: Option<&'a str>,
    /// Rank of the adapter.
    pub lora: Option<usize>,
}

impl Tuning<'_> {
    /// The model to begin with, if there is one: the one that is named, or with tasks or an adapter the one in use.
    pub fn base(&self, session: &Session, config: &TrainConfig) -> Outcome<Option<LmFile>> {
        let in_use = || match &session.globals.model {
            Some(path) => path.display().to_string(),
            None => EMBEDDED.to_owned(),
        };
        let adapts = !self.tasks.is_empty() || self.lora.is_some() || config.lora.is_some();
        let name = self.from.map(str::to_owned).or_else(|| adapts.then(in_use));
        name.map(|name| language_model(&source(&name)?).map_err(Failure::from)).transpose()
    }

    /// Puts the tasks, the rank and the sizes of the model to begin with into the configuration.
    pub fn apply(
        &self,
        config: &mut TrainConfig,
        base: Option<&LmFile>,
        tasks: &[Box<dyn DynTask>],
    ) -> Outcome {
        if !self.tasks.is_empty() {
            config.mix = mix_of(tasks, self.tasks, self.weights)?;
        } else if !self.weights.is_empty() {
            return Err(Failure::usage(
                "--weights without --tasks",
                "name the tasks: --tasks a,b --weights 3,1",
            ));
        }
        if let Some(rank) = self.lora {
            config.lora.get_or_insert_default().rank = rank;
        }
        if let (Some(base), true) = (base, self.adapts(config)) {
            config.model = base.config.clone();
        }
        Ok(())
    }

    /// Whether a finished model is fine-tuned, and not only a source of first weights.
    pub fn adapts(&self, config: &TrainConfig) -> bool {
        !self.tasks.is_empty() || config.lora.is_some()
    }
}

/// The token space of a run: that of the model before it (its own, where it goes on), with the marks of its tasks.
pub fn space(
    run: (&Path, bool),
    base: Option<&LmFile>,
    fresh: TokenSpace,
    tasks: &[Box<dyn DynTask>],
    config: &TrainConfig,
) -> TokenSpace {
    let (folder, resume) = run;
    let goes_on = resume && base.is_none() && TrainingCheckpoint::path(folder).exists();
    let own = goes_on.then(|| std::fs::read(folder.join("model.safetensors")).ok()).flatten();
    let own = own.and_then(|bytes| LmFile::from_bytes(&bytes).ok()).map(|lm| lm.space);
    let known = own.or_else(|| base.map(|b| b.space.clone())).unwrap_or(fresh);
    space_of(known, tasks, &config.mix)
}
