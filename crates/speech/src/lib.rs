//! Parts shared by tasks that speak or recognize, so that none of them depends on another.
//!
//! Speaking: the family of tasks that speak ([`SpeakingTask`]), the layout of the stages that predict speech
//! ([`layout`]), texts as sentences that are spoken one at a time ([`sentences`]), phones on a time line
//! ([`timeline`]), the tokens that the model reads ([`Script`]), the voice of a request ([`RequestedVoice`]), and rows
//! of a plan ([`SpokenRow`]), which may continue each other ([`rolling`]). Recognizing: phone scores as acoustics
//! ([`Acoustics`]), known words placed in them ([`align`]), and recordings with all that is recognized in them
//! ([`AlignedRecording`]).
//!
//! Invariants: the phones of a training example and of a request look the same (see [`timeline`]): one silence first,
//! one last, `|` between words, a comma wherever there is a pause inside, nothing else. The pointer of every example
//! begins on the first silence and ends on the last.

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
