//! Recordings with the times of their phones and words.

use std::ops::Range;

use syrinx_audio::silence::{chunks, is_inaudible};
use syrinx_audio::speech::has_speech;
use syrinx_task::{Clip, Context, FrameScores, RecordingIssue, TaskError, TaskKit};
use syrinx_text::Phone;
use syrinx_types::{Audio, Codes, Event, TimedPhone, WordTime};

use crate::timeline::Timeline;
use crate::{Aligned, SpeakConfig, SpeechError, SpokenForm, Units, align, sounds};

/// Weight of the log prior that is subtracted from the log-probability of a phone, as in recognition.
const PRIOR_WEIGHT: f64 = 0.4;
/// Longest part that is encoded at once, seconds.
const MAX_ENCODED_S: f64 = 60.0;
/// Maximum length of a section that is scored at once, in seconds: the length of most training utterances.
const MAX_PART_S: f64 = 5.0;

/// A phone or silence of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedSound {
    /// Phone without stress; silence for pauses.
    pub phone: Phone,
    /// Start, in seconds.
    pub start_s: f64,
    /// End, in seconds.
    pub end_s: f64,
    /// Index of the word; `None` for silence, and if the words are unknown.
    pub word: Option<usize>,
}

/// A word of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct RecognizedWord {
    /// Spoken word in lower case.
    pub word: String,
    /// Start, in seconds.
    pub start_s: f64,
    /// End, in seconds.
    pub end_s: f64,
    /// Goodness of pronunciation in nats, 0 is the maximum (see [`Aligned::word_goodness`]).
    pub goodness: f64,
}

/// Returns the text that the recognizer finds. Emits a warning if its confidence is low.
fn recognized_words(
    clip: &Clip,
    audio: &Audio,
    context: &Context<'_>,
) -> Result<String, TaskError> {
    let transcript = context.recognizer()?.transcribe(audio, context.run)?;
    if let Some(confidence) = transcript.low_confidence() {
        let message = format!(
            "the words of {} are uncertain (confidence {confidence:.2}): \"{}\"; \
             if they are wrong, give the spoken text as `says`",
            clip.named("recording"),
            transcript.text
        );
        context.run.events.emit(Event::Warning { message });
    }
    Ok(transcript.text)
}

/// Returns the sections of a recording with their starts in seconds. Sections last at most `max_s` seconds and are
/// split in pauses, so that memory does not grow with the length of the recording. Some of several sections may lack
/// speech.
///
/// # Errors
/// [`TaskError::Input`] if a recording has several sections and none has speech, and errors of the services.
pub fn speech_sections(
    clip: &Clip,
    max_s: f64,
    context: &Context<'_>,
) -> Result<Vec<(Clip, f64)>, TaskError> {
    let sections = context.sections(clip, max_s, chunks)?;
    let mut speaks = sections.len() < 2;
    for (section, _) in &sections {
        speaks = speaks || has_speech(context.audio(section)?.as_ref());
    }
    if !speaks {
        return Err(TaskError::no_speech(&clip.named("recording")));
    }
    Ok(sections)
}

/// A recording with its phones and words.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignedRecording {
    /// Samples, at the codec's sample rate.
    pub audio: Audio,
    /// Codes of the samples, (levels, frames).
    pub codes: Codes,
    /// Frames a second.
    pub frame_rate_hz: f64,
    /// Words in order; empty if only phones are known.
    pub words: Vec<RecognizedWord>,
    /// Phones and silences, without gaps from the start to the end of the recording.
    pub sounds: Vec<TimedSound>,
}

