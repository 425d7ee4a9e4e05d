//! WAV headers as writers make them, made here from their fields.

use syrinx_audio::{AudioError, AudioWarning, ReadLimits, read_from_warned};

use crate::{max_difference, tone};

/// A WAV file by its parts.
struct Wav {
    riff: &'static [u8; 4],
    chunks: Vec<(&'static [u8; 4], Vec<u8>)>,
    data_length: Option<u32>,
    data: Vec<u8>,
    after: Vec<u8>,
}

/// A plain format chunk of 16 bytes; the byte rate follows from the block align.
fn format(tag: u16, channels: u16, rate: u32, block_align: u16, bits: u16) -> Vec<u8> {
    let mut chunk = Vec::new();
    chunk.extend_from_slice(&tag.to_le_bytes());
    chunk.extend_from_slice(&channels.to_le_bytes());
    chunk.extend_from_slice(&rate.to_le_bytes());
    chunk.extend_from_slice(&(rate * u32::from(block_align)).to_le_bytes());
    chunk.extend_from_slice(&block_align.to_le_bytes());
    chunk.extend_from_slice(&bits.to_le_bytes());
    chunk
}

/// An extensible format chunk with `extra` bytes behind the usual ones.
fn extensible(tag: u16, block_align: u16, bits: u16, valid: u16, extra: usize) -> Vec<u8> {
    let mut chunk = format(0xfffe, 1, 16_000, block_align, bits);
    chunk.extend_from_slice(&(22 + extra as u16).to_le_bytes());
    chunk.extend_from_slice(&valid.to_le_bytes());
    chunk.extend_from_slice(&4u32.to_le_bytes());
    chunk.extend_from_slice(&tag.to_le_bytes());
    chunk.extend_from_slice(&[0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    chunk.extend(std::iter::repeat_n(7, extra));
    chunk
}

fn wav(format: Vec<u8>, data: Vec<u8>) -> Wav {
    Wav {
        riff: b"RIFF",
        chunks: vec![(b"fmt ", format)],
        data_length: None,
        data,
        after: Vec::new(),
    }
}

impl Wav {
    fn bytes(&self) -> Vec<u8> {
        let mut out = self.riff.to_vec();
        out.extend_from_slice(b"\xff\xff\xff\xffWAVE");
        for (id, chunk) in &self.chunks {
            out.extend_from_slice(*id);
            out.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
            out.extend_from_slice(chunk);
            out.extend(std::iter::repeat_n(0, chunk.len() % 2));
        }
        out.extend_from_slice(b"data");
        out.extend_from_slice(&self.data_length.unwrap_or(self.data.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.data);
        out.extend_from_slice(&self.after);
        out
    }

    fn read(&self) -> (Vec<f32>, Vec<AudioWarning>) {
        let mut warnings = Vec::new();
        let limits = ReadLimits::default();
        let audio =
            read_from_warned(&self.bytes()[..], "a", &limits, &mut |w| warnings.push(w)).unwrap();
        (audio.samples, warnings)
    }

    #[track_caller]
    fn check(&self, expected: &[f32]) -> Vec<AudioWarning> {
        let (samples, warnings) = self.read();
        assert!(max_difference(&samples, expected) < 2e-4);
        warnings
    }
}

/// A tone as integers of `bytes` bytes, shifted up or down in their container.
fn integers(samples: &[f32], bytes: usize, shift: i32) -> Vec<u8> {
    let value = |x: f32| (f64::from(x) * f64::from(i32::MAX)) as i32 >> shift;
    samples.iter().flat_map(|&x| value(x).to_le_bytes()[4 - bytes..].to_vec()).collect()
}

#[test]
fn containers_wider_than_their_samples() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    // 24 valid bits at the upper end, the lowest byte empty.
    let padded: Vec<u8> =
        integers(&sine, 4, 0).chunks(4).flat_map(|s| [0, s[1], s[2], s[3]]).collect();
    for valid in [24, 20, 32, 0] {
        wav(extensible(1, 4, 32, valid, 0), padded.clone()).check(&sine);
    }
    wav(extensible(1, 4, 24, 24, 0), padded.clone()).check(&sine);
    wav(format(1, 1, 16_000, 4, 24), padded).check(&sine);
    // At the lower end, as some writers have it.
    let lower = integers(&sine, 4, 8);
    wav(format(1, 1, 16_000, 4, 24), lower.clone()).check(&sine);
    wav(extensible(1, 4, 32, 24, 0), lower.clone()).check(&sine);
    // Silence before them, longer than what is decoded at once, does not hide it.
    let silence = 1 << 16;
    let (samples, _) =
        wav(extensible(1, 4, 32, 24, 0), [vec![0; 4 * silence], lower].concat()).read();
    assert!(max_difference(&samples[silence..], &sine) < 2e-4);
    wav(format(1, 1, 16_000, 3, 20), integers(&sine, 3, 0)).check(&sine);
    wav(extensible(1, 2, 16, 12, 0), integers(&sine, 2, 0)).check(&sine);
}

#[test]
fn extensible_headers_of_any_length() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    for extra in [0, 2, 8, 57, 400] {
        wav(extensible(1, 2, 16, 16, extra), integers(&sine, 2, 0)).check(&sine);
    }
    let floats: Vec<u8> = sine.iter().flat_map(|x| x.to_le_bytes()).collect();
    wav(extensible(3, 4, 32, 32, 6), floats).check(&sine);
    let doubles: Vec<u8> = sine.iter().flat_map(|&x| f64::from(x).to_le_bytes()).collect();
    wav(format(3, 1, 16_000, 8, 64), doubles).check(&sine);
}

#[test]
fn wrong_block_aligns() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    for block_align in [0, 1, 3, 4, 8, 65_535] {
        let mut format = format(1, 1, 16_000, 1, 16);
        format[12..14].copy_from_slice(&u16::to_le_bytes(block_align));
        wav(format, integers(&sine, 2, 0)).check(&sine);
    }
}

#[test]
fn long_files_have_their_length_in_another_chunk() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    for (riff, length, short_length) in [
        (b"RF64", 1000u64, u32::MAX),
        (b"RF64", 1000, 0),
        (b"BW64", 1000, u32::MAX),
        (b"RF64", 0, u32::MAX),
        (b"RF64", 0, 0),
        (b"RF64", u64::MAX, u32::MAX),
    ] {
        let mut wav = wav(format(1, 1, 16_000, 2, 16), integers(&sine, 2, 0));
        let mut sizes = 2000u64.to_le_bytes().to_vec();
        sizes.extend_from_slice(&length.to_le_bytes());
        sizes.extend_from_slice(&[0; 12]);
        wav.riff = riff;
        wav.chunks.insert(0, (b"ds64", sizes));
        wav.data_length = Some(short_length);
        if length == 1000 {
            wav.after = b"LIST\x04\0\0\0INFO".to_vec();
        }
        assert_eq!(wav.check(&sine), []);
    }
}

