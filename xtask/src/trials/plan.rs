//! `scale plan`: the page evals/reports/scale-plan.md, computed from measurements on this machine.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xshell::cmd;

use super::figures;
use super::job::{TrialSetup, child_seconds};
use super::plan_page::{Measured, UTTERANCE_S, page};
use super::record::TrialRecord;
use super::weak::median;
use crate::project::{root, shell};

/// Number of measured layers of the planned width; more layers change the speed little.
const LAYERS: f64 = 4.0;
/// Width; with the number of heads and the width of the gated MLP, 12 layers have 151 M parameters.
const DIM: f64 = 1_024.0;
const HEADS: f64 = 16.0;
const HIDDEN: f64 = 2_736.0;
/// Frame rate (Hz) and number of levels of the embedded model's codec.
const FRAMES_PER_S: f64 = 25.0;
const LEVELS: f64 = 8.0;
/// Positions of a measured step.
const STEP_POSITIONS: usize = 256;
/// Numbers of steps of a short and a long run. The difference of their times excludes the start of the program.
const FEW_STEPS: usize = 1;
const MANY_STEPS: usize = 4;

pub fn run(record: &mut TrialRecord, program: Option<&Path>, rounds: usize) -> Result<()> {
    let bench = TrialSetup::new(program, "syrinx-cli/mpi", 1)?;
    let measured = measure(&bench, rounds)?;
    // Training is measured by processor time, the peak by wall time, so they are not comparable on a busy machine.
    let share = measured.share();
    ensure!(
        share > 0.0 && share <= 1.0,
        "training reaches {share:.2} of the peak: the machine is too busy to measure it"
    );
    let path = root().join("evals/reports/scale-plan.md");
    fs::write(&path, page(&measured)).with_context(|| path.display().to_string())?;
    record.say("wrote evals/reports/scale-plan.md");
    record.figure(&figures::COST, &measured.cost());
    Ok(())
}

fn measure(bench: &TrialSetup, rounds: usize) -> Result<Measured> {
    let shell = shell()?;
    // The processor time of one thread does not depend on other load of the machine.
    let _one_thread = shell.push_env("RAYON_NUM_THREADS", "1");
    let program = &bench.program;
    let json = |words: &[&str]| -> Result<Value> {
        let text = cmd!(shell, "{program} {words...} --json").quiet().read()?;
        Ok(serde_json::from_str(text.lines().last().unwrap_or_default())?)
    };
    let EncodedCorpus { seconds, speech_h, utterances, code_bytes, record_bytes, latent_bytes } =
        encode(bench, &json)?;
    let (mut speeds, mut peak, mut reduce) = (Vec::new(), 0.0f64, 0.0f64);
    for _ in 0..rounds.max(1) {
        let short = train_seconds(&json, FEW_STEPS)?;
        let long = train_seconds(&json, MANY_STEPS)?;
        speeds.push((MANY_STEPS - FEW_STEPS) as f64 * STEP_POSITIONS as f64 / (long - short));
        // The highest rate is that of the round with the least other load.
        peak = peak.max(json(&["bench", "machine"])?["flop_per_s"].as_f64().context("flop_per_s")?);
        let said = cmd!(shell, "mpirun --allow-run-as-root -n 2 {program} bench reduce --json");
        let row: Value = serde_json::from_str(said.quiet().read()?.trim())?;
        reduce = reduce.max(row["bytes_per_s"].as_f64().context("bytes_per_s")?);
    }
    Ok(Measured {
        positions_per_frame: 2.0 + 60.0 / (UTTERANCE_S * FRAMES_PER_S),
        frames_per_s: FRAMES_PER_S,
        code_bytes_per_h: code_bytes / speech_h,
        record_bytes_per_utterance: record_bytes / utterances,
        latent_bytes_per_h: latent_bytes / speech_h,
        encode_speed: speech_h * 3_600.0 / seconds,
        positions_per_s: median(&mut speeds),
        parameters: LAYERS * (4.0 * DIM * DIM + 3.0 * DIM * HIDDEN),
        flop_per_s: peak,
        reduce_bytes_per_s: reduce,
    })
}

/// Token shards of the test set.
struct EncodedCorpus {
    /// Processor time of encoding, including the start of the program, seconds.
    seconds: f64,
    /// Hours of speech.
    speech_h: f64,
    utterances: f64,
    code_bytes: f64,
    /// Size of texts, phones and times, bytes.
    record_bytes: f64,
    latent_bytes: f64,
}

/// Encodes the test set, without and with latents.
fn encode(bench: &TrialSetup, json: &impl Fn(&[&str]) -> Result<Value>) -> Result<EncodedCorpus> {
    let (plain, full) = (bench.run_folder("plan-shards")?, bench.run_folder("plan-latents")?);
    let name = |path: &Path| path.display().to_string();
    let manifest = name(&bench.folder.join("manifest-1.jsonl"));
    let begun = child_seconds()?;
    let encoded = json(&["data", "encode", &manifest, "-o", &name(&plain), "--threads", "1"])?;
    let seconds = child_seconds()? - begun;
    json(&["data", "encode", &manifest, "-o", &name(&full), "--latents"])?;
    let frames = encoded["frames"].as_f64().context("frames")?;
    let (plain_bytes, code_bytes) = (bytes_of(&plain)?, frames * LEVELS * 2.0);
    Ok(EncodedCorpus {
        seconds,
        speech_h: frames / FRAMES_PER_S / 3_600.0,
        utterances: encoded["utterances"].as_f64().context("utterances")?,
        code_bytes,
        record_bytes: plain_bytes - code_bytes,
        latent_bytes: bytes_of(&full)? - plain_bytes,
    })
}

/// Returns the processor time of `bench train` with `steps` steps, including the start of the program, seconds.
fn train_seconds(json: &impl Fn(&[&str]) -> Result<Value>, steps: usize) -> Result<f64> {
    let sizes = [("--dim", DIM), ("--layers", LAYERS), ("--heads", HEADS), ("--hidden", HIDDEN)];
    let mut words: Vec<String> =
        ["bench", "train", "--rounds", "1", "--kernels", "fused"].map(str::to_owned).to_vec();
    words.extend(sizes.iter().flat_map(|(name, n)| [(*name).to_owned(), format!("{n:.0}")]));
    words.extend(["--sequences".to_owned(), "1".to_owned()]);
    words.extend(["--positions".to_owned(), STEP_POSITIONS.to_string()]);
    words.extend(["--steps".to_owned(), steps.to_string()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let begun = child_seconds()?;
    json(&words)?;
    Ok(child_seconds()? - begun)
}

fn bytes_of(folder: &Path) -> Result<f64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)?.flatten() {
        sum += entry.metadata()?.len();
    }
    Ok(sum as f64)
}
