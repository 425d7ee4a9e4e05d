//! The discriminator of vocoder training, which distinguishes recordings from the vocoder's output by spectra at
//! several resolutions. Used in training only, not part of a codec.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};
use rayon::prelude::*;
use realfft::RealFftPlanner;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_nn::{
    AdamW, AdamWConfig, BlockConfig, Kernels, Linear, ParamStore, Scope, Stack, with_slice,
};

use crate::CodecError;
use crate::frame_net::windowed_plan;
use crate::stft::{Stft, magnitude};
use crate::train_state::Vars;

/// Settings of adversarial training.
///
/// Least-squares losses and feature matching are those of HiFi-GAN (Kong et al. 2020, 2010.05646, section 2.3); bands of
/// spectra at several resolutions are judged as in the Descript codec (Kumar et al. 2023, 2306.06546, section 3.4), by
/// sliding-window transformers in place of convolutions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdversarialConfig {
    /// Weight of the adversarial loss relative to the spectral loss.
    pub weight: f64,
    /// Weight of feature matching, the distance of the discriminator's hidden rows, relative to the spectral loss.
    pub feature_weight: f64,
    /// Steps over which both weights rise from zero.
    pub ramp_steps: u64,
    /// Window lengths of the transforms, samples; the hop is a quarter of the window.
    pub n_fft: Vec<usize>,
    /// Bands of equal width that each spectrum is cut into.
    pub bands: usize,
    /// Sizes of the transformer at each resolution.
    pub block: BlockConfig,
    /// Frames that a frame attends to, itself included.
    pub window_frames: usize,
    /// The discriminator's optimiser.
    pub optimizer: AdamWConfig,
}

impl Default for AdversarialConfig {
    fn default() -> Self {
        Self {
            weight: 0.1,
            feature_weight: 0.1,
            ramp_steps: 200,
            n_fft: vec![512, 1024, 2048],
            bands: 4,
            block: BlockConfig { dim: 96, layers: 2, heads: 4, hidden: 192, ..Default::default() },
            window_frames: 8,
            optimizer: AdamWConfig {
                beta1: 0.8,
                beta2: 0.99,
                ema_decay: 0.0,
                ..Default::default()
            },
        }
    }
}

impl AdversarialConfig {
    /// # Errors
    /// [`CodecError::Config`] naming what can't work with clips of `clip` samples.
    pub(crate) fn check(&self, clip: usize) -> std::result::Result<(), CodecError> {
        let fail = |reason: String| Err(CodecError::setting("adversarial", reason));
        self.block.check().map_err(|issue| issue.in_table("adversarial.block"))?;
        if self.n_fft.is_empty() || self.bands == 0 || self.window_frames == 0 {
            return fail("n_fft, bands and window_frames must not be empty or 0".into());
        }
        match self
            .n_fft
            .iter()
            .find(|&&n| n < 8 || n % 4 != 0 || (n / 2) % self.bands != 0 || n > clip)
        {
            Some(n) => fail(format!(
                "an n_fft of {n} isn't a multiple of 4 from 8 to a clip's {clip} samples whose half splits into {} bands",
                self.bands
            )),
            None => Ok(()),
        }
    }
}

/// Floor of magnitudes, and offset and scale that normalize their logarithms.
const FLOOR: f32 = 1e-3;
const LOG_OFFSET: f32 = 2.0;
const LOG_SCALE: f32 = 0.4;

/// Output of the discriminator at one resolution.
struct DiscriminatorOutput {
    /// Hidden rows, (bands * clips * frames, dim).
    hidden: Tensor,
    /// Score, 1 for a recording, 0 for the vocoder's output, (bands * clips * frames, 1).
    score: Tensor,
}

/// One resolution.
struct Branch {
    stft: Arc<Stft>,
    /// Input layer of each band.
    inputs: Vec<Linear>,
    stack: Stack,
    output: Linear,
    window_frames: usize,
}

impl Branch {
    fn new(
        scope: &Scope,
        n_fft: usize,
        config: &AdversarialConfig,
    ) -> std::result::Result<Self, CodecError> {
        let (dim, width) = (config.block.dim, n_fft / 2 / config.bands);
        let deviation = 1.0 / (width as f64).sqrt();
        let input = |band| {
            Linear::with_bias(&scope.pp("bands").pp(band), width, dim, deviation, Kernels::Fused)
        };
        let inputs = (0..config.bands).map(input).collect::<std::result::Result<_, _>>()?;
        let stack = Stack::new(scope, &config.block, Kernels::Fused)?;
        let deviation = 0.1 / (dim as f64).sqrt();
        let output = Linear::with_bias(&scope.pp("output"), dim, 1, deviation, Kernels::Fused)?;
        let stft = Arc::new(Stft::new(n_fft, &mut RealFftPlanner::new()));
        Ok(Self { stft, inputs, stack, output, window_frames: config.window_frames })
    }

