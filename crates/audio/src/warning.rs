//! Faults of recordings that are repaired during reading, or that make a bad prompt.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use syrinx_types::{Event, EventSink};

/// Fault of a recording that is still used. `name` is the path as given, or `standard input`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AudioWarning {
    /// The file ends before the number of samples that its header states; the samples up to the end are used.
    Truncated {
        /// The file.
        name: String,
        /// Number of samples per channel in the file.
        got: u64,
        /// Number of samples per channel according to the header.
        expected: u64,
    },
    /// A stream without its last page, or whose last page is incomplete; the sound that is there is used.
    WithoutEnd {
        /// The file.
        name: String,
        /// Samples per channel that are there.
        got: u64,
    },
    /// A stream with gaps between its packets; the sound around them is joined.
    Gaps {
        /// The file.
        name: String,
        /// Samples per channel that are missing.
        missing: u64,
    },
    /// A WAV file with several data chunks of one format, which are joined.
    DataChunksJoined {
        /// The file.
        name: String,
        /// Number of chunks.
        count: u64,
    },
    /// A WAV file with a data chunk in another format than the first, or after an incomplete ADPCM block. This chunk
    /// and all later ones are left out.
    DataChunkLeftOut {
        /// The file.
        name: String,
        /// Number of the chunk, from 1.
        chunk: u64,
    },
    /// A few samples far beyond full scale, clipped to it.
    OutOfRange {
        /// The file.
        name: String,
        /// Number of such samples.
        count: u64,
        /// Time of the first such sample, seconds.
        at_s: f64,
        /// Largest magnitude, in multiples of full scale.
        peak: f32,
    },
    /// Channels of opposite polarity, whose mean would be silence; one channel is used.
    ChannelsCancel {
        /// The file.
        name: String,
        /// Used channel, from 1.
        channel: usize,
        /// Time from which the channel is used, seconds. Before, the mean is used.
        from_s: f64,
    },
    /// A voice prompt with many samples at full scale, which sounds distorted.
    ClippedPrompt {
        /// The file.
        name: String,
        /// Share of such samples, 0 to 1.
        share: f64,
    },
    /// A voice prompt of noise or tones.
    PromptWithoutSpeech {
        /// The file.
        name: String,
    },
    /// Compressed packets that could not be decoded and were left out.
    BrokenPackets {
        /// The file.
        name: String,
        /// Number of packets.
        count: u64,
    },
}

impl fmt::Display for AudioWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { name, got, expected } => {
                write!(f, "{name}: the data is cut short: using {got} of {expected} samples")
            }
            Self::WithoutEnd { name, got } => {
                write!(f, "{name}: the data is cut short: using the {got} samples that are there")
            }
            Self::Gaps { name, missing } => {
                write!(f, "{name}: {missing} samples are missing: the file is damaged")
            }
            Self::DataChunksJoined { name, count } => {
                write!(f, "{name}: {count} data chunks joined")
            }
            Self::DataChunkLeftOut { name, chunk } => write!(
                f,
                "{name}: sound from data chunk {chunk} on left out: another format, or an incomplete block before it"
            ),
            Self::OutOfRange { name, count, at_s, peak } => write!(
                f,
                "{name}: {count} samples out of range (up to {peak:.3e} times full scale, the first at {at_s:.3} s) clipped to full scale"
            ),
            Self::ChannelsCancel { name, channel, from_s } => {
                write!(f, "{name}: the channels cancel one another")?;
                if *from_s > 0.0 {
                    write!(f, " from {from_s:.1} s on")?;
                }
                write!(f, ": using channel {channel} alone")
            }
            Self::ClippedPrompt { name, share } => write!(
                f,
                "{name}: clipped: {:.1} % of the prompt's samples are at full scale; record it at a lower level",
                100.0 * share
            ),
            Self::PromptWithoutSpeech { name } => {
                write!(f, "{name}: no speech found in the prompt")
            }
            Self::BrokenPackets { name, count } => {
                write!(f, "{name}: {count} broken packets left out")
            }
        }
    }
}

/// Warnings that a run has emitted. A recording may be read several times, but each of its faults is emitted once.
#[derive(Debug, Default)]
pub struct UniqueWarnings(Mutex<HashSet<String>>);

impl UniqueWarnings {
    /// Returns a callback that emits a warning as an [`Event::Warning`], unless the same warning was emitted before.
    pub fn emit_to<'a>(&'a self, events: &'a dyn EventSink) -> impl FnMut(AudioWarning) + 'a {
        move |warning| self.emit(warning.to_string(), events)
    }

    /// Emits a message as an [`Event::Warning`], unless the same message was emitted before.
    pub fn emit(&self, message: String, events: &dyn EventSink) {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(message.clone());
        if is_new {
            events.emit(Event::Warning { message });
        }
    }
}
