//! Formats by the first bytes of a file. The name's ending is believed only when the bytes say nothing.

/// Number of bytes that [`sniff`] reads.
pub(crate) const SNIFF_BYTES: usize = 4096;

/// A container or bare stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContainerFormat {
    Wav,
    Flac,
    Mp3,
    Ogg,
    OggOpus,
    Mp4,
    Adts,
    Matroska,
    ImaAdpcm,
    MicrosoftAdpcm,
}

impl ContainerFormat {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Flac => "FLAC",
            Self::Mp3 => "MP3",
            Self::Ogg => "Ogg",
            Self::OggOpus => "Ogg Opus",
            Self::Mp4 => "M4A",
            Self::Adts => "AAC",
            Self::Matroska => "Matroska or WebM",
            Self::ImaAdpcm => "WAV with IMA ADPCM",
            Self::MicrosoftAdpcm => "WAV with Microsoft ADPCM",
        }
    }

    fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "mp3" => Some(Self::Mp3),
            "aac" => Some(Self::Adts),
            "m4a" | "m4b" | "mp4" => Some(Self::Mp4),
            "ogg" | "oga" => Some(Self::Ogg),
            "flac" => Some(Self::Flac),
            "webm" | "mka" | "mkv" => Some(Self::Matroska),
            _ => None,
        }
    }
}

/// Returns the format of a file that starts with `head`; else a description of it.
pub(crate) fn sniff(head: &[u8], extension: Option<&str>) -> Result<ContainerFormat, String> {
    let at = |i: usize, magic: &[u8]| head.get(i..).is_some_and(|h| h.starts_with(magic));
    let riff = [b"RIFF", b"RF64", b"BW64"].iter().any(|id| at(0, id.as_slice()));
    if riff && at(8, b"WAVE") {
        return Ok(ContainerFormat::Wav);
    }
    if at(0, b"\x1aE\xdf\xa3") {
        return Ok(ContainerFormat::Matroska);
    }
    if at(0, b"fLaC") {
        return Ok(ContainerFormat::Flac);
    }
    if at(0, b"OggS") {
        // The first packet of the first page names the codec: 27 bytes of header and the segment table before it.
        let opus = head.len() > 27 && at(27 + usize::from(head[26]), b"OpusHead");
        return Ok(if opus { ContainerFormat::OggOpus } else { ContainerFormat::Ogg });
    }
    if at(4, b"ftyp") {
        return Ok(ContainerFormat::Mp4);
    }
    if at(0, b"ID3") {
        return Ok(ContainerFormat::Mp3);
    }
    if let Some(format) = mpeg_sync(head) {
        return Ok(format);
    }
    // Some MP3 and AAC files start with padding or a foreign tag: the ending decides, unless the bytes clearly say
    // that they are something else.
    match (other_kind(head), extension.and_then(ContainerFormat::of_extension)) {
        (None, Some(format)) => Ok(format),
        (Some(kind), _) => Err(kind.to_owned()),
        (None, None) => Err("its first bytes are of no known format".to_owned()),
    }
}

/// MPEG audio or ADTS frame header. UTF-16 text starts with FF FE, which is no layer III header.
fn mpeg_sync(head: &[u8]) -> Option<ContainerFormat> {
    let [a, b, c, ..] = *head else { return None };
    if a != 0xff || b & 0xe0 != 0xe0 {
        return None;
    }
    let (version, layer) = ((b >> 3) & 3, (b >> 1) & 3);
    if b & 0xf6 == 0xf0 {
        return Some(ContainerFormat::Adts);
    }
    // Version 1 is reserved, as are bit rate 15 and sample rate 3.
    (layer == 1 && version != 1 && c >> 4 != 15 && (c >> 2) & 3 != 3)
        .then_some(ContainerFormat::Mp3)
}

/// Things people pass by mistake.
fn other_kind(head: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 14] = [
        (b"\x89PNG", "it is a PNG picture"),
        (b"\xff\xd8\xff", "it is a JPEG picture"),
        (b"%PDF", "it is a PDF"),
        (b"PK\x03\x04", "it is a ZIP archive"),
        (b"\x1f\x8b", "it is a gzip file"),
        (b"\x7fELF", "it is a program"),
        (b"FORM", "it is AIFF"),
        (b"caff", "it is a Core Audio file"),
        (b"RIFX", "it is a big-endian WAV"),
        (b"#!AMR", "it is AMR"),
        (b".snd", "it is a Sun audio file"),
        (b"0&\xb2u\x8ef\xcf\x11", "it is Windows Media"),
        (b"wvpk", "it is WavPack"),
        (b"RIFF", "it is RIFF, but not WAVE"),
    ];
    if let Some((_, kind)) = known.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(kind);
    }
    let text = head.iter().all(|b| matches!(b, 9 | 10 | 13 | 32..=126 | 128..=255));
    (text && std::str::from_utf8(&head[..head.len().min(512)]).is_ok_and(|t| !t.is_empty()))
        .then_some("it is text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_decide() {
        let check =
            |head: &[u8], extension: Option<&str>, expected: Result<ContainerFormat, &str>| {
                assert_eq!(
                    sniff(head, extension).as_ref().map_err(String::as_str),
                    expected.as_ref().map_err(|e| *e)
                );
            };
        check(b"RIFF\0\0\0\0WAVEfmt ", None, Ok(ContainerFormat::Wav));
        check(b"RIFF\0\0\0\0AVI LIST", Some("wav"), Err("it is RIFF, but not WAVE"));
        check(b"fLaC\0\0", Some("wav"), Ok(ContainerFormat::Flac));
        check(b"\0\0\0\x20ftypM4A ", None, Ok(ContainerFormat::Mp4));
        check(b"ID3\x04", None, Ok(ContainerFormat::Mp3));
        check(b"\xff\xfb\x90\x64", None, Ok(ContainerFormat::Mp3));
        check(b"\xff\xf1\x50\x80", None, Ok(ContainerFormat::Adts));
        check(b"\xff\xfeh\0e\0", None, Err("its first bytes are of no known format"));
        check(b"hello there", Some("mp3"), Err("it is text"));
        check(b"\0\0\0\0\0\0\0\0\0", Some("mp3"), Ok(ContainerFormat::Mp3));
        check(b"\0\0\0\0\0\0\0\0\0", None, Err("its first bytes are of no known format"));
        check(b"\x89PNG\r\n", Some("flac"), Err("it is a PNG picture"));
        let mut opus = b"OggS".to_vec();
        opus.resize(26, 0);
        opus.extend_from_slice(b"\x01\x13OpusHead");
        check(&opus, None, Ok(ContainerFormat::OggOpus));
    }
}