    /// Scores clips of `clip` samples each, (clips * clip).
    fn judge(&self, samples: &Tensor, clip: usize) -> Result<DiscriminatorOutput> {
        let (clips, frames) = (samples.elem_count() / clip, self.stft.frames(clip));
        let op = LogSpectrum { stft: self.stft.clone(), clip };
        let spectrum = samples.contiguous()?.apply_op1(op)?; // (clips * frames, bins)
        let width = (self.stft.bins() - 1) / self.inputs.len();
        let rows = self.inputs.iter().enumerate().map(|(band, input)| {
            input.forward(&spectrum.narrow(1, band * width, width)?.contiguous()?)
        });
        let rows = Tensor::cat(&rows.collect::<Result<Vec<_>>>()?, 0)?; // (bands * clips * frames, dim)
        let sequences = self.inputs.len() * clips;
        let plan = windowed_plan(sequences, frames, self.stack.config(), self.window_frames);
        let hidden = self.stack.forward(&rows, &plan)?;
        Ok(DiscriminatorOutput { score: self.output.forward(&hidden)?, hidden })
    }
}

/// Parts of the adversarial loss of one step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AdversarialLosses {
    /// Mean squared distance of the scores of generated clips from the target of recordings.
    pub(crate) made: f64,
    /// Mean distance of hidden rows.
    pub(crate) features: f64,
    /// Loss of the discriminator.
    pub(crate) discriminator: f64,
}

/// The discriminator and its optimiser.
pub(crate) struct Adversary {
    pub(crate) config: AdversarialConfig,
    branches: Vec<Branch>,
    pub(crate) vars: Vars,
    pub(crate) optimizer: AdamW,
}

/// Scored recordings of a step, and the vocoder's output for them.
pub(crate) struct Contest {
    real: Vec<DiscriminatorOutput>,
    made: Tensor,
    clip: usize,
    losses: AdversarialLosses,
}

/// Returns the mean of scalars, one a resolution.
fn mean(parts: Vec<Tensor>) -> Result<Tensor> {
    Tensor::stack(&parts, 0)?.mean_all()
}

/// Returns the mean squared distance from `wanted`.
fn squared_distance(score: &Tensor, wanted: f64) -> Result<Tensor> {
    (score - wanted)?.sqr()?.mean_all()
}

impl Adversary {
    pub(crate) fn new(
        config: &AdversarialConfig,
        seed: u64,
    ) -> std::result::Result<Self, CodecError> {
        let store = ParamStore::seeded(seed, &Device::Cpu);
        let branch = |&n_fft: &usize| Branch::new(&store.root().pp(n_fft), n_fft, config);
        let branches = config.n_fft.iter().map(branch).collect::<std::result::Result<_, _>>()?;
        let optimizer = AdamW::new(store.vars(), config.optimizer.clone())?;
        Ok(Self { config: config.clone(), branches, vars: store.vars(), optimizer })
    }

    fn judge(&self, samples: &Tensor, clip: usize) -> Result<Vec<DiscriminatorOutput>> {
        self.branches.iter().map(|branch| branch.judge(samples, clip)).collect()
    }

    /// Returns the losses that the vocoder minimizes in addition to the spectral loss, for its output `made` (clips *
    /// clip) against `target`, at a step counted from 1.
    pub(crate) fn oppose(
        &self,
        made: &Tensor,
        target: Vec<f32>,
        clip: usize,
        step: u64,
    ) -> Result<(Tensor, Contest)> {
        let target = Tensor::from_vec(target, made.shape(), made.device())?;
        let (real, fake) = (self.judge(&target, clip)?, self.judge(made, clip)?);
        let scores = fake.iter().map(|f| squared_distance(&f.score, 1.0)).collect::<Result<_>>()?;
        let distance = |(f, r): (&DiscriminatorOutput, &DiscriminatorOutput)| {
            (&f.hidden - r.hidden.detach())?.abs()?.mean_all()
        };
        let features = fake.iter().zip(&real).map(distance).collect::<Result<_>>()?;
        let (scores, features) = (mean(scores)?, mean(features)?);
        let losses = AdversarialLosses {
            made: f64::from(scores.to_scalar::<f32>()?),
            features: f64::from(features.to_scalar::<f32>()?),
            discriminator: 0.0,
        };
        let ramp = (step as f64 / self.config.ramp_steps.max(1) as f64).min(1.0);
        let total = ((scores * (ramp * self.config.weight))?
            + (features * (ramp * self.config.feature_weight))?)?;
        Ok((total, Contest { real, made: made.detach(), clip, losses }))
    }

    /// Takes a step of the discriminator; returns the losses of both sides.
    pub(crate) fn learn(
        &mut self,
        contest: Contest,
        rate: f64,
    ) -> std::result::Result<AdversarialLosses, CodecError> {
        let Contest { real, made, clip, losses } = contest;
        let fake = self.judge(&made, clip)?;
        let parts = real
            .iter()
            .zip(&fake)
            .map(|(r, f)| squared_distance(&r.score, 1.0)? + squared_distance(&f.score, 0.0)?);
        let loss = mean(parts.collect::<Result<_>>()?)?;
        self.optimizer.step(&loss.backward()?, rate)?;
        let discriminator = f64::from(loss.to_scalar::<f32>()?);
        Ok(AdversarialLosses { discriminator, ..losses })
    }
}

