//! Weights of a vocoder for another one of the same sizes that has a source.

use candle_core::{Device, Tensor};
use syrinx_nn::to_vec_f32;

use crate::fault::WeightsMismatch;
use crate::spectral_gain::spread;
use crate::train_state::Vars;
use crate::{CodecError, SourceConfig, Vocoder, VocoderConfig};

/// Sets parameters to the weights of `given`. Where `config` has a source and `given` none, the new inputs count for
/// nothing at first, and the gains of source and noise begin as the magnitudes that `given` predicts in each band. Where
/// `given` has a free branch that `config` lacks, its rows are left out.
pub(crate) fn warm_start(
    given: &Vocoder,
    config: &VocoderConfig,
    vars: &Vars,
) -> Result<(), CodecError> {
    let tensors = given.tensors();
    for (name, var) in vars {
        let Some(tensor) = tensors.get(name) else { continue };
        if tensor.dims() == var.dims() {
            var.set(tensor)?;
            continue;
        }
        let values = to_vec_f32(tensor)?;
        let values = match (&given.config().source, &config.source) {
            (Some(before), Some(after))
                if before.free_gain.is_some() && after.free_gain.is_none() =>
            {
                without_free_branch(values, config)
            }
            (None, Some(_)) if name.starts_with("input.") => with_pitch_inputs(&values, config),
            (None, Some(source)) => with_bands(&values, name.ends_with("bias"), config, source),
            _ => {
                return Err(WeightsMismatch::StartShape { name: name.clone() }.into());
            }
        };
        var.set(&Tensor::from_vec(values, var.dims(), &Device::Cpu)?)?;
    }
    Ok(())
}

/// The rows of the last layer (2 * bins + 3 * bands, columns) without those of the free branch.
fn without_free_branch(mut values: Vec<f32>, config: &VocoderConfig) -> Vec<f32> {
    let free = 2 * config.bins();
    let columns = values.len() / (free + 3 * config.mel.bins);
    values.drain(..free * columns);
    values
}

/// Input weights (dim, neighbours * bins) with two columns of zeros behind those of every neighbour.
fn with_pitch_inputs(values: &[f32], config: &VocoderConfig) -> Vec<f32> {
    let frames = values.chunks_exact(config.mel.bins);
    frames.flat_map(|frame| frame.iter().copied().chain([0.0, 0.0])).collect()
}

/// Returns the rows of the last layer (2 * bins, columns) with those of the three band controls behind them.
fn with_bands(
    values: &[f32],
    is_bias: bool,
    config: &VocoderConfig,
    source: &SourceConfig,
) -> Vec<f32> {
    let bins = config.bins();
    let columns = values.len() / (2 * bins);
    let gain = |gain: f64| if is_bias { gain as f32 } else { 0.0 };
    let mut out = Vec::new();
    if let Some(free) = source.free_gain {
        out.extend(values);
        out[..bins * columns].iter_mut().for_each(|v| *v += gain(free));
    }
    let centres = centres(config, bins);
    for controls in [Some(source.harmonic_gain), None, Some(source.noise_gain)] {
        for &k in &centres {
            let row = values[k * columns..][..columns].iter();
            match controls {
                Some(offset) => out.extend(row.map(|v| v + gain(offset))),
                None => out.extend(row.map(|_| 0.0)),
            }
        }
    }
    out
}

/// Frequency at the middle of each band.
fn centres(config: &VocoderConfig, bins: usize) -> Vec<usize> {
    let shares = spread(&config.mel, bins);
    let share = |k: usize, band: usize| {
        shares[k].iter().find(|(b, _)| *b == band).map_or(0.0, |(_, share)| *share)
    };
    let middle = |band| (0..bins).max_by(|&a, &b| share(a, band).total_cmp(&share(b, band)));
    (0..config.mel.bins).map(|band| middle(band).unwrap_or(0)).collect()
}
