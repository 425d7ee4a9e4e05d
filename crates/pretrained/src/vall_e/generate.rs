//! Generation with an imported model: level 1 one frame at a time or in place, the further levels, lengths and
//! transcriptions.

use candle_core::{Device, IndexOp, Tensor};
use rand_chacha::ChaCha8Rng;
use syrinx_decode::{SamplerConfig, draw};
use syrinx_model::{LanguageModel, LmFile, ModelError, Progress};
use syrinx_nn::Kernels;
use syrinx_task::{
    Position, Sequence, VALL_E_LENGTH_TOKENS, VallELayout, VallEPiece, VallEPrompt, VallEResponse,
    VallEText, vall_e_sequence,
};
use syrinx_types::{CancelToken, Codes};

use super::error::VallEError;

/// Settings of the prediction of level 1 in place.
#[derive(Debug, Clone, PartialEq)]
pub struct DemaskConfig {
    /// Passes.
    pub steps: usize,
    /// Weight of the prediction with the prompt against that without.
    pub guidance: f64,
    /// Share of the guided logits that is rescaled to the spread of the unguided ones, 0 to 1.
    pub rescale: f64,
}

impl Default for DemaskConfig {
    fn default() -> Self {
        Self { steps: 25, guidance: 2.5, rescale: 0.75 }
    }
}

/// An imported model.
pub struct VallE {
    model: LanguageModel,
    layout: VallELayout,
}

/// Digits of the longest length.
const MOST_DIGITS: usize = 10;

fn failed(operation: &'static str) -> impl Fn(candle_core::Error) -> VallEError {
    move |source| VallEError::Compute { operation, source }
}

impl VallE {
    /// The model of a file that [`super::import`] made.
    ///
    /// # Errors
    /// [`VallEError::Model`].
    pub fn new(file: &LmFile, device: &Device, kernels: Kernels) -> Result<Self, VallEError> {
        let layout = file.config.vall_e.ok_or_else(|| {
            ModelError::Config("the model was not imported from a vall-e checkpoint".into())
        })?;
        Ok(Self { model: LanguageModel::load(file, device, kernels)?, layout })
    }

    /// Conventions of the checkpoint.
    pub fn layout(&self) -> &VallELayout {
        &self.layout
    }

    /// The network.
    pub fn model(&self) -> &LanguageModel {
        &self.model
    }

    /// Number of the language with a code; `None` in a model that names no language.
    pub fn language(&self, code: &str) -> Option<usize> {
        let index = syrinx_task::VALL_E_LANGUAGES.iter().position(|c| *c == code)?;
        self.layout.language.then_some(index)
    }

    /// Logits at the response of a prompt: (positions, tokens). An autoregressive response has one position more than it
    /// has known tokens.
    ///
    /// # Errors
    /// [`VallEError::Task`], [`VallEError::Compute`].
    pub fn logits(
        &self,
        prompt: &VallEPrompt,
        response: &VallEResponse,
    ) -> Result<Tensor, VallEError> {
        let sequence = self.sequence(prompt, response)?;
        let h = self.model.response_rows(&[sequence]).map_err(failed("run"))?; // (positions, dim)
        self.read(&h, response)
    }

    fn sequence(
        &self,
        prompt: &VallEPrompt,
        response: &VallEResponse,
    ) -> Result<Sequence, VallEError> {
        let mut prompt = prompt.clone();
        if self.layout.language && prompt.language.is_none() {
            prompt.language = Some(0);
        }
        Ok(vall_e_sequence(self.model.space(), &self.layout, &prompt, response)?)
    }

    fn read(&self, h: &Tensor, response: &VallEResponse) -> Result<Tensor, VallEError> {
        let logits = match response {
            VallEResponse::FirstLevel(_) => self.model.first_level_logits(h, 0),
            VallEResponse::Level { level, .. } => self.model.level_logits(h, *level),
            VallEResponse::Masked(_) => self.model.level_logits(h, self.layout.levels),
            VallEResponse::Phones(_) => {
                self.model.text_logits(h).and_then(|l| l.narrow(1, 0, self.layout.phones))
            }
            VallEResponse::Length(_) => self
                .model
                .text_logits(h)
                .and_then(|l| l.narrow(1, self.layout.length_start(), VALL_E_LENGTH_TOKENS)),
        };
        logits.map_err(failed("read its heads"))
    }

    /// Tokens of an autoregressive response up to `stop`, at most `most`.
    fn autoregress(
        &self,
        prompt: &VallEPrompt,
        empty: &VallEResponse,
        (stop, most): (u32, usize),
        (sampler, rng, cancel): (&SamplerConfig, &mut ChaCha8Rng, &CancelToken),
    ) -> Result<Vec<u32>, VallEError> {
        let mut tokens: Vec<u32> = Vec::new();
        let mut steps = Steps::new(self, prompt, empty)?;
        while tokens.len() < most {
            if cancel.is_cancelled() {
                return Err(VallEError::Cancelled);
            }
            let logits = steps.next(&tokens)?;
            let token = draw(&logits, &tokens, sampler, None, rng).token;
            if token == stop {
                break;
            }
            tokens.push(token);
        }
        Ok(tokens)
    }

