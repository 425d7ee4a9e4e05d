//! Phones of words with known times. Word recognizers such as Whisper return no phones; the phone scores of the model
//! align them within each word.

use syrinx_engine::{Engine, EngineError};
use syrinx_speech::{SpeechError, SpokenForm, Units, align, clamp_phones};
use syrinx_task::{Context, FrameScores, TaskError, Transcript};
use syrinx_text::Phone;
use syrinx_types::{Audio, RunContext, TimedPhone, WordTime};

/// Weight of the log prior that is subtracted from a phone's score, as in recognition.
const PRIOR_WEIGHT: f64 = 0.4;

/// Adds phones to a transcript. Within each word, the phones of its pronunciation are aligned with the phone scores;
/// gaps between words are silence. A word that has fewer subframes than phones is extended.
///
/// # Errors
/// [`EngineError::Task`] if the model has no phone recognition, or if the recording is too short for its words.
pub(crate) fn with_phones(
    engine: &Engine,
    audio: &Audio,
    transcript: &Transcript,
    run: RunContext<'_>,
) -> Result<Transcript, EngineError> {
    let context = Context { services: engine.services(), run };
    let scores = context.phones()?.phone_scores(&engine.encode(audio)?, run)?;
    let units = Units::english().map_err(TaskError::from)?;
    let mut line = PhoneLine::new(&scores, &units);
    let frontend = engine.frontend();
    let mut words = Vec::new();
    for word in &transcript.words {
        // Words without a pronunciation, such as a dash, have no phones.
        let Ok(spoken) = frontend.phonemize(&word.word) else { continue };
        let forms = spoken.words.iter().map(|w| SpokenForm::of(frontend, &w.spoken, Some(w)));
        let forms: Vec<SpokenForm> = forms.collect();
        words.push(line.place(word, &forms).map_err(TaskError::from)?);
    }
    line.pause_until(line.subframes());
    clamp_phones(&mut line.phones, audio.seconds());
    Ok(Transcript {
        text: transcript.text.clone(),
        words,
        confidence: line.confidence(),
        phones: line.phones,
    })
}

/// Phones of a recording from its start, extended word by word.
struct PhoneLine<'a> {
    /// Phone scores of the whole recording.
    scores: &'a FrameScores,
    units: &'a Units,
    /// Number of subframes that are covered by phones.
    done: usize,
    phones: Vec<TimedPhone>,
    /// Mean log probability of the phones of each word.
    word_scores: Vec<f64>,
}

impl<'a> PhoneLine<'a> {
    fn new(scores: &'a FrameScores, units: &'a Units) -> Self {
        Self { scores, units, done: 0, phones: Vec::new(), word_scores: Vec::new() }
    }

    /// Number of subframes of the recording.
    fn subframes(&self) -> usize {
        self.scores.log_probs.len() / self.scores.labels.max(1)
    }

    /// Returns the subframe at a time in seconds, but not before the end of the last phone.
    fn subframe(&self, at_s: f64) -> usize {
        ((at_s * self.scores.rate_hz).round() as usize).clamp(self.done, self.subframes())
    }

    /// Returns the geometric mean of the probabilities of the words; `None` without words.
    fn confidence(&self) -> Option<f64> {
        let count = self.word_scores.len();
        (count > 0).then(|| (self.word_scores.iter().sum::<f64>() / count as f64).exp())
    }

    /// Appends a phone. Silence after silence is merged.
    fn push(&mut self, phone: TimedPhone) {
        match self.phones.last_mut() {
            Some(last) if last.phone == phone.phone && phone.phone == Phone::SILENCE.arpabet() => {
                last.duration_s += phone.duration_s;
            }
            _ => self.phones.push(phone),
        }
    }

    /// Appends silence up to a subframe.
    fn pause_until(&mut self, subframe: usize) {
        if subframe > self.done {
            let duration_s = (subframe - self.done) as f64 / self.scores.rate_hz;
            self.push(TimedPhone { phone: Phone::SILENCE.arpabet().into(), duration_s });
            self.done = subframe;
        }
    }

