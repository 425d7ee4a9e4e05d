//! Flags of all verbs.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};
use syrinx_nn::DeviceChoice;
use syrinx_pretrained::RecognizerChoice;

/// Flags that every verb takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// Use this model file instead of the embedded model
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub model: Option<PathBuf>,
    /// Use this adapter to the model, as `syrinx train --lora` writes it
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub adapter: Option<PathBuf>,
    /// Device of the language model: cpu, cuda or cuda:N
    #[arg(long, global = true, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    /// Read settings from this file instead of ./syrinx.toml
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Change a setting, for instance --set decode.codes.top_k=50; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Seed of all random numbers; the same seed gives the same output
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Folder of your own voices
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub voices_dir: Option<PathBuf>,
    /// File of your own pronunciations, a line a word: `fonz  F AA1 N Z`
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub lexicon: Option<PathBuf>,
    /// Recognize speech with whisper:DIR instead of the model
    #[arg(long, global = true, value_name = "DIR")]
    pub recognizer: Option<RecognizerChoice>,
    /// Answer in JSON on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Append events (progress, losses, warnings) to a file, one JSON object a line
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub events: Option<PathBuf>,
    /// Print details of the progress on standard error
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Print nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}
