//! State of a run as files and as figures: averaged weights, checkpoints, memory. On several ranks every rank calls
//! these functions; rank 0 writes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use syrinx_model::{Adapter, LmFile, ModelError};
use syrinx_nn::to_vec_f32;
use syrinx_types::{CancelToken, Event, EventSink, Fingerprint};

use super::Trainer;
use crate::checkpoint::write_atomically;
use crate::{OptimizerState, TrainError, TrainingCheckpoint};

/// File of a run's averaged weights.
pub(super) const MODEL_FILE: &str = "model.safetensors";
/// File of a run's adapter.
pub(super) const ADAPTER_FILE: &str = "adapter.safetensors";

/// Bytes that a rank keeps for training, and its traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankFigures {
    /// Name of the rank.
    pub name: String,
    /// Bytes of the weights.
    pub weight_bytes: usize,
    /// Bytes of the optimiser's moments and averages.
    pub optimizer_bytes: usize,
    /// Bytes handed to the transport since the start.
    pub sent_bytes: u64,
    /// Share of the gradients that were sent before the end of the last step's backward pass, 0..=1.
    pub early_share: f64,
}

impl Trainer<'_> {
    /// Returns the averaged weights as a language model. With a sharded optimiser state all ranks must call it.
    ///
    /// # Errors
    /// Errors of the device and of the other ranks.
    pub fn averaged(&self) -> Result<LmFile, TrainError> {
        if let Some(base) = &self.base {
            return Ok(self.adapter(base)?.merged(base).map_err(ModelError::from)?);
        }
        Ok(LmFile {
            config: self.config.model.clone(),
            space: self.material.space.clone(),
            codebooks: self.material.codebooks.clone(),
            tensors: self.averages()?,
            tokenizer: None,
        })
    }

    /// Returns memory and traffic of this rank.
    pub fn figures(&self) -> RankFigures {
        let values: usize = self.store.vars().values().map(|v| v.elem_count()).sum();
        RankFigures {
            name: self.material.ranks.name(),
            weight_bytes: values * size_of::<f32>(),
            optimizer_bytes: self.optimizer.state_bytes(),
            sent_bytes: self.material.ranks.bytes(),
            early_share: self.early_share,
        }
    }

    /// Returns the averaged trained weights as an adapter of the base.
    fn adapter(&self, base: &LmFile) -> Result<Adapter, TrainError> {
        let special_tokens = &self.material.space.special_tokens;
        Ok(Adapter {
            base: base.fingerprint()?,
            lora: self.config.lora.clone().unwrap_or_default(),
            special_tokens: special_tokens
                [base.space.special_tokens.len().min(special_tokens.len())..]
                .to_vec(),
            tensors: self.averages()?,
        })
    }

    fn averages(&self) -> Result<BTreeMap<String, Tensor>, TrainError> {
        let own = self.optimizer.averaged()?;
        if !self.is_sharded() {
            return Ok(own);
        }
        self.joined(own, None, |name| name)
    }

    /// Returns the tensors of all owners, at every rank or at `root` alone. `parameter` is the parameter that a tensor
    /// belongs to.
    fn joined(
        &self,
        own: BTreeMap<String, Tensor>,
        root: Option<usize>,
        parameter: impl Fn(&str) -> &str,
    ) -> Result<BTreeMap<String, Tensor>, TrainError> {
        let ranks = &self.material.ranks;
        let names: Vec<String> = own.keys().cloned().collect();
        let mut all: Vec<String> = ranks.gather(&names)?.into_iter().flatten().collect();
        all.sort_unstable();
        all.dedup();
        let vars = self.store.vars();
        let mut out = BTreeMap::new();
        for name in all {
            let Some(var) = vars.get(parameter(&name)) else { continue };
            let values = match own.get(&name) {
                Some(tensor) => to_vec_f32(tensor)?,
                None => vec![0.0; var.elem_count()],
            };
            // All ranks but the owner add zeros.
            let sum = ranks.sum(values, root)?;
            if root.is_none_or(|root| root == ranks.rank()) {
                out.insert(name, Tensor::from_vec(sum, var.dims(), &Device::Cpu)?);
            }
        }
        Ok(out)
    }

    /// Returns the path of the averaged weights.
    pub(super) fn model_path(&self) -> PathBuf {
        let name = if self.base.is_some() { ADAPTER_FILE } else { MODEL_FILE };
        self.run.join(name)
    }

    /// Whether the optimiser's state is spread over the ranks.
    pub(super) fn is_sharded(&self) -> bool {
        self.exchange.is_some() && self.config.parallel.optimizer_state == OptimizerState::Sharded
    }

    /// Whether training ends before its last step. Ranks learn it from each other, so that all end after the same step.
    pub(super) fn is_stopped(&self, cancel: &CancelToken) -> bool {
        self.stopped || (self.material.ranks.is_alone() && cancel.is_cancelled())
    }

    /// Fails if ranks were started differently.
    pub(super) fn check_ranks(&self) -> Result<(), TrainError> {
        let ranks = &self.material.ranks;
        let config = serde_json::to_string(self.config);
        ranks.agree("configuration", &config.unwrap_or_default())?;
        ranks.agree("step to go on from", &self.step().to_string())?;
        let corpus = self.material.corpus;
        let size = format!("{} utterances, {} frames", corpus.len(), corpus.total_frames());
        Ok(ranks.agree("corpus", &size)?)
    }

    /// Fails if the weights of the ranks differ.
    fn check_weights(&self) -> Result<(), TrainError> {
        if self.material.ranks.is_alone() {
            return Ok(());
        }
        let mut hash = Fingerprint::default();
        for tensor in self.store.tensors().values() {
            hash = hash.values(&to_vec_f32(tensor)?);
        }
        Ok(self.material.ranks.agree("hash of the weights", &hash.hex())?)
    }

    /// Saves a checkpoint and the averaged weights, once all pending figures are finite.
    pub(super) fn save(&mut self, sink: &dyn EventSink) -> Result<(), TrainError> {
        self.report(sink)?;
        self.check_weights()?;
        let mut optimizer = self.optimizer.state()?;
        if self.is_sharded() {
            optimizer.tensors = self.joined(optimizer.tensors, Some(0), parameter_of)?;
        }
        let averaged = match &self.base {
            Some(base) => self.adapter(base)?.to_bytes()?,
            None => self.averaged()?.to_bytes(true)?,
        };
        if !self.material.ranks.leads() {
            return Ok(());
        }
        let on_host = |(name, t): (String, Tensor)| Ok((name, t.to_device(&Device::Cpu)?));
        let weights = self.store.tensors().into_iter().map(on_host);
        let checkpoint = TrainingCheckpoint {
            step: self.step(),
            weights: weights.collect::<candle_core::Result<_>>()?,
            optimizer,
            config: self.config.clone(),
        };
        let path = checkpoint.write(self.run)?;
        write_atomically(&self.model_path(), &averaged)?;
        sink.emit(Event::CheckpointSaved { step: self.step(), path: path.display().to_string() });
        Ok(())
    }
}

/// Returns the parameter of a tensor of the optimiser's state: `mean/NAME`, `square/NAME` or `average/NAME`.
fn parameter_of(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, parameter)| parameter)
}
