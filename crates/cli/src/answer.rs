//! Answers on their way out: as text, JSON, subtitles or sound.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use syrinx_audio::{WavFormat, pcm16, wav_header, write_target};
use syrinx_engine::{Chunk, SpeechTrack};
use syrinx_recipes::WrittenSpeech;
use syrinx_task::{AnswerKind, Answered, TaskDescriptor, Transcript, TranscriptDoubt};
use syrinx_text::subtitles;
use syrinx_types::{Audio, WordTime};

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// Output format of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// The field `text`.
    Text,
    /// Everything.
    Json,
    /// `SubRip`.
    Srt,
    /// `WebVTT`.
    Vtt,
    /// A line a word: start, end, word.
    Times,
    /// A field of the answer; where the request lacked the field of the second name, that one.
    Field(String, &'static str),
    /// Sound, and JSON about it with `--json`.
    Wav(WavFormat, bool),
}

impl Form {
    /// Returns the form of a task's answers that flags ask for.
    pub fn of(descriptor: &TaskDescriptor, form: &str, json: bool) -> Self {
        match (descriptor.answer, form) {
            (AnswerKind::Speech, "float32") => Self::Wav(WavFormat::Float32, json),
            (AnswerKind::Speech, _) => Self::Wav(WavFormat::Int16, json),
            (_, _) if json => Self::Json,
            (_, "json") => Self::Json,
            (AnswerKind::Text, "srt") => Self::Srt,
            (AnswerKind::Text, "vtt") => Self::Vtt,
            (AnswerKind::Text | AnswerKind::Data, _) => Self::Text,
            (AnswerKind::Phones, field) => {
                Self::Field(field.to_owned(), descriptor.verb.positional)
            }
        }
    }

    fn extension(&self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
            Self::Wav(..) => "wav",
            Self::Text | Self::Times | Self::Field(..) => "txt",
        }
    }
}

/// Whether an output is a folder; one that is named with a slash at its end is made.
fn is_folder(out: &Path) -> Outcome<bool> {
    if out.as_os_str().as_encoded_bytes().last() == Some(&b'/') {
        std::fs::create_dir_all(out)
            .map_err(|e| Failure::writing(&out.display().to_string(), &e))?;
    }
    Ok(out.is_dir())
}

/// Returns the file that an output names: itself, or in a folder the file of the source's name with an ending. The
/// source `-` gives `out`.
pub fn file_of(out: &Path, source: &str, extension: &str) -> Outcome<PathBuf> {
    if !is_folder(out)? {
        return Ok(out.to_owned());
    }
    let stem = Path::new(source).file_stem().filter(|_| source != "-");
    let stem = stem.map_or("out".into(), |stem| stem.to_string_lossy());
    Ok(out.join(format!("{stem}.{extension}")))
}

/// Destination of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Standard,
    /// One file.
    File(PathBuf),
    /// Files in a folder, named after the recordings.
    Folder(PathBuf),
}

impl Destination {
    /// Checks where answers are to go.
    pub fn new(kind: AnswerKind, out: Option<&str>, requests: usize, form: &Form) -> Outcome<Self> {
        use std::io::IsTerminal as _;
        let out = match out {
            None | Some("-") => {
                if kind == AnswerKind::Speech && std::io::stdout().is_terminal() {
                    return Err(Failure::usage(
                        "standard output is a terminal, which can't play a WAV file",
                        "name a file with -o, or pipe the sound to a player",
                    ));
                }
                if requests > 1 && matches!(form, Form::Srt | Form::Vtt | Form::Wav(..)) {
                    return Err(Failure::usage(
                        format!("{requests} files can't be one .{} file", form.extension()),
                        "name a folder with -o",
                    ));
                }
                return Ok(Self::Standard);
            }
            Some(out) => PathBuf::from(out),
        };
        if is_folder(&out)? {
            return Ok(Self::Folder(out));
        }
        if requests > 1 {
            return Err(Failure::usage(
                format!("{} is no folder, and there are {requests} files", out.display()),
                "name a folder with -o, as in -o answers/",
            ));
        }
        Ok(Self::File(out))
    }

