//! The saved state of vocoder training.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor, Var};
use serde::{Deserialize, Serialize};
use syrinx_nn::{AdamW, AdamWState, to_vec_f32};

use crate::enhancement::EnhancementTables;
use crate::fault::StateMismatch;
use crate::pitch::PitchTable;
use crate::refinement::Refinement;
use crate::weights::{Reader, StoredPrecision, Writer, read_file, write_file};
use crate::{CodecError, MelRvq, VocoderTrainConfig};

/// Identity of the run that a saved state belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StateHeader {
    step: u64,
    config: VocoderTrainConfig,
    quantiser: String,
}

/// Parameters of a run, by name.
pub(crate) type Vars = BTreeMap<String, Var>;

/// Returns the settings that must be equal to those of a saved state: all but those of length and speed.
fn identity(config: &VocoderTrainConfig) -> VocoderTrainConfig {
    let same = VocoderTrainConfig::default();
    VocoderTrainConfig {
        steps: same.steps,
        learning_rate: same.learning_rate,
        warmup_steps: same.warmup_steps,
        decay_share: same.decay_share,
        save_every_steps: same.save_every_steps,
        stored: same.stored,
        ..config.clone()
    }
}

/// Parameters that one optimiser trains.
pub(crate) struct Learner<'a> {
    /// Prefix of the names of its tensors in a saved state.
    pub(crate) prefix: &'static str,
    pub(crate) vars: &'a Vars,
    pub(crate) optimizer: &'a mut AdamW,
    /// Whether the optimiser keeps averages.
    pub(crate) averaged: bool,
}

impl Learner<'_> {
    /// Adds weights and moments; returns the number of steps.
    fn save(&self, writer: &mut Writer) -> Result<u64, CodecError> {
        let prefix = self.prefix;
        let AdamWState { tensors, step } = self.optimizer.state()?;
        for (name, tensor) in &tensors {
            let (name, values) = (format!("{prefix}optimizer/{name}"), to_vec_f32(tensor)?);
            writer.add(&name, tensor.dims(), &values, StoredPrecision::F32);
        }
        for (name, var) in self.vars {
            let (name, values) = (format!("{prefix}weights/{name}"), to_vec_f32(var)?);
            writer.add(&name, var.dims(), &values, StoredPrecision::F32);
        }
        Ok(step)
    }

    /// Restores weights and moments of a run after `step` steps; returns `false` if a moment is missing.
    fn restore(&mut self, reader: &mut Reader, step: u64) -> Result<bool, CodecError> {
        let mut tensors = BTreeMap::new();
        for (name, v) in reader.take_below(&format!("{}optimizer/", self.prefix)) {
            tensors.insert(name, Tensor::from_vec(v.values, v.shape, &Device::Cpu)?);
        }
        for (name, var) in self.vars {
            let values = reader.take(&format!("{}weights/{name}", self.prefix), var.dims())?;
            var.set(&Tensor::from_vec(values, var.dims(), &Device::Cpu)?)?;
            for kind in ["mean", "square", "average"] {
                if (kind != "average" || self.averaged)
                    && !tensors.contains_key(&format!("{kind}/{name}"))
                {
                    return Ok(false);
                }
            }
        }
        self.optimizer.restore(&AdamWState { tensors, step })?;
        Ok(true)
    }
}

/// Saves a run.
pub(crate) fn save_state(
    path: &Path,
    config: &VocoderTrainConfig,
    rvq: &MelRvq,
    tables: Option<&EnhancementTables>,
    learners: &[Learner],
) -> Result<(), CodecError> {
    let (mut writer, mut step) = (Writer::default(), 0);
    for learner in learners {
        step = learner.save(&mut writer)?;
    }
    if let Some(EnhancementTables { pitch, refinement }) = tables {
        let entries = pitch.entries();
        writer.add("pitch.table", &[entries.len()], entries, StoredPrecision::F32);
        let entries = refinement.entries();
        writer.add("refinement.tables", &[entries.len()], &entries, StoredPrecision::F32);
    }
    let header = StateHeader { step, config: config.clone(), quantiser: rvq.fingerprint() };
    write_file(path, &writer.bytes(&header)?)
}

/// Reads a saved run into its parameters and optimisers.
pub(crate) fn restore(
    path: &Path,
    config: &VocoderTrainConfig,
    rvq: &MelRvq,
    learners: Vec<Learner>,
    tables: &mut Option<EnhancementTables>,
) -> Result<(), CodecError> {
    let fail = |fault| CodecError::State { path: path.to_owned(), fault };
    let (header, mut reader) = Reader::open::<StateHeader>(&read_file(path)?)?;
    if header.quantiser != rvq.fingerprint() {
        return Err(fail(StateMismatch::Quantiser));
    }
    if identity(&header.config) != identity(config) {
        return Err(fail(StateMismatch::Config));
    }
    for mut learner in learners {
        if !learner.restore(&mut reader, header.step)? {
            return Err(fail(StateMismatch::OptimizerTensor));
        }
    }
    if config.vocoder.source.is_some() {
        let (frames, dim) = (rvq.config().patch_frames, rvq.config().latent_dim);
        let entries = reader.take("pitch.table", &[config.pitch.entries * 2 * frames])?;
        let pitch = PitchTable::new(config.pitch.clone(), frames, entries)?;
        let entries = reader.take("refinement.tables", &[config.refinement.entries * dim])?;
        let refinement = Refinement::new(config.refinement.clone(), dim, &entries)?;
        *tables = Some(EnhancementTables { pitch, refinement });
    }
    reader.finish()
}
