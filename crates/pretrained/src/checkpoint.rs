//! Checkpoint files, whose tensors are read one at a time and checked before memory is allocated for them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{Dtype, Metadata, SafeTensorError, TensorInfo, TensorView};

use crate::entry::Entry;
use crate::error::PretrainedError;
use crate::fault::{ContainerFault, PickleFault};
use crate::pickle;

#[derive(Debug, Clone)]
enum Source {
    File,
    Bytes(Arc<[u8]>),
}

/// A checkpoint file: names, types, shapes and locations of its tensors.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    path: PathBuf,
    source: Source,
    entries: BTreeMap<String, Entry>,
    metadata: BTreeMap<String, String>,
}

/// First bytes of a zip archive, which contains PyTorch's checkpoints since version 1.6.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// First byte of a pickle.
const PICKLE: u8 = 0x80;

/// Maximum size of a header in safetensors, in bytes.
const MAX_HEADER_BYTES: u64 = 100_000_000;

impl Checkpoint {
    /// Opens a safetensors file and reads its header.
    ///
    /// # Errors
    /// [`PretrainedError::Read`] if the file can't be read, [`PretrainedError::Truncated`],
    /// [`PretrainedError::Container`] for another format, and [`PretrainedError::Pickle`] for a pickle, which is not
    /// opened.
    pub fn open(path: &Path) -> Result<Self, PretrainedError> {
        let (mut file, length) = open_file(path)?;
        // Eight bytes for the size of the header, and the first character of its JSON.
        let mut start = [0; 9];
        let read = read_up_to(&mut file, &mut start).map_err(PretrainedError::read(path))?;
        let json = read == start.len() && start[8] == b'{';
        if !json && (start.starts_with(&ZIP) || start[0] == PICKLE) {
            let fault = PickleFault::Format { formats: "safetensors" };
            return Err(PretrainedError::pickle(path, fault));
        }
        let header = start[..8].try_into().map_or(0, u64::from_le_bytes);
        if !json || header > MAX_HEADER_BYTES {
            let fault = ContainerFault::NoHeader { format: "safetensors" };
            return Err(PretrainedError::container(path, fault));
        }
        if length < header + 8 {
            let (path, expected) = (path.to_owned(), header + 8);
            return Err(PretrainedError::Truncated { path, found: length, expected });
        }
        let mut bytes = start.to_vec();
        file.take(header - 1).read_to_end(&mut bytes).map_err(PretrainedError::read(path))?;
        Self::parse(path, &bytes, length, Source::File)
    }

    /// Opens a PyTorch checkpoint: a zip archive with a pickle that contains tensors only. Used for models that are
    /// published in no other format. A file that is not an archive is opened as [`Self::open`] does.
    ///
    /// # Errors
    /// [`PretrainedError::Read`] if the file can't be read, [`PretrainedError::Container`] for an invalid archive, and
    /// [`PretrainedError::Pickle`] for a pickle that contains more than tensors.
    pub fn open_pytorch(path: &Path) -> Result<Self, PretrainedError> {
        let (mut file, length) = open_file(path)?;
        let mut start = [0; 4];
        let read = read_up_to(&mut file, &mut start).map_err(PretrainedError::read(path))?;
        if start[..read] != ZIP {
            return Self::open(path);
        }
        let entries = pickle::entries(path, length)?;
        Ok(Self { path: path.to_owned(), source: Source::File, entries, metadata: BTreeMap::new() })
    }

    /// Opens a safetensors file in memory; errors use `path` as its name.
    ///
    /// # Errors
    /// The errors of [`Self::open`].
    pub fn from_bytes(path: &Path, bytes: Arc<[u8]>) -> Result<Self, PretrainedError> {
        Self::parse(path, &bytes, bytes.len() as u64, Source::Bytes(Arc::clone(&bytes)))
    }

