//! Convolutions over time with the padding and trimming of the published codecs. Tensors are (1, channels, steps).

use candle_core::{D, Result, Tensor};

use crate::checkpoint::Weights;
use crate::error::PretrainedError;

/// Maximum number of values in the unrolled input of a convolution.
const MAX_UNROLLED: usize = 1 << 23;

/// Padding beyond the ends of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PadMode {
    /// Signal mirrored at its first and last step.
    Reflect,
    /// First and last step repeated.
    Replicate,
    /// Zeros.
    Constant,
}

/// Weight and bias of a convolution.
#[derive(Debug, Clone)]
pub struct Kernel {
    weight: Tensor,       // (out, in / groups, width)
    bias: Option<Tensor>, // (1, out, 1)
    stride: usize,
    dilation: usize,
    depthwise: bool,
}

/// Sizes of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Channels of the input.
    pub input: usize,
    /// Channels of the output.
    pub output: usize,
    /// Number of kernel taps.
    pub width: usize,
    /// Steps between two outputs; in a transposed convolution, between two inputs.
    pub stride: usize,
    /// Steps between two kernel taps.
    pub dilation: usize,
    /// Whether each channel has its own kernel.
    pub depthwise: bool,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Size {
    /// Returns the sizes of a convolution with stride 1, dilation 1 and a bias.
    pub fn new(input: usize, output: usize, width: usize) -> Self {
        Self { input, output, width, stride: 1, dilation: 1, depthwise: false, bias: true }
    }

    /// Returns the sizes with another stride.
    #[must_use]
    pub fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// Returns the sizes with another dilation.
    #[must_use]
    pub fn dilation(self, dilation: usize) -> Self {
        Self { dilation, ..self }
    }

    /// Returns the sizes with one kernel per channel, if `depthwise`.
    #[must_use]
    pub fn depthwise(self, depthwise: bool) -> Self {
        Self { depthwise, ..self }
    }

    /// Returns the sizes without a bias.
    #[must_use]
    pub fn no_bias(self) -> Self {
        Self { bias: false, ..self }
    }
}

fn bias(weights: &Weights<'_>, size: Size) -> std::result::Result<Option<Tensor>, PretrainedError> {
    if !size.bias {
        return Ok(None);
    }
    let bias = weights.get("bias", &[size.output])?;
    bias.reshape((1, size.output, 1)).map(Some).map_err(PretrainedError::compute("reading a bias")) // (1, out, 1)
}

fn with_bias(y: Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    bias.map_or(Ok(y.clone()), |b| y.broadcast_add(b))
}

impl Kernel {
    /// Reads the kernel of a convolution with these sizes.
    ///
    /// # Errors
    /// The errors of [`crate::Checkpoint::get`].
    pub fn load(weights: &Weights<'_>, size: Size) -> std::result::Result<Self, PretrainedError> {
        let input = if size.depthwise { 1 } else { size.input };
        let weight = weights.conv([size.output, input, size.width])?;
        let Size { stride, dilation, depthwise, .. } = size;
        Ok(Self { weight, bias: bias(weights, size)?, stride, dilation, depthwise })
    }

    /// Returns the number of steps from the first kernel tap to the last, both included.
    pub fn reach(&self) -> usize {
        self.weight.dim(D::Minus1).map_or(1, |width| (width - 1) * self.dilation + 1)
    }

