//! Share of frames with sound, and of periodic frames, in a short section. Both are low for clicks; one of them is high
//! for speech.

/// Rate to which samples are averaged, Hz; covers the fundamental frequency and the first formant.
const RATE_HZ: usize = 4_000;
/// Length and hop of frames, samples at that rate.
const FRAME: usize = 160;
const STEP: usize = 40;
/// Pitch periods, samples at that rate: 500 to 60 Hz.
const PERIODS: std::ops::RangeInclusive<usize> = 8..=66;
/// Power relative to the loudest frame below which a frame is a pause: -25 dB.
const SOUNDING: f32 = 0.003;
/// Smallest autocorrelation at the pitch period of a periodic frame.
const PERIODIC: f32 = 0.4;

/// Shares of frames, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shares {
    /// Share of frames with sound.
    pub(crate) sounding: f32,
    /// Share of periodic frames among those with sound.
    pub(crate) periodic: f32,
}

/// Returns the shares of a section; `None` for a section shorter than a frame.
pub(crate) fn shares(samples: &[f32], sample_rate_hz: u32) -> Option<Shares> {
    let factor = (sample_rate_hz as usize / RATE_HZ).max(1);
    let mean = |block: &[f32]| block.iter().sum::<f32>() / factor as f32;
    let slow: Vec<f32> = samples.chunks_exact(factor).map(mean).collect();
    let frames: Vec<&[f32]> = slow.windows(FRAME).step_by(STEP).collect();
    let power = |frame: &[f32]| frame.iter().map(|s| s * s).sum::<f32>();
    let loudest = frames.iter().map(|frame| power(frame)).fold(0.0f32, f32::max);
    let sounding = |frame: &&&[f32]| power(frame) > SOUNDING * loudest;
    let sounding: Vec<&&[f32]> = frames.iter().filter(sounding).collect();
    let periodic = sounding.iter().filter(|frame| periodicity(frame) > PERIODIC).count();
    (!frames.is_empty()).then(|| Shares {
        sounding: sounding.len() as f32 / frames.len() as f32,
        periodic: periodic as f32 / sounding.len().max(1) as f32,
    })
}

/// Returns the largest normalized autocorrelation of a frame over [`PERIODS`].
fn periodicity(frame: &[f32]) -> f32 {
    let mean = frame.iter().sum::<f32>() / frame.len() as f32;
    let centred: Vec<f32> = frame.iter().map(|s| s - mean).collect();
    let correlation = |period: usize| {
        let (now, later) = (&centred[..centred.len() - period], &centred[period..]);
        let product: f32 = now.iter().zip(later).map(|(a, b)| a * b).sum();
        let power = |part: &[f32]| part.iter().map(|s| s * s).sum::<f32>();
        product / (power(now) * power(later)).sqrt().max(1e-9)
    };
    PERIODS.map(correlation).fold(0.0, f32::max)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_periodic_and_a_click_is_not() {
        let tone: Vec<f32> = (0..32_000).map(|i| (i as f32 * 0.05).sin()).collect();
        let shares_of_tone = shares(&tone, 16_000).unwrap();
        assert!(shares_of_tone.sounding > 0.99 && shares_of_tone.periodic > 0.99);
        let click = |i: usize| if i % 8_000 < 20 { 0.5 - 0.04 * (i % 8_000) as f32 } else { 0.0 };
        let clicks: Vec<f32> = (0..32_000).map(click).collect();
        let shares_of_clicks = shares(&clicks, 16_000).unwrap();
        assert!(shares_of_clicks.sounding < 0.3, "{shares_of_clicks:?}");
        assert!(shares_of_clicks.periodic < 0.1, "{shares_of_clicks:?}");
        assert_eq!(shares(&[0.1; 100], 16_000), None);
    }
}
