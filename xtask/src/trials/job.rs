//! Training jobs of the trials: program, shards, configuration, and the figures of a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use xshell::cmd;

use crate::project::{built, root, shell};

/// Folder of the files of all trials.
const FOLDER: &str = "target/scale";

/// Settings of the trained model: small enough for a test, but with several blocks and all stages of speech synthesis.
const CONFIG: &str = r#"
steps = 12
positions = 900
learning_rate = 1e-3
warmup_steps = 4
checkpoint_steps = 4
eval_steps = 0
max_seconds = 8.0
optimizer = { clip_norm = 1.0 }
mix = [
  { task = "tts", stage = "ar", weight = 2.0 },
  { task = "tts", stage = "nar", weight = 2.0 },
  { task = "stt", stage = "phones", weight = 1.0 },
]

[model]
encoder_layers = 1

[model.trunk]
dim = 128
layers = 3
heads = 2
hidden = 320
"#;

/// A program with its training data.
pub struct TrialSetup {
    pub program: PathBuf,
    pub shards: PathBuf,
    pub config: PathBuf,
    pub folder: PathBuf,
}

impl TrialSetup {
    /// Builds the program with features, unless `there` names one, and encodes the test set, each recording `copies`
    /// times.
    pub fn new(there: Option<&Path>, features: &str, copies: usize) -> Result<Self> {
        let shell = shell()?;
        let folder = root().join(FOLDER);
        fs::create_dir_all(&folder)?;
        let features = match features {
            "" => Vec::new(),
            features => vec!["--features".to_owned(), features.to_owned()],
        };
        let built = match there {
            Some(program) => program.to_path_buf(),
            None => built(cmd!(shell, "cargo build --workspace --bin syrinx {features...}"))?,
        };
        // The program is copied, so that a later build with other features does not replace it during the trial.
        let program = folder.join("syrinx");
        fs::copy(&built, &program).with_context(|| built.display().to_string())?;
        let config = folder.join("train.toml");
        fs::write(&config, CONFIG)?;
        let shards = folder.join(format!("shards-{copies}"));
        let manifest = folder.join(format!("manifest-{copies}.jsonl"));
        copies_of(&root().join("evals/data/test/manifest.jsonl"), copies, &manifest)?;
        cmd!(shell, "{program} data encode {manifest} -o {shards} --per-shard 10 --quiet")
            .quiet()
            .run()?;
        Ok(Self { program, shards, config, folder })
    }

    /// Returns an empty folder for a run.
    pub fn run_folder(&self, name: &str) -> Result<PathBuf> {
        let run = self.folder.join("runs").join(name);
        if run.exists() {
            fs::remove_dir_all(&run).with_context(|| run.display().to_string())?;
        }
        Ok(run)
    }

    /// Returns the arguments of `syrinx train`.
    pub fn train(&self, run: &Path, more: &[&str]) -> Vec<String> {
        let path = |p: &Path| p.display().to_string();
        let mut args: Vec<String> =
            ["train", "--train-split", "test", "--watch-split", "test"].map(str::to_owned).to_vec();
        args.extend(["--config".into(), path(&self.config)]);
        args.extend(["--data".into(), path(&self.shards), "--run".into(), path(run)]);
        args.extend(more.iter().map(|&arg| arg.to_owned()));
        args
    }
}

/// Writes a manifest with each line of another manifest `copies` times, under distinct names.
fn copies_of(manifest: &Path, copies: usize, to: &Path) -> Result<()> {
    let folder = manifest.parent().context("a manifest lies in a folder")?;
    let mut text = String::new();
    for line in fs::read_to_string(manifest)?.lines() {
        let mut utterance: Value = serde_json::from_str(line)?;
        let id = utterance["id"].as_str().context("an utterance has an id")?.to_owned();
        let audio = utterance["audio"].as_str().context("an utterance has audio")?;
        utterance["audio"] = folder.join(audio).display().to_string().into();
        for copy in 0..copies {
            utterance["id"] = format!("{id}-{copy}").into();
            text += &format!("{utterance}\n");
        }
    }
    Ok(fs::write(to, text)?)
}

/// Returns a command that starts ranks of a program on this machine, with one thread each.
pub fn mpirun(ranks: usize, program: &Path, args: &[String]) -> Command {
    let mut command = Command::new("mpirun");
    let count = ranks.to_string();
    command.args(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]);
    command.args(["-x", "RAYON_NUM_THREADS=1", "-n", &count]).arg(program).args(args);
    command
}

