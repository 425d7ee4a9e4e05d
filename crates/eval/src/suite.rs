//! Suite files.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{EvalError, JudgeConfig, SuiteIssue};
use syrinx_task::AnswerKind;
use syrinx_types::IoOperation;

/// A suite: a task, a request, items and judges. Read from `evals/NAME.toml`; paths in it are relative to the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Suite {
    /// One line about the suite.
    pub summary: String,
    /// Evaluated task. Empty for a codec suite.
    pub task: String,
    /// The request. Its strings may contain placeholders for values of the item: `{text}`, `{word}`, `{voice}`,
    /// `{audio}`, `{prompt}`, `{prompt_text}`, and `{rendition.NAME}` for a recording under `renditions` of its
    /// manifest entry.
    pub request: Map<String, Value>,
    /// Settings of the task that differ from the defaults. The caller loads the model with them.
    pub settings: Map<String, Value>,
    /// Decoding settings that differ from the model's own.
    pub decode: Map<String, Value>,
    /// Source of the items.
    pub items: ItemsConfig,
    /// Named voices for requests with `{voice}`.
    pub voices: VoicesConfig,
    /// Seeds, one row each. The random numbers of a row depend on the seed and the row's name.
    pub seeds: Vec<u64>,
    /// Set for a suite of the codec alone, without a task: recordings are encoded and decoded.
    pub codec: Option<CodecSuite>,
    /// Field of the answer that lists spans of time (`start_s`, `end_s`). Only these spans are measured and judged, and
    /// the reference voice is the remainder of the recording.
    pub spans: Option<String>,
    /// Voice that the answer must not have: the name of a voice or a recording, with the request's placeholders, or
    /// `{other}` for another speaker of the suite. Judges that compare voices then report `own_voice` and `rival_sim`,
    /// too.
    pub rival: Option<String>,
    /// Whether the recordings of the items and their round trip through the codec are measured as well, as the ceiling
    /// of synthesized speech: rows of the variants `recording` and `codec round trip`. Default: yes if the task answers
    /// with speech and the items are recordings with texts, or edits of such recordings. Each recording then costs two
    /// more rows.
    pub ceiling: Option<bool>,
    /// Judges of the recordings. More can be added by the caller.
    pub judges: Vec<JudgeConfig>,
    /// Figures of the table, in this order; all of them if empty. A name without `@judge` stands for every judge.
    pub figures: Vec<String>,
    /// Audio players of the HTML report.
    pub players: PlayersConfig,
    /// Name: the file's, without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// The file's folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

impl Default for Suite {
    fn default() -> Self {
        Self {
            summary: String::new(),
            task: String::new(),
            request: Map::new(),
            settings: Map::new(),
            decode: Map::new(),
            items: ItemsConfig::default(),
            voices: VoicesConfig::default(),
            seeds: vec![0],
            codec: None,
            spans: None,
            rival: None,
            ceiling: None,
            judges: Vec::new(),
            figures: Vec::new(),
            players: PlayersConfig::default(),
            name: String::new(),
            folder: PathBuf::new(),
        }
    }
}

/// Source of items: exactly one of the fields below.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ItemsConfig {
    /// A text file with one item on each line; empty lines and lines that begin with `#` are skipped.
    pub lines: Option<PathBuf>,
    /// A manifest (JSON lines) of recordings.
    pub manifest: Option<PathBuf>,
    /// Split of the manifest; all utterances if absent.
    pub split: Option<String>,
    /// Shortest and longest recording of the manifest that is an item, seconds; prompts may have any length.
    pub seconds: Option<(f64, f64)>,
    /// Whether the items are edits of the manifest's recordings: the middle third of each text is replaced by that of
    /// the next text. The recording is the prompt, its transcript the prompt's text.
    pub edited: bool,
    /// File of edits of the manifest's recordings, one a line: the utterance's name, a tab, the edited text. The
    /// recording is the prompt, its transcript the prompt's text.
    pub edits: Option<PathBuf>,
    /// Number of CMU dictionary words held out of training.
    pub held_out_words: Option<usize>,
    /// Seed of the draw of held-out words.
    pub seed: u64,
    /// Largest number of items, evenly spread over all.
    pub limit: Option<usize>,
}

impl ItemsConfig {
    /// Whether the items are edits of recordings.
    pub(crate) fn has_edits(&self) -> bool {
        self.edited || self.edits.is_some()
    }
}

/// Named voices of a suite.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VoicesConfig {
    /// Names; `*` is every voice the model has. Empty means every voice, too.
    pub names: Vec<String>,
    /// Pairing of items and voices.
    pub pairing: Pairing,
}

