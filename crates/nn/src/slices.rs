//! Reading a CPU tensor as a slice.

use candle_core::{CpuStorage, DType, Layout, Result, Storage, Tensor};

/// The contiguous f32 slice of a CPU storage, as custom operations receive it.
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

/// The tensor's values as a vector, row-major, from whatever device and float type.
pub fn to_vec_f32(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()
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
