//! Data chunks of a WAV file as one stream of bytes.

use std::io::{self, Cursor, Read};

use super::header::{self, DataLength, Encoding, Header};
use crate::AudioError;

/// Reader of the data chunks of a file, one after another, without incomplete frames.
///
/// The specification allows one data chunk. Files have several if a recorder splits long recordings, or if files were
/// appended to each other. ffmpeg reads all of them, libsndfile and sox only the first.
pub(super) struct DataChunks<'a, R> {
    reader: R,
    header: &'a Header,
    name: &'a str,
    /// Bytes of the first chunk that were read together with the header.
    ahead: Cursor<Vec<u8>>,
    chunk: Chunk,
    /// Number of chunks read, the current one included.
    count: u64,
    /// Number of bytes of complete frames, from the stated lengths of the chunks so far; `None` if a length is unknown.
    expected_bytes: Option<u64>,
    /// Whether the search for further chunks has ended.
    is_last: bool,
    /// Whether a further chunk was found that cannot be joined.
    has_left_out: bool,
}

/// Remainder of the current chunk.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    /// Bytes of complete frames.
    left: u64,
    /// Bytes after the last complete frame.
    incomplete: u64,
    /// Whether a byte of padding follows.
    is_padded: bool,
    /// Whether the next chunk begins with a new frame.
    is_aligned: bool,
}

impl<'a, R: Read> DataChunks<'a, R> {
    /// Builds a reader; `reader` is at the first byte after the header, and `ahead` is [`Header::ahead`].
    pub(super) fn new(reader: R, header: &'a Header, ahead: Vec<u8>, name: &'a str) -> Self {
        let (chunk, bytes) = Chunk::begin(header, header.length);
        Self {
            reader,
            header,
            name,
            ahead: Cursor::new(ahead),
            chunk,
            count: 1,
            expected_bytes: bytes,
            is_last: bytes.is_none(),
            has_left_out: false,
        }
    }

    /// Returns the number of joined chunks.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the number of bytes that the chunks state, if all lengths are known.
    pub(super) fn expected_bytes(&self) -> Option<u64> {
        self.expected_bytes
    }

    /// Whether the file has a further data chunk that cannot be joined.
    pub(super) fn has_left_out(&self) -> bool {
        self.has_left_out
    }

    /// Proceeds to the next data chunk; returns `false` if there is none.
    fn next_chunk(&mut self) -> io::Result<bool> {
        if self.is_last {
            return Ok(false);
        }
        self.is_last = true;
        let Chunk { incomplete, is_padded, is_aligned, .. } = self.chunk;
        let end = header::DataEnd { skipped_bytes: incomplete, is_padded };
        let found = match header::next_data(&mut self.reader, self.name, self.header, end) {
            Ok(Some(found)) => found,
            Err(AudioError::Read { cause, .. }) => return Err(cause),
            // Damaged bytes after the samples are not searched for further chunks.
            Ok(None) | Err(_) => return Ok(false),
        };
        if !found.is_same_format || !is_aligned {
            self.has_left_out = true;
            return Ok(false);
        }
        let (chunk, bytes) = Chunk::begin(self.header, found.length);
        self.chunk = chunk;
        self.count += 1;
        self.expected_bytes =
            self.expected_bytes.zip(bytes).map(|(before, bytes)| before.saturating_add(bytes));
        self.is_last = bytes.is_none();
        Ok(true)
    }
}

impl Chunk {
    /// Returns the state of a chunk before its first byte, and the bytes of its complete frames if its length is known.
    fn begin(header: &Header, length: DataLength) -> (Self, Option<u64>) {
        let bytes = match length {
            DataLength::AtMost(left) => {
                let chunk = Self { left, incomplete: 0, is_padded: false, is_aligned: false };
                return (chunk, None);
            }
            DataLength::Bytes(bytes) => bytes,
        };
        let over = bytes % header.frame_bytes() as u64;
        // An incomplete ADPCM block at the end has usable samples.
        let is_kept = matches!(header.encoding, Encoding::Other(_));
        let incomplete = if is_kept { 0 } else { over };
        let chunk = Self {
            left: bytes - incomplete,
            incomplete,
            is_padded: bytes % 2 == 1,
            is_aligned: !is_kept || over == 0,
        };
        (chunk, Some(bytes - incomplete))
    }
}

impl<R: Read> Read for DataChunks<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.chunk.left == 0 {
            if !self.next_chunk()? {
                return Ok(0);
            }
        }
        let left = usize::try_from(self.chunk.left).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let mut got = self.ahead.read(&mut buffer[..wanted])?;
        if got == 0 {
            got = self.reader.read(&mut buffer[..wanted])?;
        }
        self.chunk.left -= got as u64;
        Ok(got)
    }
}
