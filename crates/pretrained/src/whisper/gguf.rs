//! GGUF files. Lengths are compared with the size of the file before candle's reader allocates memory for them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use candle_core::Device;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{Content, TensorInfo};

use crate::PretrainedError;
use crate::fault::ContainerFault;

/// Maximum number of axes of a tensor.
const MOST_AXES: u32 = 8;
/// Maximum number of elements in an array of metadata; vocabularies have a few hundred thousand.
const MOST_ELEMENTS: u64 = 1 << 24;
/// Maximum nesting depth of arrays.
const DEEPEST: usize = 4;

/// Reads all tensors of a GGUF file.
pub(super) fn tensors(
    path: &Path,
    device: &Device,
) -> Result<HashMap<String, Arc<QTensor>>, PretrainedError> {
    let fail = PretrainedError::read(path);
    let mut file = File::open(path).map_err(&fail)?;
    let length = file.metadata().map_err(&fail)?.len();
    let container = |fault| PretrainedError::container(path, fault);
    Walk { reader: BufReader::new(&file), left: length }.header().map_err(container)?;
    file.seek(SeekFrom::Start(0)).map_err(fail)?;
    let content =
        Content::read(&mut file).map_err(|e| container(ContainerFault::Gguf(Box::new(e))))?;
    let mut tensors = HashMap::new();
    for (name, info) in &content.tensor_infos {
        let end = end(info).and_then(|end| end.checked_add(content.tensor_data_offset));
        if end.is_none_or(|end| end > length) {
            let (tensor, shape) = (name.clone(), info.shape.dims().to_vec());
            return Err(container(ContainerFault::TensorBeyondEnd { tensor, shape, length }));
        }
        let tensor = content.tensor(&mut file, name, device).map_err(|cause| {
            let (tensor, cause) = (name.clone(), Box::new(cause));
            container(ContainerFault::Tensor { tensor, cause })
        })?;
        tensors.insert(name.clone(), Arc::new(tensor));
    }
    Ok(tensors)
}

/// Returns the end of a tensor, in bytes from the start of the data; `None` if it overflows.
fn end(info: &TensorInfo) -> Option<u64> {
    let count = info.shape.dims().iter().try_fold(1usize, |count, &n| count.checked_mul(n))?;
    let blocks = count / info.ggml_dtype.block_size();
    let bytes = blocks.checked_mul(info.ggml_dtype.type_size())? as u64;
    info.offset.checked_add(bytes)
}

/// Parser of a header that allocates nothing.
struct Walk<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Walk<R> {
    fn header(&mut self) -> Result<(), ContainerFault> {
        let magic = self.u32()?;
        let version = self.u32()?;
        if magic != u32::from_le_bytes(*b"GGUF") || !(1..=3).contains(&version) {
            return Err(ContainerFault::NoHeader { format: "GGUF" });
        }
        let wide = version > 1;
        let (tensors, entries) = (self.length(wide)?, self.length(wide)?);
        for _ in 0..entries {
            self.text(wide)?;
            let kind = self.u32()?;
            self.value(kind, wide, 0)?;
        }
        for _ in 0..tensors {
            self.text(wide)?;
            let axes = self.u32()?;
            if axes > MOST_AXES {
                return Err(ContainerFault::Axes(axes));
            }
            self.skip(u64::from(axes) * if wide { 8 } else { 4 })?;
            self.skip(4 + 8)?;
        }
        Ok(())
    }

    /// Skips a metadata value.
    fn value(&mut self, kind: u32, wide: bool, depth: usize) -> Result<(), ContainerFault> {
        match (kind, size(kind)) {
            (_, Some(bytes)) => self.skip(bytes),
            (8, _) => self.text(wide),
            (9, _) if depth < DEEPEST => {
                let kind = self.u32()?;
                let count = self.length(wide)?;
                if count > MOST_ELEMENTS {
                    return Err(ContainerFault::Elements(count));
                }
                if let Some(bytes) = size(kind) {
                    return self.skip(count * bytes);
                }
                (0..count).try_for_each(|_| self.value(kind, wide, depth + 1))
            }
            _ => Err(ContainerFault::ValueType(kind)),
        }
    }

    fn text(&mut self, wide: bool) -> Result<(), ContainerFault> {
        let bytes = self.length(wide)?;
        self.skip(bytes)
    }

    fn length(&mut self, wide: bool) -> Result<u64, ContainerFault> {
        if !wide {
            return self.u32().map(u64::from);
        }
        let low = self.u32()?;
        Ok(u64::from(low) | u64::from(self.u32()?) << 32)
    }

    fn u32(&mut self) -> Result<u32, ContainerFault> {
        let mut bytes = [0; 4];
        self.take(4)?;
        self.reader.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), ContainerFault> {
        self.take(bytes)?;
        io::copy(&mut self.reader.by_ref().take(bytes), &mut io::sink())?;
        Ok(())
    }

    fn take(&mut self, bytes: u64) -> Result<(), ContainerFault> {
        self.left = self.left.checked_sub(bytes).ok_or(ContainerFault::HeaderCutOff)?;
        Ok(())
    }
}

/// Returns the size in bytes of values of a type; `None` for texts and arrays.
fn size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}
