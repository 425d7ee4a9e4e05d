//! Contradictions within layouts, and contents that do not fit them.

use syrinx_types::CodesError;

use crate::AttentionMask;

/// Contradiction within a stage, or contents that do not fit it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutIssue {
    /// No response.
    #[error("no segment in the trunk")]
    NoTrunk,
    /// A response that may be absent.
    #[error("the response `{0}` cannot be optional")]
    OptionalResponse(String),
    /// Two segments of one name.
    #[error("two segments are called `{0}`")]
    SameName(String),
    /// Codes in the encoder.
    #[error("`{0}`: only text goes through the encoder")]
    Encoder(String),
    /// Frame-aligned conditioning that is optional, or not codes of all levels.
    #[error("`{0}`: frame-aligned conditioning has codes of all levels, and is never optional")]
    FrameAligned(String),
    /// A causal segment that is not the response.
    #[error("`{0}`: only the response can be causal")]
    Causal(String),
    /// Two texts in the encoder, or two frame-aligned recordings.
    #[error("more than one segment goes through the encoder or is frame-aligned")]
    Twice,
    /// Conditioning of a head that has none.
    #[error(
        "only a response of level 1 or of one further level can have frame-aligned conditioning"
    )]
    FrameAlignedHead,
    /// Two sources of the response's length.
    #[error(
        "the length follows from the pointer or from the frame-aligned conditioning, not from both"
    )]
    TwoLengths,
    /// A response in place without a length.
    #[error(
        "masked codes need a length that is known first: they go with alignment `durations`, or with frame-aligned conditioning"
    )]
    UnknownLength,
    /// A known timing without a text in the encoder.
    #[error("a timing needs a text in the encoder")]
    NoAlignedText,
    /// A head with the wrong attention mask.
    #[error("head {head} does not go with a {attention:?} response")]
    Attention {
        /// Name of the head.
        head: &'static str,
        /// Attention of the response.
        attention: AttentionMask,
    },
    /// A stage that a task does not have.
    #[error("task `{task}` has the stages {}", known.join(", "))]
    NoStage {
        /// Task.
        task: String,
        /// Stages of the task.
        known: Vec<String>,
    },
    /// A special token that the model does not have.
    #[error("the model has no special token `{0}`")]
    SpecialToken(String),
    /// A segment without content.
    #[error("nothing was given for segment `{0}`")]
    NoContent(String),
    /// A segment with content of another type.
    #[error("segment `{segment}` takes {takes}")]
    Content {
        /// Segment.
        segment: String,
        /// Type of content.
        takes: ContentType,
    },
    /// An aligned text without phones.
    #[error("segment `{0}` has no phones")]
    NoPhones(String),
    /// A recording without frames.
    #[error("segment `{0}` has no frames")]
    NoFrames(String),
    /// Frame-aligned conditioning in a model that predicts groups.
    #[error(
        "segment `{segment}` is aligned with single frames, and the model predicts groups of {group}"
    )]
    Groups {
        /// Segment.
        segment: String,
        /// Frames a group.
        group: usize,
    },
    /// Latents and codes of different lengths.
    #[error("segment `{segment}` has {frames} frames, latents of {latents}")]
    Latents {
        /// Segment.
        segment: String,
        /// Frames of the codes.
        frames: usize,
        /// Frames of the latents.
        latents: usize,
    },
    /// Codes outside the codec's codebooks.
    #[error(transparent)]
    Codes(#[from] CodesError),
    /// Codes of more levels than the model has.
    #[error("codes of {found} levels in a model of {levels}")]
    Levels {
        /// Levels of the codes.
        found: usize,
        /// Levels of the model.
        levels: usize,
    },
    /// Codes of fewer levels than a stage over all levels reads.
    #[error("codes of {found} levels where all {levels} are needed")]
    AllLevels {
        /// Levels of the codes.
        found: usize,
        /// Levels of the model.
        levels: usize,
    },
    /// A blend whose weights are no numbers.
    #[error("the weight of a blend is not finite")]
    Weight,
    /// A response of another type than the head's.
    #[error("the response does not fit the head")]
    Response,
    /// A labelling stage without a recording.
    #[error("no codes to label")]
    NoRecording,
    /// Labels that do not fit the length of the recording.
    #[error("labels do not fit {frames} frames of {per_frame}")]
    Labels {
        /// Frames of the recording.
        frames: usize,
        /// Labels a frame.
        per_frame: usize,
    },
    /// A response of another length than its conditioning.
    #[error("a response of {frames} frames with conditioning of {conditioning}")]
    ResponseFrames {
        /// Frames of the response.
        frames: usize,
        /// Frames of the conditioning.
        conditioning: usize,
    },
    /// A response whose codes and latents differ in length.
    #[error("a response of {frames} frames, latents of {latents}")]
    ResponseLatents {
        /// Frames of the codes.
        frames: usize,
        /// Frames of the latents.
        latents: usize,
    },
    /// A pointer of another length than the response.
    #[error("{pointer} pointers for {frames} frames")]
    Pointer {
        /// Entries of the pointer.
        pointer: usize,
        /// Frames of the response.
        frames: usize,
    },
    /// A level that cannot be predicted from these codes.
    #[error("level {level} cannot be predicted from {levels} levels")]
    Level {
        /// Level, from 1.
        level: usize,
        /// Levels of the codes.
        levels: usize,
    },
    /// A pointer that does not fit the text of a stage of durations.
    #[error("a pointer of {frames} frames over {phones} phones")]
    Durations {
        /// Entries of the pointer.
        frames: usize,
        /// Phones of the text.
        phones: usize,
    },
    /// A known pointer in a stage without aligned text.
    #[error("a pointer is given, but the stage has no aligned text")]
    PointerWithoutText,
    /// Known frames without their pointer.
    #[error("{frames} frames are given, but the pointer of {pointer}")]
    KnownPointer {
        /// Known frames.
        frames: usize,
        /// Entries of the pointer.
        pointer: usize,
    },
    /// More known frames than allowed.
    #[error("{frames} frames are known, but at most {limit} are allowed")]
    Limit {
        /// Known frames.
        frames: usize,
        /// Largest number of frames.
        limit: usize,
    },
    /// A known pointer that goes back, or beyond the text.
    #[error("the given pointer does not advance over {phones} phones")]
    PointerOrder {
        /// Phones of the text.
        phones: usize,
    },
    /// Known frames of fewer levels than a stage over all levels predicts.
    #[error("frames of {found} levels are given, but the model predicts all {levels} together")]
    KnownLevels {
        /// Levels of the frames.
        found: usize,
        /// Levels of the model.
        levels: usize,
    },
    /// A training example of a stage of a published model.
    #[error("the sequences of published models are for generation")]
    Published,
    /// A stage with a known timing that got none.
    #[error("its timing is unknown: no stage of durations ran before it")]
    NoTiming,
}

