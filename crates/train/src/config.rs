//! Settings of a training run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_data::PromptSpec;
use syrinx_model::LmConfig;
use syrinx_nn::{AdamWConfig, Kernels, LoraConfig, Precision};
use syrinx_types::{Allowed, ConfigIssue};

/// A stage of a task with its share in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixEntry {
    /// Task.
    pub task: String,
    /// Stage of its layout.
    pub stage: String,
    /// Share of the steps, relative to the others.
    pub weight: f64,
}

/// A training run. `configs/train/*.toml` hold recipes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// The model.
    pub model: LmConfig,
    /// Seed of the weights, the order of the data and every draw.
    pub seed: u64,
    /// Total number of steps.
    pub steps: u64,
    /// Positions a step (prompt, response and phones counted).
    pub positions: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Steps of linear warm-up.
    pub warmup_steps: u64,
    /// Learning rate at the end, as a share of the peak (cosine).
    pub final_rate: f64,
    /// Batches whose gradients are added up before a step.
    pub accumulation: usize,
    /// The optimiser.
    pub optimizer: AdamWConfig,
    /// Trains a low-rank difference to a finished model (`--from`) instead of its weights.
    pub lora: Option<LoraConfig>,
    /// Stages to train, with their weights.
    pub mix: Vec<MixEntry>,
    /// Prompts of the same speaker.
    pub prompt: PromptSpec,
    /// Balance of speakers, 0 to 1: at 0 all utterances are equally frequent, at 1 all speakers. In between, a
    /// speaker's share is proportional to a power of the number of its utterances.
    #[serde(skip_serializing_if = "is_default_balance")]
    pub speaker_balance: f64,
    /// Share of sequences that lose their text (for guidance).
    pub text_dropout: f64,
    /// Share of AR positions that lose their history.
    pub history_dropout: f64,
    /// Noise on the latents of the history in training, as a share of their spread; for models that predict latents.
    #[serde(skip_serializing_if = "is_default_noise")]
    pub latent_noise: f64,
    /// Ratio of the probability of the first NAR level to that of the last.
    pub level_slope: f64,
    /// NAR levels that are trained, from 2; all if empty. Levels that decoding quantizes from the predicted residual
    /// (`nar.passes`) need no training.
    pub nar_levels: Vec<usize>,
    /// Longest utterance, seconds.
    pub max_seconds: f64,
    /// Steps between checkpoints.
    pub checkpoint_steps: u64,
    /// Steps between evaluations on the fixed set.
    pub eval_steps: u64,
    /// Steps between in-training evaluations (`train --in-training-eval`): own word error rate on a few sentences.
    pub in_training_eval_steps: u64,
    /// Steps between readings of losses and norms, which wait for the GPU; 0 is every step on a CPU and every 20
    /// elsewhere.
    pub log_steps: u64,
    /// Kernels of the layers.
    pub kernels: Kernels,
    /// Precision of the network; weights and optimiser are f32 either way.
    pub precision: Precision,
    /// Several ranks of one job.
    #[serde(skip_serializing_if = "is_default_parallel")]
    pub parallel: ParallelConfig,
}

/// Data-parallel training on several ranks. Losses don't depend on these values beyond rounding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ParallelConfig {
    /// Size of the messages that gradients are grouped into, MiB.
    pub bucket_mib: f64,
    /// Place of the optimiser's state.
    pub optimizer_state: OptimizerState,
    /// Longest wait for the other ranks in one operation, seconds. Must exceed the longest in-training evaluation.
    pub timeout_s: f64,
}

/// Place of the optimiser's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerState {
    /// Every rank keeps all of it.
    #[default]
    Replicated,
    /// Every rank keeps the state of its share of the parameters, and sends their updated values to the others (ZeRO
    /// stage 1, arXiv 1910.02054).
    Sharded,
}

impl Default for ParallelConfig {
    fn default() -> Self {
        let optimizer_state = OptimizerState::default();
        Self { bucket_mib: 2.0, optimizer_state, timeout_s: 1_800.0 }
    }
}

