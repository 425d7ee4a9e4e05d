//! Python package: `say`, `transcribe` and `align` on numpy arrays.
//!
//! Thin over the engine: arrays in, arrays and word times out. The model is loaded once per `Model`; calls release the
//! interpreter's lock while they compute.

use std::path::PathBuf;

use numpy::{IntoPyArray as _, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Engine, EngineError, EngineOptions, MergedAnswer, ModelSource};
use syrinx_task::{Answered, Request};
use syrinx_types::{Audio, CancelToken, RunContext, WordTime};

/// A word and the time at which it sounds.
#[pyclass(frozen, get_all)]
#[derive(Debug, Clone, PartialEq)]
struct Word {
    /// Word as written.
    text: String,
    /// Start, seconds.
    start: f64,
    /// End, seconds.
    end: f64,
}

#[pymethods]
impl Word {
    fn __repr__(&self) -> String {
        format!("Word(text={:?}, start={:.3}, end={:.3})", self.text, self.start, self.end)
    }
}

/// Speech with the times of its words.
#[pyclass(frozen, get_all)]
struct Speech {
    /// Samples, float32, mono.
    samples: Py<PyArray1<f32>>,
    /// Sample rate, Hz.
    sample_rate: u32,
    /// Words with their times.
    words: Vec<Word>,
}

#[pymethods]
impl Speech {
    fn __repr__(&self) -> String {
        format!("Speech(sample_rate={}, words={})", self.sample_rate, self.words.len())
    }
}

/// Words of a recording.
#[pyclass(frozen, get_all)]
#[derive(Debug, Clone)]
struct Transcript {
    /// Recognized text.
    text: String,
    /// Words with their times.
    words: Vec<Word>,
    /// Fit of the words to the sound, 0 to 1; `None` without words.
    confidence: Option<f64>,
}

#[pymethods]
impl Transcript {
    fn __repr__(&self) -> String {
        format!("Transcript(text={:?}, words={})", self.text, self.words.len())
    }
}

/// A loaded model.
#[pyclass(frozen)]
struct Model {
    engine: Engine,
}

#[pymethods]
impl Model {
    /// Loads the model inside the package, or a file.
    #[new]
    #[pyo3(signature = (path=None))]
    fn new(path: Option<PathBuf>) -> PyResult<Self> {
        let source = match path {
            Some(path) => ModelSource::File(path),
            None => {
                let bytes = syrinx_embedded::model();
                ModelSource::Bytes(bytes.map_err(|e| PyRuntimeError::new_err(e.to_string()))?)
            }
        };
        let engine = Engine::open(&source, &EngineOptions::default()).map_err(raised)?;
        Ok(Self { engine })
    }

    /// Returns the names of the voices, the default first.
    #[getter]
    fn voices(&self) -> Vec<String> {
        self.engine.voices().names()
    }

    /// Sample rate of the speech, Hz.
    #[getter]
    fn sample_rate(&self) -> u32 {
        self.engine.codec_id().info.sample_rate_hz
    }

    /// Speaks a text in a named voice, or in that of a prompt.
    #[pyo3(signature = (text, voice=None, *, prompt=None, prompt_rate=None, seed=0, temperature=None))]
    fn say(
        &self,
        py: Python<'_>,
        text: String,
        voice: Option<String>,
        prompt: Option<PyReadonlyArray1<'_, f32>>,
        prompt_rate: Option<u32>,
        seed: u64,
        temperature: Option<f64>,
    ) -> PyResult<Speech> {
        let mut decode = DecodeConfig::default();
        if let Some(temperature) = temperature {
            decode.codes.temperature = temperature;
        }
        let task = self.engine.speaking_task().ok_or_else(|| no_task("speaks a text"))?;
        let mut request = Request::new(json!({ task.verb.positional: text }));
        if let (Some(voice), Some(field)) = (voice, task.capabilities.voice) {
            request.fields[field] = json!(voice);
        }
        if let Some(prompt) = prompt {
            let field = task.capabilities.prompt;
            let field = field.ok_or_else(|| PyValueError::new_err("this model takes no prompt"))?;
            let rate = prompt_rate.ok_or_else(|| {
                PyValueError::new_err("a prompt needs `prompt_rate`, its sample rate in Hz")
            })?;
            request = request.with_recording(field, audio(&prompt, rate)?);
        }
        let answered = py.detach(|| self.run(task.id, &request, &decode, seed))?;
        let no_sound = || PyRuntimeError::new_err("the answer has no sound");
        let audio = answered.audio().ok_or_else(no_sound)?;
        Ok(Speech {
            samples: audio.samples.clone().into_pyarray(py).unbind(),
            sample_rate: audio.sample_rate_hz,
            words: words(answered.speech().map_or(&[], |s| &s.words)),
        })
    }

