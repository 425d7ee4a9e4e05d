//! Sequences of the published vall-e models, version 5 (e-c-k-e-r/vall-e): every segment but the last is closed by the
//! separator, which counts as a position of its segment, and predicts the first token of the segment after it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{Allowed, Codes, ConfigIssue, Requirement};

use crate::contents::TextContent;
use crate::space::SEPARATOR;
use crate::{BlendShare, CodeTable, LayoutIssue, NONE, Position, Sequence, TaskError, TokenSpace};

/// Sum of code embeddings that a model was trained with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RvqSum {
    /// All levels below the one that is predicted.
    #[default]
    Inclusive,
    /// All levels below but the last; models trained before 2025-03-18.
    Legacy,
}

/// Conventions of a published vall-e model that its sizes do not state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VallELayout {
    /// Sum of code embeddings.
    pub rvq_sum: RvqSum,
    /// Whether all levels are predicted causally, not the first alone.
    pub causal: bool,
    /// Whether sequences name their language.
    pub language: bool,
    /// Whether level 1 can be predicted in place, and lengths can.
    pub masked: bool,
    /// Phone tokens: the first text tokens.
    pub phones: usize,
    /// Text tokens of plain text, after the phones.
    pub letters: usize,
    /// Levels of the codec. Level 1 in place has the table of the last level, which no response shows.
    pub levels: usize,
}

/// Tokens of a length: ten digits and the end. They are the last text tokens.
pub const VALL_E_LENGTH_TOKENS: usize = 11;

/// Prefix of the names of languages and tasks, so that a task of this program is not taken for one of these.
pub const VALL_E_PREFIX: &str = "vall-e:";

/// Language codes in the order of their special tokens.
pub const VALL_E_LANGUAGES: [&str; 6] = ["en", "ja", "de", "fr", "zh", "ko"];

/// Task tokens in the order of their rows.
pub const VALL_E_TASKS: [&str; 9] =
    ["tts", "tts-c", "ns", "sr", "tse", "soe", "mask", "eoe", "stt"];

/// Returns the index of a language by its code.
pub(crate) fn language_index(code: &str) -> Option<usize> {
    VALL_E_LANGUAGES.iter().position(|c| *c == code)
}

/// Text of a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VallEText {
    /// Phone tokens, with their begin and end.
    Phones(Vec<u32>),
    /// Tokens of plain text, from 0, with their begin and end.
    Letters(Vec<u32>),
}

/// Segment of the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VallEPiece {
    /// Name of a task (`ns`, `sr`, ...).
    Task(String),
    /// Frames of a recording.
    Codes(Codes),
}

/// Contents of a sequence before its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VallEPrompt {
    /// Text; recordings are transcribed without one.
    pub text: Option<VallEText>,
    /// Recording to transcribe.
    pub recording: Option<Codes>,
    /// Index of the language; left out by models that do not name it.
    pub language: Option<usize>,
    /// Segments of the prompt, in order.
    pub prompt: Vec<VallEPiece>,
    /// Whether separators have positions of their own. The reference trained some tasks without (`tse` always, `ns` and
    /// `sr` before 2025-01-05).
    pub counts_separators: bool,
}

/// Response of a sequence, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VallEResponse {
    /// Codes of level 1 so far.
    FirstLevel(Vec<u16>),
    /// Codes of the levels below `level` (from 0), which is predicted in place.
    Level {
        /// Level that is predicted, from 0.
        level: usize,
        /// Codes of at least the levels below.
        codes: Codes,
    },
    /// Codes of level 1, `codebook_size` where they are open; predicted in place.
    Masked(Vec<u16>),
    /// Digits of the length so far.
    Length(Vec<u32>),
    /// Phones so far.
    Phones(Vec<u32>),
}

