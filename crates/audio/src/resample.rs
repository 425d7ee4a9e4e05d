//! Sample rate conversion by rubato's FFT resampler.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};
use syrinx_types::Audio;

use crate::{AudioError, MAX_RATE_HZ, ResampleFault};

/// Number of samples of a block at the lower of the two rates. In longer blocks the cutoff of the anti-aliasing filter
/// is closer to the Nyquist frequency: with 1024 above 0.97 of it.
const BLOCK_SAMPLES: usize = 1024;

/// Resampler of mono audio that arrives in blocks. The result has no delay and exactly `round(n * to / from)` samples.
pub struct Resampler {
    from_hz: u32,
    to_hz: u32,
    fft: Fft<f32>,
    block_in: usize,
    block_out: Vec<f32>,
    /// Number of output samples still to be dropped for the delay of the filter.
    delay: usize,
    pending: Vec<f32>,
    out: Vec<f32>,
    samples_in: u64,
    taken: usize,
}

impl Resampler {
    /// Builds a resampler between two rates.
    ///
    /// # Errors
    /// [`AudioError::Resample`] if a rate is 0 or above [`MAX_RATE_HZ`].
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, AudioError> {
        if from_hz == 0 || to_hz == 0 || from_hz > MAX_RATE_HZ || to_hz > MAX_RATE_HZ {
            return Err(AudioError::Resample { from_hz, to_hz, fault: ResampleFault::Rates });
        }
        let unit = gcd(from_hz, to_hz);
        let (unit_in, unit_out) = ((from_hz / unit) as usize, (to_hz / unit) as usize);
        // With an even number of units the filter's centre is on a sample at both rates, so that the delay is an
        // integer.
        let units = BLOCK_SAMPLES.div_ceil(unit_in.min(unit_out)).next_multiple_of(2);
        let (block_in, block_out) = (units * unit_in, units * unit_out);
        let fft = Fft::new_custom(
            from_hz as usize,
            to_hz as usize,
            block_in,
            1,
            1,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|e| ResampleFault::Library(e.into()))
        .map_err(|fault| AudioError::Resample { from_hz, to_hz, fault })?;
        debug_assert_eq!(
            (fft.input_frames_next(), fft.output_frames_next()),
            (block_in, block_out)
        );
        Ok(Self {
            from_hz,
            to_hz,
            delay: fft.output_delay(),
            fft,
            block_in,
            block_out: vec![0.0; block_out],
            pending: Vec::new(),
            out: Vec::new(),
            samples_in: 0,
            taken: 0,
        })
    }

    /// Resamples the next samples.
    ///
    /// # Errors
    /// [`AudioError::Resample`] if rubato fails, which is not expected.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), AudioError> {
        self.samples_in += samples.len() as u64;
        self.feed(samples)
    }

    fn feed(&mut self, samples: &[f32]) -> Result<(), AudioError> {
        self.pending.extend_from_slice(samples);
        let blocks = self.pending.len() / self.block_in;
        for i in 0..blocks {
            self.block(i * self.block_in)?;
        }
        self.pending.drain(..blocks * self.block_in);
        Ok(())
    }

    fn block(&mut self, at: usize) -> Result<(), AudioError> {
        let (from_hz, to_hz) = (self.from_hz, self.to_hz);
        let fail =
            |cause| AudioError::Resample { from_hz, to_hz, fault: ResampleFault::Library(cause) };
        let n = self.block_out.len();
        let input = &self.pending[at..at + self.block_in];
        let input = InterleavedSlice::new(input, 1, self.block_in).map_err(|e| fail(e.into()))?;
        let mut output =
            InterleavedSlice::new_mut(&mut self.block_out, 1, n).map_err(|e| fail(e.into()))?;
        self.fft.process_into_buffer(&input, &mut output, None).map_err(|e| fail(e.into()))?;
        let skip = self.delay.min(n);
        self.delay -= skip;
        self.out.extend_from_slice(&self.block_out[skip..]);
        Ok(())
    }

    /// Removes and returns the finished samples.
    pub fn take(&mut self) -> Vec<f32> {
        self.taken += self.out.len();
        std::mem::take(&mut self.out)
    }

    /// Returns the remaining samples of the result.
    ///
    /// # Errors
    /// Errors of [`Resampler::push`].
    pub fn finish(mut self) -> Result<Vec<f32>, AudioError> {
        let n = self.length().saturating_sub(self.taken);
        let silence = vec![0.0; self.block_in];
        while self.out.len() < n {
            self.feed(&silence)?;
        }
        self.out.truncate(n);
        Ok(self.out)
    }

    /// Returns `round(n * to / from)`, computed in integers.
    fn length(&self) -> usize {
        let (from, to) = (u128::from(self.from_hz), u128::from(self.to_hz));
        ((u128::from(self.samples_in) * to + from / 2) / from) as usize
    }
}

/// Resamples a recording to `round(n * to / from)` samples, without delay.
///
/// # Errors
/// [`AudioError::Resample`] if a rate is 0 or above [`MAX_RATE_HZ`].
pub fn resample(audio: &Audio, to_hz: u32) -> Result<Audio, AudioError> {
    let mut resampler = Resampler::new(audio.sample_rate_hz, to_hz)?;
    if audio.sample_rate_hz == to_hz {
        return Ok(audio.clone());
    }
    resampler.push(&audio.samples)?;
    Ok(Audio { samples: resampler.finish()?, sample_rate_hz: to_hz })
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