    /// Returns the stride.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Convolves without padding: (1, in, steps) to (1, out, (steps - reach) / stride + 1).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let steps = x.dim(D::Minus1)?;
        let Some(span) = steps.checked_sub(self.reach()) else {
            candle_core::bail!(
                "{steps} steps are fewer than the {} steps of the kernel",
                self.reach()
            )
        };
        let outputs = span / self.stride + 1;
        if self.depthwise {
            return with_bias(self.by_taps(x, outputs)?, self.bias.as_ref());
        }
        let (_, input, width) = self.weight.dims3()?;
        let block = (MAX_UNROLLED / (input * width)).max(1024);
        let mut made = Vec::new();
        for start in (0..outputs).step_by(block) {
            let count = block.min(outputs - start);
            let under = (count - 1) * self.stride + self.reach();
            let part = x.narrow(2, start * self.stride, under)?.contiguous()?; // (1, in, under)
            made.push(part.conv1d(&self.weight, 0, self.stride, self.dilation, 1)?); // (1, out, count)
        }
        with_bias(Tensor::cat(&made, 2)?, self.bias.as_ref())
    }

    /// Convolves with one kernel per channel and stride 1, as a sum over the taps: candle would run one convolution per
    /// group.
    fn by_taps(&self, x: &Tensor, outputs: usize) -> Result<Tensor> {
        let (channels, _, width) = self.weight.dims3()?;
        let tap = |k: usize| -> Result<Tensor> {
            let weight = self.weight.narrow(2, k, 1)?.reshape((1, channels, 1))?; // (1, channels, 1)
            x.narrow(2, k * self.dilation, outputs)?.broadcast_mul(&weight) // (1, channels, outputs)
        };
        (1..width).try_fold(tap(0)?, |sum, k| sum + tap(k)?)
    }

    /// Convolves with `padding` steps of zeros on both sides.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn padded(&self, x: &Tensor, padding: usize) -> Result<Tensor> {
        self.forward(&x.pad_with_zeros(2, padding, padding)?)
    }
}

/// Weight and bias of a transposed convolution. The kernel is twice as wide as the stride, so that each output depends
/// on two inputs.
#[derive(Debug, Clone)]
pub struct TransposedKernel {
    weight: Tensor,       // (in, out, 2 stride), depthwise (1, channels, 1, 2 stride)
    bias: Option<Tensor>, // (1, out, 1)
    stride: usize,
    depthwise: bool,
}

impl TransposedKernel {
    /// Reads a transposed convolution, whose kernel width is twice the stride.
    ///
    /// # Errors
    /// The errors of [`crate::Checkpoint::get`].
    pub fn load(weights: &Weights<'_>, size: Size) -> std::result::Result<Self, PretrainedError> {
        let output = if size.depthwise { 1 } else { size.output };
        let width = 2 * size.stride;
        let mut weight = weights.conv([size.input, output, width])?;
        if size.depthwise {
            let fail = PretrainedError::compute("reading a kernel");
            weight = weight.reshape((1, size.input, 1, width)).map_err(fail)?; // (1, channels, 1, 2 stride)
        }
        let (bias, stride, depthwise) = (bias(weights, size)?, size.stride, size.depthwise);
        Ok(Self { weight, bias, stride, depthwise })
    }

    /// Convolves without bias and trimming: (1, in, steps) to (1, out, (steps + 1) * stride).
    fn sums(&self, x: &Tensor) -> Result<Tensor> {
        if !self.depthwise {
            return x.contiguous()?.conv_transpose1d(&self.weight, 0, 0, self.stride, 1, 1);
        }
        let (_, channels, steps) = x.dims3()?;
        let now = x.pad_with_zeros(2, 0, 1)?.unsqueeze(3)?; // (1, channels, steps + 1, 1)
        let before = x.pad_with_zeros(2, 1, 0)?.unsqueeze(3)?; // (1, channels, steps + 1, 1)
        let (head, tail) = (
            self.weight.narrow(3, 0, self.stride)?,
            self.weight.narrow(3, self.stride, self.stride)?,
        );
        let sums = (now.broadcast_mul(&head)? + before.broadcast_mul(&tail)?)?; // (1, channels, steps + 1, stride)
        sums.reshape((1, channels, (steps + 1) * self.stride)) // (1, channels, (steps + 1) * stride)
    }

