//! `lora`: adapters that `syrinx train --lora` wrote.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use serde_json::json;
use syrinx_engine::{merge_adapter, write_atomic};
use syrinx_model::Adapter;
use syrinx_recipes::named_model;

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// `lora`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx lora show runs/mine/adapter.safetensors\n  syrinx lora merge --adapter runs/mine/adapter.safetensors -o mine.safetensors\n\n`--adapter FILE` of any command uses an adapter without merging it."
)]
pub struct LoraArgs {
    #[command(subcommand)]
    what: LoraCommand,
}

#[derive(Debug, Subcommand)]
enum LoraCommand {
    /// Write a model that has the adapter in its weights
    Merge {
        /// The model that it was trained on: a model file, a language model's own file, or `embedded`
        #[arg(long, value_name = "FILE", default_value = "embedded", value_hint = ValueHint::FilePath)]
        base: String,
        /// Model file to write
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: PathBuf,
    },
    /// Say what an adapter changes
    Show {
        /// The adapter
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

/// Runs `lora`.
pub fn run(session: &Session, args: &LoraArgs) -> Outcome {
    match &args.what {
        LoraCommand::Show { file } => show(session, file),
        LoraCommand::Merge { base, out } => {
            let Some(adapter) = &session.globals.adapter else {
                return Err(Failure::usage(
                    "which adapter should be merged?",
                    "name it: syrinx lora merge --adapter runs/mine/adapter.safetensors -o mine.safetensors",
                ));
            };
            let bytes = merge_adapter(&named_model(base)?, adapter)?;
            session.check()?;
            write_atomic(out, &bytes)?;
            if session.globals.json {
                return session.print_json(&json!({"out": out, "bytes": bytes.len()}));
            }
            session.say(&format!("wrote {} ({:.1} MB)", out.display(), bytes.len() as f64 / 1e6));
            Ok(())
        }
    }
}

fn show(session: &Session, file: &PathBuf) -> Outcome {
    let name = file.display().to_string();
    let bytes = std::fs::read(file).map_err(|e| Failure::reading(&name, &e))?;
    let adapter = Adapter::from_bytes(&bytes)
        .map_err(|e| Failure::new(Exit::BadModel, format!("{name}: {e}")).hint(e.hint()))?;
    let numbers: usize = adapter.tensors.values().map(|t| t.elem_count()).sum();
    if session.globals.json {
        return session.print_json(&json!({
            "base": adapter.base, "lora": adapter.lora, "special_tokens": adapter.special_tokens, "parameters": numbers,
        }));
    }
    let lora = &adapter.lora;
    let lines = [
        format!("base        {}", adapter.base),
        format!("rank        {}, alpha {}", lora.rank, lora.alpha),
        format!("targets     {}", lora.targets.join(", ")),
        format!("new tokens  {}", adapter.special_tokens.join(", ")),
        format!("parameters  {numbers}"),
    ];
    session.print(&lines.join("\n"))
}
