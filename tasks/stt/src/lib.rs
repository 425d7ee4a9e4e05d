//! Speech to text: words with times from the frames of a recording.
//!
//! The model scores every phone for every subframe of 20 ms. The decoder ([`decoder`]) searches for the most probable
//! words of the lexicon with a trigram language model. A known text is aligned by `syrinx_speech::align` instead. In
//! mode `text` the model predicts text tokens without times.
//!
//! Invariants: one core decodes in less than a tenth of real time; the same scores give the same words.

mod augmented;

mod confidence;
mod config;
mod counts;
pub mod decoder;
mod equalizer;
mod error;
mod example;
mod frames;
mod known_text;
mod layout;
mod lm;
mod passes;
mod recognize;
mod request;
mod search;
mod trie;
mod trigrams;

use std::sync::OnceLock;

use rand::RngCore;
use syrinx_audio::silence::chunks;
use syrinx_task::{
    Capabilities, Chunks, Clip, Context, Example, Generated, Layout, LayoutIssue, Plan,
    RequestChunk, Simulation, Task, TaskDescriptor, TaskError, TaskKit, Transcript, Verb,
};
use syrinx_types::Sample;

pub use config::{DecoderConfig, SttConfig, SttMode, TextUnit};
pub use counts::{BigramCounts, Frequencies};
pub use decoder::{Decoder, Hypothesis};
pub use equalizer::SpectralProfile;
pub use error::{DataFault, SttError};
pub use example::phone_labels;
use frames::Frames;
pub use layout::{PHONES, TEXT};
pub use lm::{WordHistory, WordModel};
pub use passes::PassConfig;
use passes::RecordingForm;
pub use request::SttRequest;
pub use trie::{Trie, WordList, dictionary};

/// Maximum length of a section that is processed at once, in seconds.
const MAX_SECTION_S: f64 = 60.0;

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Stt>();

/// The task: speech to text.
pub struct Stt {
    config: SttConfig,
    kit: TaskKit,
    /// Decoder, built for the first answer, since training needs none.
    decoder: OnceLock<Decoder>,
}

impl Stt {
    /// Returns the decoder, and builds it at the first call.
    ///
    /// # Errors
    /// [`TaskError::Answer`] if a built-in data file is invalid, which a test excludes.
    pub fn decoder(&self) -> Result<&Decoder, TaskError> {
        if let Some(decoder) = self.decoder.get() {
            return Ok(decoder);
        }
        let config = self.config.decoder.clone();
        let decoder = Decoder::english(self.kit.frontend.lexicon(), config)?;
        Ok(self.decoder.get_or_init(|| decoder))
    }
}

impl Task for Stt {
    const ID: &'static str = "stt";
    const SUMMARY: &'static str = "transcribes a recording, with the times of the words";
    const VERB: Verb =
        Verb { name: "transcribe", positional: "audio", example: "syrinx transcribe talk.mp3" };
    const CAPABILITIES: Capabilities = Capabilities {
        required: &["audio"],
        recordings: &["audio"],
        streaming: true,
        known_text: Some("text"),
        ..Capabilities::NONE
    };
    const SIMULATION: Option<Simulation> =
        Some(Simulation { input: augmented::AUGMENTED, target: None, enrolment: false });
    type Config = SttConfig;
    type Request = SttRequest;
    type Prepared = recognize::Prepared;
    type Answer = Transcript;

    fn new(config: SttConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check().map_err(|issue| TaskError::config(Self::ID, issue))?;
        // Published models predict phones as text tokens, and were trained on longer recordings with various spectra.
        let config = match kit.switches.vall_e {
            Some(_) => {
                let max_part_s = 4.0 * config.max_part_s;
                let passes = vec![PassConfig::default()];
                SttConfig { mode: SttMode::Text, max_part_s, passes, ..config }
            }
            None => config,
        };
        Ok(Self { config, kit: kit.clone(), decoder: OnceLock::new() })
    }

    fn layout(&self) -> Layout {
        match self.kit.switches.vall_e {
            Some(published) => layout::published(published),
            None => layout::layout(&self.config, self.kit.switches),
        }
    }

    fn clips(request: &mut SttRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio)]
    }

    /// Returns sections of the recording that end in pauses. A recording with a known text is one section.
    fn chunks(
        &self,
        request: SttRequest,
        context: &Context<'_>,
    ) -> Result<Chunks<SttRequest>, TaskError> {
        if request.text.is_some() {
            return Ok(Chunks::one(request));
        }
        let sections = context.sections(&request.audio, MAX_SECTION_S, chunks)?;
        let chunk = |(audio, start_s)| RequestChunk {
            request: SttRequest { audio, text: None },
            start_s: Some(start_s),
        };
        let chunks = sections.into_iter().map(chunk).collect();
        Ok(Chunks { chunks, pause_s: 0.0 })
    }

    fn plan(
        &self,
        request: &SttRequest,
        context: &Context<'_>,
    ) -> Result<(Plan, recognize::Prepared), TaskError> {
        let as_latents = self.kit.switches.latent_recordings;
        let reading = RecordingForm { as_latents, per_frame: self.config.per_frame };
        recognize::plan(&self.config, reading, request, context)
    }

    fn finish(
        &self,
        request: &SttRequest,
        mut prepared: recognize::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<Transcript, TaskError> {
        let transcript = match (self.config.mode, &request.text) {
            (SttMode::Text, _) => recognize::from_tokens(&self.kit, &generated),
            (SttMode::Aligned, None) => {
                let (config, decoder) = (&self.config, self.decoder()?);
                recognize::transcribed(
                    config,
                    decoder,
                    &self.kit,
                    &prepared,
                    &generated,
                    context.run,
                )?
            }
            (SttMode::Aligned, Some(text)) => {
                let scores = match prepared.scores.take() {
                    Some(scores) => Some(scores),
                    None => known_text::scores_of_rows(&self.config, generated)?,
                };
                known_text::aligned(&self.kit, text, scores, context.run)?
            }
        };
        Ok(recognize::clamped(transcript, prepared.seconds))
    }

    fn corpus_example(
        &self,
        stage: &str,
        sample: &Sample,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        let coded = example::input(&self.config, sample, rng);
        let recording = Frames::of_corpus(coded, self.kit.switches.latent_recordings)?;
        match (stage, self.config.mode) {
            (PHONES, SttMode::Aligned) => Ok(example::phones(&self.config, sample, recording)),
            (TEXT, SttMode::Text) => example::text(&self.config, &self.kit, sample, recording),
            (other, mode) => {
                let has = if mode == SttMode::Aligned { PHONES } else { TEXT };
                let (task, known) = (Self::ID.into(), vec![has.into()]);
                Err(LayoutIssue::NoStage { task, known }.of(other))
            }
        }
    }
}
