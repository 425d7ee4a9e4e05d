//! Transcription of recordings of any length, in windows. Each begins at the last timestamp of the previous one.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_audio::{resample, silence};
use syrinx_types::{Audio, CancelToken, WordTime};

use super::decoding::Decoded;
use super::error::WhisperFault;
use super::model::{Whisper, failed};
use super::network::Cache;
use super::options::{WhisperOptions, WhisperSegment, WhisperTranscript};
use super::spectrogram::{FRAMES_PER_S, Frames, SAMPLE_RATE_HZ, WindowSpan};
use super::words::{assign, split_words, tidy, time_words};
use crate::PretrainedError;

/// Spectrogram frames per step of the timestamps, which is 20 ms.
const FRAMES_PER_STEP: usize = 2;
/// Temperature above which the text of a window is not used as context for the next.
const UNSURE_TEMPERATURE: f64 = 0.5;

/// Maximum number of consecutive windows that advance by less than a thirtieth of a window.
const MOST_STALLED: usize = 5;

/// Language of a recording.
struct Language {
    code: String,
    /// Token of the language; `None` in English-only models.
    token: Option<u32>,
}

/// Segments of a window with their tokens.
struct Segmented {
    segments: Vec<(WhisperSegment, Vec<u32>)>,
    /// Number of frames from this window to the next.
    advance: usize,
    /// Whether speech may continue after the last timestamp.
    open: bool,
}

/// Progress through a recording.
struct Progress {
    /// First frame of the current window.
    seek: usize,
    /// Tokens of the segments so far, used as context.
    context: Vec<u32>,
    /// Number of consecutive windows that advanced too little.
    stalled: usize,
    speech_end_s: f64,
    rng: ChaCha8Rng,
}

impl Progress {
    /// Advances to the frame `next`. If too many windows in a row advanced too little, skips all `used` frames of the
    /// window, so that the number of windows is bounded by the length of the recording.
    fn advance(&mut self, next: usize, used: usize, window: usize) {
        let hardly = next < self.seek + window.div_ceil(30);
        self.stalled = if hardly { self.stalled + 1 } else { 0 };
        self.seek = if self.stalled > MOST_STALLED { self.seek + used } else { next };
    }
}

impl Whisper {
    /// Transcribes a recording.
    ///
    /// # Errors
    /// [`WhisperFault::Language`] for an unsupported language, [`PretrainedError::Audio`] if resampling fails,
    /// [`WhisperFault::Compute`] if the network fails, [`WhisperFault::Cancelled`] after a cancellation.
    pub fn transcribe(
        &self,
        audio: &Audio,
        options: &WhisperOptions,
        cancel: &CancelToken,
    ) -> Result<WhisperTranscript, PretrainedError> {
        self.transcribe_each(audio, options, cancel, &mut |_| {})
    }

    /// Transcribes a recording, and passes each segment to `each` as soon as it is final.
    ///
    /// # Errors
    /// The errors of [`Whisper::transcribe`].
    pub fn transcribe_each(
        &self,
        audio: &Audio,
        options: &WhisperOptions,
        cancel: &CancelToken,
        each: &mut dyn FnMut(&WhisperSegment),
    ) -> Result<WhisperTranscript, PretrainedError> {
        let sound = resample(audio, SAMPLE_RATE_HZ)?;
        let frames = self.spectrogram.compute(&sound.samples);
        let language = self.language(options.language.as_deref(), &frames)?;
        let ends = self.window_ends(&sound);
        let mut transcript =
            WhisperTranscript { language: language.code.clone(), ..WhisperTranscript::default() };
        let rng = ChaCha8Rng::seed_from_u64(options.seed);
        let mut progress =
            Progress { seek: 0, context: Vec::new(), stalled: 0, speech_end_s: 0.0, rng };
        while progress.seek < frames.len() {
            if cancel.is_cancelled() {
                return Err(WhisperFault::Cancelled.into());
            }
            let segments =
                self.next_window(&frames, &ends, &language, options, &mut progress, cancel)?;
            segments.iter().for_each(&mut *each);
            transcript.segments.extend(segments);
        }
        let texts: Vec<&str> = transcript.segments.iter().map(|s| s.text.as_str()).collect();
        transcript.text = texts.join(" ");
        Ok(transcript)
    }