/// Runs a command and returns its output; fails if the command fails.
pub fn finish(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("can't start `{shown}`"))?;
    let said = text_of(&output);
    ensure!(output.status.success(), "`{shown}` ended with {}:\n{said}", output.status);
    Ok(said)
}

/// Returns the standard output and error of a command.
pub fn text_of(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Returns a command line as text.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let root = root().display().to_string() + "/";
    words.map(|w| w.to_string_lossy().replace(&root, "")).collect::<Vec<_>>().join(" ")
}

/// Starts a command with captured output.
pub fn start(command: &mut Command) -> Result<Child> {
    let shown = shown(command);
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().with_context(|| format!("can't start `{shown}`"))
}

/// Returns the events of one kind in a run's folder.
pub fn events(run: &Path, kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(run.join("events.jsonl")).unwrap_or_default();
    let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.filter(|event| event["kind"] == kind).collect()
}

/// Returns the steps and losses of a run; for a repeated step the later loss.
pub fn losses(run: &Path) -> Vec<(u64, f64)> {
    let mut all = std::collections::BTreeMap::new();
    for event in events(run, "train_step") {
        if let (Some(step), Some(loss)) = (event["step"].as_u64(), event["loss"].as_f64()) {
            all.insert(step, loss);
        }
    }
    all.into_iter().collect()
}

/// Returns the largest relative difference between the losses of two runs.
pub fn difference(one: &Path, other: &Path) -> Result<f64> {
    let (one, other) = (losses(one), losses(other));
    let steps = |losses: &[(u64, f64)]| losses.iter().map(|(s, _)| *s).collect::<Vec<_>>();
    ensure!(!one.is_empty() && steps(&one) == steps(&other), "the runs have other steps");
    let apart = |((_, a), (_, b)): (&(u64, f64), &(u64, f64))| (a - b).abs() / a.abs();
    Ok(one.iter().zip(&other).map(apart).fold(0.0, f64::max))
}

/// Waits until a run has finished a step.
pub fn wait_for_step(run: &Path, step: u64, child: &mut Child) -> Result<()> {
    let begun = Instant::now();
    while losses(run).last().is_none_or(|(last, _)| *last < step) {
        if let Some(status) = child.try_wait()? {
            bail!("the job ended with {status} before step {step}");
        }
        ensure!(begun.elapsed() < Duration::from_secs(600), "no step {step} within 10 minutes");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Kills a process (SIGKILL).
pub fn kill(pid: u32) -> Result<()> {
    let status = Command::new("kill").args(["-KILL", &pid.to_string()]).status()?;
    ensure!(status.success(), "can't kill {pid}");
    Ok(())
}

/// Returns the processes of a program whose command line contains a run's folder.
pub fn processes(program: &str, run: &Path) -> Result<Vec<u32>> {
    let run = run.display().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(line) = fs::read(entry.path().join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).into_owned();
        let words: Vec<&str> = line.split('\0').collect();
        let ours = words.first().is_some_and(|w| w.rsplit('/').next() == Some(program));
        if ours && words.contains(&run.as_str()) {
            found.push(pid);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Returns the value of a variable in the environment of another process.
pub fn variable(pid: u32, name: &str) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.split('\0').find_map(|v| v.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
}

/// Returns the lines of an output that are relevant for the record: those of the launcher and the ranks, without frames
/// and blank lines.
pub fn gist(said: &str) -> String {
    let wanted = |line: &&str| {
        let words =
            ["rank", "error:", "hint:", "mpirun", "exited", "signal", "utterances", "wrote"];
        !line.starts_with("---") && words.iter().any(|w| line.contains(w))
    };
    let root = root().display().to_string() + "/";
    said.lines().filter(wanted).map(|l| l.replace(&root, "") + "\n").collect()
}

/// Returns the processor time of all finished child processes, seconds.
pub fn child_seconds() -> Result<f64> {
    seconds_of(&fs::read_to_string("/proc/self/stat")?)
}

/// Parses the processor time of child processes, seconds, from `/proc/self/stat`: the 14th and 15th field after the
/// program's name, which may contain spaces, in hundredths of a second.
fn seconds_of(stat: &str) -> Result<f64> {
    let (_, after) = stat.rsplit_once(')').context("/proc/self/stat")?;
    let times = after.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    Ok(times.collect::<Result<Vec<_>, _>>()?.iter().sum::<f64>() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_children_is_read_from_the_line_of_the_system() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4 10 20 0 0 300 100 250 50 20 0 1 0 5 6 7";
        assert_eq!(seconds_of(stat).unwrap(), 3.0);
        assert!(seconds_of("nothing").is_err());
        assert!(child_seconds().unwrap() >= 0.0);
    }
}
