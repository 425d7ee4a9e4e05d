//! Requests, and measures that need no judge.

use std::fs;
use std::path::Path;

use syrinx_audio::{AudioError, ReadLimits, UniqueWarnings, WavFormat, write_wav};
use syrinx_metrics::speaker::SpeakerEmbedding;
use syrinx_task::{AnswerKind, Transcript};
use syrinx_types::{Audio, Event, EventSink, IoOperation, RunContext};

use crate::case::{Case, CaseWork};
use crate::run::prompts::Prompts;
use crate::run::{SuiteRun, file_name, spans};
use crate::score::{
    Measures, codec_measures, missing_speech, phone_measures, sounds_of, speech_measures,
    text_measures,
};
use crate::{
    EvalError, Item, Measure, Row, SubjectAnswer, SubjectError, SubjectFault, SubjectRequest,
};

/// Event sink that forwards the model's warnings, each once, and drops its other events.
struct FirstWarnings<'a> {
    warnings: &'a UniqueWarnings,
    sink: &'a dyn EventSink,
}

impl EventSink for FirstWarnings<'_> {
    fn emit(&self, event: Event) {
        if let Event::Warning { message } = event {
            self.warnings.emit(message, self.sink);
        }
    }
}

impl SuiteRun<'_> {
    /// Runs the request, and takes all measures that need no judge.
    pub(super) fn ask(&self, case: &Case, prompts: &Prompts) -> Result<Row, EvalError> {
        let mut row = Row {
            key: case.key.clone(),
            id: case.id.clone(),
            group: case.group.clone(),
            variant: case.variant.clone(),
            seed: case.seed,
            reference: reference(case.item),
            ..Row::default()
        };
        let made = match (&case.what, self.kind) {
            (CaseWork::Levels(levels), Some(_)) => {
                self.ceiling_row(&mut row, case, *levels, prompts)
            }
            (CaseWork::Levels(levels), None) => self.codec_row(&mut row, case.item, *levels),
            (CaseWork::Request(request), Some(AnswerKind::Speech)) => self
                .answer(request, case.draw_seed)
                .map_err(EvalError::from)
                .and_then(|answer| self.speech_row(&mut row, case, &answer, prompts)),
            (CaseWork::Request(request), Some(kind)) => self
                .answer(request, case.draw_seed)
                .and_then(|answer| self.words_row(&mut row, case.item, &answer, kind))
                .map(|()| {
                    row.reference_audio = case.item.audio.as_deref().map(|p| self.relative(p))
                })
                .map_err(EvalError::from),
            (CaseWork::Request(_), None) => {
                Err(SubjectError::from(SubjectFault::CodecRequest).into())
            }
        };
        match made {
            Ok(()) => Ok(row),
            Err(EvalError::Subject(SubjectError::Failed(fault))) => {
                let message = format!("{}: {fault}", row.id);
                self.sink.emit(Event::Warning { message });
                self.fail(&mut row, case, prompts);
                row.error = Some(fault.to_string());
                Ok(row)
            }
            // A full disk or a stop is not the model's fault: the row is computed again.
            Err(error) => Err(error),
        }
    }

    /// Fills in the worst measures for a row without an answer.
    fn fail(&self, row: &mut Row, case: &Case, prompts: &Prompts) {
        row.audio = None;
        row.measures = match self.kind {
            None => missing_speech(None, None),
            Some(AnswerKind::Speech) => {
                let (own, other) = prompts.embeddings(case);
                missing_speech(own, other)
            }
            Some(AnswerKind::Text) => text_measures(case.item, &Transcript::default()),
            Some(AnswerKind::Phones) => phone_measures(case.item, ""),
            Some(AnswerKind::Data) => Measures::new(),
        };
    }

    fn answer(
        &self,
        request: &serde_json::Value,
        seed: u64,
    ) -> Result<SubjectAnswer, SubjectError> {
        let suite = self.suite;
        let ask = SubjectRequest { task: &suite.task, request, decode: &suite.decode, seed };
        let first = FirstWarnings { warnings: &self.warnings, sink: self.sink };
        self.subject.answer(&ask, RunContext::new(self.cancel, &first))
    }

    fn speech_row(
        &self,
        row: &mut Row,
        case: &Case,
        answer: &SubjectAnswer,
        prompts: &Prompts,
    ) -> Result<(), EvalError> {
        let audio = answer.answered.audio().filter(|audio| !audio.samples.is_empty());
        let Some(audio) = audio else {
            return Err(SubjectError::from(SubjectFault::NoSpeech).into());
        };
        let audio: &Audio = &audio;
        let reference = match &case.item.audio {
            Some(path) => Some(self.read(path)?),
            None => None,
        };
        let (own, other) = prompts.embeddings(case);
        let parts = match &self.suite.spans {
            Some(field) => Some(spans::apart(audio, field, &answer.answered.json())?),
            None => None,
        };
        let rest = parts.as_ref().map(|(_, rest)| SpeakerEmbedding::of(rest)).transpose();
        let rest = rest.map_err(SubjectError::from)?;
        let whole = audio.seconds();
        let audio = parts.as_ref().map_or(audio, |(inside, _)| inside);
        row.measures = speech_measures(audio, reference.as_ref(), rest.as_ref().or(own), other);
        let rtf = Measure::Ratio { part: answer.wall_s, whole };
        row.measures.insert("rtf".into(), rtf);
        let first_s = answer.first_audio_s.unwrap_or(answer.wall_s);
        row.measures.insert("first_audio_s".into(), Measure::value(first_s));
        row.reference_audio = case.item.audio.as_deref().map(|p| self.relative(p));
        row.prompt = prompts.path(case).map(|p| self.relative(&p));
        self.keep(row, audio)?;
        if let Some((_, rest)) = &parts {
            row.prompt = Some(self.write(row, "voices", rest)?);
        }
        Ok(())
    }

    /// Measures a recording like an answer, after a round trip through `levels` levels of the codec if `levels` is
    /// above 0.
    fn ceiling_row(
        &self,
        row: &mut Row,
        case: &Case,
        levels: usize,
        prompts: &Prompts,
    ) -> Result<(), EvalError> {
        let Some(path) = &case.item.audio else {
            return Err(SubjectError::from(SubjectFault::NoRecording).into());
        };
        let original = self.read(path)?;
        let audio = match self.codec {
            Some(codec) if levels > 0 => codec.round_trip(&original, levels)?.0,
            _ => original.clone(),
        };
        let (own, other) = prompts.embeddings(case);
        row.measures = speech_measures(&audio, Some(&original), own, other);
        row.reference_audio = Some(self.relative(path));
        row.prompt = prompts.path(case).map(|p| self.relative(&p));
        self.keep(row, &audio)
    }

    fn codec_row(&self, row: &mut Row, item: &Item, levels: usize) -> Result<(), EvalError> {
        let Some(path) = &item.audio else {
            return Err(SubjectError::from(SubjectFault::NoRecording).into());
        };
        let original = self.read(path)?;
        row.reference_audio = Some(self.relative(path));
        let rendition = self.suite.codec.as_ref().and_then(|codec| codec.rendition.as_ref());
        let mut audio = match rendition {
            Some(rendition) => {
                let no_rendition = || {
                    SubjectError::from(SubjectFault::NoRendition { rendition: rendition.clone() })
                };
                self.read(item.renditions.get(rendition).ok_or_else(no_rendition)?)?
            }
            None => original.clone(),
        };
        if let (Some(codec), true) = (self.codec, levels > 0) {
            let (back, wall_s) = codec.round_trip(&audio, levels)?;
            audio = back;
            let rtf = Measure::Ratio { part: wall_s, whole: original.seconds() };
            row.measures.insert("rtf".into(), rtf);
        }
        if levels > 0 || rendition.is_some() {
            row.measures.extend(codec_measures(&audio, &original));
        }
        self.keep(row, &audio)
    }

    pub(super) fn read(&self, path: &Path) -> Result<Audio, SubjectError> {
        let (rate_hz, limits) = (self.subject.sample_rate_hz(), ReadLimits::default());
        Ok(syrinx_audio::load_warned(path, rate_hz, &limits, &mut self.warn())?)
    }

    /// Measures an answer of words or phones.
    fn words_row(
        &self,
        row: &mut Row,
        item: &Item,
        answer: &SubjectAnswer,
        kind: AnswerKind,
    ) -> Result<(), SubjectError> {
        if kind == AnswerKind::Phones {
            let phones = answer.answered.phones().ok_or(SubjectFault::NoPhones)?;
            row.hypothesis = sounds_of(&phones.phones);
            row.measures = phone_measures(item, &row.hypothesis);
            return Ok(());
        }
        if kind == AnswerKind::Data {
            return Err(SubjectFault::NoFigures.into());
        }
        let transcript = answer.answered.transcript().ok_or(SubjectFault::NoTranscript)?;
        row.hypothesis.clone_from(&transcript.text);
        row.measures = text_measures(item, transcript);
        if let Some(audio) = item.audio.as_deref().and_then(|path| self.recording(path).ok()) {
            let rtf = Measure::Ratio { part: answer.wall_s, whole: audio.seconds() };
            row.measures.insert("rtf".into(), rtf);
        }
        Ok(())
    }

    /// Writes the recording of a row.
    fn keep(&self, row: &mut Row, audio: &Audio) -> Result<(), EvalError> {
        row.audio = Some(self.write(row, "audio", audio)?);
        Ok(())
    }

    /// Writes a recording of a row to a folder of the run; returns its name there.
    fn write(&self, row: &Row, folder: &str, audio: &Audio) -> Result<String, EvalError> {
        let place = self.folder.join(folder);
        fs::create_dir_all(&place).map_err(EvalError::io(IoOperation::CreateFolder, &place))?;
        // The key distinguishes rows whose names differ only in characters that file names can't have.
        let name = format!("{folder}/{}-{}.wav", file_name(&row.id), &row.key[..6]);
        let path = self.folder.join(&name);
        match write_wav(&path, audio, WavFormat::Int16) {
            Ok(()) => Ok(name),
            Err(AudioError::Write { cause, .. }) => {
                Err(EvalError::io(IoOperation::Write, &path)(cause))
            }
            // Samples that no file can hold are a fault of the subject.
            Err(error) => Err(SubjectError::from(error).into()),
        }
    }

    /// Returns a path for the report: relative to the suite's folder or the run's, if it is inside one of them.
    fn relative(&self, path: &Path) -> String {
        let suite = std::path::absolute(&self.suite.folder).unwrap_or_default();
        let inside = path.strip_prefix(&self.folder).or_else(|_| path.strip_prefix(&suite));
        inside.unwrap_or(path).display().to_string()
    }
}

/// Returns the reference of a row: words, or the first pronunciation.
fn reference(item: &Item) -> String {
    match item.pronunciations.first() {
        Some(phones) => phones.join(" "),
        None => item.text.clone(),
    }
}
