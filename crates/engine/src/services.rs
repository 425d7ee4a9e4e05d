//! The model's own services: codec, voices, and tasks that serve other tasks.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use syrinx_audio::{AudioError, AudioWarning, ReadLimits, Recording};
use syrinx_codec::{Codec, CodecError};
use syrinx_decode::{DecodeConfig, generate};
use syrinx_model::LanguageModel;
use syrinx_task::{
    AnswerKind, Answered, Capabilities, Context, DynTask, LongRecording, Opened, PhoneRecognizer,
    Recognizer, RecordingIssue, Recordings, Request, Separator, Service, Services, SpeechCodec,
    Stem, TaskError, Transcript,
};
use syrinx_types::{Audio, Coded, Codes, Event, Latents, RunContext, SpectralGain};

use crate::VoiceTable;
use crate::phone_stage::{ModelPhones, PhoneStage, failed};
use crate::running::LoadedTask;

/// The model's codec as a service.
pub(crate) struct ModelCodec(pub(crate) Arc<dyn Codec>);

impl SpeechCodec for ModelCodec {
    fn sample_rate_hz(&self) -> u32 {
        self.0.info().sample_rate_hz
    }

    fn frame_rate_hz(&self) -> f64 {
        self.0.info().frame_rate_hz
    }

    fn encode(&self, audio: &Audio, run: RunContext<'_>) -> Result<Codes, TaskError> {
        stoppable(run, || self.0.encode(audio).map_err(of_codec))
    }

    fn encode_with_latents(&self, audio: &Audio, run: RunContext<'_>) -> Result<Coded, TaskError> {
        let coded = stoppable(run, || self.0.encode_with_latents(audio).map_err(of_codec))?;
        let latents = coded.latents.as_ref().map(Latents::values);
        check_finite(latents.unwrap_or_default(), "latents")?;
        Ok(coded)
    }

    fn latents(&self, audio: &Audio, run: RunContext<'_>) -> Result<Option<Latents>, TaskError> {
        let latents = stoppable(run, || self.0.latents(audio).map_err(of_codec))?;
        check_finite(latents.as_ref().map(Latents::values).unwrap_or_default(), "latents")?;
        Ok(latents)
    }

    fn decode(&self, codes: &Codes, run: RunContext<'_>) -> Result<Audio, TaskError> {
        let audio = stoppable(run, || {
            let decoded = self.0.decode_while(codes, &|| !run.is_cancelled()).map_err(of_codec)?;
            decoded.ok_or(TaskError::Cancelled)
        })?;
        check_finite(&audio.samples, "samples")?;
        Ok(audio)
    }

    fn attenuate(
        &self,
        audio: &Audio,
        latents: &[f32],
        gain: SpectralGain,
        run: RunContext<'_>,
    ) -> Result<Option<Audio>, TaskError> {
        let attenuated =
            stoppable(run, || self.0.attenuated(audio, latents, gain).map_err(of_codec))?;
        if let Some(audio) = &attenuated {
            check_finite(&audio.samples, "samples")?;
        }
        Ok(attenuated)
    }
}

fn of_codec(error: CodecError) -> TaskError {
    TaskError::service(Service::Codec, error)
}

/// Runs work that cannot be interrupted; returns an error if the run was cancelled before or during it.
fn stoppable<T>(
    run: RunContext<'_>,
    work: impl FnOnce() -> Result<T, TaskError>,
) -> Result<T, TaskError> {
    if run.is_cancelled() {
        return Err(TaskError::Cancelled);
    }
    let done = work()?;
    if run.is_cancelled() { Err(TaskError::Cancelled) } else { Ok(done) }
}

/// Checks that values of the codec are finite.
fn check_finite(values: &[f32], what: &str) -> Result<(), TaskError> {
    if values.iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    Err(TaskError::Service {
        service: Service::Codec,
        cause: format!("the codec returns {what} that are not finite").into(),
        hint: Some("use another model or codec".into()),
    })
}

/// A long recording as a service.
struct Long(Recording);

