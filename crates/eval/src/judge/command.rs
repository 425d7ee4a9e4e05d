//! Judge that is a program: JSON lines in, JSON lines out.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Map, Value};
use syrinx_audio::AudioWarning;
use syrinx_types::{CancelToken, IoOperation};

use crate::judge::tenths::tenths;
use crate::judge::{Judge, JudgeLine, Verdict};
use crate::score::{WordScore, score_words};
use crate::store::write_whole;
use crate::{EvalError, JudgeFault, SubjectError};

/// Field of the transcript.
const TRANSCRIPT: &str = "heard";

/// Fields that are not figures.
const COUNTS: [&str; 5] = ["errors", "words", "char_errors", "chars", "fail"];

/// Figure of judges that compare voices: the similarity of recording and prompt.
const SIMILARITY: &str = "sim";

/// Interval between polls of a running judge.
const POLL: Duration = Duration::from_millis(50);

/// Judge that runs a shell command with the placeholders `{list}` and `{out}`.
pub(crate) struct CommandJudge {
    name: String,
    command: String,
    folder: PathBuf,
}

impl CommandJudge {
    pub(crate) fn new(name: &str, command: &str, folder: &Path) -> Self {
        Self { name: name.into(), command: command.into(), folder: folder.to_path_buf() }
    }

    fn fault(&self, fault: JudgeFault) -> EvalError {
        EvalError::Judge { name: self.name.clone(), fault }
    }

