//! Samples of a streamed answer as one recording.

use syrinx_types::Audio;

use crate::Chunk;

/// Samples of an answer so far. Portions and chunks follow one another, with silence up to the beginning of each chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpeechTrack {
    taken: usize,
}

impl SpeechTrack {
    /// Returns the number of samples so far.
    pub fn samples(&self) -> usize {
        self.taken
    }

    /// Takes further samples of the chunk that begins at a time; returns them after silence up to its beginning.
    pub fn portion(&mut self, start_s: f64, samples: &[f32], rate_hz: u32) -> Vec<f32> {
        let mut all = vec![0.0; place(start_s, rate_hz).saturating_sub(self.taken)];
        all.extend_from_slice(samples);
        self.taken += all.len();
        all
    }

    /// Takes the samples of a chunk that no portion had; returns them after silence up to its beginning. None for a chunk
    /// without a recording.
    pub fn rest(&mut self, chunk: &Chunk) -> Option<Audio> {
        let audio = chunk.answered.audio()?;
        let sample_rate_hz = audio.sample_rate_hz;
        let known = self.taken.saturating_sub(place(chunk.start_s, sample_rate_hz));
        let rest = audio.samples.get(known..).unwrap_or_default();
        let samples = self.portion(chunk.start_s, rest, sample_rate_hz);
        Some(Audio { samples, sample_rate_hz })
    }
}

/// Returns the index of the sample at a time.
fn place(at_s: f64, rate_hz: u32) -> usize {
    (at_s * f64::from(rate_hz)).round() as usize
}

#[cfg(test)]
mod tests {
    use syrinx_task::{Answered, Speech};

    use super::*;

    #[test]
    fn portions_and_rests_of_chunks_follow_one_another() {
        let chunk = |samples: &[f32], start_s| {
            let audio = Audio { samples: samples.to_vec(), sample_rate_hz: 10 };
            Chunk { answered: Answered::new(Speech::from(audio)), start_s, index: 0, last: false }
        };
        let mut track = SpeechTrack::default();
        assert_eq!(track.portion(0.0, &[1.0, 2.0], 10), [1.0, 2.0]);
        assert_eq!(track.portion(0.0, &[3.0], 10), [3.0]);
        let rest = track.rest(&chunk(&[1.0, 2.0, 3.0, 4.0], 0.0)).expect("sound");
        assert_eq!(rest.samples, [4.0]);
        // A pause of two samples.
        let rest = track.rest(&chunk(&[5.0], 0.6)).expect("sound");
        assert_eq!((rest.samples, track.samples()), (vec![0.0, 0.0, 5.0], 7));
    }
}