    /// Appends the phones of a word; returns the word with its aligned times.
    fn place(&mut self, word: &WordTime, forms: &[SpokenForm]) -> Result<WordTime, SpeechError> {
        let start = self.subframe(word.start_s);
        self.pause_until(start);
        let shortest: usize = forms.iter().map(sounds).sum();
        let end = self.subframe(word.end_s).max(start + shortest).min(self.subframes());
        let labels = self.scores.labels;
        let within = FrameScores {
            log_probs: self.scores.log_probs[start * labels..end * labels].to_vec(), // (subframes, labels)
            labels,
            rate_hz: self.scores.rate_hz,
        };
        let aligned = align(forms, &within, self.units, PRIOR_WEIGHT)?;
        self.done = end;
        self.word_scores.extend(aligned.word_scores);
        aligned.phones.into_iter().for_each(|phone| self.push(phone));
        let start_s = start as f64 / self.scores.rate_hz;
        let first = aligned.words.first().map_or(0.0, |first| first.start_s);
        let last = aligned.words.last().map_or(first, |last| last.end_s);
        let word = word.word.clone();
        Ok(WordTime { word, start_s: start_s + first, end_s: start_s + last })
    }
}

/// Returns the number of phones of a word's shortest pronunciation.
fn sounds(form: &SpokenForm) -> usize {
    let sounds = |phones: &Vec<Phone>| phones.iter().filter(|phone| !phone.is_mark()).count();
    form.pronunciations.iter().map(sounds).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns scores at 50 subframes per second. Each entry of `subframes` is the phone of a subframe.
    fn scores(subframes: &[&str]) -> FrameScores {
        let row = |phone: &&str| {
            let mut row = vec![-9.0_f32; Phone::COUNT];
            let phone = Phone::from_arpabet(phone).expect("a phone");
            row[phone.index()] = -0.01;
            row
        };
        let log_probs = subframes.iter().flat_map(row).collect();
        FrameScores { log_probs, labels: Phone::COUNT, rate_hz: 50.0 }
    }

    fn form(word: &str, phones: &[&str]) -> SpokenForm {
        let phone = |phone: &&str| Phone::from_arpabet(phone).expect("a phone");
        SpokenForm { word: word.into(), pronunciations: vec![phones.iter().map(phone).collect()] }
    }

    fn time(word: &str, start_s: f64, end_s: f64) -> WordTime {
        WordTime { word: word.into(), start_s, end_s }
    }

    #[test]
    fn phones_are_placed_within_the_times_of_their_word() {
        let units = Units::english().expect("units");
        let scores = scores(&["SIL", "SIL", "K", "IY", "IY", "IY", "SIL", "AY", "AY", "SIL"]);
        let mut line = PhoneLine::new(&scores, &units);
        let key = line.place(&time("Key,", 0.03, 0.12), &[form("key", &["K", "IY"])]);
        let eye = line.place(&time("I", 0.14, 0.14), &[form("i", &["AY"])]);
        line.pause_until(line.subframes());
        let phones: Vec<&str> = line.phones.iter().map(|p| p.phone.as_str()).collect();
        assert_eq!(phones, ["SIL", "K", "IY", "SIL", "AY", "SIL"]);
        let total_s: f64 = line.phones.iter().map(|p| p.duration_s).sum();
        assert!((total_s - 0.2).abs() < 1e-9, "{total_s}");
        let (key, eye) = (key.expect("placed"), eye.expect("placed"));
        assert_eq!(key.word, "Key,");
        assert!((key.start_s - 0.04).abs() < 1e-9 && (key.end_s - 0.12).abs() < 1e-9, "{key:?}");
        assert!((eye.start_s - 0.14).abs() < 1e-9, "a word of no length gets room: {eye:?}");
        assert!((eye.end_s - 0.16).abs() < 1e-9, "{eye:?}");
        assert!(line.confidence().expect("words") > 0.5);
        let late = line.place(&time("key", 0.2, 0.3), &[form("key", &["K", "IY"])]);
        assert!(matches!(late, Err(SpeechError::TooShort { .. })), "{late:?}");
    }
}