    /// Convolves (1, in, steps) to (1, out, (steps + 1) * stride), and removes `left` and `right` steps from the ends.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn trimmed(&self, x: &Tensor, left: usize, right: usize) -> Result<Tensor> {
        let sums = self.sums(x)?;
        let kept = sums.dim(2)?.saturating_sub(left + right);
        with_bias(sums.narrow(2, left, kept)?.contiguous()?, self.bias.as_ref())
    }

    /// Convolves the next steps of a stream: (1, in, steps) to (1, out, steps * stride). The last stride of outputs is
    /// incomplete until the next call, which gets it in `tail`.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn step(&self, x: &Tensor, tail: &mut Option<Tensor>) -> Result<Tensor> {
        let sums = self.sums(x)?;
        let done = sums.dim(2)? - self.stride;
        let mut ready = sums.narrow(2, 0, done)?.contiguous()?;
        if let Some(tail) = tail.take() {
            let first = (ready.narrow(2, 0, self.stride)? + tail)?;
            let rest = ready.narrow(2, self.stride, done - self.stride)?;
            ready = Tensor::cat(&[first, rest], 2)?;
        }
        *tail = Some(sums.narrow(2, done, self.stride)?.contiguous()?);
        with_bias(ready, self.bias.as_ref())
    }
}

/// A causal convolution, for complete signals and for streams.
#[derive(Debug, Clone)]
pub struct CausalConv {
    kernel: Kernel,
    mode: PadMode,
}

impl CausalConv {
    /// Reads a causal convolution.
    ///
    /// # Errors
    /// The errors of [`crate::Checkpoint::get`].
    pub fn load(
        weights: &Weights<'_>,
        size: Size,
        mode: PadMode,
    ) -> std::result::Result<Self, PretrainedError> {
        Ok(Self { kernel: Kernel::load(weights, size)?, mode })
    }

    /// Returns the number of padding steps before the first step.
    pub fn padding(&self) -> usize {
        self.kernel.reach() - self.kernel.stride()
    }

    /// Convolves a complete signal: (1, in, steps) to (1, out, steps / stride, rounded up). The end is padded to a
    /// multiple of the stride.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn whole(&self, x: &Tensor) -> Result<Tensor> {
        let steps = x.dim(2)?;
        let right = steps.next_multiple_of(self.kernel.stride()) - steps;
        self.kernel.forward(&pad(x, self.padding(), right, self.mode)?)
    }

    /// Convolves the next steps of a stream, for stride 1: (1, in, steps) to (1, out, steps). `context` keeps the last
    /// steps for the next call. With mirrored padding, the first call needs more steps than [`Self::padding`].
    ///
    /// # Errors
    /// Errors of candle.
    pub fn step(&self, x: &Tensor, context: &mut Option<Tensor>) -> Result<Tensor> {
        let joined = match context.take() {
            Some(before) => Tensor::cat(&[&before, x], 2)?,
            None => pad(x, self.padding(), 0, self.mode)?,
        };
        let (steps, keep) = (joined.dim(2)?, self.padding());
        *context = Some(joined.narrow(2, steps - keep, keep)?.contiguous()?);
        self.kernel.forward(&joined)
    }
}

/// Pads the time axis: (1, channels, steps) to (1, channels, left + steps + right).
fn pad(x: &Tensor, left: usize, right: usize, mode: PadMode) -> Result<Tensor> {
    let steps = x.dim(2)?;
    if left + right == 0 {
        return Ok(x.clone());
    }
    match mode {
        PadMode::Constant => x.pad_with_zeros(2, left, right),
        PadMode::Replicate => x.pad_with_same(2, left, right),
        PadMode::Reflect => {
            // A signal that is too short to be mirrored is first padded with zeros, which are removed afterwards.
            let zeros = (left.max(right) + 1).saturating_sub(steps);
            let x = x.pad_with_zeros(2, 0, zeros)?;
            let last = steps + zeros - 1;
            let mirrored = (0..left + steps + zeros + right).map(|i| match i.checked_sub(left) {
                None => left - i,
                Some(i) if i <= last => i,
                Some(i) => 2 * last - i,
            });
            let indices: Vec<u32> = mirrored.take(left + steps + right).map(|i| i as u32).collect();
            x.index_select(&Tensor::new(indices, x.device())?, 2)
        }
    }
}
