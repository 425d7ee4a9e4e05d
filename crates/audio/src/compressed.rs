//! FLAC, MP3, Ogg Vorbis, M4A/AAC, WebM/Vorbis and ADPCM through symphonia.
//!
//! Encoder delay is cut off where symphonia knows it: FLAC, MP3 and Vorbis start at the sample they were made from,
//! AAC starts about 1024 samples late.

use std::io;

use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoder, AudioDecoderOptions, well_known};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use crate::intake::Intake;
use crate::sniff::ContainerFormat;
use crate::whole::{Gaps, StatedEnd};
use crate::{AudioError, AudioWarning, DecodeFault, UnsupportedContent};

/// End of a stream of packets.
struct End {
    /// Packets that could not be decoded and were left out.
    broken: u64,
    /// The file stopped in the middle of something.
    cut: bool,
    /// Ticks of the track's clock between packets.
    missing: u64,
}

/// Decodes anything but WAV from its first byte.
pub(crate) fn decode(
    mut source: Box<dyn MediaSource>,
    format: ContainerFormat,
    intake: &mut Intake<'_>,
) -> Result<(), AudioError> {
    // No decoder makes such samples of a whole file.
    intake.clip_all();
    if format == ContainerFormat::OggOpus {
        return Err(
            intake.unsupported(UnsupportedContent::Codec { codec: Some("Opus"), container: "Ogg" })
        );
    }
    let fail = |name: &str, error: Error| explain(name, format, error);
    let mut stated = StatedEnd::read(source.as_mut(), format)
        .map_err(|e| AudioError::opening(intake.name, e))?;
    let stream = MediaSourceStream::new(source, Default::default());
    let mut reader = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|e| fail(intake.name, e))?;
    let track = reader.default_track(TrackType::Audio).cloned().ok_or_else(|| {
        intake.unsupported(UnsupportedContent::NoTrack { container: format.name() })
    })?;
    let mut decoder = make_decoder(&track, format, intake)?;
    let end = pump(reader.as_mut(), decoder.as_mut(), track.id, Gaps::of(format), intake)
        .map_err(|e| e.into_audio(intake.name, format))?;
    if intake.frames() == 0 && (end.broken > 0 || end.cut) {
        return Err(fail(intake.name, Error::DecodeError("no packet of it is whole")));
    }
    if end.cut {
        stated.stops_early(format);
    }
    let told = stated.warn(track.num_frames, end.missing, intake);
    if end.broken > 0 && !(told && end.cut) {
        intake
            .warn(AudioWarning::BrokenPackets { name: intake.name.to_owned(), count: end.broken });
    }
    intake.finish()
}

fn make_decoder(
    track: &Track,
    format: ContainerFormat,
    intake: &Intake<'_>,
) -> Result<Box<dyn AudioDecoder>, AudioError> {
    let container = format.name();
    let unsupported = |codec| intake.unsupported(UnsupportedContent::Codec { codec, container });
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio());
    let parameters = parameters.ok_or_else(|| unsupported(None))?;
    symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|e| match e {
            Error::Unsupported(_) => unsupported(codec_name(parameters.codec)),
            e => explain(intake.name, format, e),
        })
}

/// Returns the name of a codec that is not decoded; `None` for one without a known name.
fn codec_name(codec: AudioCodecId) -> Option<&'static str> {
    Some(match codec {
        well_known::CODEC_ID_OPUS => "Opus",
        well_known::CODEC_ID_SPEEX => "Speex",
        well_known::CODEC_ID_MUSEPACK => "Musepack",
        well_known::CODEC_ID_AC3 => "AC-3",
        well_known::CODEC_ID_EAC3 => "E-AC-3",
        well_known::CODEC_ID_AC4 => "AC-4",
        well_known::CODEC_ID_DCA => "DTS",
        well_known::CODEC_ID_WMA => "Windows Media Audio",
        well_known::CODEC_ID_WAVPACK => "WavPack",
        well_known::CODEC_ID_MONKEYS_AUDIO => "Monkey's Audio",
        well_known::CODEC_ID_TTA => "True Audio",
        well_known::CODEC_ID_MP1 => "MPEG layer I",
        well_known::CODEC_ID_MP2 => "MPEG layer II",
        _ => return None,
    })
}

/// A failure of either side of [`pump`].
enum PumpError {
    Stream(Error),
    Intake(AudioError),
}

impl PumpError {
    fn into_audio(self, name: &str, format: ContainerFormat) -> AudioError {
        match self {
            Self::Stream(e) => explain(name, format, e),
            Self::Intake(e) => e,
        }
    }
}

impl From<AudioError> for PumpError {
    fn from(e: AudioError) -> Self {
        Self::Intake(e)
    }
}

fn pump(
    reader: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track_id: u32,
    mut gaps: Gaps,
    intake: &mut Intake<'_>,
) -> Result<End, PumpError> {
    let mut end = End { broken: 0, cut: false, missing: 0 };
    let mut block: Vec<f32> = Vec::new();
    loop {
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            // A chained stream restarts with other parameters: the recording ends there.
            Ok(None) | Err(Error::ResetRequired) => {
                return Ok(end);
            }
            Err(Error::IoError(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
                end.cut = true;
                return Ok(end);
            }
            Err(Error::DecodeError(_)) => {
                // Formats resynchronise by themselves: an error here ends the recording.
                end.broken += 1;
                end.cut = true;
                return Ok(end);
            }
            Err(e) => return Err(PumpError::Stream(e)),
        };
        if packet.track_id != track_id {
            continue;
        }
        gaps.push(&packet);
        end.missing = gaps.missing;
        match decoder.decode(&packet) {
            Ok(buffer) => {
                intake.start(buffer.spec().rate(), buffer.spec().channels().count())?;
                buffer.copy_to_vec_interleaved(&mut block);
                intake.push(&block)?;
            }
            Err(Error::DecodeError(_) | Error::IoError(_)) => end.broken += 1,
            Err(Error::ResetRequired) => decoder.reset(),
            Err(e) => return Err(PumpError::Stream(e)),
        }
    }
}

fn explain(name: &str, format: ContainerFormat, error: Error) -> AudioError {
    let name = name.to_owned();
    match error {
        Error::IoError(cause) if cause.raw_os_error().is_some() => AudioError::Read { name, cause },
        Error::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            AudioError::Undecodable { name, format: format.name(), fault: DecodeFault::EndsEarly }
        }
        Error::Unsupported(what) if what.contains("no suitable format reader") => {
            AudioError::Undecodable { name, format: format.name(), fault: DecodeFault::NoFrame }
        }
        Error::Unsupported(what) if what.contains("exceeds") => AudioError::Undecodable {
            name,
            format: format.name(),
            fault: DecodeFault::NoPart(what),
        },
        // An M4A keeps its index at the end unless it was made for streaming: half a file has none.
        Error::Unsupported(what) if what.contains("missing") => AudioError::Undecodable {
            name,
            format: format.name(),
            fault: DecodeFault::NoPart(what),
        },
        Error::Unsupported(feature) => {
            let container = format.name();
            AudioError::Unsupported {
                name,
                content: UnsupportedContent::Feature { container, feature },
            }
        }
        e => {
            AudioError::Undecodable { name, format: format.name(), fault: DecodeFault::Library(e) }
        }
    }
}
