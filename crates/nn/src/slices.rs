//! Reading a CPU tensor as a slice.

use candle_core::{CpuStorage, DType, Layout, Result, Storage, Tensor};
use half::f16;
use half::slice::HalfFloatSliceExt as _;

/// Returns the contiguous f32 slice of a CPU storage, as custom operations receive it.
pub(crate) fn slice_of<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let data = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&data[start..end]),
        None => candle_core::bail!("a fused operation needs contiguous input, got {layout:?}"),
    }
}

/// Calls `f` with the tensor's f32 values, row-major. Copies only if the tensor isn't contiguous.
pub fn with_slice<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(cpu) => f(slice_of(cpu, layout)?),
        _ => candle_core::bail!("a fused operation needs a CPU tensor"),
    }
}

/// Returns the values of a tensor of any device and floating-point type, row-major.
pub fn to_vec_f32(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()
}

/// Returns the values of little-endian 16-bit floats, as f32.
pub fn f32_of_f16(bytes: &[u8]) -> Vec<f32> {
    const BLOCK: usize = 1_024;
    let mut values = vec![0.0; bytes.len() / 2];
    let mut halves = [f16::ZERO; BLOCK];
    for (bytes, values) in bytes.chunks(2 * BLOCK).zip(values.chunks_mut(BLOCK)) {
        let halves = &mut halves[..values.len()];
        for (half, b) in halves.iter_mut().zip(bytes.chunks_exact(2)) {
            *half = f16::from_le_bytes([b[0], b[1]]);
        }
        // Converts eight values at a time if the processor can.
        halves.convert_to_f32_slice(values);
    }
    values
}

/// Calls `f` with the values of several contiguous CPU tensors.
pub(crate) fn with_slices<R>(
    tensors: &[Tensor],
    f: impl FnOnce(&[&[f32]]) -> Result<R>,
) -> Result<R> {
    let held: Vec<_> = tensors.iter().map(Tensor::storage_and_layout).collect();
    let slices = held.iter().map(|(storage, layout)| match &**storage {
        Storage::Cpu(cpu) => slice_of(cpu, layout),
        _ => candle_core::bail!("a fused operation needs a CPU tensor"),
    });
    f(&slices.collect::<Result<Vec<_>>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_one_by_one() {
        let halves: Vec<f16> = (0..2_500).map(|i| f16::from_f32((i as f32 * 0.37).sin())).collect();
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let wanted: Vec<f32> = halves.iter().map(|half| half.to_f32()).collect();
        assert_eq!(f32_of_f16(&bytes), wanted);
        assert_eq!(f32_of_f16(&[]), [0.0f32; 0]);
    }
}
