//! Tests of the program as a person uses it: flags in, exit codes, standard output and standard error out.

mod ablate;
mod bad_audio;
mod bad_files;
mod bad_text;
mod codecs;
mod dash;
mod data_and_eval;
mod fine_tune;
mod help;
mod hub;
mod live;
mod pretrained;
mod published;
mod ranks;
mod results;
mod settings;
mod speaking;
mod stopping;
mod use_it;

// The same tiny model that the engine is tested with.
#[path = "../../../engine/tests/it/tiny.rs"]
#[allow(dead_code, reason = "the engine's tests use the rest")]
mod tiny;

mod bench;