/// Pairing of items and voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// Every item once, the voices in turn.
    #[default]
    Rotate,
    /// Every item in every voice.
    Each,
}

/// A suite of the codec alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CodecSuite {
    /// Numbers of decoded levels, one variant each. 0 is the unprocessed recording, the reference for the others;
    /// numbers above the codec's mean all of its levels.
    pub levels: Vec<usize>,
    /// Rendition of the utterances that is encoded in their place and compared with them, such as a noisy recording
    /// that was not denoised.
    pub rendition: Option<String>,
    /// Codec that recordings go through instead of the model's own: `PATH[,levels=N][,vocoder=PATH]`, a folder or file
    /// of EnCodec, DAC, Mimi or SNAC. Relative paths start from the suite's folder.
    pub path: Option<String>,
}

/// Audio players of the HTML report. A player takes some 200 kB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlayersConfig {
    /// Number of worst rows.
    pub worst: usize,
    /// Number of other rows, evenly spread.
    pub others: usize,
}

impl Default for PlayersConfig {
    fn default() -> Self {
        Self { worst: 16, others: 16 }
    }
}

impl Suite {
    /// Reads a suite file.
    ///
    /// # Errors
    /// [`EvalError::Io`] if it can't be read, [`EvalError::Suite`] if it is invalid.
    pub fn load(path: &Path) -> Result<Self, EvalError> {
        let text = fs::read_to_string(path).map_err(EvalError::io(IoOperation::Read, path))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::parse(&text, &name, &folder)
            .map_err(|issue| EvalError::Suite { path: path.to_path_buf(), issue })
    }

    /// Reads a suite from text.
    ///
    /// # Errors
    /// Returns the fault.
    pub fn parse(text: &str, name: &str, folder: &Path) -> Result<Self, SuiteIssue> {
        let mut suite: Self = toml::from_str(text).map_err(|e| SuiteIssue::Syntax(Box::new(e)))?;
        suite.name = name.to_owned();
        suite.folder = folder.to_path_buf();
        match suite.issue() {
            None => Ok(suite),
            Some(issue) => Err(issue),
        }
    }

    /// Returns the file the suite came from.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.toml", self.name))
    }

    pub(crate) fn fault(&self, issue: SuiteIssue) -> EvalError {
        EvalError::Suite { path: self.path(), issue }
    }

    /// Whether the recordings of the items can be measured like answers.
    fn can_have_ceiling(&self) -> bool {
        self.codec.is_none() && self.items.manifest.is_some() && self.spans.is_none()
    }

    /// Whether the ceiling is measured, for answers of a kind.
    pub(crate) fn has_ceiling(&self, kind: Option<AnswerKind>) -> bool {
        kind == Some(AnswerKind::Speech) && self.ceiling.unwrap_or(true) && self.can_have_ceiling()
    }

    fn issue(&self) -> Option<SuiteIssue> {
        let items = &self.items;
        let sources = usize::from(items.lines.is_some())
            + usize::from(items.manifest.is_some())
            + usize::from(items.held_out_words.is_some());
        let edits = items.has_edits();
        if sources != 1 {
            Some(SuiteIssue::ItemSources)
        } else if self.task.is_empty() == self.codec.is_none() {
            Some(SuiteIssue::TaskOrCodec)
        } else if self.codec.as_ref().is_some_and(|c| c.levels.is_empty()) {
            Some(SuiteIssue::NoLevels)
        } else if self.codec.is_some() && items.manifest.is_none() {
            Some(SuiteIssue::NoRecordings { user: "a codec suite" })
        } else if self.codec.is_some() && (self.spans.is_some() || self.rival.is_some()) {
            Some(SuiteIssue::NotForCodecs)
        } else if self.ceiling == Some(true) && !self.can_have_ceiling() {
            Some(SuiteIssue::Ceiling)
        } else if items.edited && items.edits.is_some() {
            Some(SuiteIssue::TwoEdits)
        } else if edits && items.manifest.is_none() {
            Some(SuiteIssue::NoRecordings { user: "an edit" })
        } else if items.limit == Some(0) {
            Some(SuiteIssue::ZeroLimit)
        } else if self.seeds.is_empty() {
            Some(SuiteIssue::NoSeeds)
        } else {
            self.judge_issue()
        }
    }

    fn judge_issue(&self) -> Option<SuiteIssue> {
        let mut names: Vec<_> = self.judges.iter().map(JudgeConfig::name).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        let unfit = names.iter().find(|n| n.is_empty() || n.contains(['@', '/', ' ']));
        twice
            .map(|name| SuiteIssue::SameJudges(name.to_owned()))
            .or_else(|| unfit.map(|name| SuiteIssue::JudgeName((*name).to_owned())))
    }
}
