//! Prompt layouts as values.

use serde::Serialize;

use crate::heads::check_stage;
use crate::{Alignment, Head, LayoutIssue, VallELayout};

/// Prompt layout of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    /// The task's identifier.
    pub task: String,
    /// Stages of the task, in the order of generation.
    pub stages: Vec<Stage>,
}

/// One type of sequence with its head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// Name within the task: `ar`, `nar`, ...
    pub name: String,
    /// Segments in order. The last one in the trunk is the response.
    pub segments: Vec<Segment>,
    /// Prediction at the response's positions.
    pub head: Head,
    /// Origin of the response's timing.
    pub timing: Timing,
    /// Whether training examples come from the corpus's utterances; otherwise the task makes them.
    pub from_corpus: bool,
    /// Positions, sums and separators of a published vall-e model, in place of those of this program.
    #[serde(skip)]
    pub vall_e: Option<VallELayout>,
}

/// Consecutive positions with one meaning. Rotary positions restart at 0 in each segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// Name within the stage.
    pub name: String,
    /// Content of the segment.
    pub fill: Fill,
    /// Place of computation.
    pub place: Place,
    /// Attention mask.
    pub attention: AttentionMask,
    /// Whether the segment may be absent.
    pub optional: bool,
}

/// Content of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// One learned vector, by name (`task:tts`, `lang:en`, ...).
    SpecialToken(String),
    /// One learned vector that names the level being predicted.
    LevelToken,
    /// Text tokens.
    Text,
    /// Codec frames.
    Codes {
        /// Embedding tables.
        table: CodeTable,
        /// Levels whose embeddings are summed.
        levels: Levels,
    },
    /// Durations of phones in frames, delayed by one step.
    Durations,
    /// Frames as the codec's latents, delayed by one step.
    Latents,
    /// Frames of a given recording as the codec's latents.
    GivenLatents,
}

/// Embedding tables of codes. Prompt and response have their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeTable {
    /// Recordings that are given.
    Prompt,
    /// The level-1 codes that an AR stage predicts.
    ResponseAr,
    /// The codes that a NAR stage completes, and the further levels that an AR stage predicts.
    ResponseNar,
}

/// Embedded levels of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Levels {
    /// All of them, summed.
    All,
    /// Codes of the response that are known, as the head reads them ([`crate::Predictor::known_codes`]).
    Known,
}

/// Place of computation of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the trunk's sequence.
    Trunk,
    /// In the phone encoder; each frame of the response gets the output at its phone index.
    Encoder,
    /// Added to the response: each frame to the response's frame of the same index. The response has the same length,
    /// so its end is not predicted.
    FrameAligned,
}

/// Attention mask of a segment within the trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionMask {
    /// Attends to the whole prefix, both ways.
    Full,
    /// Attends to earlier positions.
    Causal,
}

/// Origin of a response's timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// Predicted by the stage (the pointer's advances or a stop code), or given by the frame-aligned conditioning.
    Found,
    /// Given as durations by an earlier stage or by the plan.
    Known,
}

impl Segment {
    /// Builds a segment of one learned vector.
    pub fn special_token(name: impl Into<String>) -> Self {
        let special_token = name.into();
        let name = special_token.split(':').next().unwrap_or_default().to_string();
        Self {
            name,
            fill: Fill::SpecialToken(special_token),
            place: Place::Trunk,
            attention: AttentionMask::Full,
            optional: false,
        }
    }

    /// Builds a segment of one vector, that of the level being predicted.
    pub fn level_token() -> Self {
        Self { name: "level".into(), fill: Fill::LevelToken, ..Self::special_token("level") }
    }

    /// Builds a segment of text in the trunk with full attention.
    pub fn text(name: &str) -> Self {
        Self { name: name.into(), fill: Fill::Text, ..Self::special_token(name) }
    }

    /// Builds a segment of text where the alignment requires it: in the encoder, or before the frames.
    pub fn aligned_text(name: &str, alignment: Alignment) -> Self {
        let place = match alignment {
            Alignment::Pointer | Alignment::Durations => Place::Encoder,
            Alignment::None => Place::Trunk,
        };
        Self { place, ..Self::text(name) }
    }

    /// Builds a segment of given codes, all levels summed.
    pub fn prompt(name: &str) -> Self {
        let fill = Fill::Codes { table: CodeTable::Prompt, levels: Levels::All };
        Self { name: name.into(), fill, ..Self::special_token(name) }
    }

    /// Builds a segment of a recording that is given as latents.
    pub fn given_latents(name: &str) -> Self {
        Self { name: name.into(), fill: Fill::GivenLatents, ..Self::special_token(name) }
    }

    /// Builds a segment of codes for a published model to transcribe, in the tables of its responses.
    pub fn transcribed(name: &str) -> Self {
        let fill = Fill::Codes { table: CodeTable::ResponseAr, levels: Levels::All };
        Self { name: name.into(), fill, ..Self::special_token(name) }
    }

    /// Builds the response of an AR stage that predicts the digits of a length.
    pub fn length_response(name: &str) -> Self {
        Self::text_response(name)
    }

    /// Builds a segment of given codes with as many frames as the response, all levels summed, added to its frames one
    /// to one.
    pub fn frame_aligned(name: &str) -> Self {
        Self { place: Place::FrameAligned, ..Self::prompt(name) }
    }

