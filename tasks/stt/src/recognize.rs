//! From a recording to rows, and from their scores to words with times.

use syrinx_audio::silence::chunks;
use syrinx_audio::speech::{has_speech, speech_regions};
use syrinx_speech::{Acoustics, Aligned, SpeechError, SpokenForm, align, align_acoustics};
use syrinx_task::{
    AnswerIssue, Content, Contents, Context, FrameScores, Generated, Opened, Plan, RowPlan,
    SpeechCodec, StageRun, TaskError, TaskKit, Transcript,
};
use syrinx_text::Phonemized;
use syrinx_types::{Audio, Codes, Event, RunContext, TimedPhone, WordTime};

use crate::decoder::Decoder;
use crate::layout::{CODES, PHONES, TEXT};
use crate::{SttConfig, SttError, SttMode, SttRequest};

/// Confidence of an alignment below which the recording probably has another text: right texts have 0.15 to 0.9, wrong
/// ones less than 0.001, a text that is half spoken 0.07.
const FITS_BELOW: f64 = 0.1;

/// The most text tokens for a frame of 40 ms, and for any recording.
const TOKENS_A_FRAME: usize = 2;
const TOKENS_ANYWAY: usize = 32;

/// One row a part of the recording, and its length in seconds; parts end in pauses.
pub(crate) fn plan(
    config: &SttConfig,
    request: &SttRequest,
    context: &Context<'_>,
) -> Result<(Plan, f64), TaskError> {
    if config.mode == SttMode::Text && request.text.is_some() {
        return Err(TaskError::input(
            "this model predicts text without times, and cannot align a known text",
            "leave the text out",
        ));
    }
    let codec = context.codec()?;
    // Noise and music make words of their own; silence makes none. A known text is said somewhere in the recording.
    let detects = request.text.is_none();
    let (codes, parts, seconds) = match context.open(&request.audio)? {
        Opened::Memory(audio) => {
            let regions = if detects { speech_regions(&audio) } else { Vec::new() };
            let spoken = |&(start_s, end_s): &(f64, f64)| {
                !detects || regions.iter().any(|&(from_s, to_s)| from_s < end_s && start_s < to_s)
            };
            let cuts = chunks(&audio, config.max_part_s);
            let parts: Vec<Part> =
                cuts.iter().map(|cut| Part { end_s: cut.1, spoken: spoken(cut) }).collect();
            (codec.encode(&audio)?, parts, audio.seconds())
        }
        Opened::Long(long) => {
            let codes = codec.encode_long(long.as_ref(), context.run)?;
            let part = |(start_s, end_s)| -> Result<Part, TaskError> {
                let spoken = !detects || has_speech(&long.slice(start_s, end_s)?);
                Ok(Part { end_s, spoken })
            };
            let cuts = long.cuts(config.max_part_s)?;
            let parts = cuts.into_iter().map(part).collect::<Result<_, _>>()?;
            (codes, parts, long.seconds())
        }
    };
    if codes.is_empty() {
        let name = request.audio.named("recording");
        return Err(TaskError::input(
            format!("{name} lasts {seconds:.3} s, less than one frame"),
            "give a longer recording",
        ));
    }
    Ok((Plan { rows: rows(config, codec, &codes, &parts)? }, seconds))
}

/// A part of a recording.
struct Part {
    end_s: f64,
    /// Whether somebody may speak in it.
    spoken: bool,
}

/// One row a part, cut out of the codes of the whole recording, so that they fit together without a gap. Where nobody
/// speaks, silence stands for what was recorded.
fn rows(
    config: &SttConfig,
    codec: &dyn SpeechCodec,
    codes: &Codes,
    parts: &[Part],
) -> Result<Vec<RowPlan>, TaskError> {
    let (mut rows, mut start) = (Vec::new(), 0);
    for (i, part) in parts.iter().enumerate() {
        let end = match i + 1 == parts.len() {
            // The last frame may be half empty.
            true => codes.frames(),
            false => ((part.end_s * codec.frame_rate_hz()).round() as usize).min(codes.frames()),
        };
        if end > start {
            let input = match part.spoken {
                true => codes.slice(start, end),
                false => silence(codec, end - start)?,
            };
            rows.push(row(config, input));
            start = end;
        }
    }
    Ok(rows)
}

/// Codes of silent frames.
fn silence(codec: &dyn SpeechCodec, frames: usize) -> Result<Codes, TaskError> {
    let seconds = frames as f64 / codec.frame_rate_hz();
    let codes = codec.encode(&Audio::silence(seconds, codec.sample_rate_hz()))?;
    Ok(codes.slice(0, frames))
}

/// Clamps the words to the recording: the last codec frame may reach beyond it.
pub(crate) fn clamped(mut transcript: Transcript, seconds: f64) -> Transcript {
    for word in &mut transcript.words {
        word.end_s = word.end_s.min(seconds);
        word.start_s = word.start_s.min(word.end_s);
    }
    transcript
}

fn row(config: &SttConfig, codes: Codes) -> RowPlan {
    let frames = codes.frames();
    let (stage, limit) = match config.mode {
        SttMode::Aligned => (PHONES, frames),
        SttMode::Text => (TEXT, TOKENS_A_FRAME * frames + TOKENS_ANYWAY),
    };
    let contents = Contents::from([(CODES.to_owned(), Content::Codes(codes))]);
    RowPlan::new(vec![StageRun::new(stage, contents, limit)])
}

