//! Long requests part by part: a text sentence by sentence, a recording section by section.
//!
//! The first part is small, so that there is something to hear soon; later ones grow, because rows that run together
//! cost less each.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use syrinx_audio::silence::chunks;
use syrinx_task::{AnswerKind, Answered, Studio, TaskDescriptor};
use syrinx_text::sentences;
use syrinx_types::{Audio, CancelToken, Event, EventSink};

use crate::engine::Running;
use crate::studio::ATTACHED;
use crate::{Engine, EngineError, RunOptions};

/// Most characters of a sentence before it is cut at a comma or a space.
const MAX_SENTENCE_CHARS: usize = 200;
/// Most sentences a part.
const MAX_SENTENCES: usize = 8;
/// Longest section of a recording, seconds. Tasks may cut further.
const MAX_SECTION_S: f64 = 60.0;
/// Silence between two parts of speech, seconds.
const GAP_S: f64 = 0.15;
/// Name of an attachment made here.
const PART: &str = "part";

/// The answer to a part of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The answer; times in it count from the beginning of the part.
    pub answered: Answered,
    /// Where it begins within the whole, seconds.
    pub start_s: f64,
    /// Its number, from 0.
    pub index: usize,
    /// Whether it is the last one.
    pub last: bool,
}

/// Whether a field of a task's requests names a recording: the schema says so (`"format": "recording"`), or it is
/// what a task that answers with words is about.
pub fn takes_recording(descriptor: &TaskDescriptor, field: &str) -> bool {
    let schema = (descriptor.request_schema)();
    let says = |key: &str| schema.pointer(&format!("/properties/{field}/{key}")).cloned();
    let marked = says("format").is_some_and(|f| f == "recording");
    marked || (descriptor.answer == AnswerKind::Text && field == descriptor.verb.positional)
}

/// Fields that a request can't do without, by its schema.
pub fn required_fields(descriptor: &TaskDescriptor) -> Vec<String> {
    let schema = (descriptor.request_schema)().to_value();
    let required = schema["required"].as_array().into_iter().flatten();
    required.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a request has a flag set that takes its text as a whole: the schema says so (`"whole": true`).
fn wants_whole(descriptor: &TaskDescriptor, request: &Value) -> bool {
    let schema = (descriptor.request_schema)().to_value();
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields.filter(|(_, p)| p["whole"] == true).any(|(name, _)| request[name] == true)
}

impl Engine {
    /// Answers a request part by part: [`Part`]s go to `each` as they are made. What is no long text or recording is
    /// one part. [`Joined`] puts them together.
    ///
    /// # Errors
    /// Those of [`Engine::run`]; parts that were made before have been handed out.
    pub fn run_in_parts(
        &self,
        task: &str,
        request: &Value,
        options: &RunOptions,
        (cancel, sink): (&CancelToken, &dyn EventSink),
        each: &mut dyn FnMut(Part) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let running = self.running(task)?;
        let field = running.descriptor.verb.positional;
        let mut work = Work { engine: self, running, options: options.clone(), cancel, sink };
        let request = work.keep_standard_input(request)?;
        let given = request.get(field).and_then(Value::as_str).map(str::to_owned);
        // A field beside it, such as a known text, is about the whole recording.
        let alone = request
            .as_object()
            .is_none_or(|fields| fields.values().filter(|v| !v.is_null()).count() == 1);
        let recording = takes_recording(running.descriptor, field);
        let whole = wants_whole(running.descriptor, &request);
        match (given, running.descriptor.answer, recording) {
            (Some(clip), AnswerKind::Text, true) if alone => {
                work.sections(&request, (field, &clip), each)
            }
            (Some(text), AnswerKind::Speech, false) if !whole => {
                work.sentences(&request, (field, &text), each)
            }
            _ => {
                let answered = self.run(task, &request, &work.options, cancel, sink)?;
                each(Part { answered, start_s: 0.0, index: 0, last: true })
            }
        }
    }
}

impl Engine {
    /// Finds the words of a text in a recording at the codec's rate: asks the task that writes down recordings and
    /// takes what is said as a field `text`.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] for a model without such a task; those of the task.
    pub fn align(
        &self,
        audio: &Audio,
        text: &str,
        (cancel, sink): (&CancelToken, &dyn EventSink),
    ) -> Result<Answered, EngineError> {
        let takes_text = |running: &&Running| {
            let schema = (running.descriptor.request_schema)();
            running.descriptor.answer == AnswerKind::Text
                && running.missing_marks.is_empty()
                && schema.pointer("/properties/text").is_some()
        };
        let running =
            self.tasks.iter().find(takes_text).ok_or_else(|| EngineError::Unsupported {
                what: "this model can't find the words of a text in a recording".into(),
                remedy: "use a model that was trained to recognise speech",
            })?;
        let attachments = BTreeMap::from([(PART.to_owned(), audio.clone())]);
        let options = RunOptions { attachments, ..RunOptions::default() };
        let field = running.descriptor.verb.positional;
        let request = json!({ field: format!("{ATTACHED}{PART}"), "text": text });
        self.run(running.descriptor.id, &request, &options, cancel, sink)
    }
}

struct Work<'a> {
    engine: &'a Engine,
    running: &'a Running,
    options: RunOptions,
    cancel: &'a CancelToken,
    sink: &'a dyn EventSink,
}