    /// Codes of level 1, frame by frame.
    ///
    /// # Errors
    /// [`VallEError::Compute`], [`VallEError::Cancelled`].
    pub fn first_level(
        &self,
        prompt: &VallEPrompt,
        most_frames: usize,
        with: (&SamplerConfig, &mut ChaCha8Rng, &CancelToken),
    ) -> Result<Vec<u16>, VallEError> {
        let stop = u32::from(self.model.space().no_code());
        let empty = VallEResponse::FirstLevel(Vec::new());
        let tokens = self.autoregress(prompt, &empty, (stop, most_frames), with)?;
        Ok(tokens.into_iter().map(|token| token as u16).collect())
    }

    /// Further levels of a response, the most probable codes, a pass a level: all levels of the codec.
    ///
    /// # Errors
    /// [`VallEError::Compute`], [`VallEError::Cancelled`].
    pub fn further_levels(
        &self,
        prompt: &VallEPrompt,
        first: &[u16],
        cancel: &CancelToken,
    ) -> Result<Codes, VallEError> {
        let mut frames: Vec<Vec<u16>> = first.iter().map(|&code| vec![code]).collect();
        let codes_of = |frames: &[Vec<u16>], levels: usize| {
            Codes::new(levels, frames.concat())
                .map_err(|e| VallEError::Model(ModelError::Config(e.to_string())))
        };
        for level in 1..self.layout.levels {
            if cancel.is_cancelled() {
                return Err(VallEError::Cancelled);
            }
            let codes = codes_of(&frames, level)?;
            let logits = self.logits(prompt, &VallEResponse::Level { level, codes })?; // (frames, codes)
            let best = logits.argmax(1).and_then(|a| a.to_vec1::<u32>());
            let best = best.map_err(failed("predict a further level"))?;
            frames.iter_mut().zip(best).for_each(|(frame, code)| frame.push(code as u16));
        }
        codes_of(&frames, self.layout.levels)
    }

    /// Codes of level 1 for a number of frames, in place: every pass opens the least probable frames again, fewer from pass
    /// to pass, and predicts them with guidance against a sequence without text and prompt.
    ///
    /// # Errors
    /// [`VallEError::Untrained`], [`VallEError::Compute`], [`VallEError::Cancelled`].
    pub fn demask(
        &self,
        prompt: &VallEPrompt,
        frames: usize,
        config: &DemaskConfig,
        cancel: &CancelToken,
    ) -> Result<Vec<u16>, VallEError> {
        if !self.layout.masked {
            return Err(VallEError::Untrained("predict level 1 in place"));
        }
        let unconditional = VallEPrompt {
            text: Some(VallEText::Phones(vec![1, 2])),
            prompt: Vec::new(),
            ..prompt.clone()
        };
        let open = self.model.space().no_code();
        let mut codes = vec![open; frames];
        // Probability that a code is wrong.
        let mut doubts = vec![1.0f32; frames];
        for step in 0..config.steps {
            if cancel.is_cancelled() {
                return Err(VallEError::Cancelled);
            }
            let done = step as f64 / (config.steps - 1).max(1) as f64;
            let share = (done * std::f64::consts::FRAC_PI_2).cos();
            let opened = ((share * frames as f64) as usize).min(frames.saturating_sub(step)).max(1);
            let mut order: Vec<usize> = (0..frames).collect();
            order.sort_by(|&a, &b| doubts[b].total_cmp(&doubts[a]));
            order.iter().take(opened).for_each(|&frame| codes[frame] = open);
            let response = VallEResponse::Masked(codes.clone());
            let with = self.logits(prompt, &response)?; // (frames, codes)
            let without = self.logits(&unconditional, &response)?; // (frames, codes)
            let rows = guided(&with, &without, config)
                .and_then(|logits| logits.to_vec2::<f32>())
                .map_err(failed("predict level 1 in place"))?;
            for (frame, logits) in rows.iter().enumerate() {
                let best = (0u16..).zip(logits).reduce(|a, b| if b.1 > a.1 { b } else { a });
                let Some((code, &top)) = best else { continue };
                let total: f32 = logits.iter().map(|l| (l - top).exp()).sum();
                doubts[frame] = 1.0 - 1.0 / total;
                if codes[frame] == open {
                    codes[frame] = code;
                }
            }
        }
        Ok(codes)
    }

