//! The trait that a task implements.

use rand::RngCore;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use syrinx_types::{Audio, Sample};

use crate::{Example, Generated, Layout, Plan, TaskError, TaskKit};

/// What an answer is, so that suites, reports and the dashboard know how to show and score it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// A recording: field `audio` of the answer, with `words` where times are known.
    Speech,
    /// Words: field `text` of the answer, with `words` where times are known.
    Text,
    /// Phones: field `phones` of the answer.
    Phones,
}

/// A part of a recording that a task answers with, so that others can ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is spoken, without what is behind it.
    Speech,
    /// What is behind it.
    Background,
}

/// The command of a task: its name and which request field stands without a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// The command, such as `say`.
    pub name: &'static str,
    /// The request's field that is given without a flag.
    pub positional: &'static str,
    /// An example command line, shown by `--help`.
    pub example: &'static str,
}

/// A speech task.
pub trait Task: Send + Sync + Sized + 'static {
    /// Identifier: lower case, unique.
    const ID: &'static str;
    /// One line for listings.
    const SUMMARY: &'static str;
    /// Its command.
    const VERB: Verb;
    /// What its answer is.
    const ANSWER: AnswerKind;
    /// The part of the recording in the request's positional field that the answer is, for other tasks to ask the studio
    /// for ([`crate::Studio::part`]).
    const PART: Option<Part> = None;
    /// Settings.
    type Config: Default + Serialize + DeserializeOwned + JsonSchema;
    /// What is asked.
    type Request: Serialize + DeserializeOwned + JsonSchema;
    /// What is answered.
    type Answer: Serialize + DeserializeOwned + JsonSchema;

    /// Builds the task.
    fn new(config: Self::Config, kit: &TaskKit) -> Result<Self, TaskError>;

    /// Its prompts. Depends on settings and kit only.
    fn layout(&self) -> Layout;

    /// Turns a request into what has to be generated. Deterministic.
    fn plan(&self, request: &Self::Request) -> Result<Plan, TaskError>;

    /// Turns what was generated into the answer; `generated` has one entry a row of the plan.
    fn finish(
        &self,
        request: &Self::Request,
        generated: Vec<Generated>,
    ) -> Result<Self::Answer, TaskError>;

    /// The recordings in an answer by name, the main one first (JSON carries none). Programs put the names of the files
    /// that they write into the answer's fields of these names.
    fn recordings(_answer: &Self::Answer) -> Vec<(String, Audio)> {
        Vec::new()
    }

    /// A training example of a stage: from an utterance for stages that learn from the corpus, from the task's own
    /// material (`sample` is `None`) for the others. `None` if the utterance isn't fit for it.
    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError>;

    /// A request that asks for what the utterance is, for conformance tests and quick evaluations.
    fn request_for(&self, sample: &Sample) -> Option<Self::Request>;
}
