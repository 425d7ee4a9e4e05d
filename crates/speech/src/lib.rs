//! Code shared by tasks that synthesize or recognize speech, so that no task depends on another.
//!
//! Synthesis: the family of tasks ([`SpeakingTask`]), the layout of their stages ([`layout`]), division of a text into
//! sentences ([`sentences`]), phones with durations ([`timeline`]), the tokens that the model reads ([`Script`]), the
//! voice of a request ([`RequestedVoice`]), and rows of a plan ([`SpokenRow`]), each of which may continue the previous
//! one ([`rolling`]). Recognition: phone scores ([`Acoustics`]), forced alignment of known words ([`align`]), and
//! recordings with the times of their words and phones ([`AlignedRecording`]).
//!
//! Invariants: training examples and requests have phones in the same form (see [`timeline`]): a silence at both ends,
//! `|` between words, and a comma at every pause between them. The phone index of every example begins at the first
//! silence and ends at the last.

mod align;
mod config;
mod error;
mod example;
mod family;
mod join;
mod layout;
mod onward;
mod prompt;
mod reading;
mod recording;
mod rolling;
mod script;
mod sentence;
mod sounds;
pub mod timeline;
mod trellis;
mod units;
mod utterance;

pub use align::{Aligned, SpokenForm, align, align_acoustics, clamp_phones};
pub use config::{PromptPooling, SpeakConfig, StressMode};
pub use error::{SpeechError, VoiceIssue};
pub use example::example;
pub use family::{Setup, Speaking, SpeakingConfig, SpeakingTask};
pub use join::join;
pub use layout::{AR, DURATIONS, LENGTH, MASKED, NAR, PROMPT, TEXT, check_stage, layout, stages};
pub use onward::{Onward, SpokenWords};
pub use prompt::{RequestedVoice, prompt_of};
pub use reading::{Spoken, reading};
pub use recording::{AlignedRecording, RecognizedWord, TimedSound, speech_sections};
pub use rolling::{SentenceOffset, rolling};
pub use script::Script;
pub use sentence::{Sentence, sentences, text_chunks};
pub use sounds::sounds;
pub use units::{Acoustics, SILENCE, Units};
pub use utterance::{SpokenRow, append};