#[test]
fn zero_and_unknown_lengths_are_read_to_the_end() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    for length in [0, u32::MAX, 0x7fff_f000, 0x8000_0000] {
        let mut wav = wav(format(1, 1, 16_000, 2, 16), integers(&sine, 2, 0));
        wav.data_length = Some(length);
        assert_eq!(wav.check(&sine), []);
    }
    let mut empty = wav(format(1, 1, 16_000, 2, 16), Vec::new());
    empty.after = b"LIST\x04\0\0\0INFO".to_vec();
    let error = read_from_warned(&empty.bytes()[..], "a", &ReadLimits::default(), &mut |_| {});
    assert!(matches!(error.unwrap_err(), AudioError::NoSamples { .. }));
}

#[test]
fn what_is_missing_is_told() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    let mut cut = wav(format(1, 1, 16_000, 2, 16), integers(&sine, 2, 0));
    cut.data_length = Some(3000);
    let expected = AudioWarning::Truncated { name: "a".into(), got: 500, expected: 1500 };
    assert_eq!(cut.check(&sine), [expected]);
}

fn chunk(id: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
    [&id[..], &(bytes.len() as u32).to_le_bytes()[..], bytes].concat()
}

#[test]
fn further_data_chunks_are_joined_or_told() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    let sound = integers(&sine, 2, 0);
    let data = chunk(b"data", &sound);
    let list = chunk(b"LIST", b"INFO");
    let file = |rate: u32| wav(format(1, 1, rate, 2, 16), sound.clone()).bytes();
    let joined = |count| AudioWarning::DataChunksJoined { name: "a".into(), count };
    let left_out = AudioWarning::DataChunkLeftOut { name: "a".into(), chunk: 2 };
    let truncated = AudioWarning::Truncated { name: "a".into(), got: 900, expected: 1000 };
    // Bytes behind the first data chunk, number of chunks that are read, and warnings.
    let rows = [
        (data.clone(), 2, vec![joined(2)]),
        ([&list[..], &data[..]].concat(), 2, vec![joined(2)]),
        ([&data[..], &list[..], &data[..]].concat(), 3, vec![joined(3)]),
        (file(16_000), 2, vec![joined(2)]),
        (file(8_000), 1, vec![left_out]),
        (chunk(b"data", b""), 1, vec![]),
        ([&chunk(b"data", b"")[..], &data[..]].concat(), 2, vec![joined(2)]),
        (chunk(b"LIST", b"INFO")[..10].to_vec(), 1, vec![]),
        (vec![0; 300], 1, vec![]),
        (b"data".to_vec(), 1, vec![]),
    ];
    for (after, count, warnings) in rows {
        let mut first = wav(format(1, 1, 16_000, 2, 16), sound.clone());
        first.after = after;
        assert_eq!(first.check(&sine.repeat(count)), warnings, "{} bytes", first.after.len());
    }
    let mut cut = wav(format(1, 1, 16_000, 2, 16), sound.clone());
    cut.after = data[..808].to_vec();
    assert_eq!(cut.check(&[&sine[..], &sine[..400]].concat()), [joined(2), truncated]);
}

