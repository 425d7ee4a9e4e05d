//! Recurrent layers between the convolutions and the quantizer.

use candle_core::{Result, Tensor};

use crate::checkpoint::Weights;
use crate::error::PretrainedError;

type Loaded<T> = std::result::Result<T, PretrainedError>;

/// LSTM layers with a skip connection around all of them.
pub(super) struct Lstm {
    layers: Vec<LstmLayer>,
}

struct LstmLayer {
    input: Tensor,  // (dim, 4 dim)
    hidden: Tensor, // (dim, 4 dim)
    bias: Tensor,   // (1, 4 dim)
}

/// Output and cell state of a layer, each (1, dim).
pub(super) type LstmState = Option<(Tensor, Tensor)>;

impl Lstm {
    pub(super) fn load(weights: &Weights<'_>, dim: usize, layers: usize) -> Loaded<Self> {
        let weights = weights.pp("lstm");
        let layer = |l: usize| {
            let matrix = |name: &str| weights.get(&format!("{name}_l{l}"), &[4 * dim, dim]);
            let bias = |name: &str| weights.get(&format!("{name}_l{l}"), &[4 * dim]);
            let (input, hidden) = (matrix("weight_ih")?, matrix("weight_hh")?);
            let (first, second) = (bias("bias_ih")?, bias("bias_hh")?);
            let prepared = || -> Result<LstmLayer> {
                let bias = (first + second)?.unsqueeze(0)?;
                Ok(LstmLayer {
                    input: input.t()?.contiguous()?,
                    hidden: hidden.t()?.contiguous()?,
                    bias,
                })
            };
            prepared().map_err(PretrainedError::compute("reading the LSTM"))
        };
        Ok(Self { layers: (0..layers).map(layer).collect::<Loaded<_>>()? })
    }

    /// Transforms (1, dim, steps) to the same shape. `states` carries the state of each layer from one call to the
    /// next.
    pub(super) fn forward(&self, x: &Tensor, states: &mut Vec<LstmState>) -> Result<Tensor> {
        states.resize(self.layers.len(), None);
        let mut rows = x.squeeze(0)?.t()?.contiguous()?; // (steps, dim)
        for (layer, state) in self.layers.iter().zip(states) {
            rows = layer.forward(&rows, state)?;
        }
        x + rows.t()?.unsqueeze(0)? // (1, dim, steps)
    }
}

impl LstmLayer {
    fn forward(&self, rows: &Tensor, state: &mut LstmState) -> Result<Tensor> {
        let (steps, dim) = rows.dims2()?;
        let inputs = rows.matmul(&self.input)?.broadcast_add(&self.bias)?; // (steps, 4 dim)
        let zeros = Tensor::zeros((1, dim), rows.dtype(), rows.device())?;
        let (mut hidden, mut cell) = state.take().unwrap_or((zeros.clone(), zeros));
        let mut outputs = Vec::with_capacity(steps);
        for t in 0..steps {
            let gates = (inputs.narrow(0, t, 1)? + hidden.matmul(&self.hidden)?)?; // (1, 4 dim)
            let gate = |i: usize| gates.narrow(1, i * dim, dim);
            let sigmoid = candle_nn::ops::sigmoid;
            let (input, forget, output) =
                (sigmoid(&gate(0)?)?, sigmoid(&gate(1)?)?, sigmoid(&gate(3)?)?);
            cell = ((forget * cell)? + (input * gate(2)?.tanh()?)?)?;
            hidden = (output * cell.tanh()?)?;
            outputs.push(hidden.clone());
        }
        *state = Some((hidden, cell));
        Tensor::cat(&outputs, 0) // (steps, dim)
    }
}