impl ParallelConfig {
    /// Returns the number of values of a full bucket.
    pub(crate) fn bucket_values(&self) -> usize {
        (self.bucket_mib * 1024.0 * 1024.0 / 4.0) as usize
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            model: LmConfig::default(),
            seed: 1,
            steps: 6_000,
            positions: 2_400,
            learning_rate: 1e-3,
            warmup_steps: 200,
            final_rate: 0.05,
            accumulation: 1,
            optimizer: AdamWConfig::default(),
            lora: None,
            mix: Vec::new(),
            prompt: PromptSpec::default(),
            speaker_balance: 0.0,
            text_dropout: 0.0,
            history_dropout: 0.1,
            latent_noise: 0.3,
            level_slope: 3.0,
            nar_levels: Vec::new(),
            max_seconds: 15.0,
            checkpoint_steps: 250,
            eval_steps: 500,
            in_training_eval_steps: 1_000,
            log_steps: 0,
            kernels: Kernels::Fused,
            precision: Precision::F32,
            parallel: ParallelConfig::default(),
        }
    }
}

/// Whether the noise is the default, which the configuration's JSON omits: ablations identify trainings by it, and
/// older ones lack the key.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_default_noise(noise: &f64) -> bool {
    *noise == TrainConfig::default().latent_noise
}

fn is_default_parallel(parallel: &ParallelConfig) -> bool {
    *parallel == ParallelConfig::default()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_default_balance(balance: &f64) -> bool {
    *balance == TrainConfig::default().speaker_balance
}

impl TrainConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting that cannot work.
    pub fn check(&self) -> Result<(), ConfigIssue> {
        self.model.check().map_err(|issue| issue.in_table("model"))?;
        if let Some(lora) = &self.lora {
            lora.check().map_err(|issue| issue.in_table("lora"))?;
        }
        self.check_mix()?;
        for (key, share) in [
            ("text_dropout", self.text_dropout),
            ("history_dropout", self.history_dropout),
            ("final_rate", self.final_rate),
            ("speaker_balance", self.speaker_balance),
        ] {
            Allowed::Within(0.0, 1.0).check(key, share)?;
        }
        Allowed::AtLeast(0.0).check("latent_noise", self.latent_noise)?;
        Allowed::Finite.check("latent_noise", self.latent_noise)?;
        for (key, count) in [("steps", self.steps), ("checkpoint_steps", self.checkpoint_steps)] {
            Allowed::Above(0.0).check(key, count as f64)?;
        }
        ConfigIssue::above_zero(&[
            ("positions", self.positions),
            ("accumulation", self.accumulation),
        ])?;
        self.parallel.check().map_err(|issue| issue.in_table("parallel"))?;
        if self.precision == Precision::Int8 {
            return Err(ConfigIssue::new("precision", "`int8` has no gradient: use f32 or bf16"));
        }
        if self.kernels == Kernels::Flash {
            let reason = "`flash` has no gradient: use `fused` or `primitive`";
            return Err(ConfigIssue::new("kernels", reason));
        }
        if self.nar_levels.iter().any(|&level| level < 2) {
            return Err(ConfigIssue::new("nar_levels", "begins at 2: level 1 is the AR's"));
        }
        Allowed::Above(0.0).check("learning_rate", self.learning_rate)?;
        Allowed::Finite.check("learning_rate", self.learning_rate)
    }

    fn check_mix(&self) -> Result<(), ConfigIssue> {
        if self.mix.is_empty() {
            return Err(ConfigIssue::new("[[mix]]", "names no stage to train"));
        }
        match self.mix.iter().find(|m| !m.weight.is_finite() || m.weight <= 0.0) {
            Some(entry) => {
                let reason =
                    format!("gives {}/{} a weight that is not above zero", entry.task, entry.stage);
                Err(ConfigIssue::new("[[mix]]", reason))
            }
            None => Ok(()),
        }
    }
}

impl ParallelConfig {
    fn check(&self) -> Result<(), ConfigIssue> {
        if !(self.bucket_mib > 0.0 && self.bucket_mib <= 1024.0) {
            return Err(ConfigIssue::new("bucket_mib", "must be above zero and at most 1024"));
        }
        Allowed::Above(0.0).check("timeout_s", self.timeout_s)?;
        Allowed::Finite.check("timeout_s", self.timeout_s)
    }
}
