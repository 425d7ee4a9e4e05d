//! Texts with markup: each utterance is a request with its own voice, rate and pause.

use std::sync::Arc;

use serde_json::json;
use syrinx_audio::Tempo;
use syrinx_decode::DecodeConfig;
use syrinx_task::{Request, TaskError};
use syrinx_text::TextError;
use syrinx_text::markup::{self, MarkedUtterance};
use syrinx_types::{Audio, RunContext, WordTime};

use crate::fault::MarkupFault;
use crate::symbols::{warn_of_symbols, warn_of_text};
use crate::{Chunk, Engine, EngineError, SpeechPortion, TakeSound};

/// Takes the chunks of an answer.
type Each<'a> = dyn FnMut(Chunk) -> Result<(), EngineError> + 'a;

impl Engine {
    /// Answers a request chunk by chunk as [`Engine::run_in_chunks`] does; the text of a task that speaks may have
    /// markup ([`syrinx_text::markup`]).
    ///
    /// # Errors
    /// The same as [`Engine::run_in_chunks`], [`EngineError::Markup`] and [`EngineError::TaskMarkup`].
    pub fn run_marked(
        &self,
        task: &str,
        request: &Request,
        decode: &DecodeConfig,
        run: RunContext<'_>,
        each: &mut Each<'_>,
    ) -> Result<(), EngineError> {
        self.run_streaming(task, request, decode, run, None, each)
    }

    /// Answers a request as [`Engine::run_marked`] does. `sound` receives the speech of every chunk during generation,
    /// if the settings have windows ([`DecodeConfig::streaming`]).
    ///
    /// # Errors
    /// The same as [`Engine::run_marked`].
    pub fn run_streaming(
        &self,
        task: &str,
        request: &Request,
        decode: &DecodeConfig,
        run: RunContext<'_>,
        mut sound: Option<&mut TakeSound<'_>>,
        each: &mut Each<'_>,
    ) -> Result<(), EngineError> {
        let running = self.running(task)?;
        let capabilities = running.descriptor.capabilities;
        let text = capabilities.text.and_then(|field| request.fields.get(field)?.as_str());
        let text = text.filter(|text| markup::is_marked(text));
        let (Some(text), Some(field)) = (text, capabilities.text) else {
            warn_of_symbols(running, request, run);
            return self.run_chunks(task, request, decode, run, sound, each);
        };
        let utterances = markup::parse(text)?;
        let texts: Vec<&str> = utterances.iter().map(|utterance| utterance.text.as_str()).collect();
        warn_of_text(&texts.join(" "), run);
        let mut left = utterances.iter().filter(|u| !u.text.is_empty()).count();
        if left == 0 {
            let excerpt = text.chars().take(40).collect();
            return Err(TaskError::from(TextError::NothingToSay { excerpt }).into());
        }
        let several = left > 1;
        let pause_s = running.task.sentences().map_or(0.0, |sentences| sentences.pause_s);
        let mut place = MarkedOutput { task, each, pause_s, lead_s: 0.0, start_s: 0.0, index: 0 };
        for utterance in &utterances {
            if utterance.text.is_empty() {
                place.lead_s += utterance.pause_s;
                continue;
            }
            left -= 1;
            let mut own = request.clone();
            own.fields[field] = json!(utterance.text);
            if let Some(voice) = &utterance.voice {
                let Some(voice_field) = capabilities.voice else {
                    let fault = MarkupFault::NoVoice { voice: voice.clone() };
                    return Err(EngineError::TaskMarkup { task: task.to_owned(), fault });
                };
                in_voice(&mut own, voice_field, voice, capabilities.recordings);
            }
            // A silence before a chunk and a change of rate modify its samples after generation.
            let (start_s, plain) = (place.start_s, utterance.rate == 1.0 && place.lead_s == 0.0);
            let mut moved = sound.as_deref_mut().filter(|_| plain).map(|sound| {
                move |s: SpeechPortion<'_>| {
                    sound(SpeechPortion { start_s: start_s + s.start_s, ..s })
                }
            });
            let moved = moved.as_mut().map(|moved| moved as &mut TakeSound<'_>);
            let put = &mut |chunk| place.put(chunk, utterance, left == 0);
            let outcome = self.run_chunks(task, &own, decode, run, moved, put);
            match outcome {
                // Punctuation between two utterances is not an error; a text without any word is.
                Err(EngineError::Task(TaskError::Text(TextError::NothingToSay { .. })))
                    if several && (left > 0 || place.index > 0) => {}
                other => other?,
            }
        }
        Ok(())
    }
}

/// Names a voice in a request, in place of its prompt.
fn in_voice(request: &mut Request, field: &str, voice: &str, recordings: &[&str]) {
    request.fields[field] = json!(voice);
    for prompt in recordings {
        request.recordings.remove(*prompt);
        if let Some(fields) = request.fields.as_object_mut() {
            fields.remove(*prompt);
        }
    }
}

/// Position of the next chunk in the recording.
struct MarkedOutput<'a, 'e> {
    task: &'a str,
    each: &'a mut Each<'e>,
    /// Silence between two utterances without a pause of their own, seconds.
    pause_s: f64,
    /// Silence to put before the next chunk, seconds.
    lead_s: f64,
    /// Start of the utterance, seconds.
    start_s: f64,
    index: usize,
}

impl MarkedOutput<'_, '_> {
    /// Emits a chunk with its rate and start.
    fn put(
        &mut self,
        mut chunk: Chunk,
        utterance: &MarkedUtterance,
        last: bool,
    ) -> Result<(), EngineError> {
        let ends = chunk.last;
        chunk.start_s = self.start_s + chunk.start_s / utterance.rate;
        let before_s = std::mem::take(&mut self.lead_s);
        let after_s = match (ends, last) {
            (false, _) => 0.0,
            (true, true) => utterance.pause_s,
            (true, false) => utterance.pause_s.max(self.pause_s),
        };
        let seconds = shape(&mut chunk, utterance.rate, before_s, after_s).ok_or_else(|| {
            let (task, fault) = (self.task.to_owned(), MarkupFault::NoSpeech);
            EngineError::TaskMarkup { task, fault }
        })?;
        chunk.index = self.index;
        chunk.last = ends && last;
        self.index += 1;
        if ends {
            self.start_s = chunk.start_s + seconds;
        }
        (self.each)(chunk)
    }
}

/// Changes a chunk's rate and puts silence around it; returns its length in seconds, `None` for a chunk without speech.
fn shape(chunk: &mut Chunk, rate: f64, before_s: f64, after_s: f64) -> Option<f64> {
    let speech = chunk.answered.speech_mut()?;
    let Some(audio) = &speech.audio.audio else { return Some(0.0) };
    let mut samples = Audio::silence(before_s, audio.sample_rate_hz).samples;
    samples.extend(Tempo::new(rate, audio.sample_rate_hz).push(&audio.samples, true));
    samples.extend(Audio::silence(after_s, audio.sample_rate_hz).samples);
    let audio = Audio { samples, sample_rate_hz: audio.sample_rate_hz };
    for word in &mut speech.words {
        *word = WordTime {
            word: std::mem::take(&mut word.word),
            start_s: word.start_s / rate + before_s,
            end_s: word.end_s / rate + before_s,
        };
    }
    speech.seconds = audio.seconds();
    speech.audio.audio = Some(Arc::new(audio));
    Some(speech.seconds)
}
