//! Running the program on a bench: a folder of its own, the tiny model, no settings of the person who runs the tests.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::tiny;

/// The tiny model's file, made once.
pub fn model() -> &'static Path {
    static MODEL: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let made = MODEL.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = tiny::write_model(folder.path());
        (folder, path)
    });
    &made.1
}

/// A folder to work in.
pub struct Bench {
    folder: tempfile::TempDir,
}

/// Outcome of a run of the program.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("the folder can be written");
        path
    }

    /// Recordings of these lengths by two speakers in turn, and their manifest `corpus.jsonl`.
    pub fn corpus(&self, seconds: impl IntoIterator<Item = f64>) {
        let mut lines = String::new();
        for (i, seconds) in seconds.into_iter().enumerate() {
            self.write(&format!("u{i}.wav"), buzz_wav(seconds));
            let line = serde_json::json!({
                "id": format!("u{i}"), "audio": format!("u{i}.wav"), "speaker": format!("s{}", i % 2),
                "text": "Oh, no.", "split": "train",
            });
            lines.push_str(&format!("{line}\n"));
        }
        self.write("corpus.jsonl", lines);
    }

    /// The program with these arguments and nothing else: no model, no terminal.
    pub fn plain(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syrinx"));
        command.args(args).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SYRINX_") {
                command.env_remove(name);
            }
        }
        command.env("XDG_DATA_HOME", self.path("data")).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The program with the tiny model.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.plain(args);
        command.arg("--model").arg(model());
        command
    }

    /// Runs the program with the tiny model.
    pub fn run(&self, args: &[&str]) -> Ended {
        finish(self.command(args), b"")
    }

    /// Runs the program and checks its failure: the exit code, the message, a hint and no panic.
    pub fn fails(&self, args: &[&str], code: i32, expected: &[&str]) -> Ended {
        let ended = self.run(args);
        ended.failed(code, expected);
        ended
    }
}

/// Waits for a program that is given `input`.
pub fn finish(mut command: Command, input: &[u8]) -> Ended {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().expect("the program starts");
    if let Some(mut stdin) = child.stdin.take() {
        // A program that has seen enough may close its input.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().expect("the program ends");
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ended {
    pub fn failed(&self, code: i32, expected: &[&str]) {
        assert!(!self.err.contains("panicked"), "{}", self.err);
        assert_eq!(self.code, code, "{}", self.err);
        assert!(self.err.contains("error: ") && self.err.contains("\nhint: "), "{}", self.err);
        for text in expected {
            assert!(self.err.contains(text), "no `{text}` in:\n{}", self.err);
        }
    }

    pub fn worked(&self) -> &Self {
        assert_eq!(self.code, 0, "{}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

/// Samples of a WAV file.
pub enum Samples<'a> {
    U8(&'a [u8]),
    Int16(&'a [i16]),
    Float32(&'a [f32]),
}

/// A WAV file.
pub fn wav(rate_hz: u32, channels: u16, samples: &Samples<'_>) -> Vec<u8> {
    let (tag, bits, data): (u16, u16, Vec<u8>) = match samples {
        Samples::U8(s) => (1, 8, s.to_vec()),
        Samples::Int16(s) => (1, 16, s.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Samples::Float32(s) => (3, 32, s.iter().flat_map(|x| x.to_le_bytes()).collect()),
    };
    let align = channels * bits / 8;
    let mut bytes = Vec::with_capacity(44 + data.len());
    bytes.extend(b"RIFF");
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz * u32::from(align)).to_le_bytes());
    bytes.extend(align.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

/// Speech-like sound as a WAV file.
pub fn buzz_wav(seconds: f64) -> Vec<u8> {
    let audio = tiny::buzz(seconds, 24_000);
    let samples: Vec<i16> = audio.samples.iter().map(|x| (x * 30_000.0) as i16).collect();
    wav(audio.sample_rate_hz, 1, &Samples::Int16(&samples))
}
