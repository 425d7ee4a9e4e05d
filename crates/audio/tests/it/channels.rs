//! Channels that cancel, and samples out of range.

use syrinx_audio::{Audio, AudioError, AudioWarning, ReadLimits, read_from_warned};

use crate::tone;

/// A float WAV in memory.
fn wav(channels: u16, interleaved: &[f32]) -> Vec<u8> {
    let mut out = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x03\0".to_vec();
    out.extend_from_slice(&channels.to_le_bytes());
    out.extend_from_slice(&16_000u32.to_le_bytes());
    out.extend_from_slice(&(64_000 * u32::from(channels)).to_le_bytes());
    out.extend_from_slice(&(4 * channels).to_le_bytes());
    out.extend_from_slice(b"\x20\0data\xff\xff\xff\xff");
    interleaved.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes()));
    out
}

fn read(channels: u16, interleaved: &[f32]) -> Result<(Audio, Vec<AudioWarning>), AudioError> {
    let mut warnings = Vec::new();
    let bytes = wav(channels, interleaved);
    let audio =
        read_from_warned(&bytes[..], "a", &ReadLimits::default(), &mut |w| warnings.push(w))?;
    Ok((audio, warnings))
}

#[test]
fn inverted_channels_leave_one() {
    let quiet = vec![0.0; 16_000];
    let sine: Vec<f32> =
        quiet.into_iter().chain(tone(440.0, 0.5, 80_000, 16_000).samples).collect();
    // Gain of the second channel, and the channel that is left.
    for (gain, left) in
        [(-1.0, Some(1)), (-1.1, Some(2)), (-0.75, Some(1)), (-0.3, None), (1.0, None)]
    {
        let stereo: Vec<f32> = sine.iter().flat_map(|&x| [x, gain * x]).collect();
        let (audio, warnings) = read(2, &stereo).unwrap();
        assert_eq!(audio.samples.len(), sine.len());
        let expected: Vec<f32> = match left {
            Some(1) => sine.clone(),
            Some(_) => sine.iter().map(|x| gain * x).collect(),
            None => sine.iter().map(|x| (x + gain * x) * 0.5).collect(),
        };
        assert_eq!(audio.samples, expected, "gain {gain}");
        let warned = left.map(|channel| AudioWarning::ChannelsCancel {
            name: "a".into(),
            channel,
            from_s: 0.0,
        });
        assert_eq!(warnings, Vec::from_iter(warned), "gain {gain}");
    }
}

/// A constant offset that both channels have does not hide that they cancel, and is nothing that cancels itself.
#[test]
fn constant_offsets_do_not_count() {
    let sine = tone(440.0, 0.5, 80_000, 16_000).samples;
    let stereo: Vec<f32> = sine.iter().flat_map(|&x| [x + 0.1, 0.1 - x]).collect();
    let (audio, warnings) = read(2, &stereo).unwrap();
    assert_eq!(audio.samples, sine.iter().map(|x| x + 0.1).collect::<Vec<_>>());
    assert!(matches!(warnings[..], [AudioWarning::ChannelsCancel { channel: 1, .. }]));
    let offsets: Vec<f32> = (0..80_000).flat_map(|_| [0.2, -0.2]).collect();
    assert_eq!(read(2, &offsets).unwrap().1, Vec::new());
}

/// The mean is used until the channels cancel, and one channel from half a second later at most.
#[test]
fn channels_that_are_inverted_later_are_no_silence() {
    let sine = tone(440.0, 0.5, 160_000, 16_000).samples;
    for (inverted_s, channel) in [(3.0, Some(1)), (6.5, Some(1)), (9.9, None)] {
        let gain = |i: usize| if i as f64 >= inverted_s * 16_000.0 { -0.95 } else { 0.8 };
        let stereo: Vec<f32> =
            sine.iter().enumerate().flat_map(|(i, &x)| [x, gain(i) * x]).collect();
        let (audio, warnings) = read(2, &stereo).unwrap();
        let first = (inverted_s * 16_000.0) as usize;
        let before: Vec<f32> = sine[..first].iter().map(|x| (x + 0.8 * x) * 0.5).collect();
        assert_eq!(audio.samples[..first], before, "{inverted_s}");
        match (&warnings[..], channel) {
            ([AudioWarning::ChannelsCancel { channel: 1, from_s, .. }], Some(1)) => {
                assert!((inverted_s..inverted_s + 0.51).contains(from_s), "{from_s}");
                let from = (from_s * 16_000.0).round() as usize;
                assert_eq!(audio.samples[from..], sine[from..], "{inverted_s}");
            }
            ([], None) => {}
            _ => panic!("{inverted_s}: {warnings:?}"),
        }
        assert_eq!(audio.samples.len(), sine.len());
    }
}

#[test]
fn silent_channels_are_silence() {
    let (audio, warnings) = read(2, &[0.0; 2000]).unwrap();
    assert_eq!((audio.samples, warnings), (vec![0.0; 1000], Vec::new()));
}

#[test]
fn lone_samples_out_of_range_are_clipped() {
    let mut samples = tone(440.0, 0.5, 8000, 16_000).samples;
    samples[4000] = -1e29;
    samples[4001] = 1.8;
    let (audio, warnings) = read(1, &samples).unwrap();
    assert_eq!(audio.samples[3999..4002], [samples[3999], -1.0, 1.8]);
    let (name, count, at_s, peak) = ("a".to_owned(), 1, 0.25, 1e29);
    assert_eq!(warnings, [AudioWarning::OutOfRange { name, count, at_s, peak }]);
}

#[test]
fn integers_stored_as_floats_are_refused() {
    let samples: Vec<f32> =
        tone(440.0, 0.5, 8000, 16_000).samples.iter().map(|x| x * 32_768.0).collect();
    let error = read(1, &samples).unwrap_err();
    assert!(matches!(error, AudioError::Scale { .. }), "{error}");
}