#[test]
fn data_chunks_with_incomplete_frames_are_joined_by_whole_ones() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    let sound = integers(&sine, 2, 0);
    let joined = AudioWarning::DataChunksJoined { name: "a".into(), count: 2 };
    for padding in [&[0][..], &[]] {
        let mut first = wav(format(1, 1, 16_000, 2, 16), [&sound[..], &[9][..]].concat());
        first.after = [padding, &chunk(b"data", &sound)[..]].concat();
        assert_eq!(first.check(&sine.repeat(2)), std::slice::from_ref(&joined));
    }
}

#[test]
fn an_empty_data_chunk_before_the_sound_is_passed() {
    let sine = tone(440.0, 0.5, 500, 16_000).samples;
    let sound = integers(&sine, 2, 0);
    for between in [vec![], chunk(b"LIST", b"INFO")] {
        let mut empty = wav(format(1, 1, 16_000, 2, 16), Vec::new());
        empty.after = [&between[..], &chunk(b"data", &sound)[..]].concat();
        assert_eq!(empty.check(&sine), []);
    }
}

#[test]
fn data_chunks_of_a_law_are_joined() {
    let codes: Vec<u8> = (0..=255).collect();
    let file = |codes: &[u8]| wav(format(6, 1, 8_000, 1, 8), codes.to_vec());
    let mut split = file(&codes);
    // Frames of the first chunk by the header.
    split.chunks.push((b"fact", 256u32.to_le_bytes().to_vec()));
    split.after = chunk(b"data", &codes);
    let joined = AudioWarning::DataChunksJoined { name: "a".into(), count: 2 };
    assert_eq!(split.read(), (file(&codes.repeat(2)).read().0, vec![joined]));
}