    /// Transcribes a recording.
    fn transcribe(
        &self,
        py: Python<'_>,
        samples: PyReadonlyArray1<'_, f32>,
        sample_rate: u32,
    ) -> PyResult<Transcript> {
        let audio = audio(&samples, sample_rate)?;
        let task = self.engine.recognition_task().ok_or_else(|| no_task("recognizes speech"))?;
        let transcript = py.detach(|| {
            let cancel = CancelToken::default();
            let (decode, run) = (DecodeConfig::default(), RunContext::quiet(&cancel));
            self.engine.transcript(task, audio, &decode, run)
        });
        let transcript = transcript.map_err(raised)?;
        Ok(Transcript {
            words: words(&transcript.words),
            text: transcript.text,
            confidence: transcript.confidence,
        })
    }

    /// Finds the words of a known text in a recording.
    fn align(
        &self,
        py: Python<'_>,
        samples: PyReadonlyArray1<'_, f32>,
        sample_rate: u32,
        text: String,
    ) -> PyResult<Vec<Word>> {
        let audio = audio(&samples, sample_rate)?;
        let answered = py.detach(|| {
            let audio =
                syrinx_audio::resample(&audio, self.sample_rate()).map_err(EngineError::from)?;
            self.engine.align(&audio, &text, RunContext::quiet(&CancelToken::default()))
        });
        Ok(words(&answered.map_err(raised)?.words))
    }
}

impl Model {
    fn run(&self, task: &str, request: &Request, decode: &DecodeConfig, seed: u64) -> PyResult<Answered> {
        let mut whole = MergedAnswer::default();
        let cancel = CancelToken::default();
        let run = RunContext::quiet(&cancel).with_seed(seed);
        let outcome =
            self.engine.run_marked(task, request, decode, run, &mut |chunk| whole.push(chunk));
        outcome.map_err(raised)?;
        whole.into_answered().ok_or_else(|| PyRuntimeError::new_err("the answer is empty"))
    }
}

fn audio(samples: &PyReadonlyArray1<'_, f32>, sample_rate_hz: u32) -> PyResult<Audio> {
    let samples = samples.as_array().to_vec();
    if samples.is_empty() || samples.iter().any(|x| !x.is_finite()) {
        return Err(PyValueError::new_err("samples must be finite, and at least one"));
    }
    if !(syrinx_audio::MIN_RATE_HZ..=syrinx_audio::MAX_RATE_HZ).contains(&sample_rate_hz) {
        return Err(PyValueError::new_err(format!("{sample_rate_hz} Hz is not a sample rate")));
    }
    Ok(Audio { samples, sample_rate_hz })
}

fn words(words: &[WordTime]) -> Vec<Word> {
    let word = |w: &WordTime| Word { text: w.word.clone(), start: w.start_s, end: w.end_s };
    words.iter().map(word).collect()
}

fn no_task(purpose: &str) -> PyErr {
    PyRuntimeError::new_err(format!("the model has no task that {purpose}"))
}

fn raised(error: EngineError) -> PyErr {
    let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    PyValueError::new_err(format!("{error}{hint}"))
}

/// Returns the compiled half of the package.
#[pymodule]
fn _syrinx(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Model>()?;
    module.add_class::<Speech>()?;
    module.add_class::<Transcript>()?;
    module.add_class::<Word>()?;
    Ok(())
}
