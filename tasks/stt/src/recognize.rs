//! From a recording to rows, and from their scores to words with times.

use syrinx_audio::silence::chunks;
use syrinx_audio::speech::has_speech;
use syrinx_speech::{Acoustics, Aligned, SpeechError, SpokenForm, align, align_acoustics};
use syrinx_task::{
    AnswerIssue, Content, Contents, Context, FrameScores, Generated, Opened, Plan, RowPlan,
    StageRun, TaskError, TaskKit, Transcript,
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
    let (codes, cuts, seconds) = match context.open(&request.audio)? {
        Opened::Memory(audio) => {
            // Noise and music make words of their own; silence makes none.
            let silenced = (request.text.is_none() && !has_speech(&audio))
                .then(|| Audio::silence(audio.seconds(), audio.sample_rate_hz));
            let codes = codec.encode(silenced.as_ref().unwrap_or(&audio))?;
            (codes, chunks(&audio, config.max_part_s), audio.seconds())
        }
        Opened::Long(long) => {
            let codes = codec.encode_long(long.as_ref(), context.run)?;
            (codes, long.cuts(config.max_part_s)?, long.seconds())
        }
    };
    if codes.is_empty() {
        let name = request.audio.named("recording");
        return Err(TaskError::input(
            format!("{name} lasts {seconds:.3} s, less than one frame"),
            "give a longer recording",
        ));
    }
    // Parts are cut out of the codes of the whole recording, so that they fit together without a gap.
    let frame = |at_s: f64| (at_s * codec.frame_rate_hz()).round() as usize;
    let mut rows = Vec::new();
    let mut start = 0;
    for (_, end_s) in cuts {
        let end = frame(end_s).min(codes.frames());
        if end > start {
            rows.push(row(config, codes.slice(start, end)));
            start = end;
        }
    }
    match rows.last_mut() {
        // The last frame may be half empty.
        Some(last) if start < codes.frames() => {
            let from = start - frames_of(last);
            *last = row(config, codes.slice(from, codes.frames()));
        }
        None => rows.push(row(config, codes)),
        _ => {}
    }
    Ok((Plan { rows }, seconds))
}

/// Clamps the words to the recording: the last codec frame may reach beyond it.
pub(crate) fn clamped(mut transcript: Transcript, seconds: f64) -> Transcript {
    for word in &mut transcript.words {
        word.end_s = word.end_s.min(seconds);
        word.start_s = word.start_s.min(word.end_s);
    }
    transcript
}

fn frames_of(row: &RowPlan) -> usize {
    let codes = row.stages.first().and_then(|s| s.contents.get(CODES));
    if let Some(Content::Codes(codes)) = codes { codes.frames() } else { 0 }
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