impl VallELayout {
    /// Checks that the conventions are those of a model with this space.
    ///
    /// # Errors
    /// Names the setting that contradicts the space.
    pub fn check(&self, space: &TokenSpace) -> Result<(), ConfigIssue> {
        let equal = |key: &'static str, value: usize, expected: usize| {
            let issue = Requirement::Equal { value, expected, of: "the token space" };
            if value == expected { Ok(()) } else { Err(ConfigIssue::new(key, issue)) }
        };
        Allowed::AtLeast(2.0).check("vall_e.levels", self.levels as f64)?;
        equal("vall_e.levels", self.levels, space.levels)?;
        Allowed::Above(space.text_end.into()).check("vall_e.phones", self.phones as f64)?;
        let tokens = [self.phones, self.letters, VALL_E_LENGTH_TOKENS];
        let tokens = tokens.into_iter().fold(0usize, usize::saturating_add);
        equal("text tokens of vall_e", tokens, space.text_tokens)
    }

    /// First text token of a length.
    pub fn length_start(&self) -> usize {
        self.phones + self.letters
    }

    /// Returns the number of prompt levels that are summed while a level (from 0) is predicted.
    fn prompt_levels(&self, level: usize) -> usize {
        match self.rvq_sum {
            RvqSum::Inclusive => level.max(1),
            RvqSum::Legacy => level.saturating_sub(1).max(1),
        }
    }

    /// Returns the position of an element of an autoregressive response.
    pub fn element(
        &self,
        space: &TokenSpace,
        response: &VallEResponse,
        index: usize,
        token: u32,
    ) -> Position {
        let mut position = Position::empty(space, index);
        match response {
            VallEResponse::Length(_) => position.text = self.length_start() as u32 + token,
            VallEResponse::Phones(_) => position.text = token,
            _ => position.codes[0] = space.code(CodeTable::ResponseAr, 0, token as u16),
        }
        position
    }
}

/// Builder of a sequence.
struct Builder<'a> {
    space: &'a TokenSpace,
    layout: &'a VallELayout,
    positions: Vec<Position>,
    rotary: Vec<u32>,
    counts_separators: bool,
}

/// Returns the sequence of a prompt and a response.
///
/// # Errors
/// [`TaskError::Layout`] for a language or a task that the model has no token for.
pub fn vall_e_sequence(
    space: &TokenSpace,
    layout: &VallELayout,
    prompt: &VallEPrompt,
    response: &VallEResponse,
) -> Result<Sequence, TaskError> {
    published_sequence(space, layout, prompt, response).map_err(|issue| issue.of("vall-e"))
}

pub(crate) fn published_sequence(
    space: &TokenSpace,
    layout: &VallELayout,
    prompt: &VallEPrompt,
    response: &VallEResponse,
) -> Result<Sequence, LayoutIssue> {
    let level = if let VallEResponse::Level { level, .. } = response { *level } else { 0 };
    let mut builder = Builder {
        space,
        layout,
        positions: Vec::new(),
        rotary: Vec::new(),
        counts_separators: prompt.counts_separators,
    };
    builder.prompt(prompt, level)?;
    let start = builder.positions.len();
    let known = builder.response(response)?;
    // Older models count the positions of transcriptions differently: the recording's separator has none, the last
    // segment one more. Rotary positions beyond those that were counted are 1.
    builder.rotary.extend(0..known as u32);
    let rotary = builder.rotary.iter().copied().chain(std::iter::repeat(1));
    builder.positions.iter_mut().zip(rotary).for_each(|(p, rotary)| p.rotary = rotary);
    let in_place = matches!(response, VallEResponse::Level { .. } | VallEResponse::Masked(_));
    let len = builder.positions.len();
    Ok(Sequence {
        positions: builder.positions,
        prefix: if in_place && !layout.causal { len } else { 0 },
        response_start: if in_place { start } else { start - 1 },
        encoder: TextContent::default(),
        frame_aligned: None,
        has_history: matches!(response, VallEResponse::FirstLevel(_)),
        advances: true,
        level,
        targets: Vec::new(),
        response_codes: None,
        response_latents: None,
        opening: None,
    })
}

