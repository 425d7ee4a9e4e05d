//! Untyped answers.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use syrinx_types::Audio;

use crate::{Answer, AnswerIssue, AnswerKind, Phones, Speech, TaskError, Transcript};

/// An answer of any task, for programs that know no task by its type.
#[derive(Clone)]
pub struct Answered(Box<dyn AnyAnswer>);

impl Answered {
    /// Wraps a typed answer.
    pub fn new<A: Answer>(answer: A) -> Self {
        Self(Box::new(answer))
    }

    /// Returns the shape of the answer.
    pub fn kind(&self) -> AnswerKind {
        self.0.kind()
    }

    /// Returns the speech in the answer.
    pub fn speech(&self) -> Option<&Speech> {
        self.0.speech()
    }

    /// Returns the speech in the answer mutably; see [`Answer::speech_mut`].
    pub fn speech_mut(&mut self) -> Option<&mut Speech> {
        self.0.speech_mut()
    }

    /// Takes the samples out of the answer; see [`Answer::take_audio`].
    pub fn take_audio(&mut self) -> Option<Arc<Audio>> {
        self.0.take_audio()
    }

    /// Returns the transcript in the answer.
    pub fn transcript(&self) -> Option<&Transcript> {
        self.0.transcript()
    }

    /// Returns the phones in the answer.
    pub fn phones(&self) -> Option<&Phones> {
        self.0.phones()
    }

    /// Returns the recordings by the field that names their file, the main one first.
    pub fn recordings(&self) -> Vec<(String, Arc<Audio>)> {
        self.0.recordings()
    }

    /// Returns the main recording.
    pub fn audio(&self) -> Option<Arc<Audio>> {
        self.recordings().into_iter().next().map(|(_, audio)| audio)
    }

    /// Returns the answer as text for people, where JSON is not the best form.
    pub fn lines(&self) -> Option<String> {
        self.0.lines()
    }

    /// Returns the answer as JSON, with an empty file name for each recording.
    pub fn json(&self) -> Value {
        self.0.json()
    }

    /// Returns the answer in its own type.
    ///
    /// # Errors
    /// The answer itself, if it is of another type.
    pub fn downcast<A: Answer>(self) -> Result<A, Self> {
        match self.0.any().downcast_ref::<A>() {
            Some(answer) => Ok(answer.clone()),
            None => Err(self),
        }
    }

    /// Appends the answer to the next chunk of the request, which begins `start_s` seconds after the beginning of this
    /// answer.
    ///
    /// # Errors
    /// [`TaskError::Answer`] for answers of two tasks.
    pub fn merge(&mut self, next: Self, start_s: f64) -> Result<(), TaskError> {
        if self.0.merge(next.0.into_any(), start_s) {
            return Ok(());
        }
        Err(AnswerIssue::Types.of(String::new()))
    }
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Answered").field(&self.json()).finish()
    }
}

impl PartialEq for Answered {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json() && self.recordings() == other.recordings()
    }
}

/// Answers behind a pointer. Implemented for every [`Answer`].
trait AnyAnswer: Send + Sync {
    fn kind(&self) -> AnswerKind;
    fn merge(&mut self, next: Box<dyn Any>, start_s: f64) -> bool;
    fn speech(&self) -> Option<&Speech>;
    fn speech_mut(&mut self) -> Option<&mut Speech>;
    fn take_audio(&mut self) -> Option<Arc<Audio>>;
    fn transcript(&self) -> Option<&Transcript>;
    fn phones(&self) -> Option<&Phones>;
    fn recordings(&self) -> Vec<(String, Arc<Audio>)>;
    fn lines(&self) -> Option<String>;
    fn json(&self) -> Value;
    fn boxed(&self) -> Box<dyn AnyAnswer>;
    fn any(&self) -> &dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl Clone for Box<dyn AnyAnswer> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

impl<A: Answer> AnyAnswer for A {
    fn kind(&self) -> AnswerKind {
        A::KIND
    }

    fn merge(&mut self, next: Box<dyn Any>, start_s: f64) -> bool {
        next.downcast::<A>().map(|next| Answer::merge(self, *next, start_s)).is_ok()
    }

    fn speech(&self) -> Option<&Speech> {
        Answer::speech(self)
    }

    fn speech_mut(&mut self) -> Option<&mut Speech> {
        Answer::speech_mut(self)
    }

    fn take_audio(&mut self) -> Option<Arc<Audio>> {
        Answer::take_audio(self)
    }

    fn transcript(&self) -> Option<&Transcript> {
        Answer::transcript(self)
    }

    fn phones(&self) -> Option<&Phones> {
        Answer::phones(self)
    }

    fn recordings(&self) -> Vec<(String, Arc<Audio>)> {
        Answer::recordings(self)
    }

    fn lines(&self) -> Option<String> {
        Answer::lines(self)
    }

    fn json(&self) -> Value {
        // Fails for maps whose keys are no strings only, which a schema cannot describe.
        serde_json::to_value(self).unwrap_or_default()
    }

    fn boxed(&self) -> Box<dyn AnyAnswer> {
        Box::new(self.clone())
    }

    fn any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