impl LongRecording for Long {
    fn seconds(&self) -> f64 {
        self.0.seconds()
    }

    fn cuts(&self, max_s: f64) -> Result<Vec<(f64, f64)>, TaskError> {
        self.0.chunks(max_s).map_err(unreadable)
    }

    fn slice(&self, start_s: f64, end_s: f64) -> Result<Audio, TaskError> {
        self.0.slice(start_s, end_s).map_err(unreadable)
    }
}

/// Recordings in files, and on standard input.
pub(crate) struct Files {
    limits: ReadLimits,
    /// Whether requests may name files and standard input.
    readable: bool,
}

impl Files {
    /// Returns the name of a recording that may be read.
    fn name<'p>(&self, path: &'p Path) -> Result<Cow<'p, str>, TaskError> {
        let name = path.to_string_lossy();
        if !self.readable {
            return Err(RecordingIssue::NotByName.into());
        }
        if name.is_empty() {
            return Err(RecordingIssue::NoName.into());
        }
        Ok(name)
    }
}

fn unreadable(error: AudioError) -> TaskError {
    let hint = error.hint().map(Cow::into_owned);
    TaskError::Service { service: Service::Recordings, cause: error.into(), hint }
}

/// Emits the faults of a recording as warnings.
fn warnings(run: RunContext<'_>) -> impl FnMut(AudioWarning) {
    move |warning| run.events.emit(Event::Warning { message: warning.to_string() })
}

impl Recordings for Files {
    fn open(
        &self,
        path: &Path,
        rate_hz: u32,
        run: RunContext<'_>,
    ) -> Result<Opened<'static>, TaskError> {
        let name = self.name(path)?;
        let recording = stoppable(run, || {
            syrinx_audio::open_source(&name, Some(rate_hz), &self.limits, &mut warnings(run))
                .map_err(unreadable)
        })?;
        Ok(match recording.into_memory() {
            Ok(audio) => Opened::Memory(Cow::Owned(audio)),
            Err(recording) => Opened::Long(Arc::new(Long(recording))),
        })
    }

    fn read(&self, path: &Path, rate_hz: u32, run: RunContext<'_>) -> Result<Audio, TaskError> {
        let name = self.name(path)?;
        stoppable(run, || {
            syrinx_audio::load_source_warned(&name, rate_hz, &self.limits, &mut warnings(run))
                .map_err(unreadable)
        })
    }

    fn resample(
        &self,
        audio: &Audio,
        rate_hz: u32,
        run: RunContext<'_>,
    ) -> Result<Audio, TaskError> {
        stoppable(run, || {
            syrinx_audio::resample(audio, rate_hz)
                .map_err(|e| TaskError::service(Service::Recordings, e))
        })
    }
}

impl syrinx_task::Voices for VoiceTable {
    fn names(&self) -> Vec<String> {
        VoiceTable::names(self)
    }

    fn prompt(&self, name: &str) -> Result<Codes, TaskError> {
        self.codes(name).map_err(|error| {
            let hint = error.hint();
            let cause = error.into();
            TaskError::Service { service: Service::Voices, cause, hint }
        })
    }

    fn excerpt(
        &self,
        audio: &Audio,
        name: &str,
        longest_s: f64,
        run: RunContext<'_>,
    ) -> Result<Audio, TaskError> {
        self.excerpt_within(audio, name, longest_s, &mut warnings(run)).map_err(TaskError::input)
    }
}

/// Services that need no task: codec, recordings and voices.
pub(crate) fn basic(
    codec: &Arc<dyn Codec>,
    voices: &Arc<VoiceTable>,
    read_files: bool,
) -> Services {
    let files = Files { limits: ReadLimits::default(), readable: read_files };
    Services {
        codec: Some(Arc::new(ModelCodec(Arc::clone(codec)))),
        recordings: Some(Arc::new(files)),
        voices: Some(Arc::clone(voices) as Arc<dyn syrinx_task::Voices>),
        ..Services::default()
    }
}

