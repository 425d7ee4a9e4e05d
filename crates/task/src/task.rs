//! The trait that a task implements.

use rand::RngCore;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use syrinx_types::{Sample, WordTime};

use crate::{
    Answer, Capabilities, Clip, Context, Example, Generated, Layout, Plan, Simulation, TaskError,
    TaskKit,
};

/// Command of a task: its name, and the request field that is given without a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// Name of the command, such as `say`.
    pub name: &'static str,
    /// Request field that is given without a flag.
    pub positional: &'static str,
    /// Example command line, shown by `--help`.
    pub example: &'static str,
}

/// A long request, split into requests that are answered one after another and merged.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunks<R> {
    /// Chunks in order.
    pub chunks: Vec<RequestChunk<R>>,
    /// Pause between two chunks, seconds.
    pub pause_s: f64,
}

impl<R> Chunks<R> {
    /// Returns the request in one chunk.
    pub fn one(request: R) -> Self {
        Self { chunks: vec![RequestChunk { request, start_s: None }], pause_s: 0.0 }
    }

    /// Returns the chunks with the requests that `convert` makes of their requests.
    pub fn map<S>(self, mut convert: impl FnMut(R) -> S) -> Chunks<S> {
        let chunks = self.chunks.into_iter().map(|chunk| chunk.map(&mut convert)).collect();
        Chunks { chunks, pause_s: self.pause_s }
    }
}

/// One chunk of a long request.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestChunk<R> {
    /// Request of the chunk.
    pub request: R,
    /// Start in the answer, seconds; `None` starts after the previous chunk and a pause.
    pub start_s: Option<f64>,
}

impl<R> RequestChunk<R> {
    /// Returns the chunk with the request that `convert` makes of its request.
    pub fn map<S>(self, convert: impl FnOnce(R) -> S) -> RequestChunk<S> {
        RequestChunk { request: convert(self.request), start_s: self.start_s }
    }
}

/// Division of a text into sentences, for tasks that speak one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SentenceSettings {
    /// Longest sentence, characters; longer ones are divided.
    pub max_chars: usize,
    /// Silence between two sentences, seconds.
    pub pause_s: f64,
}

/// A speech task.
pub trait Task: Send + Sync + Sized + 'static {
    /// Identifier: lower case, unique.
    const ID: &'static str;
    /// Line for listings.
    const SUMMARY: &'static str;
    /// Command.
    const VERB: Verb;
    /// Inputs of requests, and uses of answers.
    const CAPABILITIES: Capabilities;
    /// Simulated input that the task learns from, where it needs more than the corpus.
    const SIMULATION: Option<Simulation> = None;
    /// Settings.
    type Config: Default + Serialize + DeserializeOwned + JsonSchema;
    /// Request.
    type Request: Clone + Serialize + DeserializeOwned + JsonSchema + Send;
    /// Work of `plan` that `finish` needs again: recordings with their alignment, phones, voices.
    type Prepared: Send;
    /// Answer.
    type Answer: Answer;

    /// Builds the task.
    ///
    /// # Errors
    /// [`TaskError::Config`].
    fn new(config: Self::Config, kit: &TaskKit) -> Result<Self, TaskError>;

    /// Layout of the task's sequences. Depends on settings and kit only.
    fn layout(&self) -> Layout;

    /// Returns the recordings of a request by field (`field.0`, `field.1`, ... in a list); those that are not given are
    /// left out.
    fn clips(_request: &mut Self::Request) -> Vec<(String, &mut Clip)> {
        Vec::new()
    }

    /// Returns the settings for dividing texts into sentences; `None` for a task that speaks no text. Programs use them
    /// for streamed texts and texts with markup, which are divided outside the task.
    fn sentences(&self) -> Option<SentenceSettings> {
        None
    }

    /// Splits a long request into chunks. The first is short, so that its answer is early.
    ///
    /// # Errors
    /// Errors of the services.
    fn chunks(
        &self,
        request: Self::Request,
        _context: &Context<'_>,
    ) -> Result<Chunks<Self::Request>, TaskError> {
        Ok(Chunks::one(request))
    }

    /// Plans the generation for a request. Deterministic.
    ///
    /// # Errors
    /// [`TaskError::Input`] for a request that cannot be answered; those of the services.
    fn plan(
        &self,
        request: &Self::Request,
        context: &Context<'_>,
    ) -> Result<(Plan, Self::Prepared), TaskError>;

    /// Builds the answer from the generated rows, one entry for each row of the plan.
    ///
    /// # Errors
    /// [`TaskError::Answer`]; those of the services.
    fn finish(
        &self,
        request: &Self::Request,
        prepared: Self::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<Self::Answer, TaskError>;

    /// Returns the words that are complete after the first frames of the first row, given the phone index at each of
    /// these frames, for streamed speech. They are the first words of the answer. Empty by default.
    fn words_so_far(
        &self,
        _prepared: &Self::Prepared,
        _pointer: &[u32],
        _context: &Context<'_>,
    ) -> Vec<WordTime> {
        Vec::new()
    }

    /// Training example of a stage from an utterance of the corpus. `None` for an utterance that does not fit.
    ///
    /// # Errors
    /// [`TaskError::Layout`] for a stage that the task does not have.
    fn corpus_example(
        &self,
        stage: &str,
        sample: &Sample,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError>;

    /// Training example of a stage from the task's own material, for stages that do not learn from the corpus.
    ///
    /// # Errors
    /// [`TaskError::Layout`] for a stage that the task does not have.
    fn own_example(
        &self,
        _stage: &str,
        _rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        Ok(None)
    }
}
