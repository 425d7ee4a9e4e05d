//! `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use serde_json::json;
use syrinx_engine::{PackageCodec, package_lm, write_atomic};
use syrinx_pretrained::CodecSpec;
use syrinx_pretrained::vall_e::{self, ImportOptions};
use syrinx_task::RvqSum;

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx import vall-e fp32.sft --tokenizer tokenizer.json --codec encodec_24khz,levels=8 -o model.safetensors\n  syrinx say \"Glue the sheet.\" --model model.safetensors --prompt joe.wav"
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
    /// Codec that the model was trained on, PATH[,levels=N][,vocoder=PATH]: with it, the output is a complete model;
    /// without it, a language model for `syrinx package`
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
    /// Refer to the codec by path and fingerprint instead of including it
    #[arg(long, requires = "codec")]
    refer: bool,
    /// File of the imported model
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
    /// Sum of code embeddings that the model was trained with [default: inclusive for a checkpoint with an embedding
    /// table of plain text, else legacy]
    #[arg(long, value_name = "SUM")]
    rvq_sum: Option<Sum>,
    /// Number of attention heads [default: from the metadata, or such that a head has dimension 64]
    #[arg(long, value_name = "N")]
    heads: Option<usize>,
    /// Store weights as f32 instead of f16
    #[arg(long, conflicts_with = "codec")]
    full: bool,
}

/// Sum of code embeddings.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sum {
    /// All levels below the predicted one
    Inclusive,
    /// All levels below the predicted one except the last; models trained before 2025-03-18
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
    let lm = vall_e::import(&args.checkpoint, &args.tokenizer, &options)?;
    let Some(layout) = lm.config.switches.vall_e else {
        return Err(Failure::new(Exit::Unexpected, "an import without a layout"));
    };
    session.check()?;
    let file = args.checkpoint.display().to_string();
    let bytes = match &args.codec {
        Some(spec) => {
            let codec = PackageCodec::new(spec.clone(), args.refer, &args.out);
            let name = args.checkpoint.file_name().unwrap_or_default().to_string_lossy();
            let card = json!({"imported": {"from": name, "layout": layout}});
            package_lm(&lm, &file, &codec, &[], card)?
        }
        None => lm.to_bytes(!args.full).map_err(|e| Failure::new(Exit::BadModel, e.to_string()))?,
    };
    write_atomic(&args.out, &bytes)?;
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