    /// Refuses recordings whose answers would be one file of the folder.
    pub fn check_distinct<'n>(&self, names: impl Iterator<Item = &'n str>, form: &Form) -> Outcome {
        let mut paths = BTreeSet::new();
        for name in names.filter(|name| Path::new(name).is_file()) {
            let path = self.path(name, form).filter(|_| matches!(self, Self::Folder(_)));
            if let Some(path) = path.filter(|path| !paths.insert(path.clone())) {
                return Err(Failure::usage(
                    format!("the answers to two recordings would be {}", path.display()),
                    "give recordings of one name folders of their own with -o",
                ));
            }
        }
        Ok(())
    }

    /// Whether the answer to a request of this name is in a folder already.
    pub fn holds(&self, name: &str, form: &Form) -> bool {
        matches!(self, Self::Folder(_)) && self.path(name, form).is_some_and(|p| p.is_file())
    }

    /// Returns the file of the answer to a request of this name; none for standard output.
    pub fn path(&self, name: &str, form: &Form) -> Option<PathBuf> {
        match self {
            Self::Standard => None,
            Self::File(path) => Some(path.clone()),
            Self::Folder(folder) => {
                // A text is no file name; a recording's stem is.
                let stem = Path::new(name).file_stem().filter(|_| Path::new(name).is_file());
                let stem = stem.map_or("out".into(), |s| s.to_string_lossy().into_owned());
                Some(folder.join(format!("{stem}.{}", form.extension())))
            }
        }
    }
}

/// Returns the name of a request among others: that of its recording.
pub fn name_of<'r>(descriptor: &TaskDescriptor, request: &'r Value) -> &'r str {
    request.get(descriptor.verb.positional).and_then(Value::as_str).unwrap_or_default()
}

/// Warns of a recording without words, and of recognized words that are likely to be wrong.
pub fn warn_of_doubt(
    session: &Session,
    descriptor: &TaskDescriptor,
    request: &Value,
    transcript: &Transcript,
) {
    let known_text = descriptor.capabilities.known_text;
    let recognized = known_text.is_none_or(|field| request[field].is_null());
    if let Some(doubt) = transcript.doubt()
        && (recognized || doubt == TranscriptDoubt::NoSpeech)
    {
        session.say(&format!("warning: {}: {doubt}", name_of(descriptor, request)));
    }
}

/// Returns an answer as text: its transcript, its own text form, or JSON.
pub fn text_of(answered: &Answered) -> String {
    answered.lines().unwrap_or_else(|| answered.json().to_string())
}

/// Returns the times of the words in an answer.
pub fn words_of(answered: &Answered) -> &[WordTime] {
    answered.transcript().map_or(&[], |transcript| &transcript.words)
}

/// Writes an answer and reports its files.
pub fn write(
    session: &Session,
    answered: &Answered,
    form: &Form,
    to: &Destination,
    name: &str,
) -> Outcome<String> {
    if let Form::Wav(format, json) = form {
        return sound(session, answered, *format, *json, to, form, name);
    }
    let text = match form {
        Form::Json => {
            let mut json = answered.json();
            if let (Some(fields), true) = (json.as_object_mut(), Path::new(name).is_file()) {
                fields.insert("file".into(), json!(name));
            }
            let text = if *to == Destination::Standard {
                serde_json::to_string(&json)
            } else {
                serde_json::to_string_pretty(&json)
            };
            text.map_err(|e| {
                Failure::new(Exit::Unexpected, format!("an answer that is no JSON: {e}"))
            })?
        }
        Form::Srt => subtitles::srt(words_of(answered)),
        Form::Vtt => subtitles::vtt(words_of(answered)),
        Form::Times => words_of(answered)
            .iter()
            .map(|w| format!("{:8.3} {:8.3}  {}", w.start_s, w.end_s, w.word))
            .collect::<Vec<_>>()
            .join("\n"),
        Form::Field(field, positional) => {
            // For the inverse request (phones to text) the answer is the field that the request lacks.
            let field =
                if name.is_empty() && field == "phones" { positional } else { field.as_str() };
            answered.json()[field].as_str().unwrap_or_default().to_owned()
        }
        Form::Text | Form::Wav(..) => text_of(answered),
    };
    match to.path(name, form) {
        None => session.print(&text).map(|()| "printed".into()),
        Some(path) => {
            write_text(&path, &text)?;
            session.say(&format!("wrote {}", path.display()));
            Ok(format!("in {}", path.display()))
        }
    }
}

