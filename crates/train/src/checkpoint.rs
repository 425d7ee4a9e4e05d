//! All state that an exact resume of a run needs, in one file that is complete or absent.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use syrinx_model::{f16_bytes, parse_tensors};
use syrinx_nn::AdamWState;
use syrinx_types::IoOperation;

use crate::{CheckpointFault, TrainConfig, TrainError};

/// A saved state of training.
pub struct TrainingCheckpoint {
    /// Steps done.
    pub step: u64,
    /// Weights by name.
    pub weights: BTreeMap<String, Tensor>,
    /// The optimiser.
    pub optimizer: AdamWState,
    /// Settings of the run.
    pub config: TrainConfig,
}

const WEIGHT: &str = "weight/";
const STEP: &str = "step";
const CONFIG: &str = "train_config";

impl TrainingCheckpoint {
    /// Returns the file of the newest checkpoint in a run's folder.
    pub fn path(run: &Path) -> PathBuf {
        run.join("checkpoint.safetensors")
    }

    /// Writes the checkpoint to a temporary file and renames it: a kill leaves the old one intact.
    pub fn write(&self, run: &Path) -> Result<PathBuf, TrainError> {
        let mut tensors = self.optimizer.tensors.clone();
        tensors.extend(self.weights.iter().map(|(n, t)| (format!("{WEIGHT}{n}"), t.clone())));
        let config = serde_json::to_string(&self.config).map_err(|cause| {
            let fault = CheckpointFault::WriteConfig { cause };
            TrainError::Checkpoint { path: Self::path(run), fault }
        })?;
        let metadata = HashMap::from([
            (STEP.to_string(), self.step.to_string()),
            (CONFIG.to_string(), config),
        ]);
        let path = Self::path(run);
        write_atomically(&path, &f16_bytes(&tensors, metadata, false)?)?;
        Ok(path)
    }

    /// Reads the newest checkpoint of a run, if there is one.
    pub fn read(run: &Path) -> Result<Option<Self>, TrainError> {
        let path = Self::path(run);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => {
                return Err(TrainError::Io { operation: IoOperation::Read, path, cause });
            }
        };
        let broken = |fault| TrainError::Checkpoint { path: path.clone(), fault };
        let (tensors, metadata) =
            parse_tensors(&bytes).map_err(|e| broken(CheckpointFault::Tensors(Box::new(e))))?;
        let read = |key: &'static str| {
            metadata.get(key).ok_or_else(|| broken(CheckpointFault::NoEntry { key }))
        };
        let step = read(STEP)?.parse().map_err(|_| broken(CheckpointFault::Step))?;
        let config = serde_json::from_str(read(CONFIG)?)
            .map_err(|cause| broken(CheckpointFault::ReadConfig { cause }))?;
        let (mut weights, mut state) = (BTreeMap::new(), BTreeMap::new());
        for (name, tensor) in tensors {
            match name.strip_prefix(WEIGHT) {
                Some(n) => weights.insert(n.to_string(), tensor),
                None => state.insert(name, tensor),
            };
        }
        Ok(Some(Self { step, weights, optimizer: AdamWState { tensors: state, step }, config }))
    }
}

/// Writes a file atomically.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    syrinx_atomic::write_bytes_inside(path, bytes).map_err(|cause| TrainError::Io {
        operation: IoOperation::Write,
        path: path.to_path_buf(),
        cause,
    })
}