    /// Returns the most probable language of the first window, with its probability.
    ///
    /// # Errors
    /// [`PretrainedError::Audio`] if resampling fails, [`WhisperFault::Compute`] if the network fails.
    pub fn detect_language(&self, audio: &Audio) -> Result<(String, f64), PretrainedError> {
        let sound = resample(audio, SAMPLE_RATE_HZ)?;
        let frames = self.spectrogram.compute(&sound.samples);
        let (language, _, probability) = self.detected(&frames)?;
        Ok((language, probability))
    }

    /// Returns the times of the words of a known text in a recording of any length. A recording longer than a window is
    /// divided where its transcript agrees with the text.
    ///
    /// # Errors
    /// [`WhisperFault::TooLong`] for a text with more tokens than the decoder has positions,
    /// [`WhisperFault::OtherText`] for a long recording of something else, and the errors of [`Whisper::transcribe`].
    pub fn align(
        &self,
        audio: &Audio,
        text: &str,
        language: Option<&str>,
        cancel: &CancelToken,
    ) -> Result<Vec<WordTime>, PretrainedError> {
        let sound = resample(audio, SAMPLE_RATE_HZ)?;
        let window_s = self.config.window_frames() as f64 / FRAMES_PER_S;
        match sound.seconds() > window_s {
            true => self.align_sections(&sound, text, language, window_s, cancel),
            false => self.align_window(&sound, text, language),
        }
    }

    /// Returns the times of the words of a text in a recording of at most one window, at Whisper's sample rate.
    pub(super) fn align_window(
        &self,
        sound: &Audio,
        text: &str,
        language: Option<&str>,
    ) -> Result<Vec<WordTime>, PretrainedError> {
        let frames = self.spectrogram.compute(&sound.samples);
        let Language { code, token } = self.language(language, &frames)?;
        let tokens = self.vocabulary.encode(&format!(" {}", text.trim()))?;
        let most = self.config.max_target_positions - self.vocabulary.prefix(token).len() - 2;
        if tokens.len() > most {
            return Err(WhisperFault::TooLong { tokens: tokens.len(), most }.into());
        }
        let used = frames.len().min(self.config.window_frames());
        let window = self.encode(&frames, WindowSpan { start: 0, used })?;
        let aligned = self.align_tokens(&window, &tokens, token, used)?;
        let words = split_words(&self.vocabulary, &tokens, &code)?;
        let (words, _) = tidy(time_words(words, &aligned));
        let time = |word: super::words::TokenWord| WordTime {
            word: word.word.trim().to_owned(),
            start_s: word.start_s,
            end_s: word.end_s,
        };
        Ok(words.into_iter().map(time).collect())
    }

    /// Returns the ends of the windows in frames, for vocabularies without timestamps: pauses, at most a window apart.
    fn window_ends(&self, sound: &Audio) -> Vec<usize> {
        if self.vocabulary.timestamps.is_some() {
            return Vec::new();
        }
        let window_s = self.config.window_frames() as f64 / FRAMES_PER_S;
        let chunks = silence::chunks(sound, window_s);
        chunks.into_iter().map(|(_, end_s)| (end_s * FRAMES_PER_S) as usize).collect()
    }

    fn encode(&self, frames: &Frames, span: WindowSpan) -> Result<Cache, PretrainedError> {
        let mel = frames.window(span, self.config.window_frames(), &self.network.device);
        mel.and_then(|mel| self.network.encode(&mel)).map_err(failed("encode a window"))
    }

    /// Returns the language of a recording: the given one, or the detected one.
    fn language(&self, given: Option<&str>, frames: &Frames) -> Result<Language, PretrainedError> {
        let known = &self.vocabulary.languages;
        match given {
            None => self.detected(frames).map(|(code, token, _)| Language { code, token }),
            Some("en") if self.vocabulary.english_only() => {
                Ok(Language { code: "en".into(), token: None })
            }
            Some(code) => {
                let found = known.iter().find(|(c, _)| c == code);
                let (code, token) = found.ok_or_else(|| WhisperFault::Language {
                    language: code.into(),
                    known: known.iter().map(|(code, _)| code.clone()).collect(),
                })?;
                Ok(Language { code: code.clone(), token: Some(*token) })
            }
        }
    }

