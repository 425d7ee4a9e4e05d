//! Playback of recordings, with the feature `playback`.

use syrinx_dash::ProgramError;
use syrinx_types::Audio;

/// Plays a recording on a thread of its own.
#[cfg(not(feature = "playback"))]
pub fn play(_audio: &Audio) -> Result<(), ProgramError> {
    let hint = "build it with `--features syrinx-cli/playback`, or write the answer to a file (w)";
    Err(ProgramError::new("this program can't play sound", Some(hint.into())))
}

#[cfg(feature = "playback")]
fn failed(message: impl Into<String>) -> ProgramError {
    ProgramError::new(message, Some("write the answer to a file (w)".into()))
}

/// Plays a recording on a thread of its own.
#[cfg(feature = "playback")]
pub fn play(audio: &Audio) -> Result<(), ProgramError> {
    use std::num::NonZero;

    use rodio::buffer::SamplesBuffer;
    use rodio::{DeviceSinkBuilder, Player};

    let rate_hz = NonZero::new(audio.sample_rate_hz)
        .ok_or_else(|| failed("a recording without a sample rate can't be played"))?;
    let source = SamplesBuffer::new(NonZero::<u16>::MIN, rate_hz, audio.samples.clone());
    let (opened, outcome) = std::sync::mpsc::channel();
    let thread = move || match DeviceSinkBuilder::open_default_sink() {
        Err(error) => {
            let _ = opened.send(Err(failed(format!("no sound device: {error}"))));
        }
        Ok(mut device) => {
            // The device is dropped at the end of the recording, which is intended.
            device.log_on_drop(false);
            let player = Player::connect_new(device.mixer());
            player.append(source);
            let _ = opened.send(Ok(()));
            player.sleep_until_end();
        }
    };
    let begun = std::thread::Builder::new().name("playback".into()).spawn(thread);
    begun.map_err(|e| failed(format!("a thread can't be started: {e}")))?;
    outcome.recv().unwrap_or_else(|_| Err(failed("the sound device was removed")))
}