    /// Runs the command and returns its standard output.
    fn run(&self, list: &Path, out: &Path, cancel: &CancelToken) -> Result<String, EvalError> {
        let mut command = self.command.clone();
        if !command.contains("{list}") {
            command.push_str(" {list}");
        }
        let command = command.replace("{list}", &quoted(list)).replace("{out}", &quoted(out));
        let mut child = Command::new("sh")
            .args(["-c", &command])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|cause| self.fault(JudgeFault::Start { command: command.clone(), cause }))?;
        let Some(mut pipe) = child.stdout.take() else {
            return Err(self.fault(JudgeFault::Output));
        };
        // Output is read in parallel, so that a judge that prints more than a pipe holds does not block.
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let status = self.wait(&mut child, cancel)?;
        let printed = reader.join().map_err(|_| self.fault(JudgeFault::Output))?;
        if status.success() {
            return Ok(printed);
        }
        Err(self.fault(JudgeFault::Failed { command, status }))
    }

    fn wait(
        &self,
        child: &mut Child,
        cancel: &CancelToken,
    ) -> Result<std::process::ExitStatus, EvalError> {
        loop {
            if let Some(status) = child.try_wait().map_err(|e| self.fault(JudgeFault::Wait(e)))? {
                return Ok(status);
            }
            if cancel.is_cancelled() {
                let _ = child.kill();
                let _ = child.wait();
                return Err(SubjectError::Cancelled.into());
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Judge for CommandJudge {
    fn name(&self) -> &str {
        &self.name
    }

    fn batch(&self) -> usize {
        usize::MAX
    }

    fn judge(
        &self,
        lines: &[JudgeLine],
        cancel: &CancelToken,
        warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<Vec<Verdict>, EvalError> {
        let mut verdicts = self.ask(lines, cancel)?;
        let knows_voices = verdicts.iter().any(|verdict| verdict.figures.contains_key(SIMILARITY));
        if !knows_voices {
            return Ok(verdicts);
        }
        self.measure_drift(lines, &mut verdicts, cancel, warn)?;
        if lines.iter().all(|line| line.rival.is_none()) {
            return Ok(verdicts);
        }
        let rivals: Vec<JudgeLine> = lines
            .iter()
            .map(|line| JudgeLine { prompt: line.rival.clone(), ..line.clone() })
            .collect();
        for (verdict, rival) in verdicts.iter_mut().zip(self.ask(&rivals, cancel)?) {
            if let (Some(own), Some(other)) = (similar(verdict), similar(&rival)) {
                verdict.figures.insert("rival_sim".into(), other);
                verdict.figures.insert("own_voice".into(), f64::from(u8::from(own > other)));
            }
        }
        Ok(verdicts)
    }
}

fn similar(verdict: &Verdict) -> Option<f64> {
    verdict.figures.get(SIMILARITY).copied()
}

impl CommandJudge {
    /// Measures drift in long recordings: the loss of similarity to the reference voice from the first tenth to the
    /// last.
    fn measure_drift(
        &self,
        lines: &[JudgeLine],
        verdicts: &mut [Verdict],
        cancel: &CancelToken,
        warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<(), EvalError> {
        let folder = self.folder.join(format!("judge-{}-tenths", self.name));
        fs::create_dir_all(&folder).map_err(EvalError::io(IoOperation::CreateFolder, &folder))?;
        let (mut asked, mut of) = (Vec::new(), Vec::new());
        for (i, line) in lines.iter().enumerate() {
            if let Some(both) = tenths(line, i, &folder, warn)? {
                asked.extend(both);
                of.push(i);
            }
        }
        if !asked.is_empty() {
            let transcript = self.ask(&asked, cancel)?;
            for (&i, both) in of.iter().zip(transcript.chunks_exact(2)) {
                if let (Some(first), Some(last)) = (similar(&both[0]), similar(&both[1])) {
                    verdicts[i].figures.insert("drift".into(), first - last);
                }
            }
        }
        fs::remove_dir_all(&folder).map_err(EvalError::io(IoOperation::Remove, &folder))
    }

    /// Returns the judge's result for every line.
    fn ask(&self, lines: &[JudgeLine], cancel: &CancelToken) -> Result<Vec<Verdict>, EvalError> {
        let list = self.folder.join(format!("judge-{}.jsonl", self.name));
        let out = self.folder.join(format!("judge-{}-out.jsonl", self.name));
        let mut text = String::new();
        for line in lines {
            let json = serde_json::to_string(line).map_err(|cause| {
                self.fault(JudgeFault::WriteLine { recording: line.wav.clone(), cause })
            })?;
            text.push_str(&json);
            text.push('\n');
        }
        write_whole(&list, text.as_bytes())?;
        // Removes the output of an earlier run, which would be read as the result of this run.
        let _ = fs::remove_file(&out);
        let mut said = self.run(&list, &out, cancel)?;
        if self.command.contains("{out}") {
            said = fs::read_to_string(&out).map_err(EvalError::io(IoOperation::Read, &out))?;
        }
        let said = parse(&said);
        if said.is_empty() && !lines.is_empty() {
            return Err(self.fault(JudgeFault::NoVerdicts));
        }
        Ok(lines.iter().map(|line| verdict(said.get(&line.wav), line)).collect())
    }
}

/// Parses results by recording. Other lines (progress, totals) are skipped.
fn parse(text: &str) -> HashMap<PathBuf, Map<String, Value>> {
    let objects = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    objects
        .filter_map(|value| match value {
            Value::Object(map) => {
                let wav = map.get("wav")?.as_str()?.into();
                Some((wav, map))
            }
            _ => None,
        })
        .collect()
}

fn verdict(said: Option<&Map<String, Value>>, line: &JudgeLine) -> Verdict {
    let Some(said) = said else { return Verdict::all_wrong(&line.text) };
    let transcript = said.get(TRANSCRIPT).and_then(Value::as_str).map(str::to_owned);
    let count = |name: &str| said.get(name).and_then(Value::as_f64);
    let words = match (count("errors"), count("words")) {
        (Some(errors), Some(words)) => Some(WordScore {
            errors,
            words,
            char_errors: count("char_errors").unwrap_or_default(),
            chars: count("chars").unwrap_or_default(),
            failed: said.get("fail").and_then(Value::as_bool).unwrap_or(errors > 0.5 * words),
            ..WordScore::default()
        }),
        _ => transcript.as_deref().map(|transcript| score_words(&line.text, transcript)),
    };
    let figures: BTreeMap<_, _> = said
        .iter()
        .filter(|(key, _)| !COUNTS.contains(&key.as_str()))
        .filter_map(|(key, value)| Some((key.clone(), value.as_f64()?)))
        .collect();
    Verdict { transcript, words, figures, ..Verdict::default() }
}

/// Returns a path as one word of a shell command.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<JudgeLine> {
        ["/a b.wav", "/c'd.wav", "/e.wav"]
            .into_iter()
            .map(|wav| JudgeLine {
                wav: wav.into(),
                text: "two words".into(),
                prompt: None,
                rival: None,
                group: "g".into(),
            })
            .collect()
    }

    fn ask(command: &str) -> Result<Vec<Verdict>, EvalError> {
        let folder = tempfile::Builder::new().prefix("with 'quote").tempdir().unwrap();
        let judge = CommandJudge::new("judge", command, folder.path());
        judge.judge(&lines(), &CancelToken::default(), &mut |_| {})
    }

    fn wer(verdict: &Verdict) -> Option<(f64, f64)> {
        verdict.words.as_ref().map(|w| (w.errors, w.words))
    }

    #[test]
    fn transcripts_and_counts_become_verdicts_and_silence_is_all_wrong() {
        let script = r#"
            echo 'progress 1/3'
            echo '{"wav": "/a b.wav", "heard": "two birds", "ovr": 3.1}'
            echo "{\"wav\": \"/c'd.wav\", \"errors\": 0, \"words\": 2, \"chars\": 9, \"char_errors\": 0}"
            echo '{"group": "all", "wer": 0.5}' #"#;
        let verdicts = ask(script).unwrap();
        assert_eq!(wer(&verdicts[0]), Some((1.0, 2.0)));
        assert_eq!(verdicts[0].figures["ovr"], 3.1);
        assert_eq!(wer(&verdicts[1]), Some((0.0, 2.0)));
        assert_eq!(wer(&verdicts[2]), Some((2.0, 2.0)), "it returned nothing for the third");
    }

    #[test]
    fn list_and_out_are_files_whatever_the_folder_is_called() {
        let verdicts = ask(r#"sed 's/}$/, "heard": "two words"}/' {list} > {out}; echo noise"#);
        let verdicts = verdicts.unwrap();
        assert!(verdicts.iter().all(|v| wer(v) == Some((0.0, 2.0))), "{verdicts:?}");
    }

    #[test]
    fn a_judge_that_knows_voices_is_asked_of_rivals_too() {
        let folder = tempfile::tempdir().unwrap();
        // The longer the name of the prompt, the more similar it is.
        let script = r#"sed -E 's/.*"wav":"([^"]*)".*"prompt":"(\/long|\/s)[^"]*".*/{"wav":"\1","sim":"\2"}/; s/"\/long"/0.9/; s/"\/s"/0.5/' {list}"#;
        let judge = CommandJudge::new("judge", script, folder.path());
        let with = |prompt: &str, rival: &str| JudgeLine {
            prompt: Some(prompt.into()),
            rival: Some(rival.into()),
            ..lines()[0].clone()
        };
        for (line, own) in [(with("/long.wav", "/s.wav"), 1.0), (with("/s.wav", "/long.wav"), 0.0)]
        {
            let verdicts = judge.judge(&[line], &CancelToken::default(), &mut |_| {}).unwrap();
            let figures = &verdicts[0].figures;
            assert_eq!(figures["own_voice"], own, "{figures:?}");
            assert!((figures["sim"] + figures["rival_sim"] - 1.4).abs() < 1e-9, "{figures:?}");
        }
    }

    #[test]
    fn voice_drift_is_measured_in_long_recordings() {
        let folder = tempfile::tempdir().unwrap();
        let script =
            r#"sed -E 's/.*"wav":"([^"]*)".*/{"wav":"\1","sim":0.8}/; /first/s/0.8/0.9/' {list}"#;
        let judge = CommandJudge::new("judge", script, folder.path());
        let transcript = |seconds: f64| {
            let wav = folder.path().join(format!("{seconds}.wav"));
            let audio = syrinx_types::Audio::silence(seconds, 8_000);
            syrinx_audio::write_wav(&wav, &audio, syrinx_audio::WavFormat::Int16).unwrap();
            let line = JudgeLine { wav, prompt: Some("/p.wav".into()), ..lines()[0].clone() };
            judge.judge(&[line], &CancelToken::default(), &mut |_| {}).unwrap()[0]
                .figures
                .get("drift")
                .copied()
        };
        assert!((transcript(61.0).unwrap() - 0.1).abs() < 1e-9);
        assert_eq!(transcript(59.0), None);
        assert!(!folder.path().join("judge-judge-tenths").exists());
    }

    #[test]
    fn a_truncated_recording_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let wav = folder.path().join("a.wav");
        let audio = syrinx_types::Audio::silence(70.0, 8_000);
        syrinx_audio::write_wav(&wav, &audio, syrinx_audio::WavFormat::Int16).unwrap();
        // 44 bytes of header, 61 s of two bytes a sample.
        let bytes = fs::read(&wav).unwrap();
        fs::write(&wav, &bytes[..44 + 2 * 61 * 8_000]).unwrap();
        let script = r#"sed -E 's/.*"wav":"([^"]*)".*/{"wav":"\1","sim":0.8}/' {list}"#;
        let judge = CommandJudge::new("judge", script, folder.path());
        let (prompt, mut warnings) = (Some("/p.wav".into()), Vec::new());
        let line = JudgeLine { wav: wav.clone(), prompt, ..lines()[0].clone() };
        let mut warn = |warning: AudioWarning| warnings.push(warning);
        judge.judge(&[line], &CancelToken::default(), &mut warn).unwrap();
        let (name, got, expected) = (wav.display().to_string(), 61 * 8_000, 70 * 8_000);
        assert_eq!(warnings, [AudioWarning::Truncated { name, got, expected }]);
    }

    #[test]
    fn a_judge_that_fails_says_so() {
        let message = |command| ask(command).unwrap_err().to_string();
        assert!(message("false").contains("ended with exit status: 1"), "{}", message("false"));
        assert!(message("echo").contains("no result for any recording"));
        assert!(
            message("true {out}").contains("judge-judge-out.jsonl"),
            "{}",
            message("true {out}")
        );
    }

    #[test]
    fn a_running_judge_can_be_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = CancelToken::default();
        cancel.cancel();
        let judge = CommandJudge::new("judge", "exec sleep 60 #", folder.path());
        let stopped = judge.judge(&lines(), &cancel, &mut |_| {}).unwrap_err();
        assert!(matches!(stopped, EvalError::Subject(SubjectError::Cancelled)), "{stopped}");
    }
}