/// Log-magnitudes of clips: (clips * clip) -> (clips * frames, bins).
struct LogSpectrum {
    stft: Arc<Stft>,
    clip: usize,
}

impl CustomOp1 for LogSpectrum {
    fn name(&self) -> &'static str {
        "log-spectrum"
    }

    fn cpu_fwd(&self, samples: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("log-spectra need contiguous samples")
        };
        let value = |c| LOG_SCALE * (magnitude(&c).max(FLOOR).ln() + LOG_OFFSET);
        let spectra = |clip: &[f32]| self.stft.spectra(clip).into_iter().map(value);
        let clips = samples.as_slice::<f32>()?[start..end].par_chunks_exact(self.clip);
        let out: Vec<f32> = clips.flat_map_iter(spectra).collect();
        let bins = self.stft.bins();
        let shape = Shape::from((out.len() / bins, bins));
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(&self, samples: &Tensor, _out: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let each = self.stft.frames(self.clip) * self.stft.bins();
        let back = |(clip, grad): (&[f32], &[f32])| {
            let mut spectra = self.stft.spectra(clip);
            for (c, g) in spectra.iter_mut().zip(grad) {
                let m = magnitude(c);
                *c *= if m > FLOOR { LOG_SCALE * g / (m * m) } else { 0.0 };
            }
            self.stft.adjoint(spectra, self.clip)
        };
        let out: Vec<f32> = with_slice(samples, |samples| {
            with_slice(grad, |grad| {
                let clips = samples.par_chunks_exact(self.clip).zip(grad.par_chunks_exact(each));
                Ok(clips.flat_map_iter(back).collect())
            })
        })?;
        Ok(Some(Tensor::from_vec(out, samples.shape(), samples.device())?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use candle_core::Var;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use syrinx_nn::to_vec_f32;

    use super::*;

    const CLIP: usize = 64;

    fn draw(seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..2 * CLIP).map(|_| rng.random_range(-0.5..0.5)).collect()
    }

    fn adversary() -> Adversary {
        let block = BlockConfig { dim: 8, layers: 1, heads: 2, hidden: 8, ..Default::default() };
        let (n_fft, bands) = (vec![16, 32], 2);
        let config = AdversarialConfig { n_fft, bands, block, ramp_steps: 1, ..Default::default() };
        Adversary::new(&config, 1).unwrap()
    }

    #[test]
    fn gradient_by_the_samples_agrees_with_differences() {
        let adversary = adversary();
        let value = |samples: &[f32]| -> f64 {
            let made = Tensor::from_slice(samples, samples.len(), &Device::Cpu).unwrap();
            let (total, _) = adversary.oppose(&made, draw(1), CLIP, 1).unwrap();
            f64::from(total.to_scalar::<f32>().unwrap())
        };
        let start = draw(2);
        let made = Var::from_slice(&start, start.len(), &Device::Cpu).unwrap();
        let (total, _) = adversary.oppose(&made, draw(1), CLIP, 1).unwrap();
        let grads = total.backward().unwrap();
        let grad = to_vec_f32(grads.get(&made).unwrap()).unwrap();
        for seed in 10..14 {
            let direction = draw(seed);
            let moved = |d: f32| -> Vec<f32> {
                start.iter().zip(&direction).map(|(s, v)| s + d * v).collect()
            };
            let slope = (value(&moved(2e-3)) - value(&moved(-2e-3))) / 4e-3;
            let own: f64 = grad.iter().zip(&direction).map(|(g, v)| f64::from(g * v)).sum();
            let limit = 0.05 * (0.02 + slope.abs().max(own.abs()));
            assert!((slope - own).abs() < limit, "{slope} and {own}");
        }
    }

    #[test]
    fn every_weight_learns_and_recordings_are_told_apart() {
        let mut adversary = adversary();
        let before = adversary.vars.iter().map(|(n, v)| (n.clone(), to_vec_f32(v).unwrap()));
        let before: Vec<_> = before.collect();
        let made = Tensor::from_vec(vec![0.01f32; 2 * CLIP], 2 * CLIP, &Device::Cpu).unwrap();
        let mut losses = Vec::new();
        for step in 1..=30 {
            let (_, contest) = adversary.oppose(&made, draw(step), CLIP, step).unwrap();
            losses.push(adversary.learn(contest, 1e-2).unwrap().discriminator);
        }
        for (name, old) in before {
            assert!(to_vec_f32(&adversary.vars[&name]).unwrap() != old, "`{name}` stayed");
        }
        assert!(losses[29] < 0.5 * losses[0], "{losses:?}");
    }
}