impl Work<'_> {
    /// Standard input can be read once only: where a request names it, it is read now and attached.
    fn keep_standard_input(&mut self, request: &Value) -> Result<Value, EngineError> {
        let mut request = request.clone();
        for (field, value) in request.as_object_mut().into_iter().flatten() {
            let names_input = value.as_str() == Some("-");
            let positional = field == self.running.descriptor.verb.positional;
            if names_input && (!positional || takes_recording(self.running.descriptor, field)) {
                let audio = self.engine.load("-")?;
                self.options.attachments.insert("standard-input".into(), audio);
                *value = json!(format!("{ATTACHED}standard-input"));
            }
        }
        Ok(request)
    }

    fn sentences(
        &self,
        request: &Value,
        (field, text): (&str, &str),
        each: &mut dyn FnMut(Part) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let sentences = sentences::split(text, MAX_SENTENCE_CHARS);
        let name = format!("speaking ({} sentences)", sentences.len());
        if sentences.len() > 1 {
            let total = Some(sentences.len() as u64);
            self.sink.emit(Event::JobStarted { name: name.clone(), total });
        }
        let (mut first, mut start_s, mut index) = (0, 0.0, 0);
        loop {
            let end = (first + (1 << index.min(3)).min(MAX_SENTENCES)).min(sentences.len());
            let mut part = request.clone();
            part[field] = if sentences.len() > 1 {
                sentences[first..end].join(" ").into()
            } else {
                text.into()
            };
            let task = self.running.descriptor.id;
            let answered = self.engine.run(task, &part, &self.options, self.cancel, self.sink);
            let last = end >= sentences.len();
            match answered {
                Ok(answered) => {
                    let seconds = seconds_of(&answered);
                    each(Part { answered, start_s, index, last })?;
                    start_s += seconds + GAP_S;
                    index += 1;
                }
                // A row of dots between sentences says nothing; only a whole text of them is a fault.
                Err(error)
                    if sentences.len() > 1 && says_nothing(&error) && !(last && index == 0) => {}
                Err(error) => return Err(error),
            }
            if sentences.len() > 1 {
                let note = sentences.get(first).cloned().unwrap_or_default();
                self.sink.emit(Event::JobProgress { name: name.clone(), done: end as u64, note });
            }
            if last {
                break;
            }
            first = end;
        }
        if sentences.len() > 1 {
            let summary = format!("{start_s:.1} s of speech");
            self.sink.emit(Event::JobFinished { name, summary });
        }
        Ok(())
    }

    fn sections(
        &self,
        request: &Value,
        (field, clip): (&str, &str),
        each: &mut dyn FnMut(Part) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let audio = match clip.strip_prefix(ATTACHED).and_then(|n| self.options.attachments.get(n))
        {
            Some(audio) => self.engine.studio.audio(&audio.clone().into())?,
            None => self.engine.load(clip)?,
        };
        let sections = chunks(&audio, MAX_SECTION_S);
        let name = format!("listening to {clip}");
        let total = Some(audio.seconds().ceil() as u64);
        self.sink.emit(Event::JobStarted { name: name.clone(), total });
        for (index, &(start_s, end_s)) in sections.iter().enumerate() {
            let mut options = self.options.clone();
            options.attachments = BTreeMap::from([(PART.to_owned(), audio.slice(start_s, end_s))]);
            let mut part = request.clone();
            part[field] = json!(format!("{ATTACHED}{PART}"));
            let task = self.running.descriptor.id;
            let answered = self.engine.run(task, &part, &options, self.cancel, self.sink)?;
            each(Part { answered, start_s, index, last: index + 1 == sections.len() })?;
            let (name, done) = (name.clone(), end_s.round() as u64);
            self.sink.emit(Event::JobProgress { name, done, note: String::new() });
        }
        let summary = format!("{:.1} s", audio.seconds());
        self.sink.emit(Event::JobFinished { name, summary });
        Ok(())
    }
}