    /// Parses the bytes up to the end of the header, in a file of `length` bytes.
    fn parse(
        path: &Path,
        header: &[u8],
        length: u64,
        source: Source,
    ) -> Result<Self, PretrainedError> {
        let broken = |fault| PretrainedError::container(path, fault);
        let size = header.get(..8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
        let json = usize::try_from(size).ok().and_then(|n| header.get(8..n.checked_add(8)?));
        let json = json.ok_or_else(|| broken(ContainerFault::HeaderCutOff))?;
        let parsed: Metadata =
            serde_json::from_slice(json).map_err(|e| broken(ContainerFault::Json(e)))?;
        let expected = (8 + size).saturating_add(parsed.data_len() as u64);
        if length < expected {
            let path = path.to_owned();
            return Err(PretrainedError::Truncated { path, found: length, expected });
        }
        if length > expected {
            return Err(broken(ContainerFault::Surplus { bytes: length - expected }));
        }
        Ok(Self::of_metadata(path, &parsed, 8 + size, source))
    }

    fn of_metadata(path: &Path, parsed: &Metadata, data: u64, source: Source) -> Self {
        let entry = |info: &TensorInfo| {
            let (begin, end) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
            let (shape, bytes) = (info.shape.clone(), end - begin);
            Entry { dtype: info.dtype, shape, begin: data + begin, bytes }
        };
        let entries = parsed.tensors().into_iter().map(|(name, info)| (name, entry(info)));
        let metadata = parsed.metadata().clone().unwrap_or_default().into_iter().collect();
        Self { path: path.to_owned(), source, entries: entries.collect(), metadata }
    }

    /// Returns the path of the checkpoint.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the metadata in the header.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Returns types, shapes and locations of all tensors by name.
    pub fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    /// Returns the tensors with their full names.
    pub fn root(&self) -> Weights<'_> {
        Weights { checkpoint: self, prefix: String::new() }
    }

    /// Reads a tensor of shape `expected` as f32, from any floating-point type.
    ///
    /// # Errors
    /// [`PretrainedError::Missing`], [`PretrainedError::Shape`] or [`PretrainedError::Dtype`] if there is no such
    /// tensor, [`PretrainedError::NotFinite`] for NaN or infinity, and [`PretrainedError::Read`] if the file can't be
    /// read.
    pub fn get(&self, name: &str, expected: &[usize]) -> Result<Tensor, PretrainedError> {
        let (path, tensor) = (|| self.path.clone(), || name.to_owned());
        let Some(entry) = self.entries.get(name) else {
            let expected = expected.to_vec();
            return Err(PretrainedError::Missing { path: path(), tensor: tensor(), expected });
        };
        if entry.shape != expected {
            let (found, expected) = (entry.shape.clone(), expected.to_vec());
            return Err(PretrainedError::Shape { path: path(), tensor: tensor(), found, expected });
        }
        let dtype = match entry.dtype {
            Dtype::F32 => DType::F32,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            Dtype::F64 => DType::F64,
            other => {
                let found = format!("{other:?}");
                return Err(PretrainedError::Dtype { path: path(), tensor: tensor(), found });
            }
        };
        let failed = PretrainedError::compute("reading a tensor");
        let values = Tensor::from_raw_buffer(&self.raw(entry)?, dtype, expected, &Device::Cpu)
            .and_then(|t| t.to_dtype(DType::F32))
            .map_err(&failed)?;
        let flat = values.flatten_all().and_then(|t| t.to_vec1::<f32>()).map_err(failed)?;
        match flat.iter().position(|v| !v.is_finite()) {
            None => Ok(values),
            Some(index) => Err(PretrainedError::NotFinite {
                path: path(),
                tensor: tensor(),
                index,
                value: flat[index],
            }),
        }
    }

    fn raw(&self, entry: &Entry) -> Result<Vec<u8>, PretrainedError> {
        match &self.source {
            Source::Bytes(bytes) => {
                let (begin, end) = (entry.begin as usize, (entry.begin + entry.bytes) as usize);
                Ok(bytes.get(begin..end).unwrap_or_default().to_vec())
            }
            Source::File => {
                let fail = PretrainedError::read(&self.path);
                let mut file = File::open(&self.path).map_err(&fail)?;
                let mut bytes = vec![0; entry.bytes as usize];
                file.seek(SeekFrom::Start(entry.begin)).map_err(&fail)?;
                file.read_exact(&mut bytes).map_err(fail)?;
                Ok(bytes)
            }
        }
    }