    /// Returns the most probable language after the start token, with its token and probability.
    fn detected(&self, frames: &Frames) -> Result<(String, Option<u32>, f64), PretrainedError> {
        if self.vocabulary.english_only() {
            return Ok(("en".into(), None, 1.0));
        }
        let used = frames.len().min(self.config.window_frames());
        let mut window = self.encode(frames, WindowSpan { start: 0, used })?;
        let start = [self.vocabulary.start];
        let logits = self
            .network
            .decode(&start, &mut window, None)
            .and_then(|hidden| self.network.logits(&hidden)?.flatten_all()?.to_vec1::<f32>())
            .map_err(failed("detect the language"))?;
        let of = |id: u32| logits.get(id as usize).copied().unwrap_or(f32::NEG_INFINITY);
        let languages = &self.vocabulary.languages;
        let all: Vec<f32> = languages.iter().map(|(_, id)| of(*id)).collect();
        let total = super::rules::log_sum_exp(&all);
        let best = languages.iter().max_by(|a, b| of(a.1).total_cmp(&of(b.1)));
        Ok(best.map_or_else(
            || ("en".into(), None, 1.0),
            |(code, id)| (code.clone(), Some(*id), f64::from((of(*id) - total).exp())),
        ))
    }

    /// Transcribes the window at `progress.seek` and advances.
    fn next_window(
        &self,
        frames: &Frames,
        ends: &[usize],
        language: &Language,
        options: &WhisperOptions,
        progress: &mut Progress,
        cancel: &CancelToken,
    ) -> Result<Vec<WhisperSegment>, PretrainedError> {
        let start = progress.seek;
        let until = ends.iter().copied().find(|&end| end > start).unwrap_or(frames.len());
        let used = until.min(frames.len()).saturating_sub(start);
        let used = used.clamp(1, self.config.window_frames());
        let span = WindowSpan { start, used };
        let window = self.encode(frames, span)?;
        let mut prefix = self.context(&progress.context, options);
        prefix.extend(self.vocabulary.prefix(language.token));
        if self.vocabulary.timestamps.is_none() {
            prefix.push(self.vocabulary.no_timestamps);
        }
        let decoded = self.decode_window(&window, &prefix, options, &mut progress.rng, cancel)?;
        if decoded.is_silence(options) {
            progress.seek += used;
            return Ok(Vec::new());
        }
        let Segmented { segments, advance, open } = self.segmented(&decoded, start, used)?;
        let (mut segments, tokens): (Vec<_>, Vec<_>) = segments.into_iter().unzip();
        let mut next = start + advance;
        if options.word_times {
            let timed = self.time_segments(
                &window,
                &mut segments,
                &tokens,
                language,
                span,
                progress.speech_end_s,
            )?;
            progress.speech_end_s = timed;
            let end = (timed * FRAMES_PER_S).round() as usize;
            if open && end > start {
                next = end;
            }
        }
        progress.advance(next, used, self.config.window_frames());
        let kept: Vec<(WhisperSegment, Vec<u32>)> = segments
            .into_iter()
            .zip(tokens)
            .filter(|(segment, _)| !segment.text.is_empty() && segment.end_s > segment.start_s)
            .collect();
        if decoded.temperature > UNSURE_TEMPERATURE {
            progress.context.clear();
        } else {
            progress.context.extend(kept.iter().flat_map(|(_, tokens)| tokens));
        }
        let mut kept: Vec<WhisperSegment> = kept.into_iter().map(|(segment, _)| segment).collect();
        // Words without text have times, which matter for the next window, but are not returned.
        kept.iter_mut().for_each(|segment| segment.words.retain(|w| !w.time.word.is_empty()));
        Ok(kept)
    }

