//! Streamed shards: headers are read when a corpus is opened, codes when an utterance is needed.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use half::f16;
use syrinx_types::{Coded, Codes, Latents};

use crate::shard::{CodecStamp, Shard, ShardRecord, ShardStamp, parse_header};
use crate::{DataError, ShardFault};

/// Number of bytes of the first read of a shard, which cover most headers.
const HEAD_BYTES: u64 = 256 << 10;
/// Longest accepted header, bytes.
const LONGEST_HEADER: u64 = 100_000_000;

/// Read access to the files of a folder with shards, such as on object storage.
pub trait ShardSource: Debug + Send + Sync {
    /// Returns the name of the folder, for messages.
    fn place(&self) -> String;

    /// Returns the paths of all files below the folder, relative to it, with `/` between folders.
    ///
    /// # Errors
    /// [`DataError::Remote`].
    fn list(&self) -> Result<Vec<String>, DataError>;

    /// Returns a range of the bytes of a file. A range beyond the end of the file is truncated.
    ///
    /// # Errors
    /// [`DataError::Remote`].
    fn read(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, DataError>;
}

/// Codes and latents of a shard that are read on demand.
#[derive(Debug, Clone)]
pub(crate) struct Streamed {
    pub(crate) source: Arc<dyn ShardSource>,
    /// Path of the shard in its source.
    pub(crate) path: String,
    /// Offset of the first code, bytes.
    pub(crate) codes_at: u64,
    /// Offset of the first latent, bytes.
    pub(crate) latents_at: u64,
}

impl Streamed {
    /// Returns the codes of a record. // (frames, levels)
    pub(crate) fn codes(
        &self,
        codec: &CodecStamp,
        record: &ShardRecord,
    ) -> Result<Codes, DataError> {
        let bytes = self.rows(self.codes_at, record, codec.levels)?;
        let values = bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        let codes = Codes::new(codec.levels, values).map_err(|e| self.broken(e.into()))?;
        codes.check(codec.codebook_size).map_err(|e| self.broken(e.into()))?;
        Ok(codes)
    }

    /// Returns the latents of a record. // (frames, dim)
    pub(crate) fn latents(
        &self,
        dim: usize,
        record: &ShardRecord,
    ) -> Result<Option<Latents>, DataError> {
        if dim == 0 {
            return Ok(None);
        }
        let bytes = self.rows(self.latents_at, record, dim)?;
        let values = bytes.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32());
        Ok(Latents::new(dim, values.collect()))
    }

    /// Returns the bytes of the rows of a record; a row has `width` values of two bytes.
    fn rows(&self, start: u64, record: &ShardRecord, width: usize) -> Result<Vec<u8>, DataError> {
        let row_bytes = 2 * width as u64;
        let first = start + record.first_frame as u64 * row_bytes;
        let range = first..first + record.frames as u64 * row_bytes;
        let wanted = range.end - range.start;
        let bytes = self.source.read(&self.path, range)?;
        match bytes.len() as u64 == wanted {
            true => Ok(bytes),
            false => {
                let found = bytes.len() as u64;
                Err(self.broken(ShardFault::Cut { found, expected: wanted }))
            }
        }
    }

    fn broken(&self, fault: ShardFault) -> DataError {
        DataError::BrokenShard { path: self.label(), fault }
    }

    fn label(&self) -> std::path::PathBuf {
        format!("{}/{}", self.source.place().trim_end_matches('/'), self.path).into()
    }
}

/// A shard of a corpus.
#[derive(Debug, Clone)]
pub(crate) enum CorpusShard {
    /// The shard is in memory.
    Held(Shard),
    /// Records are in memory, codes are read on demand.
    Streamed { stamp: ShardStamp, records: Vec<ShardRecord>, rows: Streamed },
}

impl CorpusShard {
    /// Reads the header of a shard.
    pub(crate) fn open(source: &Arc<dyn ShardSource>, path: &str) -> Result<Self, DataError> {
        let label = format!("{}/{path}", source.place().trim_end_matches('/'));
        let broken = |fault| DataError::BrokenShard { path: label.clone().into(), fault };
        let mut bytes = source.read(path, 0..HEAD_BYTES)?;
        let length = bytes.first_chunk().map(|n| u64::from_le_bytes(*n));
        let length = length.filter(|&n| n <= LONGEST_HEADER);
        let length = length.ok_or_else(|| broken(ShardFault::HeaderLength))?;
        let data_at = 8 + length;
        if data_at > bytes.len() as u64 {
            bytes.extend(source.read(path, bytes.len() as u64..data_at)?);
        }
        let cut = || broken(ShardFault::Cut { found: bytes.len() as u64, expected: data_at });
        let header = bytes.get(8..data_at as usize).ok_or_else(cut)?;
        let header = parse_header(header).map_err(broken)?;
        let rows = Streamed {
            source: Arc::clone(source),
            path: path.to_owned(),
            codes_at: data_at + header.codes_at,
            latents_at: data_at + header.latents_at,
        };
        Ok(Self::Streamed { stamp: header.stamp, records: header.records, rows })
    }

    pub(crate) fn stamp(&self) -> &ShardStamp {
        match self {
            Self::Held(shard) => shard.stamp(),
            Self::Streamed { stamp, .. } => stamp,
        }
    }

    pub(crate) fn records(&self) -> &[ShardRecord] {
        match self {
            Self::Held(shard) => shard.records(),
            Self::Streamed { records, .. } => records,
        }
    }

    /// Returns the codes of a record of this shard. // (frames, levels)
    pub(crate) fn codes(&self, record: &ShardRecord) -> Result<Codes, DataError> {
        match self {
            Self::Held(shard) => Ok(shard.codes(record)),
            Self::Streamed { stamp, rows, .. } => rows.codes(&stamp.codec, record),
        }
    }

    /// Returns the latents of a record of this shard; `None` if the shard has no latents. // (frames, latent_dim)
    pub(crate) fn latents(&self, record: &ShardRecord) -> Result<Option<Latents>, DataError> {
        match self {
            Self::Held(shard) => Ok(shard.latents(record)),
            Self::Streamed { stamp, rows, .. } => rows.latents(stamp.latent_dim, record),
        }
    }

    /// Returns the codes and latents of a record of this shard.
    pub(crate) fn coded(&self, record: &ShardRecord) -> Result<Coded, DataError> {
        Ok(Coded { codes: self.codes(record)?, latents: self.latents(record)? })
    }
}
