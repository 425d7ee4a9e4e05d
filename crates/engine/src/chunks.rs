//! Long requests, split into chunks by their task.

use syrinx_decode::DecodeConfig;
use syrinx_task::{AnswerKind, Answered, Context, Request, RequestChunk, TaskError};
use syrinx_text::TextError;
use syrinx_types::{Event, RunContext, WordTime};

use crate::symbols::warn_of_symbols;
use crate::{Engine, EngineError};

/// The answer to a chunk of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The answer; times in it count from the beginning of the chunk.
    pub answered: Answered,
    /// Beginning within the answer, seconds.
    pub start_s: f64,
    /// Number of the chunk, from 0.
    pub index: usize,
    /// Whether it is the last one.
    pub last: bool,
}

/// Samples of an unfinished chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeechPortion<'a> {
    /// Beginning of the chunk within the answer, seconds.
    pub start_s: f64,
    /// Samples that follow the previous portion of the chunk.
    pub samples: &'a [f32],
    /// Words that follow those of the previous portion; times count from the beginning of the chunk. They may be ahead
    /// of the samples.
    pub words: &'a [WordTime],
}

/// Receives speech while it is generated.
pub type TakeSound<'a> = dyn FnMut(SpeechPortion<'_>) + 'a;

/// Receives chunks.
type TakeChunk<'a> = dyn FnMut(Chunk) -> Result<(), EngineError> + 'a;

impl Engine {
    /// Answers a request chunk by chunk: `each` receives every [`Chunk`] as soon as it is ready. A short request is one
    /// chunk. [`MergedAnswer`] merges them.
    ///
    /// # Errors
    /// Errors of [`Engine::run`]; `each` has received the chunks before the error.
    pub fn run_in_chunks(
        &self,
        task: &str,
        request: &Request,
        decode: &DecodeConfig,
        run: RunContext<'_>,
        each: &mut dyn FnMut(Chunk) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        warn_of_symbols(self.running(task)?, request, run);
        self.run_chunks(task, request, decode, run, None, each)
    }

    /// Answers a request as [`Self::run_in_chunks`] does. With windows in the settings ([`DecodeConfig::streaming`])
    /// `sound` receives the speech of every chunk while it is generated.
    pub(crate) fn run_chunks(
        &self,
        task: &str,
        request: &Request,
        decode: &DecodeConfig,
        run: RunContext<'_>,
        sound: Option<&mut TakeSound<'_>>,
        each: &mut TakeChunk<'_>,
    ) -> Result<(), EngineError> {
        if let Some(adapted) = self.adapted_for(task, request)? {
            return adapted.run_chunks(task, request, decode, run, sound, each);
        }
        let running = self.running(task)?;
        // Only where the recording begins with the first row's words.
        let made_of_text = running.descriptor.answer == AnswerKind::Speech
            && !running.descriptor.takes_recording(running.descriptor.verb.positional);
        let mut sound = sound.filter(|_| made_of_text);
        let sounds = sound.is_some() && decode.nar.window_frames.is_some() && decode.best_of <= 1;
        let mut silent = sounds.then(|| self.first_sound.begin());
        let context = Context { services: &self.services, run };
        let cut = running.task.chunks(request, &context)?;
        let total = cut.chunks.len();
        let name = running.descriptor.verb.name.to_owned();
        if total > 1 {
            run.events.emit(Event::JobStarted { name: name.clone(), total: Some(total as u64) });
        }
        let (mut next_s, mut index) = (0.0, 0);
        for (i, RequestChunk { request, start_s }) in cut.chunks.into_iter().enumerate() {
            let last = i + 1 == total;
            let expected_s = start_s.unwrap_or(next_s);
            let waits = &mut silent;
            let mut take = sound.as_deref_mut().map(|sound| {
                move |samples: &[f32], words: &[WordTime]| {
                    sound(SpeechPortion { start_s: expected_s, samples, words });
                    if !samples.is_empty() {
                        *waits = None;
                    }
                }
            });
            let take = take.as_mut().map(|take| take as &mut dyn FnMut(&[f32], &[WordTime]));
            let answered = self.answer_sounding(running, request, decode, run, take);
            silent = None;
            match answered {
                Ok(answered) => {
                    let start_s = start_s.unwrap_or(next_s);
                    let seconds = answered.audio().map_or(0.0, |audio| audio.seconds());
                    each(Chunk { answered, start_s, index, last })?;
                    (next_s, index) = (start_s + seconds + cut.pause_s, index + 1);
                }
                // A chunk without words is left out; a text of such chunks only is an error.
                Err(error) if total > 1 && has_no_words(&error) && !(last && index == 0) => {}
                Err(error) => return Err(error),
            }
            if total > 1 {
                let (name, done) = (name.clone(), i as u64 + 1);
                run.events.emit(Event::JobProgress { name, done, note: String::new() });
            }
        }
        if total > 1 {
            run.events.emit(Event::JobFinished { name, summary: format!("{total} chunks") });
        }
        Ok(())
    }
}

/// Whether an error is that of a text without words.
pub(crate) fn has_no_words(error: &EngineError) -> bool {
    matches!(error, EngineError::Task(TaskError::Text(TextError::NothingToSay { .. })))
}

/// Answer merged from chunks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MergedAnswer {
    whole: Option<Answered>,
    chunks: usize,
}

impl MergedAnswer {
    /// Appends a chunk's answer.
    ///
    /// # Errors
    /// [`EngineError::Task`] for answers of two tasks.
    pub fn push(&mut self, chunk: Chunk) -> Result<(), EngineError> {
        self.chunks += 1;
        match &mut self.whole {
            Some(whole) => Ok(whole.merge(chunk.answered, chunk.start_s)?),
            None => {
                self.whole = Some(chunk.answered);
                Ok(())
            }
        }
    }

    /// Returns the number of chunks so far.
    pub fn chunks(&self) -> usize {
        self.chunks
    }

    /// Returns the answer so far; none without chunks.
    pub fn answered(&self) -> Option<&Answered> {
        self.whole.as_ref()
    }

    /// Returns the answer; none without chunks.
    pub fn into_answered(self) -> Option<Answered> {
        self.whole
    }
}
