//! Prompt layouts as values.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How text and frames are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// A monotonic pointer over the phones is an input and an output of every frame (of the family of VALL-E R,
    /// ELLA-V and RALL-E): no skipped or repeated words, a clean stop, and word times for nothing.
    #[default]
    Pointer,
    /// The plain VALL-E layout: text stands before the frames and attention has to find its way.
    None,
}

/// How the words of a text are written for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextForm {
    /// As phones of the dictionary: what is said.
    #[default]
    Phones,
    /// As letters: plain text, one token a byte.
    Letters,
    /// As byte pairs: plain text, frequent groups of letters as one token.
    Pieces,
}

/// All prompts of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    /// The task's identifier.
    pub task: String,
    /// The forward passes that it is made of.
    pub stages: Vec<Stage>,
}

/// One kind of sequence, and what is read out of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// Name within the task: `ar`, `nar`, ...
    pub name: String,
    /// Segments in order. The last one in the trunk is the response.
    pub segments: Vec<Segment>,
    /// What is predicted at the response's positions.
    pub head: Head,
    /// Where this stage's training examples come from: `true` for the corpus's utterances, `false` for the task itself.
    pub from_corpus: bool,
}

/// A run of positions with one meaning. Rotary positions restart at 0 in each.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// Name within the stage.
    pub name: String,
    /// What stands in it.
    pub fill: Fill,
    /// Where it is computed.
    pub place: Place,
    /// Who sees whom.
    pub attention: Attention,
    /// Whether it may be absent.
    pub optional: bool,
}

/// What stands in a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// One learned vector, by name (`task:tts`, `lang:en`, ...).
    Mark(String),
    /// One learned vector that names the level being predicted.
    LevelMark,
    /// Text tokens.
    Text,
    /// Codec frames.
    Codes {
        /// Which embedding tables.
        table: CodeTable,
        /// Which levels are summed.
        levels: Levels,
    },
}

/// The tables that embed codes. Prompt and response have their own, since they mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeTable {
    /// Recordings that are given.
    Prompt,
    /// The level-1 codes that an AR stage writes.
    ResponseAr,
    /// The codes that a NAR stage completes.
    ResponseNar,
}

/// Which levels of a frame are embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Levels {
    /// All of them, summed.
    All,
    /// The first, one step late (what an AR stage has written so far).
    Previous,
    /// Those below the level being predicted, summed.
    Below,
}

/// Where a segment is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the trunk's sequence.
    Trunk,
    /// In the phone encoder; response frames get its output at their pointer.
    Encoder,
    /// Nowhere by itself: each of its frames is added to the response's frame of the same number. The response is as
    /// long as it, so that no end has to be drawn.
    Beside,
}

/// Who sees whom within the trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Sees the whole prefix, both ways.
    Full,
    /// Sees what is before it.
    Causal,
}

/// What is predicted at the response's positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// The level-1 codes, and how far the pointer moves (or a stop code without one). AR.
    FirstLevel,
    /// The codes of one further level, in place. NAR.
    FurtherLevels,
    /// The next text token. AR.
    Text,
    /// The phones that sound in a frame, in place, so many a frame. NAR.
    Phones {
        /// Labels a frame.
        per_frame: usize,
    },
}

impl Segment {
    /// One learned vector.
    pub fn mark(name: impl Into<String>) -> Self {
        let mark = name.into();
        let name = mark.split(':').next().unwrap_or_default().to_string();
        Self {
            name,
            fill: Fill::Mark(mark),
            place: Place::Trunk,
            attention: Attention::Full,
            optional: false,
        }
    }

    /// One vector for the level being predicted.
    pub fn level_mark() -> Self {
        Self { name: "level".into(), fill: Fill::LevelMark, ..Self::mark("level") }
    }

    /// Text in the trunk, seen both ways.
    pub fn text(name: &str) -> Self {
        Self { name: name.into(), fill: Fill::Text, ..Self::mark(name) }
    }

    /// Text placed as the alignment asks: beside the frames, or before them.
    pub fn aligned_text(name: &str, alignment: Alignment) -> Self {
        let place = match alignment {
            Alignment::Pointer => Place::Encoder,
            Alignment::None => Place::Trunk,
        };
        Self { place, ..Self::text(name) }
    }

    /// Given codes, all levels summed.
    pub fn prompt(name: &str) -> Self {
        let fill = Fill::Codes { table: CodeTable::Prompt, levels: Levels::All };
        Self { name: name.into(), fill, ..Self::mark(name) }
    }

    /// Given codes with as many frames as the response, all levels summed, added to its frames one to one.
    pub fn beside(name: &str) -> Self {
        Self { place: Place::Beside, ..Self::prompt(name) }
    }

    /// The codes that an AR stage writes.
    pub fn ar_response(name: &str) -> Self {
        let fill = Fill::Codes { table: CodeTable::ResponseAr, levels: Levels::Previous };
        Self { name: name.into(), fill, attention: Attention::Causal, ..Self::mark(name) }
    }

    /// The codes that a NAR stage completes.
    pub fn nar_response(name: &str) -> Self {
        let fill = Fill::Codes { table: CodeTable::ResponseNar, levels: Levels::Below };
        Self { name: name.into(), fill, ..Self::mark(name) }
    }

    /// The text that an AR stage writes.
    pub fn text_response(name: &str) -> Self {
        Self { attention: Attention::Causal, ..Self::text(name) }
    }

