//! Token shards: the codes of many utterances in one safetensors file.
//!
//! A shard has a tensor `codes`, U16, (frames, levels), with the utterances one after another, and optionally a tensor
//! `latents`, F16, (frames, latent_dim), with the latents before quantization. Its metadata has one entry
//! `syrinx_shard`: a JSON object with the stamp (codec, manifest, index of the shard), a record for each utterance (its
//! manifest entry, its first frame, its number of frames), and the utterances that failed. There is a single metadata
//! entry because the order of entries in a safetensors header is not fixed, and equal data must give equal bytes.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use half::f16;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use syrinx_atomic::write_bytes_inside;
use syrinx_types::{Coded, Codes, IoOperation, Latents};

use crate::{DataError, EncodeFault, ShardFault, Utterance};

const TENSOR: &str = "codes";
const LATENTS: &str = "latents";
const METADATA: &str = "syrinx_shard";
/// Version of the file format; readers refuse other versions.
const FORMAT: u32 = 1;
/// Longest metadata, bytes. A safetensors header has at most 100 MB, and the JSON is quoted in it, which adds bytes.
const MAX_METADATA_BYTES: usize = 80_000_000;

/// Identity of a codec. All shards of a corpus have the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodecStamp {
    /// Fingerprint, which changes whenever the codec would give other codes.
    pub fingerprint: String,
    /// Frame rate, Hz.
    pub frame_rate_hz: f64,
    /// Number of levels (codebooks).
    pub levels: usize,
    /// Number of entries of a codebook; every code is smaller.
    pub codebook_size: usize,
}

/// Identity of a shard: codec, manifest and index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardStamp {
    /// The codec.
    pub codec: CodecStamp,
    /// [`crate::Manifest::fingerprint`] of the complete manifest.
    pub manifest: String,
    /// Number of utterances in a shard; the last shard may have fewer.
    pub utterances_per_shard: usize,
    /// Dimension of the latents stored with the codes; 0 without latents.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub latent_dim: usize,
    /// Index of this shard, from 0.
    pub index: usize,
    /// Number of shards of the manifest.
    pub of: usize,
}

impl ShardStamp {
    /// Returns the file name, with the number of the shard from 1: `shard-00003-of-00016.safetensors`.
    pub fn file_name(&self) -> String {
        format!("shard-{:05}-of-{:05}.safetensors", self.index + 1, self.of)
    }

    /// Checks that two stamps belong to shards of the same corpus. `path` is the shard with this stamp, for the error.
    pub(crate) fn check(&self, other: &Self, path: &Path) -> Result<(), DataError> {
        let pairs = [
            ("codec", self.codec.describe(), other.codec.describe()),
            ("manifest", self.manifest.clone(), other.manifest.clone()),
            (
                "number of utterances a shard",
                self.utterances_per_shard.to_string(),
                other.utterances_per_shard.to_string(),
            ),
            ("number of shards", self.of.to_string(), other.of.to_string()),
            ("latents a frame", self.latent_dim.to_string(), other.latent_dim.to_string()),
        ];
        match pairs.into_iter().find(|(_, found, expected)| found != expected) {
            None => Ok(()),
            Some((what, found, expected)) => {
                Err(DataError::Mismatch { path: path.to_path_buf(), what, found, expected })
            }
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(dim: &usize) -> bool {
    *dim == 0
}

impl CodecStamp {
    fn describe(&self) -> String {
        format!(
            "{}, {} Hz, {} levels of {}",
            self.fingerprint, self.frame_rate_hz, self.levels, self.codebook_size
        )
    }
}

/// An utterance of a shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardRecord {
    /// Entry of the manifest.
    #[serde(flatten)]
    pub utterance: Utterance,
    /// Index of the first frame in the shard.
    pub first_frame: usize,
    /// Number of frames.
    pub frames: usize,
}

/// An utterance that couldn't be encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodeFailure {
    /// Name of the utterance.
    pub id: String,
    /// Path of the recording, as in the manifest.
    pub audio: PathBuf,
    /// Message of the [`EncodeFault`].
    pub reason: String,
}

/// The metadata entry, as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    stamp: ShardStamp,
    records: Vec<ShardRecord>,
    failed: Vec<EncodeFailure>,
}

/// A shard in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    stamp: ShardStamp,
    records: Vec<ShardRecord>,
    failed: Vec<EncodeFailure>,
    codes: Codes,
    latents: Vec<f16>, // (frames, latent_dim), row by row
}

