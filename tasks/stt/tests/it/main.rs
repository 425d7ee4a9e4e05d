//! Speech to text: layouts, examples, the decoder, forced alignment, answers.

mod alignment;
mod decoding;
mod example;
mod language;
mod task;
mod tree;

use std::sync::OnceLock;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_task::{Alignment, FrameScores, Task, TaskKit};
use syrinx_task_stt::{Decoder, Stt, SttConfig};
use syrinx_text::Phone;

fn kit() -> &'static TaskKit {
    static KIT: OnceLock<TaskKit> = OnceLock::new();
    KIT.get_or_init(|| {
        syrinx_testkit::kit(Alignment::Pointer).expect("the front end is compiled in")
    })
}

fn stt(config: SttConfig) -> Stt {
    Stt::new(config, kit()).expect("sound settings")
}

/// The decoder of the whole dictionary.
fn decoder() -> &'static Decoder {
    static TASK: OnceLock<Stt> = OnceLock::new();
    let task = TASK.get_or_init(|| stt(SttConfig::default()));
    task.decoder().expect("the data are compiled in")
}

/// The phones of a text with silence before, after, and at its pauses, each with a number of parts.
fn spoken(text: &str, rng: &mut ChaCha8Rng) -> Vec<(Phone, usize)> {
    let phones = kit().frontend.phonemize(text).expect("words").phones;
    let mut line = vec![(Phone::SILENCE, 5)];
    for phone in phones.into_iter().filter(|&p| p != Phone::BOUNDARY) {
        let phone = if phone.is_mark() { Phone::SILENCE } else { phone.strip_stress() };
        line.push((phone, rng.random_range(2..=6)));
    }
    line.push((Phone::SILENCE, 5));
    line
}

/// Scores of an imperfect recogniser: the true phone of every part has a probability of `sure` on the average, and in
/// one part of `wrong_of` another phone has it.
fn scores(text: &str, sure: f64, wrong_of: usize, seed: u64) -> FrameScores {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut log_probs = Vec::new();
    for (phone, parts) in spoken(text, &mut rng) {
        for _ in 0..parts {
            let mut weights: Vec<f64> = Phone::all().map(|_| rng.random::<f64>().powi(4)).collect();
            let others: f64 = weights.iter().sum();
            let wrong = wrong_of > 0 && rng.random_range(0..wrong_of) == 0;
            let loud = if wrong { rng.random_range(6..Phone::COUNT) } else { phone.index() };
            weights[loud] += others * sure / (1.0 - sure);
            let total: f64 = weights.iter().sum();
            log_probs.extend(weights.iter().map(|w| (w / total).max(1e-9).ln() as f32));
        }
    }
    FrameScores { log_probs, labels: Phone::COUNT, rate_hz: 50.0 }
}
