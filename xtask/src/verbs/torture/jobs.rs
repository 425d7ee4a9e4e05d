//! Jobs that are killed: training, encoding, corpus building, ablations, evaluation, and the server's writes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

/// A job of the program.
pub(super) struct Job {
    pub(super) name: &'static str,
    /// Writes the inputs into a folder, with the program where needed.
    pub(super) prepare: fn(&Path, &Path) -> Result<()>,
    /// Whether `args` start a shell script, which starts the program at the path `$SYRINX`.
    pub(super) script: bool,
    /// Arguments that start or resume the job.
    pub(super) args: fn(&Path) -> Vec<String>,
    /// Whether a file below the folder must have the same bytes in the end.
    pub(super) compared: fn(&Path) -> bool,
    /// Exit codes on a full disk.
    pub(super) full_exits: &'static [i32],
}

/// Exit code of the program after a failed write.
const EXIT_IO: i32 = 5;

/// Exit code of an ablation with failed cells.
const EXIT_CELLS: i32 = 3;

/// All jobs.
pub(super) const JOBS: &[Job] = &[
    Job {
        name: "encode",
        prepare: recordings,
        script: false,
        args: |_| words("data encode m.jsonl -o shards --per-shard 4 --threads 2"),
        compared: |path| path.starts_with("shards"),
        full_exits: &[EXIT_IO],
    },
    Job {
        name: "simulate",
        prepare: recordings,
        script: false,
        args: |_| words("data simulate m.jsonl --wavs scenes --threads 2"),
        compared: |path| path.starts_with("scenes"),
        full_exits: &[EXIT_IO],
    },
    Job {
        name: "train",
        prepare: shards,
        script: false,
        args: |folder| {
            let resume = folder.join("run/checkpoint.safetensors").exists();
            let resume = if resume { " --resume" } else { "" };
            words(&format!("train --config train.toml --data shards --run run{resume}"))
        },
        compared: |path| path.starts_with("run") && path.ends_with("model.safetensors"),
        full_exits: &[EXIT_IO],
    },
    Job {
        name: "eval",
        prepare: suite,
        script: false,
        args: |_| words("eval suite.toml --out report"),
        compared: is_speech,
        full_exits: &[EXIT_IO],
    },
    Job {
        name: "ablate",
        prepare: grid,
        script: false,
        args: |_| words("ablate grid.toml --data shards --out cells --reports reports"),
        compared: |path| {
            let kinds = ["safetensors", "wav"];
            let kind = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            path.starts_with("cells")
                && kinds.contains(&kind)
                && !path.ends_with("checkpoint.safetensors")
        },
        full_exits: &[EXIT_IO, EXIT_CELLS],
    },
    Job {
        name: "serve",
        prepare: server,
        script: true,
        args: |_| words("serve.sh"),
        compared: |path| path.starts_with("voices"),
        full_exits: &[EXIT_IO],
    },
];