    /// Builds the response of an AR stage that predicts codes.
    pub fn ar_response(name: &str) -> Self {
        let fill = Fill::Codes { table: CodeTable::ResponseAr, levels: Levels::Known };
        Self {
            name: name.into(),
            fill,
            attention: AttentionMask::Causal,
            ..Self::special_token(name)
        }
    }

    /// Builds the response of a NAR stage that predicts one further level.
    pub fn nar_response(name: &str) -> Self {
        let fill = Fill::Codes { table: CodeTable::ResponseNar, levels: Levels::Known };
        Self { name: name.into(), fill, ..Self::special_token(name) }
    }

    /// Builds the response of a masked stage, which decides the level-1 codes in several passes.
    pub fn masked_response(name: &str) -> Self {
        let fill = Fill::Codes { table: CodeTable::ResponseAr, levels: Levels::Known };
        Self { name: name.into(), fill, ..Self::special_token(name) }
    }

    /// Builds the response of an AR stage that predicts latents.
    pub fn latent_response(name: &str) -> Self {
        Self { fill: Fill::Latents, ..Self::ar_response(name) }
    }

    /// Builds the response of an AR stage that predicts durations.
    pub fn duration_response(name: &str) -> Self {
        Self { fill: Fill::Durations, ..Self::ar_response(name) }
    }

    /// Builds the response of an AR stage that predicts text.
    pub fn text_response(name: &str) -> Self {
        Self { attention: AttentionMask::Causal, ..Self::text(name) }
    }

    /// Returns the segment as one that may be absent.
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl Stage {
    /// Builds a stage that learns from the corpus's utterances.
    pub fn new(name: &str, head: impl Into<Head>, segments: Vec<Segment>) -> Self {
        Self {
            name: name.into(),
            segments,
            head: head.into(),
            timing: Timing::Found,
            from_corpus: true,
            vall_e: None,
        }
    }

    /// Returns the stage with the sequences of a published vall-e model. It learns from no corpus.
    pub fn as_published(self, layout: VallELayout) -> Self {
        Self { vall_e: Some(layout), from_corpus: false, ..self }
    }

    /// Returns the stage with a given timing.
    pub fn timed(self) -> Self {
        Self { timing: Timing::Known, ..self }
    }

    /// Builds a stage whose examples the task makes itself.
    pub fn self_taught(name: &str, head: impl Into<Head>, segments: Vec<Segment>) -> Self {
        Self { from_corpus: false, ..Self::new(name, head, segments) }
    }

    /// Returns the segment that is predicted: the last one in the trunk.
    pub fn response(&self) -> Option<&Segment> {
        self.segments.iter().rev().find(|s| s.place == Place::Trunk)
    }

    /// Whether the stage's text is in the encoder, so that every position of its response has a phone index.
    pub fn encodes(&self) -> bool {
        self.segments.iter().any(|s| s.place == Place::Encoder)
    }

    /// Whether the stage has frame-aligned conditioning.
    pub fn has_frame_aligned(&self) -> bool {
        self.segments.iter().any(|s| s.place == Place::FrameAligned)
    }

    /// Checks the stage.
    ///
    /// # Errors
    /// Reports the first contradiction between its segments, its head and its timing.
    pub fn check(&self) -> Result<(), LayoutIssue> {
        let response = self.response().ok_or(LayoutIssue::NoTrunk)?;
        if response.optional {
            return Err(LayoutIssue::OptionalResponse(response.name.clone()));
        }
        for (i, s) in self.segments.iter().enumerate() {
            if self.segments[..i].iter().any(|t| t.name == s.name) {
                return Err(LayoutIssue::SameName(s.name.clone()));
            }
            if s.place == Place::Encoder && s.fill != Fill::Text {
                return Err(LayoutIssue::Encoder(s.name.clone()));
            }
            let all_levels = Fill::Codes { table: CodeTable::Prompt, levels: Levels::All };
            if s.place == Place::FrameAligned && (s.fill != all_levels || s.optional) {
                return Err(LayoutIssue::FrameAligned(s.name.clone()));
            }
            if s.attention == AttentionMask::Causal && s.name != response.name {
                return Err(LayoutIssue::Causal(s.name.clone()));
            }
        }
        let count = |place: Place| self.segments.iter().filter(|s| s.place == place).count();
        if count(Place::Encoder) > 1 || count(Place::FrameAligned) > 1 {
            return Err(LayoutIssue::Twice);
        }
        check_stage(&*self.head, self)?;
        let causal = response.attention == AttentionMask::Causal;
        if causal != self.head.is_causal() {
            return Err(LayoutIssue::Attention {
                head: self.head.name(),
                attention: response.attention,
            });
        }
        Ok(())
    }
}

impl Timing {
    /// Returns two parts of a head's description: the predicted advance, and the given timing.
    pub(crate) fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Found => (" and pointer advance", ""),
            Self::Known => ("", ", in a known timing"),
        }
    }
}

impl Layout {
    /// Returns the stage of this name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|s| s.name == name)
    }

    /// Returns the names of all special tokens of the layout but those of levels.
    pub fn special_tokens(&self) -> Vec<String> {
        let fills = self.stages.iter().flat_map(|s| &s.segments).map(|s| &s.fill);
        fills
            .filter_map(|f| if let Fill::SpecialToken(m) = f { Some(m.clone()) } else { None })
            .collect()
    }
}
