//! Mixing at a level ratio.

use syrinx_types::Audio;

use crate::SceneError;

/// Two parts and their sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    /// Target signal, at its level in the mixture.
    pub wanted: Audio,
    /// Background, at its level in the mixture.
    pub behind: Audio,
    /// Sum of target and background.
    pub mixture: Audio,
}

/// Largest sample of a mixture; a louder mixture is attenuated with all its parts.
const MOST: f32 = 0.98;
/// Length of the frames over which levels are measured, seconds.
const FRAME_S: f64 = 0.02;
/// Distance from the loudest frame beyond which a frame is not active, dB.
const ACTIVE_DB: f64 = 40.0;

/// Returns the level of the active frames of a recording, dB of full scale. Pauses are excluded, so that ratios of
/// levels refer to words. `None` for silence.
pub fn active_level_db(audio: &Audio) -> Option<f64> {
    let frame = ((FRAME_S * f64::from(audio.sample_rate_hz)) as usize).max(1);
    let power = |f: &[f32]| f.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / f.len() as f64;
    let powers: Vec<f64> = audio.samples.chunks(frame).map(power).collect();
    let floor = powers.iter().copied().fold(0.0, f64::max) * 10f64.powf(-ACTIVE_DB / 10.0);
    let active: Vec<f64> = powers.into_iter().filter(|&p| p > 0.0 && p >= floor).collect();
    let mean = active.iter().sum::<f64>() / active.len().max(1) as f64;
    (mean > 0.0).then(|| 10.0 * mean.log10())
}

/// Mixes `wanted` with `behind`, which is `ratio_db` quieter while both are active. The mixture is as long as `wanted`;
/// a shorter `behind` is repeated. All is attenuated together where the sum would clip.
///
/// # Errors
/// [`SceneError::Rate`] for different sample rates, [`SceneError::Silent`] if one of them is silent.
pub fn mixed(wanted: &Audio, behind: &Audio, ratio_db: f64) -> Result<Mixture, SceneError> {
    let rate = wanted.sample_rate_hz;
    if behind.sample_rate_hz != rate {
        return Err(SceneError::Rate { found: behind.sample_rate_hz, wanted: rate });
    }
    let level = active_level_db(wanted).ok_or(SceneError::Silent("speech"))?;
    let own = active_level_db(behind).ok_or(SceneError::Silent("background"))?;
    let gain = 10f64.powf((level - ratio_db - own) / 20.0) as f32;
    let mut wanted = wanted.samples.clone();
    let mut behind: Vec<f32> =
        behind.samples.iter().cycle().take(wanted.len()).map(|x| gain * x).collect();
    let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f32>>();
    let peak = sum(&wanted, &behind).iter().fold(0.0f32, |m, x| m.max(x.abs()));
    if peak > MOST {
        let down = MOST / peak;
        wanted.iter_mut().chain(&mut behind).for_each(|x| *x *= down);
    }
    let mixture = sum(&wanted, &behind);
    let audio = |samples| Audio { samples, sample_rate_hz: rate };
    Ok(Mixture { wanted: audio(wanted), behind: audio(behind), mixture: audio(mixture) })
}