/// A truncated file of a format whose samples are not stored one by one.
struct Truncated {
    tag: u16,
    channels: u16,
    block_align: u16,
    /// Frames by the `fact` chunk, if there is one.
    fact: Option<u32>,
    /// Blocks by the header.
    blocks: u32,
    /// Bytes of sound in the file.
    bytes: usize,
    /// Frames that are read.
    got: u64,
    /// Frames of the warning that should have been there; `None` for no warning.
    expected: Option<u64>,
}

#[test]
fn truncated_compressed_files_are_counted_in_frames() {
    const A_LAW: Truncated = Truncated {
        tag: 6,
        channels: 1,
        block_align: 1,
        fact: None,
        blocks: 1000,
        bytes: 400,
        got: 400,
        expected: Some(1000),
    };
    // A block of 256 bytes has 505 frames of IMA ADPCM, one of 1024 bytes 2036 of Microsoft's.
    const IMA: Truncated = Truncated {
        tag: 0x11,
        block_align: 256,
        blocks: 8,
        bytes: 3 * 256 + 100,
        got: 3 * 505,
        expected: Some(8 * 505),
        ..A_LAW
    };
    const MICROSOFT: Truncated = Truncated {
        tag: 2,
        block_align: 1024,
        blocks: 3,
        bytes: 1024,
        got: 2036,
        expected: Some(3 * 2036),
        ..A_LAW
    };
    let rows = [
        A_LAW,
        Truncated { fact: Some(700), expected: Some(700), ..A_LAW },
        Truncated { fact: Some(300), got: 300, expected: None, ..A_LAW },
        Truncated { channels: 2, bytes: 801, ..A_LAW },
        IMA,
        Truncated { channels: 2, block_align: 512, bytes: 3 * 512 + 100, ..IMA },
        Truncated { fact: Some(4000), expected: Some(4000), ..IMA },
        // The sound ends before the missing blocks, or no block is missing.
        Truncated { fact: Some(1000), got: 1000, expected: None, ..IMA },
        Truncated { blocks: 3, expected: None, ..IMA },
        MICROSOFT,
        Truncated { channels: 2, block_align: 2048, bytes: 2048, ..MICROSOFT },
        Truncated { fact: Some(5000), expected: Some(5000), ..MICROSOFT },
    ];
    for row in rows {
        let Truncated { tag, channels, block_align, fact, blocks, bytes, got, expected } = row;
        let bits = if tag == 6 { 8 } else { 4 };
        let frame_bytes = if tag == 6 { channels } else { block_align };
        let header = format(tag, channels, 8_000, frame_bytes, bits);
        let mut file = wav(header, vec![0; bytes]);
        file.data_length = Some(blocks * u32::from(frame_bytes));
        file.chunks.extend(fact.map(|frames| (b"fact", frames.to_le_bytes().to_vec())));
        let (samples, warnings) = file.read();
        let name = "a".to_owned();
        let warning = expected.map(|expected| AudioWarning::Truncated { name, got, expected });
        let about = format!("tag {tag}, {channels} channels, fact {fact:?}");
        assert_eq!(samples.len() as u64, got, "{about}");
        assert_eq!(warnings, Vec::from_iter(warning), "{about}");
    }
}

#[test]
fn codecs_in_wav_are_named() {
    for (tag, name) in [(0x31, "GSM 6.10"), (0x55, "MP3"), (0x704f, "Opus"), (0x1234, "0x1234")] {
        let bytes = wav(format(tag, 1, 16_000, 1, 8), vec![0; 64]).bytes();
        let read = read_from_warned(&bytes[..], "a", &ReadLimits::default(), &mut |_| {});
        let message = read.unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
    }
}
