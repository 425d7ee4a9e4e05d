//! Phones of words whose times are known. Recognizers of words, such as Whisper, give no phones: within each word the
//! model's phone scores place them.

use syrinx_engine::{Engine, EngineError};
use syrinx_speech::{SpeechError, SpokenForm, Units, align, clamp_phones};
use syrinx_task::{Context, FrameScores, TaskError, Transcript};
use syrinx_text::Phone;
use syrinx_types::{Audio, RunContext, TimedPhone, WordTime};

/// Weight of a phone's log prior that is subtracted from its score, as in recognition.
const PRIOR_WEIGHT: f64 = 0.4;

/// Returns a transcript with the phones of its words: the most likely times of their sounds within each word, silence
/// between words. A word that is shorter than its sounds is prolonged.
///
/// # Errors
/// [`EngineError::Task`] for a model that recognizes no phones, and for a recording that is too short for its words.
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
        // A written word without a sound, such as a dash, has no phones.
        let Ok(spoken) = frontend.phonemize(&word.word) else { continue };
        let forms = spoken.words.iter().map(|w| SpokenForm::of(frontend, &w.spoken, Some(w)));
        let forms: Vec<SpokenForm> = forms.collect();
        words.push(line.place(word, &forms).map_err(TaskError::from)?);
    }
    line.pause_until(line.parts());
    clamp_phones(&mut line.phones, audio.seconds());
    Ok(Transcript {
        text: transcript.text.clone(),
        words,
        confidence: line.confidence(),
        phones: line.phones,
    })
}

/// Phones of a recording from its beginning on.
struct PhoneLine<'a> {
    /// Phone scores of the whole recording.
    scores: &'a FrameScores,
    units: &'a Units,
    /// Number of parts of the recording that have phones.
    done: usize,
    phones: Vec<TimedPhone>,
    /// Mean log-probability of each word's sounds.
    word_scores: Vec<f64>,
}

impl<'a> PhoneLine<'a> {
    fn new(scores: &'a FrameScores, units: &'a Units) -> Self {
        Self { scores, units, done: 0, phones: Vec::new(), word_scores: Vec::new() }
    }

    /// Number of parts of the recording.
    fn parts(&self) -> usize {
        self.scores.log_probs.len() / self.scores.labels.max(1)
    }

    /// Returns the part at a time, none before the phones that are known.
    fn part(&self, at_s: f64) -> usize {
        ((at_s * self.scores.rate_hz).round() as usize).clamp(self.done, self.parts())
    }

    /// Geometric mean of the probabilities of the words' sounds; `None` without words.
    fn confidence(&self) -> Option<f64> {
        let count = self.word_scores.len();
        (count > 0).then(|| (self.word_scores.iter().sum::<f64>() / count as f64).exp())
    }

    /// Appends a phone; silence after silence prolongs it.
    fn push(&mut self, phone: TimedPhone) {
        match self.phones.last_mut() {
            Some(last) if last.phone == phone.phone && phone.phone == Phone::SILENCE.arpabet() => {
                last.duration_s += phone.duration_s;
            }
            _ => self.phones.push(phone),
        }
    }

    /// Appends silence up to a part.
    fn pause_until(&mut self, part: usize) {
        if part > self.done {
            let duration_s = (part - self.done) as f64 / self.scores.rate_hz;
            self.push(TimedPhone { phone: Phone::SILENCE.arpabet().into(), duration_s });
            self.done = part;
        }
    }

    /// Appends the phones of a word; returns its times.
    fn place(&mut self, word: &WordTime, forms: &[SpokenForm]) -> Result<WordTime, SpeechError> {
        let start = self.part(word.start_s);
        self.pause_until(start);
        let shortest: usize = forms.iter().map(sounds).sum();
        let end = self.part(word.end_s).max(start + shortest).min(self.parts());
        let labels = self.scores.labels;
        let within = FrameScores {
            log_probs: self.scores.log_probs[start * labels..end * labels].to_vec(),
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

/// Number of sounds of a word's shortest pronunciation.
fn sounds(form: &SpokenForm) -> usize {
    let sounds = |phones: &Vec<Phone>| phones.iter().filter(|phone| !phone.is_mark()).count();
    form.pronunciations.iter().map(sounds).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores of 50 parts a second in which each phone has the parts of its own.
    fn scores(parts: &[&str]) -> FrameScores {
        let row = |phone: &&str| {
            let mut row = vec![-9.0_f32; Phone::COUNT];
            let phone = Phone::from_arpabet(phone).expect("a phone");
            row[phone.index()] = -0.01;
            row
        };
        let log_probs = parts.iter().flat_map(row).collect();
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
        line.pause_until(line.parts());
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