impl AlignedRecording {
    /// Finds the times of words and phones. Aligns the text `says`, or without it the recognizer's text. If the
    /// recognizer finds no words, the phones are decoded without a dictionary. A section of a long recording may lack
    /// speech; its result is a single silence.
    ///
    /// # Errors
    /// [`TaskError::Input`] for a recording without speech or too short for its words, and errors of the services.
    pub fn recognize(
        kit: &TaskKit,
        clip: &Clip,
        says: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Self, TaskError> {
        let codec = context.codec()?;
        let audio = context.audio(clip)?.into_owned();
        let codes = encode(&audio, context)?;
        if codes.is_empty() {
            let (name, seconds) = (clip.named("recording"), audio.seconds());
            return Err(RecordingIssue::TooShort { name, seconds }.into());
        }
        let recognized = match says {
            Some(_) => None,
            None => Some(recognized_words(clip, &audio, context)?),
        };
        let text = says.or(recognized.as_deref()).unwrap_or_default();
        let is_speech = match says {
            Some(_) => !is_inaudible(&audio),
            // The recognizer finds phones in noise and silence, too.
            None => !text.trim().is_empty() || has_speech(&audio),
        };
        let (frame_rate_hz, end_s) = (codec.frame_rate_hz(), audio.seconds());
        let silence = TimedSound { phone: Phone::SILENCE, start_s: 0.0, end_s, word: None };
        let (words, sounds_before) = (Vec::new(), vec![silence]);
        let mut recording = Self { frame_rate_hz, audio, codes, words, sounds: sounds_before };
        if !is_speech {
            return recording.without_speech(clip);
        }
        recording.sounds.clear();
        let scores = scores(context, &recording.audio, &recording.codes)?;
        let units = Units::english()?;
        if says.is_none() && text.trim().is_empty() {
            recording.sounds = sounds(&scores, &units)?;
        } else {
            let spoken = kit.frontend.phonemize(text)?;
            let form =
                |w: &syrinx_text::SpokenWord| SpokenForm::of(&kit.frontend, &w.spoken, Some(w));
            let forms: Vec<SpokenForm> = spoken.words.iter().map(form).collect();
            recording.place(&align(&forms, &scores, &units, PRIOR_WEIGHT)?);
        }
        recording.clamp_sounds();
        if recording.sounds.iter().all(|s| s.phone == Phone::SILENCE) {
            return recording.without_speech(clip);
        }
        Ok(recording)
    }

    /// Returns a section of a long recording as it is; reports any other recording as one without speech.
    fn without_speech(self, clip: &Clip) -> Result<Self, TaskError> {
        match &clip.section {
            Some(_) => Ok(self),
            None => Err(TaskError::no_speech(&clip.named("recording"))),
        }
    }

    /// Stores the words and phones of an alignment.
    fn place(&mut self, aligned: &Aligned) {
        let mut at_s = 0.0;
        for (timed, word) in aligned.phones.iter().zip(&aligned.word_of_phone) {
            let end_s = at_s + timed.duration_s;
            let phone = Phone::from_arpabet(&timed.phone).unwrap_or(Phone::SILENCE);
            self.sounds.push(TimedSound { phone, start_s: at_s, end_s, word: *word });
            at_s = end_s;
        }
        // The last frame may extend beyond the recording.
        let total_s = self.audio.seconds();
        let recognized = |(w, goodness): (&WordTime, &f64)| RecognizedWord {
            word: w.word.clone(),
            start_s: w.start_s.min(total_s),
            end_s: w.end_s.min(total_s),
            goodness: *goodness,
        };
        self.words = aligned.words.iter().zip(&aligned.word_goodness).map(recognized).collect();
    }

    /// Clamps the sounds to the recording, since the last frame may extend beyond it.
    fn clamp_sounds(&mut self) {
        let total_s = self.audio.seconds();
        for sound in &mut self.sounds {
            sound.end_s = sound.end_s.min(total_s);
            sound.start_s = sound.start_s.min(sound.end_s);
        }
        self.sounds.retain(|s| s.end_s > s.start_s || s.phone != Phone::SILENCE);
    }

    /// Returns the words as text, separated by spaces.
    pub fn text(&self) -> String {
        self.words.iter().map(|w| w.word.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Returns the median goodness of pronunciation of the words in nats (see [`Aligned::word_goodness`]); 0 without
    /// words.
    pub fn typical_goodness(&self) -> f64 {
        let mut all: Vec<f64> = self.words.iter().map(|w| w.goodness).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    }

    /// Returns the words with their times.
    pub fn word_times(&self) -> Vec<WordTime> {
        let time = |w: &RecognizedWord| WordTime {
            word: w.word.clone(),
            start_s: w.start_s,
            end_s: w.end_s,
        };
        self.words.iter().map(time).collect()
    }

    /// Returns the start of a frame, in seconds.
    pub fn at_s(&self, frame: usize) -> f64 {
        frame as f64 / self.frame_rate_hz
    }

    /// Returns the frame boundary nearest to a time in seconds.
    pub fn frame(&self, at_s: f64) -> usize {
        ((at_s * self.frame_rate_hz).round().max(0.0) as usize).min(self.codes.frames())
    }

    /// Returns the number of samples per frame.
    pub fn frame_samples(&self) -> usize {
        (f64::from(self.audio.sample_rate_hz) / self.frame_rate_hz).round() as usize
    }

    /// Returns the phones whose middle is in a range of frames, without silences.
    fn sounding(&self, frames: Range<usize>) -> impl Iterator<Item = &TimedSound> {
        let (start_s, end_s) = (self.at_s(frames.start), self.at_s(frames.end));
        self.sounds.iter().filter(move |s| {
            let middle_s = 0.5 * (s.start_s + s.end_s);
            s.phone != Phone::SILENCE && middle_s >= start_s && middle_s < end_s
        })
    }

    /// Returns the phones in a range of frames, with `|` for the gaps between words, and the time before the first
    /// phone in seconds.
    pub fn timed_phones(&self, frames: Range<usize>) -> (Vec<TimedPhone>, f64) {
        let (start_s, end_s) = (self.at_s(frames.start), self.at_s(frames.end));
        let inside = self.sounding(frames);
        let mut timed: Vec<TimedPhone> = Vec::new();
        let mut lead_s = 0.0;
        let mut before: Option<&TimedSound> = None;
        for sound in inside {
            let begin_s = sound.start_s.max(start_s);
            match before {
                None => lead_s = begin_s - start_s,
                Some(before) => {
                    let gap_s = (begin_s - before.end_s).max(0.0);
                    if gap_s > 0.0 || before.word != sound.word {
                        timed.push(TimedPhone { phone: "|".into(), duration_s: gap_s });
                    }
                }
            }
            let duration_s = sound.end_s.min(end_s) - begin_s;
            timed.push(TimedPhone { phone: sound.phone.arpabet().into(), duration_s });
            before = Some(sound);
        }
        (timed, lead_s)
    }

    /// Returns the words of the phones that [`AlignedRecording::timed_phones`] returns; empty if only phones are known.
    pub fn words_in(&self, frames: Range<usize>) -> Vec<String> {
        let mut inside: Vec<usize> = self.sounding(frames).filter_map(|s| s.word).collect();
        inside.dedup();
        inside.into_iter().map(|word| self.words[word].word.clone()).collect()
    }

    /// Returns the time line of a range of frames; `None` if it has no phone.
    pub fn line(&self, frames: Range<usize>, config: &SpeakConfig) -> Option<Timeline> {
        let total_s = self.at_s(frames.len());
        let (timed, lead_s) = self.timed_phones(frames.clone());
        let (stress, pause_from_s) = (config.stress, config.pause_from_s);
        let line = Timeline::of_recording(&timed, lead_s, total_s, stress, pause_from_s)?;
        Some(line.with_words(self.words_in(frames)))
    }

    /// Divides the recording into adjacent sections of at most `max_s` seconds, as ranges of frames. A section ends in
    /// the longest pause of its last two thirds, otherwise between words, otherwise after `max_s`.
    pub fn cut(&self, max_s: f64) -> Vec<Range<usize>> {
        let mut sentences = Vec::new();
        let mut start = 0;
        while self.at_s(self.codes.frames() - start) > max_s {
            let (from_s, to_s) = (self.at_s(start) + max_s / 3.0, self.at_s(start) + max_s);
            let pauses = self.sounds.iter().filter(|s| s.phone == Phone::SILENCE);
            let middle_s = |s: &TimedSound| 0.5 * (s.start_s + s.end_s);
            let inside = |at_s: f64| at_s > from_s && at_s <= to_s;
            let longest = pauses
                .filter(|s| inside(middle_s(s)))
                .max_by(|a, b| (a.end_s - a.start_s).total_cmp(&(b.end_s - b.start_s)))
                .map(middle_s);
            let word = self.words.iter().rev().map(|w| w.end_s).find(|&at_s| inside(at_s));
            let end = self.frame(longest.or(word).unwrap_or(to_s)).max(start + 1);
            sentences.push(start..end);
            start = end;
        }
        sentences.push(start..self.codes.frames());
        sentences
    }
}

/// Encodes a recording part by part, so that memory does not grow with its length but for its samples and codes.
fn encode(audio: &Audio, context: &Context<'_>) -> Result<Codes, TaskError> {
    let codec = context.codec()?;
    let frame = (f64::from(audio.sample_rate_hz) / codec.frame_rate_hz()).round() as usize;
    let part = frame * (MAX_ENCODED_S * codec.frame_rate_hz()) as usize;
    let all = &audio.samples;
    if part == 0 || all.len() < 2 * part {
        return codec.encode(audio, context.run);
    }
    let mut codes: Option<Codes> = None;
    let mut start = 0;
    while start < all.len() {
        // The last part is the longer one, since a short end would hold no frame.
        let end = if all.len() - start < 2 * part { all.len() } else { start + part };
        let samples = all[start..end].to_vec();
        let part = Audio { samples, sample_rate_hz: audio.sample_rate_hz };
        let encoded = codec.encode(&part, context.run)?;
        let codes = codes.get_or_insert_with(|| Codes::empty(encoded.levels()));
        codes.append(&encoded);
        start = end;
    }
    Ok(codes.unwrap_or_else(|| Codes::empty(1)))
}

/// Returns the phone scores of a recording, which is scored in sections that end in pauses.
fn scores(context: &Context<'_>, audio: &Audio, codes: &Codes) -> Result<FrameScores, TaskError> {
    let frame_rate_hz = context.codec()?.frame_rate_hz();
    let parts = chunks(audio, MAX_PART_S);
    let mut whole = FrameScores::default();
    let mut start = 0;
    for (i, (_, end_s)) in parts.iter().enumerate() {
        let end = (end_s * frame_rate_hz).round() as usize;
        let end = if i + 1 == parts.len() { codes.frames() } else { end.min(codes.frames()) };
        if end > start {
            let scores = context.phones()?.phone_scores(&codes.slice(start, end), context.run)?;
            whole.log_probs.extend_from_slice(&scores.log_probs);
            (whole.labels, whole.rate_hz) = (scores.labels, scores.rate_hz);
            start = end;
        }
    }
    if whole.log_probs.is_empty() {
        return Err(SpeechError::NoScores.into());
    }
    Ok(whole)
}
