//! `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use serde_json::json;
use syrinx_pretrained::vall_e::{self, ImportOptions, VallEError, VallEFile, VallETokenizer};
use syrinx_task::RvqSum;

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  syrinx import vall-e fp32.sft --tokenizer tokenizer.json -o model.safetensors"
)]
pub struct ImportArgs {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// A published vall-e model of version 5: ar+nar-llama-8 or ar+nar-len-llama-8
    VallE(VallEArgs),
}

/// `import vall-e`.
#[derive(Debug, Args)]
struct VallEArgs {
    /// The checkpoint, `*.sft`
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    checkpoint: PathBuf,
    /// The tokenizer of the project's repository, data/tokenizer.json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    tokenizer: PathBuf,
    /// File of the imported model
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
    /// Sum of code embeddings that the model was trained with [default: legacy, or inclusive for a checkpoint with a table of
    /// plain text, which came later]
    #[arg(long, value_name = "SUM")]
    rvq_sum: Option<Sum>,
    /// Attention heads [default: those of the metadata, or heads of 64]
    #[arg(long, value_name = "N")]
    heads: Option<usize>,
    /// Store weights as f32 instead of f16
    #[arg(long)]
    full: bool,
}

/// Sum of code embeddings.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sum {
    /// All levels below the one that is predicted
    Inclusive,
    /// All levels below but the last; models trained before 2025-03-18
    Legacy,
}

/// Runs `import`.
pub fn run(session: &Session, args: &ImportArgs) -> Outcome {
    let Format::VallE(args) = &args.format;
    let rvq_sum = args.rvq_sum.map(|sum| match sum {
        Sum::Inclusive => RvqSum::Inclusive,
        Sum::Legacy => RvqSum::Legacy,
    });
    let options = ImportOptions { rvq_sum, heads: args.heads };
    let lm = vall_e::import(&args.checkpoint, &options)?;
    let Some(layout) = lm.config.vall_e else {
        return Err(Failure::new(Exit::Unexpected, "an import without a layout"));
    };
    VallETokenizer::open(&args.tokenizer, layout.phones)?;
    let name = args.tokenizer.display().to_string();
    let tokenizer =
        std::fs::read_to_string(&args.tokenizer).map_err(|e| Failure::reading(&name, &e))?;
    session.check()?;
    let bytes = VallEFile { lm, tokenizer }
        .to_bytes(!args.full)
        .map_err(|e| Failure::from(VallEError::from(e)))?;
    syrinx_atomic::write_bytes(&args.out, &bytes)
        .map_err(|e| Failure::writing(&args.out.display().to_string(), &e))?;
    if session.globals.json {
        return session
            .print_json(&json!({"file": args.out, "bytes": bytes.len(), "layout": layout}));
    }
    let family = if layout.masked { "ar+nar-len" } else { "ar+nar" };
    let assumed = if rvq_sum.is_some() { "as given" } else { "assumed; see --rvq-sum" };
    session.say(&format!(
        "imported {family}: {} levels, {} phones, {} tokens of plain text",
        layout.levels, layout.phones, layout.letters
    ));
    session.say(&format!(
        "sum of embeddings: {} ({assumed}); further levels: {}; language named: {}",
        if layout.rvq_sum == RvqSum::Legacy { "legacy" } else { "inclusive" },
        if layout.causal { "causal" } else { "bidirectional" },
        if layout.language { "yes" } else { "no" }
    ));
    session.print(&args.out.display().to_string())
}

impl From<VallEError> for Failure {
    fn from(error: VallEError) -> Self {
        let exit = match &error {
            VallEError::Cancelled => Exit::Interrupted,
            VallEError::Read { .. } => Exit::BadInput,
            _ => Exit::BadModel,
        };
        Self { exit, message: error.to_string(), hint: error.hint() }
    }
}