fn says_nothing(error: &EngineError) -> bool {
    use syrinx_task::TaskError;
    use syrinx_text::TextError;
    matches!(
        error,
        EngineError::Task(TaskError::Text(TextError::NothingToSay { .. }))
            | EngineError::Text(TextError::NothingToSay { .. })
    )
}

fn seconds_of(answered: &Answered) -> f64 {
    answered.recordings.first().map_or(0.0, |(_, audio)| audio.seconds())
}

/// Parts put together to one answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Joined {
    whole: Option<Answered>,
    parts: usize,
}

impl Joined {
    /// Appends a part: recordings one after another, times moved, texts joined by a space, flags joined by "and".
    pub fn push(&mut self, part: Part) {
        self.parts += 1;
        let Some(whole) = &mut self.whole else {
            self.whole = Some(part.answered);
            return;
        };
        for (name, audio) in part.answered.recordings {
            match whole.recordings.iter_mut().find(|(n, _)| *n == name) {
                Some((_, before)) => append(before, &audio, part.start_s),
                None => whole.recordings.push((name, audio)),
            }
        }
        let seconds = whole.recordings.first().map(|(_, a)| a.seconds());
        let (Some(into), Value::Object(fields)) = (whole.json.as_object_mut(), part.answered.json)
        else {
            return;
        };
        for (key, value) in fields {
            let before = into.entry(key.clone()).or_insert(Value::Null);
            let joined = match (before.take(), value) {
                // What is the same of every part, such as weights, is no list over time.
                (Value::Array(a), Value::Array(b)) if a == b && !b.iter().any(Value::is_object) => {
                    Value::Array(a)
                }
                (Value::Array(mut a), Value::Array(b)) => {
                    a.extend(b.into_iter().map(|item| moved(item, part.start_s)));
                    Value::Array(a)
                }
                (Value::String(a), Value::String(b)) if a.is_empty() || a == b => Value::String(b),
                (Value::String(a), Value::String(b)) if b.is_empty() => Value::String(a),
                (Value::String(a), Value::String(b)) => Value::String(format!("{a} {b}")),
                (Value::Bool(a), Value::Bool(b)) => Value::Bool(a && b),
                (Value::Number(_), Value::Number(b)) if key == "seconds" => {
                    let end = seconds.unwrap_or(part.start_s + b.as_f64().unwrap_or_default());
                    json!(end)
                }
                (Value::Null, b) => b,
                (a, _) => a,
            };
            *before = joined;
        }
    }

    /// Parts so far.
    pub fn parts(&self) -> usize {
        self.parts
    }

    /// The whole so far; nothing without parts.
    pub fn answered(&self) -> Option<&Answered> {
        self.whole.as_ref()
    }

    /// The whole; nothing without parts.
    pub fn into_answered(self) -> Option<Answered> {
        self.whole
    }
}

fn append(before: &mut Audio, audio: &Audio, start_s: f64) {
    let start = (start_s * f64::from(before.sample_rate_hz)).round() as usize;
    before.samples.resize(start.max(before.samples.len()), 0.0);
    before.samples.extend_from_slice(&audio.samples);
}

/// An item of a list with its times (`start_s`, `end_s`) moved.
fn moved(mut item: Value, by_s: f64) -> Value {
    for key in ["start_s", "end_s"] {
        if let Some(at) = item.get(key).and_then(Value::as_f64) {
            item[key] = json!(at + by_s);
        }
    }
    item
}
