//! Outputs of the network on the host.

use candle_core::Tensor;
use syrinx_task::{HeadOutput, OutputRows, Sequence};

use crate::DecodeError;
use crate::context::DecodeContext;

/// Hidden states of the response positions of some sequences.
pub(crate) struct Hidden<'a> {
    /// (positions, twice if guided, dim).
    pub(crate) values: Tensor,
    /// Sequences of the positions; none in cached steps.
    pub(crate) sequences: &'a [Sequence],
    /// Number of positions, without those of guidance.
    pub(crate) positions: usize,
    /// Whether the second half of the positions was computed without the text.
    pub(crate) guided: bool,
}

impl Hidden<'_> {
    /// Reads outputs. Guidance weighs the predictions with and without the text.
    pub(crate) fn read(
        &self,
        context: &DecodeContext<'_>,
        outputs: &[HeadOutput],
    ) -> Result<OutputRows, DecodeError> {
        let mut read = OutputRows::new(self.positions);
        for &output in outputs {
            if let Some(values) = context.model.output(&self.values, self.sequences, output)? {
                read.push(output, self.host_rows(context, output, &values)?);
            }
        }
        Ok(read)
    }

    fn host_rows(
        &self,
        context: &DecodeContext<'_>,
        output: HeadOutput,
        values: &Tensor,
    ) -> Result<Vec<Vec<f32>>, DecodeError> {
        if !self.guided {
            return host_rows(values);
        }
        let (rows, weight) = (values.dim(0)? / 2, context.config.guidance);
        let with = values.narrow(0, 0, rows)?;
        if !output.is_guided() {
            return host_rows(&with);
        }
        let without = values.narrow(0, rows, rows)?;
        host_rows(&((with * weight)? + (without * (1.0 - weight))?)?)
    }
}

/// Returns the values of rows on the host.
///
/// # Errors
/// [`DecodeError::NotFinite`] for NaN or an infinity.
pub(crate) fn host_rows(values: &Tensor) -> Result<Vec<Vec<f32>>, DecodeError> {
    let rows = values.to_vec2::<f32>()?;
    if rows.iter().flatten().all(|value| value.is_finite()) {
        Ok(rows)
    } else {
        Err(DecodeError::NotFinite)
    }
}

/// Returns the sequences without their text.
pub(crate) fn without_text(sequences: &[Sequence]) -> Vec<Sequence> {
    let mut without = sequences.to_vec();
    without.iter_mut().for_each(Sequence::forget_text);
    without
}