impl Builder<'_> {
    fn prompt(&mut self, prompt: &VallEPrompt, level: usize) -> Result<(), LayoutIssue> {
        if let Some(codes) = &prompt.recording {
            (0..codes.frames()).for_each(|frame| self.recording_frame(codes.frame(frame)));
            self.close_recording(codes.frames());
        }
        if let Some(text) = &prompt.text {
            let (ids, offset) = match text {
                VallEText::Phones(ids) => (ids, 0),
                VallEText::Letters(ids) => (ids, self.layout.phones as u32),
            };
            for id in ids {
                self.push(|p| p.text = offset + id);
            }
            self.close(ids.len());
        }
        if self.layout.language || prompt.language.is_some() {
            let index = prompt.language.unwrap_or(0);
            let name = VALL_E_LANGUAGES.get(index).copied().unwrap_or_default();
            self.special(&format!("{VALL_E_PREFIX}lang:{name}"))?;
            self.close(1);
        }
        let row = self.space.level_token(level);
        self.push(|p| p.special_token = row);
        self.close(1);
        if !prompt.prompt.is_empty() {
            let mut counted = 0;
            for piece in &prompt.prompt {
                match piece {
                    VallEPiece::Task(name) => {
                        self.special(&format!("{VALL_E_PREFIX}task:{name}"))?
                    }
                    VallEPiece::Codes(codes) => {
                        let levels = self.layout.prompt_levels(level).min(codes.levels());
                        for frame in 0..codes.frames() {
                            self.codes(CodeTable::Prompt, &codes.frame(frame)[..levels]);
                        }
                        // Task tokens are not counted.
                        counted += codes.frames();
                    }
                }
            }
            self.close(counted);
        }
        Ok(())
    }

    /// Appends the known part of the response; returns the number of its positions.
    fn response(&mut self, response: &VallEResponse) -> Result<usize, LayoutIssue> {
        let layout = *self.layout;
        match response {
            VallEResponse::FirstLevel(codes) => {
                for (i, &code) in codes.iter().enumerate() {
                    let p = layout.element(self.space, response, i, u32::from(code));
                    self.positions.push(p);
                }
                Ok(codes.len())
            }
            VallEResponse::Length(ids) | VallEResponse::Phones(ids) => {
                for (i, &id) in ids.iter().enumerate() {
                    let p = layout.element(self.space, response, i, id);
                    self.positions.push(p);
                }
                Ok(ids.len() + usize::from(self.counts_old_recordings()))
            }
            VallEResponse::Level { level, codes } => {
                let levels = match layout.rvq_sum {
                    RvqSum::Inclusive => *level,
                    RvqSum::Legacy => level.saturating_sub(1).max(1),
                };
                if codes.levels() < levels || *level == 0 {
                    let issue = LayoutIssue::Level { level: level + 1, levels: codes.levels() };
                    return Err(issue);
                }
                for frame in 0..codes.frames() {
                    self.codes(CodeTable::ResponseNar, &codes.frame(frame)[..levels]);
                }
                Ok(codes.frames())
            }
            VallEResponse::Masked(codes) => {
                for &code in codes {
                    let row = self.space.code(CodeTable::ResponseNar, layout.levels - 1, code);
                    self.push(|p| p.codes[0] = row);
                }
                Ok(codes.len())
            }
        }
    }

    /// Whether the model counts the positions of transcriptions as older models do.
    fn counts_old_recordings(&self) -> bool {
        !self.layout.masked
    }

    fn push(&mut self, fill: impl FnOnce(&mut Position)) {
        let mut position = Position::empty(self.space, 0);
        fill(&mut position);
        self.positions.push(position);
    }

    fn codes(&mut self, table: CodeTable, codes: &[u16]) {
        let space = self.space;
        self.push(|p| {
            for (level, (row, &code)) in p.codes.iter_mut().zip(codes).enumerate() {
                *row = space.code(table, level, code);
            }
        });
    }

    /// Appends a frame of a recording that is transcribed: level 1 in its own table, and levels from 2 to 7 in those of
    /// the response. Models from before 2025-02-12 were trained with levels 1 to 6 there, the first counted six times, the
    /// last once.
    fn recording_frame(&mut self, codes: &[u16]) {
        let (space, legacy) = (self.space, self.layout.rvq_sum == RvqSum::Legacy);
        self.push(|p| {
            p.codes[0] = space.code(CodeTable::ResponseAr, 0, codes[0]);
            let levels = if legacy { 0..6 } else { 1..7 };
            for level in levels.filter(|&level| level < codes.len()) {
                let row = space.code(CodeTable::ResponseNar, level, codes[level]);
                if legacy {
                    let mut rows = vec![NONE; space.code_slots()];
                    rows[0] = row;
                    p.blend.push(BlendShare { weight: (6 - level) as f32, codes: rows });
                } else {
                    p.codes[level] = row;
                }
            }
        });
    }

    fn special(&mut self, name: &str) -> Result<(), LayoutIssue> {
        let row =
            self.space.special_token(name).ok_or_else(|| LayoutIssue::SpecialToken(name.into()))?;
        self.push(|p| p.special_token = row);
        Ok(())
    }

    /// Closes a segment of `counted` counted positions.
    fn close(&mut self, counted: usize) {
        let row = self.space.special_token(SEPARATOR).unwrap_or_default();
        self.push(|p| p.special_token = row);
        self.rotary.extend(0..(counted + usize::from(self.counts_separators)) as u32);
    }

    fn close_recording(&mut self, frames: usize) {
        self.close(frames);
        if self.counts_old_recordings() {
            self.rotary.pop();
        }
    }
}