    /// The same, allowed to be absent.
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl Stage {
    /// A stage that learns from the corpus's utterances.
    pub fn new(name: &str, head: Head, segments: Vec<Segment>) -> Self {
        Self { name: name.into(), segments, head, from_corpus: true }
    }

    /// A stage whose examples the task makes itself.
    pub fn self_taught(name: &str, head: Head, segments: Vec<Segment>) -> Self {
        Self { from_corpus: false, ..Self::new(name, head, segments) }
    }

    /// The segment that is predicted: the last one in the trunk.
    pub fn response(&self) -> Option<&Segment> {
        self.segments.iter().rev().find(|s| s.place == Place::Trunk)
    }

    /// How the text of this stage meets its frames.
    pub fn alignment(&self) -> Alignment {
        let encoded = self.segments.iter().any(|s| s.place == Place::Encoder);
        if encoded { Alignment::Pointer } else { Alignment::None }
    }

    /// What is wrong with the stage, if anything.
    pub fn check(&self) -> Result<(), String> {
        let Some(response) = self.response() else { return Err("no segment in the trunk".into()) };
        if response.optional {
            return Err(format!("the response `{}` can't be optional", response.name));
        }
        for (i, s) in self.segments.iter().enumerate() {
            if self.segments[..i].iter().any(|t| t.name == s.name) {
                return Err(format!("two segments are called `{}`", s.name));
            }
            if s.place == Place::Encoder && s.fill != Fill::Text {
                return Err(format!("`{}`: only text goes through the encoder", s.name));
            }
            let all_levels = Fill::Codes { table: CodeTable::Prompt, levels: Levels::All };
            if s.place == Place::Beside && (s.fill != all_levels || s.optional) {
                return Err(format!(
                    "`{}`: only codes of all levels stand beside the response, and always",
                    s.name
                ));
            }
            if s.attention == Attention::Causal && s.name != response.name {
                return Err(format!("`{}`: only the response can be causal", s.name));
            }
        }
        let count = |place: Place| self.segments.iter().filter(|s| s.place == place).count();
        if count(Place::Encoder) > 1 || count(Place::Beside) > 1 {
            return Err("more than one segment goes through the encoder or stands beside".into());
        }
        let codes = matches!(self.head, Head::FirstLevel | Head::FurtherLevels);
        if count(Place::Beside) > 0 && !codes {
            return Err("only a response of codes can have codes beside it".into());
        }
        if count(Place::Beside) > 0 && count(Place::Encoder) > 0 && self.head == Head::FirstLevel {
            return Err("the length is either the pointer's or that of the codes beside".into());
        }
        let causal = response.attention == Attention::Causal;
        let wants_causal = matches!(self.head, Head::FirstLevel | Head::Text);
        if causal != wants_causal {
            return Err(format!(
                "head {:?} doesn't go with a {:?} response",
                self.head, response.attention
            ));
        }
        Ok(())
    }
}

impl Layout {
    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|s| s.name == name)
    }

    /// Names of all marks that the layout uses, level marks aside.
    pub fn marks(&self) -> Vec<String> {
        let fills = self.stages.iter().flat_map(|s| &s.segments).map(|s| &s.fill);
        fills.filter_map(|f| if let Fill::Mark(m) = f { Some(m.clone()) } else { None }).collect()
    }

    /// The layout as a table for humans, one a stage.
    pub fn table(&self) -> String {
        let mut out = String::new();
        for stage in &self.stages {
            let _ = writeln!(out, "stage {} -> {}", stage.name, stage.head.describe());
            let rows: Vec<[String; 4]> = stage.segments.iter().map(|s| s.describe(stage)).collect();
            let titles =
                ["segment", "filled with", "computed in", "attention and loss"].map(String::from);
            let width = |c: usize| {
                rows.iter().chain([&titles]).map(|r| r[c].chars().count()).max().unwrap_or(0)
            };
            let widths = [width(0), width(1), width(2), width(3)];
            for row in std::iter::once(&titles).chain(&rows) {
                let cells: Vec<String> =
                    row.iter().zip(widths).map(|(c, w)| format!("{c:<w$}")).collect();
                let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
            }
        }
        out
    }
}

impl Head {
    fn describe(self) -> String {
        match self {
            Head::FirstLevel => "level-1 codes and pointer moves, one after another (AR)".into(),
            Head::FurtherLevels => "the codes of one further level, all at once (NAR)".into(),
            Head::Text => "text tokens, one after another (AR)".into(),
            Head::Phones { per_frame } => {
                format!("{per_frame} phone labels a frame, all at once (NAR)")
            }
        }
    }
}

impl Segment {
    fn describe(&self, stage: &Stage) -> [String; 4] {
        let fill = match &self.fill {
            Fill::Mark(mark) => format!("<{mark}>"),
            Fill::LevelMark => "<level:L>".into(),
            Fill::Text => "text tokens".into(),
            Fill::Codes { table, levels } => {
                let levels = match levels {
                    Levels::All => "all levels, summed",
                    Levels::Previous => "level 1 of the frame before",
                    Levels::Below => "levels below L, summed",
                };
                let table = match table {
                    CodeTable::Prompt => "prompt",
                    CodeTable::ResponseAr => "AR response",
                    CodeTable::ResponseNar => "NAR response",
                };
                format!("codes: {levels} ({table} tables)")
            }
        };
        let place = match self.place {
            Place::Trunk => "trunk",
            Place::Encoder => "phone encoder, added to the frames at their pointer",
            Place::Beside => "added to the response's frames, one to one",
        };
        let is_response = stage.response().is_some_and(|r| r.name == self.name);
        let attention = match self.attention {
            Attention::Full => "both ways",
            Attention::Causal => "causal",
        };
        let attention = if is_response { format!("{attention}; loss") } else { attention.into() };
        let name =
            if self.optional { format!("{} (optional)", self.name) } else { self.name.clone() };
        [name, fill, place.into(), attention]
    }
}