/// Returns the basic services, and those of the tasks that the model was trained on.
pub(crate) fn with_tasks(
    basic: Services,
    model: &Arc<LanguageModel>,
    tasks: &[LoadedTask],
) -> Services {
    let trained = || tasks.iter().filter(|t| t.missing_special_tokens.is_empty());
    let inner = |running: &LoadedTask| Inner {
        model: Arc::clone(model),
        task: Arc::clone(&running.task),
        capabilities: running.descriptor.capabilities,
        services: basic.clone(),
    };
    let of_stem =
        |stem| trained().find(|t| t.descriptor.capabilities.stem == Some(stem)).map(inner);
    // Published models transcribe phones, and the recognizer service returns words.
    let words = model.config().switches.vall_e.is_none();
    let recognizer =
        trained().find(|t| words && t.descriptor.answer == AnswerKind::Text).map(inner);
    let phones = PhoneStage::of(tasks).map(|stage| {
        Arc::new(ModelPhones { model: Arc::clone(model), stage }) as Arc<dyn PhoneRecognizer>
    });
    let separator = match (of_stem(Stem::Speech), of_stem(Stem::Background)) {
        (Some(speech), Some(background)) => {
            Some(Arc::new(ModelSeparator { speech, background }) as Arc<dyn Separator>)
        }
        _ => None,
    };
    let recognizer =
        recognizer.map(|inner| Arc::new(ModelRecognizer(inner)) as Arc<dyn Recognizer>);
    Services { recognizer, phones, separator, ..basic.clone() }
}

/// A task that serves others. It has the basic services only, so that tasks cannot call each other in a circle.
struct Inner {
    model: Arc<LanguageModel>,
    task: Arc<dyn DynTask>,
    capabilities: Capabilities,
    services: Services,
}

impl Inner {
    /// Returns a request about a recording.
    fn request(&self, audio: &Audio) -> Request {
        let field = self.capabilities.recordings.first().copied().unwrap_or_default();
        Request::new(serde_json::json!({})).with_recording(field, audio.clone())
    }

    fn answer(
        &self,
        service: Service,
        request: &Request,
        run: RunContext<'_>,
    ) -> Result<Answered, TaskError> {
        let run = run.nested();
        let context = Context { services: &self.services, run };
        let planned = self.task.whole(request)?.plan(&context)?;
        let config = DecodeConfig::default();
        let generated = generate(&self.model, &self.task.layout(), planned.plan(), &config, run)
            .map_err(|e| failed(service, e))?;
        planned.finish(generated, &context)
    }
}

/// The model's transcribing task as a recognizer.
struct ModelRecognizer(Inner);

impl ModelRecognizer {
    fn transcript(&self, request: &Request, run: RunContext<'_>) -> Result<Transcript, TaskError> {
        let answered = self.0.answer(Service::Recognizer, request, run)?;
        Ok(answered.transcript().cloned().unwrap_or_default())
    }
}

impl Recognizer for ModelRecognizer {
    fn transcribe(&self, audio: &Audio, run: RunContext<'_>) -> Result<Transcript, TaskError> {
        self.transcript(&self.0.request(audio), run)
    }

    fn align(
        &self,
        audio: &Audio,
        text: &str,
        run: RunContext<'_>,
    ) -> Result<Transcript, TaskError> {
        let field = self.0.capabilities.known_text;
        let field = field.ok_or(TaskError::Missing(Service::Recognizer))?;
        let mut request = self.0.request(audio);
        request.fields[field] = text.into();
        self.transcript(&request, run)
    }
}

/// The model's two separating tasks as a separator.
struct ModelSeparator {
    speech: Inner,
    background: Inner,
}

impl Separator for ModelSeparator {
    fn separate(&self, audio: &Audio, stem: Stem, run: RunContext<'_>) -> Result<Audio, TaskError> {
        let inner = match stem {
            Stem::Speech => &self.speech,
            Stem::Background => &self.background,
        };
        let answered = inner.answer(Service::Separator, &inner.request(audio), run)?;
        let audio = answered.audio().ok_or(TaskError::Missing(Service::Separator))?;
        Ok(Arc::unwrap_or_clone(audio))
    }
}