fn sound(
    session: &Session,
    answered: &Answered,
    format: WavFormat,
    json: bool,
    to: &Destination,
    form: &Form,
    name: &str,
) -> Outcome<String> {
    let path = to.path(name, form);
    let recordings = answered.recordings();
    if recordings.is_empty() {
        return Err(Failure::new(Exit::Unexpected, "the answer has no recording"));
    }
    let mut written = Vec::new();
    for (i, (field, audio)) in recordings.iter().enumerate() {
        let target = match &path {
            None if i == 0 => "-".to_owned(),
            // Only one recording fits on standard output.
            None => continue,
            Some(path) if i == 0 => path.display().to_string(),
            Some(path) => sibling(path, field).display().to_string(),
        };
        write_target(&target, audio, format)?;
        written.push((field.clone(), target, audio.seconds()));
    }
    tell(session, answered, json && path.is_some(), &written)
}

/// Tells of a recording that was written while it was made.
pub fn report(
    session: &Session,
    answered: &Answered,
    form: &Form,
    written: &WrittenSpeech,
) -> Outcome<String> {
    let written = ("audio".to_owned(), written.path.display().to_string(), written.seconds);
    tell(session, answered, matches!(form, Form::Wav(_, true)), &[written])
}

/// Tells of the written recordings of an answer, each with its field, file and length in seconds.
fn tell(
    session: &Session,
    answered: &Answered,
    json: bool,
    written: &[(String, String, f64)],
) -> Outcome<String> {
    let mut about = answered.json();
    let mut kept = Vec::new();
    for (field, target, seconds) in written {
        about[field] = json!(target);
        kept.push(format!("{target} ({seconds:.2} s)"));
    }
    let kept = kept.join(", ");
    if json {
        session.print_json(&about)?;
    } else {
        let voice = answered.speech().and_then(|speech| speech.voice.as_deref());
        let voice = voice.map(|v| format!(", voice {v}")).unwrap_or_default();
        session.say(&format!("wrote {kept}{voice}"));
    }
    if answered.speech().is_some_and(|speech| !speech.complete) {
        session.say("warning: the speech may be cut short; try another --seed, or --best-of 4");
    }
    Ok(format!("in {kept}"))
}

/// `talk.wav` and `background` make `talk-background.wav`.
fn sibling(path: &Path, field: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{field}.wav"))
}

/// Writes a text and a line end, whole or not at all; to a device as it is.
pub fn write_text(path: &Path, text: &str) -> Outcome {
    write_bytes(path, format!("{text}\n").as_bytes())
}

/// Writes a file, whole or not at all; to a device as it is.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Outcome {
    syrinx_engine::write_atomic(path, bytes).map_err(Failure::from)
}

/// Sound to standard output, part by part, as a WAV file of unknown length.
#[derive(Default)]
pub struct StreamWriter {
    has_header: bool,
    track: SpeechTrack,
}

impl StreamWriter {
    /// Writes further samples of a chunk that begins at a time.
    pub fn sound(&mut self, start_s: f64, samples: &[f32], sample_rate_hz: u32) -> Outcome {
        let samples = self.track.portion(start_s, samples, sample_rate_hz);
        self.write(&Audio { samples, sample_rate_hz })
    }

    /// Writes the rest of a chunk.
    pub fn push(&mut self, chunk: &Chunk) -> Outcome {
        self.track.rest(chunk).map_or(Ok(()), |rest| self.write(&rest))
    }

    fn write(&mut self, audio: &Audio) -> Outcome {
        let mut bytes = Vec::new();
        if !std::mem::replace(&mut self.has_header, true) {
            bytes.extend(wav_header(audio.sample_rate_hz, None));
        }
        bytes.extend(pcm16(&audio.samples));
        let mut out = std::io::stdout().lock();
        out.write_all(&bytes)
            .and_then(|()| out.flush())
            .map_err(|e| Failure::writing("standard output", &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_of_one_name_do_not_share_a_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let recording = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            std::fs::write(&path, "").expect("it is written");
            path.display().to_string()
        };
        let (one, other, third) =
            (recording("a/x.wav"), recording("b/x.flac"), recording("b/y.wav"));
        let to = Destination::Folder(folder.path().to_owned());
        let check = |names: &[&str], to: &Destination| {
            to.check_distinct(names.iter().copied(), &Form::Text).is_ok()
        };
        assert!(check(&[&one, &third], &to));
        assert!(!check(&[&one, &other], &to));
        assert!(check(&[&one, &other], &Destination::Standard));
        // Missing recordings are reported by what reads them.
        assert!(check(&["nowhere/a.wav", "nowhere/b.wav"], &to));
    }
}
