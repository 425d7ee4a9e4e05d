//! Detection of formats by the first bytes of a file, and by the extension only if the bytes are ambiguous.

use std::fmt;

/// Number of bytes that [`sniff`] examines.
pub(crate) const SNIFF_BYTES: usize = 4096;

/// Container, or stream without a container.
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

/// Type of a file that is not a recording of a supported format, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the format of its name")]
pub enum FileKind {
    Png,
    Jpeg,
    Pdf,
    Zip,
    Gzip,
    Program,
    OtherRiff,
    Midi,
    Text,
    /// A recording in an unsupported format, with its name.
    Recording(&'static str),
    Unknown,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "it is a PNG picture",
            Self::Jpeg => "it is a JPEG picture",
            Self::Pdf => "it is a PDF",
            Self::Zip => "it is a ZIP archive",
            Self::Gzip => "it is a gzip file",
            Self::Program => "it is a program",
            Self::Recording(format) => return write!(f, "it is {format}"),
            Self::OtherRiff => "it is RIFF, but not WAVE",
            Self::Midi => "it is MIDI: notes without sound",
            Self::Text => "it is text",
            Self::Unknown => "its first bytes are of no known format",
        })
    }
}

/// Returns the format of a file that starts with `head`, or the type of a file that is not a supported recording.
pub(crate) fn sniff(head: &[u8], extension: Option<&str>) -> Result<ContainerFormat, FileKind> {
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
    // Some MP3 and AAC files start with padding or an unknown tag. The extension decides, unless the bytes are those of
    // another file type.
    match (other_kind(head), extension.and_then(ContainerFormat::of_extension)) {
        (None, Some(format)) => Ok(format),
        (Some(kind), _) => Err(kind),
        (None, None) => Err(FileKind::Unknown),
    }
}

/// Returns the format of an MPEG audio or ADTS frame header. FF FE, which starts UTF-16 text, is not a layer III
/// header.
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

/// Returns the type of a file that is not a recording.
fn other_kind(head: &[u8]) -> Option<FileKind> {
    let aiff = head.starts_with(b"FORM") && head.get(8..11) == Some(b"AIF");
    if aiff {
        return Some(FileKind::Recording("AIFF"));
    }
    let known: [(&[u8], FileKind); 21] = [
        (b"\x89PNG", FileKind::Png),
        (b"\xff\xd8\xff", FileKind::Jpeg),
        (b"%PDF", FileKind::Pdf),
        (b"PK\x03\x04", FileKind::Zip),
        (b"\x1f\x8b", FileKind::Gzip),
        (b"\x7fELF", FileKind::Program),
        (b"caff", FileKind::Recording("Core Audio")),
        (b"RIFX", FileKind::Recording("big-endian WAV (RIFX)")),
        (b"riff\x2e\x91\xcf\x11", FileKind::Recording("Sony Wave64")),
        (b"#!AMR", FileKind::Recording("AMR")),
        (b"#!SILK", FileKind::Recording("SILK")),
        (b".snd", FileKind::Recording("Sun audio (AU)")),
        (b"0&\xb2u\x8ef\xcf\x11", FileKind::Recording("Windows Media")),
        (b"wvpk", FileKind::Recording("WavPack")),
        (b"MAC ", FileKind::Recording("Monkey's Audio")),
        (b"DSD ", FileKind::Recording("DSD")),
        (b"Creative Voice File", FileKind::Recording("Creative Voice (VOC)")),
        (b"NIST_1A", FileKind::Recording("NIST SPHERE")),
        (b"ajkg", FileKind::Recording("Shorten")),
        (b"MThd", FileKind::Midi),
        (b"RIFF", FileKind::OtherRiff),
    ];
    if let Some((_, kind)) = known.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(*kind);
    }
    let text = head.iter().all(|b| matches!(b, 9 | 10 | 13 | 32..=126 | 128..=255));
    (text && std::str::from_utf8(&head[..head.len().min(512)]).is_ok_and(|t| !t.is_empty()))
        .then_some(FileKind::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_decide() {
        let check = |head: &[u8], extension: Option<&str>, expected| {
            assert_eq!(sniff(head, extension), expected);
        };
        check(b"RIFF\0\0\0\0WAVEfmt ", None, Ok(ContainerFormat::Wav));
        check(b"RIFF\0\0\0\0AVI LIST", Some("wav"), Err(FileKind::OtherRiff));
        check(b"fLaC\0\0", Some("wav"), Ok(ContainerFormat::Flac));
        check(b"\0\0\0\x20ftypM4A ", None, Ok(ContainerFormat::Mp4));
        check(b"ID3\x04", None, Ok(ContainerFormat::Mp3));
        check(b"\xff\xfb\x90\x64", None, Ok(ContainerFormat::Mp3));
        check(b"\xff\xf1\x50\x80", None, Ok(ContainerFormat::Adts));
        check(b"\xff\xfeh\0e\0", None, Err(FileKind::Unknown));
        check(b"hello there", Some("mp3"), Err(FileKind::Text));
        check(b"\0\0\0\0\0\0\0\0\0", Some("mp3"), Ok(ContainerFormat::Mp3));
        check(b"\0\0\0\0\0\0\0\0\0", None, Err(FileKind::Unknown));
        check(b"FORM\0\0\0\0AIFFCOMM", Some("mp3"), Err(FileKind::Recording("AIFF")));
        let wave64 = b"riff\x2e\x91\xcf\x11\xa5\xd6";
        check(wave64, Some("w64"), Err(FileKind::Recording("Sony Wave64")));
        check(b"\x89PNG\r\n", Some("flac"), Err(FileKind::Png));
        let mut opus = b"OggS".to_vec();
        opus.resize(26, 0);
        opus.extend_from_slice(b"\x01\x13OpusHead");
        check(&opus, None, Ok(ContainerFormat::OggOpus));
    }
}