impl Shard {
    /// Reads a shard and checks its length, layout, records and the range of its codes.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::BrokenShard`] for a file that is not a complete and valid shard.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let bytes = fs::read(path).map_err(DataError::io(IoOperation::Read, path))?;
        parse(&bytes).map_err(|fault| DataError::BrokenShard { path: path.to_path_buf(), fault })
    }

    /// Returns the identity of the shard.
    pub fn stamp(&self) -> &ShardStamp {
        &self.stamp
    }

    /// Returns the utterances, in the order of the manifest.
    pub fn records(&self) -> &[ShardRecord] {
        &self.records
    }

    /// Returns the utterances that couldn't be encoded.
    pub fn failed(&self) -> &[EncodeFailure] {
        &self.failed
    }

    /// Returns the codes of a record of this shard. // (frames, levels)
    pub fn codes(&self, record: &ShardRecord) -> Codes {
        self.codes.slice(record.first_frame, record.first_frame + record.frames)
    }

    /// Returns the latents of a record of this shard; `None` if the shard has no latents. // (frames, latent_dim)
    pub fn latents(&self, record: &ShardRecord) -> Option<Latents> {
        let dim = self.stamp.latent_dim;
        let rows = record.first_frame * dim..(record.first_frame + record.frames) * dim;
        Latents::new(dim, self.latents[rows].iter().map(|v| v.to_f32()).collect())
    }

    /// Returns the codes and latents of a record of this shard.
    pub fn coded(&self, record: &ShardRecord) -> Coded {
        Coded { codes: self.codes(record), latents: self.latents(record) }
    }
}

/// Header of a shard without its codes and latents.
pub(crate) struct RowsHeader {
    pub(crate) stamp: ShardStamp,
    pub(crate) records: Vec<ShardRecord>,
    /// Offsets of codes and latents from the end of the header, bytes.
    pub(crate) codes_at: u64,
    pub(crate) latents_at: u64,
}

/// Parses a safetensors header, given without its length field.
pub(crate) fn parse_header(bytes: &[u8]) -> Result<RowsHeader, ShardFault> {
    let metadata: Metadata = serde_json::from_slice(bytes).map_err(ShardFault::Header)?;
    let header = own_header(&metadata)?;
    let at = |name: &'static str, dtype: Dtype, width: usize| {
        let info = metadata.info(name).ok_or(ShardFault::NoTensor { name })?;
        let frames = check_layout(name, info.dtype, &info.shape, dtype, width)?;
        Ok::<_, ShardFault>((info.data_offsets.0 as u64, frames))
    };
    let (codes_at, frames) = at(TENSOR, Dtype::U16, header.stamp.codec.levels)?;
    check_records(&header.records, frames)?;
    let latents_at = match header.stamp.latent_dim {
        0 => 0,
        dim => at(LATENTS, Dtype::F16, dim)?.0,
    };
    let Header { stamp, records, .. } = header;
    Ok(RowsHeader { stamp, records, codes_at, latents_at })
}

/// Returns the number of rows of a tensor, and checks its type and width.
fn check_layout(
    name: &'static str,
    found: Dtype,
    shape: &[usize],
    expected: Dtype,
    width: usize,
) -> Result<usize, ShardFault> {
    match *shape {
        [rows, n] if found == expected && n == width => Ok(rows),
        _ => Err(ShardFault::Layout { name, found, shape: shape.to_vec(), expected, width }),
    }
}

/// Returns the entry `syrinx_shard` of a safetensors header.
fn own_header(metadata: &Metadata) -> Result<Header, ShardFault> {
    let entries = metadata.metadata().as_ref();
    let json = entries.and_then(|m| m.get(METADATA)).ok_or(ShardFault::NoMetadata)?;
    let header: Header = serde_json::from_str(json).map_err(ShardFault::Metadata)?;
    if header.format != FORMAT {
        return Err(ShardFault::Format { found: header.format, expected: FORMAT });
    }
    Ok(header)
}

/// Checks that the records are contiguous and have `frames` frames in total.
fn check_records(records: &[ShardRecord], frames: usize) -> Result<(), ShardFault> {
    let mut next: usize = 0;
    for record in records {
        let id = || record.utterance.id.clone();
        if record.first_frame != next {
            return Err(ShardFault::Order { id: id() });
        }
        if let Some(issue) = record.utterance.issue() {
            return Err(ShardFault::Utterance { id: id(), issue });
        }
        next = next.saturating_add(record.frames);
    }
    match next == frames {
        true => Ok(()),
        false => Err(ShardFault::FrameCount { records: next, name: TENSOR, rows: frames }),
    }
}

fn parse(bytes: &[u8]) -> Result<Shard, ShardFault> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    let header = own_header(&metadata)?;
    let tensors = SafeTensors::deserialize(bytes)?;
    let view = tensors.tensor(TENSOR).map_err(|_| ShardFault::NoTensor { name: TENSOR })?;
    let levels = header.stamp.codec.levels;
    let frames = check_layout(TENSOR, view.dtype(), view.shape(), Dtype::U16, levels)?;
    let values = view.data().chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
    let codes = Codes::new(levels, values)?; // (frames, levels)
    codes.check(header.stamp.codec.codebook_size)?;
    check_records(&header.records, frames)?;
    let latents = match header.stamp.latent_dim {
        0 => Vec::new(),
        dim => read_latents(&tensors, frames, dim)?,
    };
    let Header { stamp, records, failed, .. } = header;
    Ok(Shard { stamp, records, failed, codes, latents })
}