/// Transcript of a model that predicts text tokens.
pub(crate) fn from_tokens(kit: &TaskKit, generated: &[Generated]) -> Transcript {
    let texts: Vec<String> = generated
        .iter()
        .map(|g| kit.vocab.decode_predicted(&g.text).trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    Transcript { text: texts.join(" "), ..Transcript::default() }
}

fn scores(generated: &Generated) -> Result<&FrameScores, TaskError> {
    generated.phones.as_ref().ok_or_else(|| AnswerIssue::NoScores.of("stt"))
}

/// Returns the answer from phone scores: words that fit best.
pub(crate) fn transcribed(
    decoder: &Decoder,
    kit: &TaskKit,
    generated: &[Generated],
) -> Result<Transcript, TaskError> {
    let mut answer = Transcript::default();
    let mut sum = Confidence::default();
    let mut start_s = 0.0;
    for generated in generated {
        let scores = scores(generated)?;
        let recognized = decoder.decode(scores)?;
        let forms: Vec<SpokenForm> =
            recognized.words.iter().map(|w| SpokenForm::of(&kit.frontend, &w.word, None)).collect();
        match align(&forms, scores, decoder.units(), decoder.prior_weight()) {
            Ok(aligned) => {
                sum.add(&aligned);
                answer.words.extend(later(aligned.words, start_s));
                answer.phones.extend(aligned.phones);
            }
            Err(SpeechError::NoWords) => {
                let duration_s = seconds(scores);
                answer.phones.push(TimedPhone { phone: "SIL".into(), duration_s });
            }
            Err(other) => return Err(SttError::from(other).into()),
        }
        start_s += seconds(scores);
    }
    let words: Vec<&str> = answer.words.iter().map(|w| w.word.as_str()).collect();
    answer.text = words.join(" ");
    answer.confidence = sum.mean();
    Ok(answer)
}

/// Returns the answer for a known text: when its words sound.
pub(crate) fn aligned(
    decoder: &Decoder,
    kit: &TaskKit,
    text: &str,
    generated: Vec<Generated>,
    run: RunContext<'_>,
) -> Result<Transcript, TaskError> {
    let units = decoder.units();
    let parts =
        |g: &Generated| g.phones.as_ref().map_or(0, |s| s.log_probs.len() / s.labels.max(1));
    let mut acoustics: Option<Acoustics> = None;
    let all = generated.iter().map(parts).sum();
    // Scores of hours are large: each row's are dropped when they are read.
    for row in generated {
        let scores = scores(&row)?;
        let read = match &mut acoustics {
            Some(read) => read,
            None => {
                let mut empty = Acoustics::empty(units, scores.rate_hz, decoder.prior_weight())
                    .map_err(SttError::from)?;
                empty.reserve(all);
                acoustics.insert(empty)
            }
        };
        read.extend(scores, units).map_err(SttError::from)?;
    }
    let acoustics = acoustics.ok_or(SttError::Speech(SpeechError::NoScores))?;
    let spoken = kit.frontend.phonemize(text)?;
    let forms: Vec<SpokenForm> =
        spoken.words.iter().map(|w| SpokenForm::of(&kit.frontend, &w.spoken, Some(w))).collect();
    let aligned = align_acoustics(&forms, &acoustics, units).map_err(SttError::from)?;
    let mut sum = Confidence::default();
    sum.add(&aligned);
    if let Some(confidence) = sum.mean().filter(|c| *c < FITS_BELOW) {
        let message = format!(
            "the text fits the recording badly (confidence {confidence:.2}): times are right only where it is said"
        );
        run.events.emit(Event::Warning { message });
    }
    Ok(Transcript {
        text: text.trim().to_owned(),
        words: by_written(&spoken, &aligned.words),
        phones: aligned.phones,
        confidence: sum.mean(),
    })
}

/// Returns the times of written pieces: `$5` sounds from the beginning of `five` to the end of `dollars`.
fn by_written(spoken: &Phonemized, times: &[WordTime]) -> Vec<WordTime> {
    let mut written: Vec<WordTime> = Vec::new();
    let mut last = None;
    for (word, time) in spoken.words.iter().zip(times) {
        match written.last_mut() {
            Some(whole) if last == Some(word.piece) => whole.end_s = time.end_s,
            _ => written.push(WordTime { word: word.written.clone(), ..time.clone() }),
        }
        last = Some(word.piece);
    }
    written
}

fn seconds(scores: &FrameScores) -> f64 {
    scores.log_probs.len() as f64 / scores.labels.max(1) as f64 / scores.rate_hz
}

fn later(words: Vec<WordTime>, by_s: f64) -> impl Iterator<Item = WordTime> {
    words.into_iter().map(move |w| WordTime {
        start_s: w.start_s + by_s,
        end_s: w.end_s + by_s,
        ..w
    })
}

/// The mean over words of their log-probabilities.
#[derive(Default)]
struct Confidence {
    sum: f64,
    words: usize,
}

impl Confidence {
    fn add(&mut self, aligned: &Aligned) {
        self.sum += aligned.word_scores.iter().sum::<f64>();
        self.words += aligned.word_scores.len();
    }

    fn mean(&self) -> Option<f64> {
        (self.words > 0).then(|| (self.sum / self.words as f64).exp())
    }
}