    /// Assigns words with times to the segments of a window; returns the end of the speech in seconds.
    fn time_segments(
        &self,
        window: &Cache,
        segments: &mut [WhisperSegment],
        tokens: &[Vec<u32>],
        language: &Language,
        span: WindowSpan,
        speech_end_s: f64,
    ) -> Result<f64, PretrainedError> {
        let text_of = |tokens: &Vec<u32>| -> Vec<u32> {
            tokens.iter().copied().filter(|&t| t < self.vocabulary.end).collect()
        };
        let texts: Vec<Vec<u32>> = tokens.iter().map(text_of).collect();
        let text = texts.concat();
        if !text.is_empty() {
            let aligned = self.align_tokens(window, &text, language.token, span.used)?;
            let words = split_words(&self.vocabulary, &text, &language.code)?;
            let counts: Vec<usize> = texts.iter().map(Vec::len).collect();
            let (words, durations) = tidy(time_words(words, &aligned));
            let start_s = span.start as f64 / FRAMES_PER_S;
            assign(segments, &counts, words, durations, start_s, speech_end_s);
        }
        let last_word = segments.iter().rev().find_map(|s| s.words.last()).map(|w| w.time.end_s);
        let last = last_word.or(segments.last().map(|s| s.end_s));
        Ok(last.unwrap_or(speech_end_s))
    }

    /// Returns the tokens of the previous text, limited to half the decoder's positions.
    fn context(&self, before: &[u32], options: &WhisperOptions) -> Vec<u32> {
        let Some(previous) = self.vocabulary.previous else { return Vec::new() };
        if !options.condition_on_previous || before.is_empty() {
            return Vec::new();
        }
        let most = (self.config.max_target_positions / 2).saturating_sub(1);
        let from = before.len().saturating_sub(most);
        std::iter::once(previous).chain(before[from..].iter().copied()).collect()
    }

    /// Splits a decoded window into segments at pairs of timestamps.
    fn segmented(
        &self,
        decoded: &Decoded,
        start: usize,
        used: usize,
    ) -> Result<Segmented, PretrainedError> {
        let tokens = &decoded.tokens;
        let first_stamp = self.vocabulary.timestamps.as_ref().map_or(u32::MAX, |range| range.start);
        let stamp = |i: usize| {
            tokens.get(i).filter(|&&t| t >= first_stamp).map(|&t| (t - first_stamp) as usize)
        };
        let single_end = tokens.len() >= 2
            && stamp(tokens.len() - 1).is_some()
            && stamp(tokens.len() - 2).is_none();
        let mut cuts: Vec<usize> =
            (1..tokens.len()).filter(|&i| stamp(i - 1).is_some() && stamp(i).is_some()).collect();
        let paired = !cuts.is_empty();
        if single_end || !paired {
            cuts.push(tokens.len());
        }
        let mut segments = Vec::new();
        let mut from = 0;
        for &cut in &cuts {
            let steps = |i: Option<usize>| i.and_then(stamp).map(|s| s * FRAMES_PER_STEP);
            let start_frame = if paired { steps(Some(from)).unwrap_or(0) } else { 0 };
            let end_frame = match paired {
                true => steps(cut.checked_sub(1)),
                false => (0..cut).rev().find_map(|i| steps(Some(i))).filter(|&end| end > 0),
            };
            let end_frame = end_frame.unwrap_or(used);
            let (first, end) = (start + start_frame, start + end_frame);
            segments.push(self.segment(decoded, &tokens[from..cut], first, end)?);
            from = cut;
        }
        // Text after the last pair is decoded again in the next window.
        let last_stamp = cuts.last().and_then(|&cut| stamp(cut.checked_sub(1)?));
        let advance = match last_stamp {
            Some(steps) if paired && !single_end && steps > 0 => steps * FRAMES_PER_STEP,
            _ => used,
        };
        let open = !single_end && self.vocabulary.timestamps.is_some();
        Ok(Segmented { segments, advance: advance.clamp(1, used), open })
    }

    /// Returns a segment between two frames, with its tokens.
    fn segment(
        &self,
        decoded: &Decoded,
        tokens: &[u32],
        start: usize,
        end: usize,
    ) -> Result<(WhisperSegment, Vec<u32>), PretrainedError> {
        let segment = WhisperSegment {
            start_s: start as f64 / FRAMES_PER_S,
            end_s: end as f64 / FRAMES_PER_S,
            text: self.vocabulary.decode(tokens)?.trim().to_owned(),
            words: Vec::new(),
            temperature: decoded.temperature,
            mean_log_prob: decoded.mean_log_prob,
            compression_ratio: decoded.compression_ratio,
            no_speech_prob: decoded.no_speech_prob,
        };
        Ok((segment, tokens.to_vec()))
    }
}