    /// Returns a checkpoint of the tensors whose names begin with a prefix, without the prefix.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Self {
        let entries = self.entries.iter();
        let entries =
            entries.filter_map(|(n, e)| Some((n.strip_prefix(prefix)?.to_owned(), e.clone())));
        Self { entries: entries.collect(), metadata: BTreeMap::new(), ..self.clone() }
    }

    /// Joins the tensors of several checkpoints, each with a prefix, in one safetensors file with one entry of
    /// metadata. Of equal names, the last one is kept.
    ///
    /// # Errors
    /// [`PretrainedError::Read`] if a checkpoint can't be read, [`PretrainedError::Container`] if safetensors refuses
    /// the tensors.
    pub fn to_safetensors(
        parts: &[(&str, &Self)],
        key: &str,
        value: String,
    ) -> Result<Vec<u8>, PretrainedError> {
        let mut raw: BTreeMap<String, (&Entry, Vec<u8>)> = BTreeMap::new();
        for (prefix, part) in parts {
            for (name, entry) in &part.entries {
                raw.insert(format!("{prefix}{name}"), (entry, part.raw(entry)?));
            }
        }
        let path = parts.first().map(|(_, part)| part.path()).unwrap_or(Path::new(""));
        let broken = |e| PretrainedError::container(path, ContainerFault::Safetensors(e));
        let views: Vec<(&String, TensorView<'_>)> = raw
            .iter()
            .map(|(name, (e, bytes))| Ok((name, TensorView::new(e.dtype, e.shape.clone(), bytes)?)))
            .collect::<Result<_, SafeTensorError>>()
            .map_err(broken)?;
        let metadata = [(key.to_owned(), value)].into_iter().collect();
        safetensors::serialize(views, Some(metadata)).map_err(broken)
    }
}

/// Opens a file and returns its length in bytes.
fn open_file(path: &Path) -> Result<(File, u64), PretrainedError> {
    let fail = PretrainedError::read(path);
    let file = File::open(path).map_err(&fail)?;
    let length = file.metadata().map_err(fail)?.len();
    Ok((file, length))
}

/// Reads bytes until the buffer is full or the file ends.
fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

/// Tensors whose names begin with a prefix.
#[derive(Debug, Clone)]
pub struct Weights<'a> {
    checkpoint: &'a Checkpoint,
    prefix: String,
}

impl Weights<'_> {
    /// Returns the tensors below a further component of the name.
    #[must_use]
    pub fn pp(&self, name: impl Display) -> Self {
        Self { checkpoint: self.checkpoint, prefix: format!("{}{name}.", self.prefix) }
    }

    /// Returns the path of the checkpoint.
    pub fn path(&self) -> &Path {
        &self.checkpoint.path
    }

    /// Whether a tensor exists.
    pub fn has(&self, name: &str) -> bool {
        self.checkpoint.entries.contains_key(&format!("{}{name}", self.prefix))
    }

    /// Reads a tensor of shape `expected` as f32.
    ///
    /// # Errors
    /// The errors of [`Checkpoint::get`].
    pub fn get(&self, name: &str, expected: &[usize]) -> Result<Tensor, PretrainedError> {
        self.checkpoint.get(&format!("{}{name}", self.prefix), expected)
    }

    /// Reads the weight of a convolution. Weight norm is folded into it, if the checkpoint has direction and norm as
    /// separate tensors, under either of PyTorch's two pairs of names.
    ///
    /// # Errors
    /// The errors of [`Checkpoint::get`].
    pub fn conv(&self, expected: [usize; 3]) -> Result<Tensor, PretrainedError> {
        let pairs = [
            ("weight_g", "weight_v"),
            ("parametrizations.weight.original0", "parametrizations.weight.original1"),
        ];
        let Some((length, direction)) = pairs.into_iter().find(|(g, v)| self.has(g) || self.has(v))
        else {
            return self.get("weight", &expected);
        };
        let length = self.get(length, &[expected[0], 1, 1])?;
        let direction = self.get(direction, &expected)?;
        let folded = || -> candle_core::Result<Tensor> {
            let norm = direction.sqr()?.sum_keepdim((1, 2))?.sqrt()?; // (rows, 1, 1)
            direction.broadcast_mul(&(length / norm)?)
        };
        folded().map_err(PretrainedError::compute("folding the weight norm"))
    }
}