fn is_speech(path: &Path) -> bool {
    path.starts_with("report") && path.extension().is_some_and(|e| e == "wav")
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// Number of recordings, and samples of each at 24 kHz.
const RECORDINGS: usize = 24;
const SAMPLES: usize = 60_000;

/// Writes synthetic recordings and their manifest.
fn recordings(folder: &Path, _program: &Path) -> Result<()> {
    let mut lines = String::new();
    for index in 0..RECORDINGS {
        fs::write(folder.join(format!("u{index}.wav")), buzz(index))?;
        let speaker = ["ann", "bob", "eve"][index % 3];
        lines.push_str(&format!(
            r#"{{"id": "u{index}", "audio": "u{index}.wav", "speaker": "{speaker}", "text": "yes", "phones": ["Y", "EH1", "S"], "durations_s": [0.8, 0.8, 0.8]}}"#
        ));
        lines.push('\n');
    }
    fs::write(folder.join("m.jsonl"), lines)?;
    Ok(())
}

/// Returns a WAV file of a harmonic tone with varying pitch and level.
fn buzz(index: usize) -> Vec<u8> {
    let period = 160 + 13 * index;
    let sample = |i: usize| {
        let saw = (i % period) as f64 / period as f64 - 0.5;
        let swell = 0.5 + 0.5 * (i as f64 * 0.0008).sin();
        (saw * swell * 12_000.0) as i16
    };
    let data: Vec<u8> = (0..SAMPLES).flat_map(|i| sample(i).to_le_bytes()).collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend_from_slice(&(36 + data.len() as u32).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&24_000u32.to_le_bytes());
    wav.extend_from_slice(&48_000u32.to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&(data.len() as u32).to_le_bytes());
    wav.extend_from_slice(&data);
    wav
}

/// Encodes shards with the program, and writes the configuration of a small training.
fn shards(folder: &Path, program: &Path) -> Result<()> {
    recordings(folder, program)?;
    let encode = Command::new(program)
        .args(words("data encode m.jsonl -o shards"))
        .current_dir(folder)
        .env("HOME", folder)
        .output()?;
    if !encode.status.success() {
        bail!("data encode: {}", String::from_utf8_lossy(&encode.stderr));
    }
    fs::write(folder.join("train.toml"), training("steps = 60\n", &[["stt", "phones"]]))?;
    Ok(())
}

/// Writes a suite of a few sentences.
fn suite(folder: &Path, _program: &Path) -> Result<()> {
    suite_of(folder, "Glue the sheet.\nRice is served.\nThe birch canoe.\n")
}

/// Writes a suite that synthesizes the lines of a text.
fn suite_of(folder: &Path, lines: &str) -> Result<()> {
    fs::write(folder.join("lines.txt"), lines)?;
    fs::write(
        folder.join("suite.toml"),
        "task = \"tts\"\nrequest = { text = \"{text}\", voice = \"joe\" }\nfigures = [\"rtf\"]\n\
         [items]\nlines = \"lines.txt\"\n",
    )?;
    Ok(())
}

/// Returns the training configuration of a very small model, with these settings and this mix of stages.
fn training(settings: &str, stages: &[[&str; 2]]) -> String {
    let mix = stages.iter().map(|[task, stage]| {
        format!("[[mix]]\ntask = \"{task}\"\nstage = \"{stage}\"\nweight = 1.0\n")
    });
    format!(
        "{settings}positions = 200\ncheckpoint_steps = 5\nwarmup_steps = 1\n\
         [model]\nencoder_layers = 1\n[model.trunk]\ndim = 32\nlayers = 1\nheads = 2\nhidden = 32\n{}",
        mix.collect::<String>()
    )
}

/// Writes an ablation of two cells that train a model and synthesize speech.
fn grid(folder: &Path, program: &Path) -> Result<()> {
    shards(folder, program)?;
    let settings = "prompt.none_probability = 1.0\n";
    let stages = [["tts", "ar"], ["tts", "nar"]];
    fs::write(folder.join("grid-train.toml"), training(settings, &stages))?;
    suite_of(folder, "Yes.\n")?;
    fs::write(
        folder.join("grid.toml"),
        "title = \"Groups\"\nquestion = \"Do they matter?\"\nsuites = [{ suite = \"suite.toml\" }]\n\
         train = { config = \"grid-train.toml\", steps = 30 }\n[[axes]]\nname = \"group\"\nvalues = [\n\
         { name = \"1\", keys = { \"train.model.group\" = 1 } },\n\
         { name = \"2\", keys = { \"train.model.group\" = 2 } },\n]\n",
    )?;
    Ok(())
}

/// Number of voices that clients register with the server.
const VOICES: usize = 5;

/// Writes a script that starts a server and registers the missing voices.
fn server(folder: &Path, program: &Path) -> Result<()> {
    for index in 0..VOICES {
        fs::write(folder.join(format!("v{index}.wav")), buzz(index))?;
    }
    let program = program.display();
    fs::write(
        folder.join("serve.sh"),
        format!(
            "set -u\n\
             log=$(mktemp)\n\
             '{program}' serve --port 0 --voices-dir voices > $log 2>&1 &\n\
             server=$!\n\
             for _ in $(seq 600); do grep -qo 'http://[0-9.:]*' $log && break; sleep 0.05; done\n\
             url=$(grep -om1 'http://[0-9.:]*' $log)\n\
             fault=0\n\
             for i in $(seq 0 {}); do\n\
             curl -s \"$url/v1/voices\" | grep -q '\"name\":\"v'$i'\"' && continue\n\
             told=$(curl -s -w ' %{{http_code}}' -F name=v$i -F file=@v$i.wav \"$url/v1/voices\")\n\
             echo \"$told\" >&2\n\
             [ \"${{told##* }}\" = 201 ] || fault=5\n\
             done\n\
             kill -TERM $server; wait $server\n\
             cat $log >&2; rm $log; exit $fault\n",
            VOICES - 1
        ),
    )?;
    Ok(())
}