    /// Number of frames that the response to a prompt has: greedy digits, base 10.
    ///
    /// # Errors
    /// [`VallEError::Untrained`], [`VallEError::Compute`].
    pub fn length(&self, prompt: &VallEPrompt, cancel: &CancelToken) -> Result<u64, VallEError> {
        if !self.layout.masked {
            return Err(VallEError::Untrained("predict a length"));
        }
        let mut digits: Vec<u32> = vec![0];
        while digits.len() <= MOST_DIGITS {
            if cancel.is_cancelled() {
                return Err(VallEError::Cancelled);
            }
            let response = VallEResponse::Length(digits.clone());
            let logits = self.logits(prompt, &response)?; // (digits + 1, tokens)
            let last = logits.i(digits.len()).and_then(|l| l.argmax(0)?.to_scalar::<u32>());
            match last.map_err(failed("predict a length"))? {
                digit @ 0..=9 => digits.push(digit),
                _ => break,
            }
        }
        Ok(digits.iter().fold(0u64, |number, &d| number.saturating_mul(10) + u64::from(d)))
    }

    /// Phone tokens of a recording, with their begin and without their end.
    ///
    /// # Errors
    /// [`VallEError::Compute`], [`VallEError::Cancelled`].
    pub fn transcribe(
        &self,
        recording: &Codes,
        (language, most): (Option<usize>, usize),
        cancel: &CancelToken,
    ) -> Result<Vec<u32>, VallEError> {
        let prompt = VallEPrompt {
            text: None,
            recording: Some(recording.clone()),
            language,
            prompt: Vec::new(),
            counts_separators: true,
        };
        let (begin, end) = (self.model.space().text_begin, self.model.space().text_end);
        let mut phones = vec![begin];
        while phones.len() <= most {
            if cancel.is_cancelled() {
                return Err(VallEError::Cancelled);
            }
            let logits = self.logits(&prompt, &VallEResponse::Phones(phones.clone()))?; // (phones + 1, tokens)
            let last = logits.i(phones.len()).and_then(|l| l.argmax(0)?.to_scalar::<u32>());
            let next = last.map_err(failed("transcribe"))?;
            if next == end {
                break;
            }
            phones.push(next);
        }
        Ok(phones)
    }
}

/// Steps of an autoregressive response.
struct Steps<'a> {
    model: &'a VallE,
    prompt: &'a VallEPrompt,
    empty: &'a VallEResponse,
    /// Keys and values so far, and the position that comes next. A prompt with a task token has none: its positions change
    /// with every token.
    cached: Option<(Progress, Position)>,
}

impl<'a> Steps<'a> {
    fn new(
        model: &'a VallE,
        prompt: &'a VallEPrompt,
        empty: &'a VallEResponse,
    ) -> Result<Self, VallEError> {
        let steps = Self { model, prompt, empty, cached: None };
        if prompt.prompt.iter().any(|piece| matches!(piece, VallEPiece::Task(_))) {
            return Ok(steps);
        }
        let mut sequence = model.sequence(prompt, empty)?;
        // The last separator predicts the first token.
        let last = sequence.positions.pop();
        let progress = model.model.begin(&[sequence]).map_err(failed("read a prompt"))?;
        Ok(Self { cached: last.map(|last| (progress, last)), ..steps })
    }

    /// Logits of the token after those so far.
    fn next(&mut self, tokens: &[u32]) -> Result<Vec<f32>, VallEError> {
        let fail = failed("predict the next token");
        let VallE { model, layout } = self.model;
        let logits = match &mut self.cached {
            None => {
                let response = match self.empty {
                    VallEResponse::FirstLevel(_) => {
                        VallEResponse::FirstLevel(tokens.iter().map(|&t| t as u16).collect())
                    }
                    VallEResponse::Length(_) => VallEResponse::Length(tokens.to_vec()),
                    _ => VallEResponse::Phones(tokens.to_vec()),
                };
                let logits = self.model.logits(self.prompt, &response)?; // (tokens + 1, tokens)
                logits.i(tokens.len()).map_err(&fail)?
            }
            Some((progress, position)) => {
                if let Some((index, &token)) = tokens.iter().enumerate().next_back() {
                    *position = layout.element(model.space(), self.empty, index, token);
                }
                let h = model.advance(progress, &[(0, &*position)]).map_err(&fail)?; // (1, dim)
                self.model.read(&h, self.empty)?.flatten_all().map_err(&fail)?
            }
        };
        logits.to_vec1::<f32>().map_err(&fail)
    }
}

/// Classifier-free guidance: the prediction with the prompt weighed against that without, part of it rescaled to the spread
/// of the former.
fn guided(with: &Tensor, without: &Tensor, config: &DemaskConfig) -> candle_core::Result<Tensor> {
    let sum = (without + ((with - without)? * config.guidance)?)?;
    let factor = f64::from(deviation(with)? / deviation(&sum)?);
    sum * (config.rescale * factor + 1.0 - config.rescale)
}

/// Standard deviation of all values, with one degree of freedom less than there are.
fn deviation(x: &Tensor) -> candle_core::Result<f32> {
    let values = x.flatten_all()?.to_vec1::<f32>()?;
    let count = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let sum: f64 = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
    Ok((sum / (count - 1.0).max(1.0)).sqrt() as f32)
}