/// Type of the content of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// Text tokens.
    Text,
    /// Codec frames.
    Codes,
    /// Another type than the one that was given.
    Other,
}

impl std::fmt::Display for ContentType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Codes => "codes",
            Self::Other => "content of another type",
        })
    }
}

impl LayoutIssue {
    /// Returns a fault of a stage of this name.
    pub fn of(self, stage: impl Into<String>) -> crate::TaskError {
        crate::TaskError::Layout { stage: stage.into(), issue: self }
    }
}

/// Generated rows that do not form an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerIssue {
    /// No frame was generated.
    #[error("no frame was generated")]
    Nothing,
    /// No frame was generated for a sentence.
    #[error("no frame was generated for \"{0}\"")]
    NothingFor(String),
    /// A section of a recording without frames.
    #[error("no frame was generated for a stretch of the recording")]
    EmptyStretch,
    /// A text without words.
    #[error("the text has no words")]
    NoWords,
    /// A recognition row without phone scores.
    #[error("the phones of the recording have no scores")]
    NoScores,
    /// More or fewer rows than were planned.
    #[error("{found} of {planned} rows were generated")]
    Rows {
        /// Generated rows.
        found: usize,
        /// Planned rows.
        planned: usize,
    },
    /// Answers of different tasks.
    #[error("answers of two types cannot be merged")]
    Types,
    /// Data of the task that cannot be read.
    #[error("{0}")]
    Data(Box<dyn std::error::Error + Send + Sync>),
    /// Codes of another number of levels than the recording's.
    #[error("codes of {0} levels were generated")]
    Levels(usize),
}

impl AnswerIssue {
    /// Returns a fault of the rows of a task.
    pub fn of(self, task: impl Into<String>) -> crate::TaskError {
        crate::TaskError::Answer { task: task.into(), issue: self }
    }
}