fn read_latents(
    tensors: &SafeTensors<'_>,
    frames: usize,
    dim: usize,
) -> Result<Vec<f16>, ShardFault> {
    let view = tensors.tensor(LATENTS).map_err(|_| ShardFault::NoTensor { name: LATENTS })?;
    let rows = check_layout(LATENTS, view.dtype(), view.shape(), Dtype::F16, dim)?;
    if rows != frames {
        return Err(ShardFault::FrameCount { records: frames, name: LATENTS, rows });
    }
    let values = view.data().chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]));
    let latents: Vec<f16> = values.collect(); // (frames, latent_dim)
    match latents.iter().all(|v| v.is_finite()) {
        true => Ok(latents),
        false => Err(ShardFault::InfiniteLatent),
    }
}

/// Collects utterances and writes them as one shard.
#[derive(Debug)]
pub struct ShardWriter {
    stamp: ShardStamp,
    records: Vec<ShardRecord>,
    failed: Vec<EncodeFailure>,
    values: Vec<u16>,  // (frames, levels), row by row
    latents: Vec<f16>, // (frames, latent_dim), row by row
    frames: usize,
}

impl ShardWriter {
    /// Builds an empty shard.
    pub fn new(stamp: ShardStamp) -> Self {
        Self {
            stamp,
            records: Vec::new(),
            failed: Vec::new(),
            values: Vec::new(),
            latents: Vec::new(),
            frames: 0,
        }
    }

    /// Appends an utterance. On error the shard is unchanged.
    ///
    /// # Errors
    /// [`EncodeFault`] for codes without frames, with another number of levels or outside the codebook, and for missing
    /// latents if the shard has latents.
    pub fn push(&mut self, utterance: &Utterance, coded: &Coded) -> Result<(), EncodeFault> {
        let codes = &coded.codes;
        check_codes(&self.stamp.codec, codes)?;
        if self.stamp.latent_dim > 0 {
            let wanted = (codes.frames(), self.stamp.latent_dim);
            let latents = coded.latents.as_ref().filter(|l| (l.frames(), l.dim()) == wanted);
            let latents = latents.ok_or(EncodeFault::NoLatents)?;
            self.latents.extend(latents.values().iter().map(|&v| f16::from_f32(v)));
        }
        self.records.push(ShardRecord {
            utterance: utterance.clone(),
            first_frame: self.frames,
            frames: codes.frames(),
        });
        self.values.extend_from_slice(codes.values());
        self.frames += codes.frames();
        Ok(())
    }

    /// Records an utterance that couldn't be encoded.
    pub fn fail(&mut self, utterance: &Utterance, fault: &EncodeFault) {
        self.failed.push(EncodeFailure {
            id: utterance.id.clone(),
            audio: utterance.audio.clone(),
            reason: fault.to_string(),
        });
    }

    /// Writes the shard atomically into `folder` under its own name, and returns its path.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::ShardContent`] if its records do not fit into a header.
    pub fn write(self, folder: &Path) -> Result<PathBuf, DataError> {
        let path = folder.join(self.stamp.file_name());
        let bytes = self
            .serialize()
            .map_err(|fault| DataError::ShardContent { path: path.clone(), fault })?;
        write_bytes_inside(&path, &bytes).map_err(DataError::io(IoOperation::Write, &path))?;
        Ok(path)
    }

    fn serialize(self) -> Result<Vec<u8>, ShardFault> {
        let shape = vec![self.frames, self.stamp.codec.levels];
        let dim = self.stamp.latent_dim;
        let bytes: Vec<u8> = self.values.iter().flat_map(|code| code.to_le_bytes()).collect();
        let header = Header {
            format: FORMAT,
            stamp: self.stamp,
            records: self.records,
            failed: self.failed,
        };
        let json = serde_json::to_string(&header).map_err(ShardFault::WriteRecords)?;
        if json.len() > MAX_METADATA_BYTES {
            return Err(ShardFault::TooManyRecords { bytes: json.len() });
        }
        let view = TensorView::new(Dtype::U16, shape, &bytes)?;
        let mut tensors = vec![(TENSOR, view)];
        let latents: Vec<u8> = self.latents.iter().flat_map(|v| v.to_le_bytes()).collect();
        if dim > 0 {
            let view = TensorView::new(Dtype::F16, vec![self.frames, dim], &latents)?;
            tensors.push((LATENTS, view));
        }
        let metadata = HashMap::from([(METADATA.to_owned(), json)]);
        Ok(safetensors::serialize(tensors, Some(metadata))?)
    }
}

fn check_codes(codec: &CodecStamp, codes: &Codes) -> Result<(), EncodeFault> {
    let (found, expected) = (codes.levels(), codec.levels);
    if found != expected {
        return Err(EncodeFault::Levels { found, expected });
    }
    if codes.is_empty() {
        return Err(EncodeFault::NoFrame);
    }
    Ok(codes.check(codec.codebook_size)?)
}
