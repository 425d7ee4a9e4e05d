//! The codec that ships inside the program: quantiser and vocoder, in one safetensors file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use syrinx_audio::resample;
use syrinx_nn::to_vec_f32;
use syrinx_types::{Audio, Coded, Codes, Latents, SpectralGain};

use crate::decoding::EmbeddedStream;
use crate::fault::WeightsMismatch;
use crate::spectral_gain::attenuated;
use crate::weights::{Reader, StoredPrecision, Writer, read_file, write_file};
use crate::{
    Codec, CodecError, CodecInfo, DecodeStream, EnhancementLayer, EnhancementTables, MelRvq,
    PitchConfig, PitchPredictor, PitchPredictorConfig, PitchTable, Refinement, RefinementConfig,
    RvqConfig, Vocoder, VocoderConfig,
};

/// Configuration in the header of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    rvq: RvqConfig,
    #[serde(default)]
    vocoder: Option<VocoderConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enhancement: Option<EnhancementHeader>,
}

/// Configuration of the enhancement layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnhancementHeader {
    pitch: PitchConfig,
    refinement: RefinementConfig,
    predictor: PitchPredictorConfig,
}

/// A quantiser and the vocoder that was trained on it.
#[derive(Clone)]
pub struct EmbeddedCodec {
    rvq: Arc<MelRvq>,
    vocoder: Vocoder,
    enhancement: Option<EnhancementLayer>,
}

impl MelRvq {
    /// Serializes the quantiser as safetensors.
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] if parts contradict each other.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        let mut writer = Writer::default();
        write_rvq(&mut writer, self);
        let rvq = self.config().clone();
        writer.bytes(&Header { rvq, vocoder: None, enhancement: None })
    }

    /// Reads the quantiser from bytes of [`Self::to_bytes`] or [`EmbeddedCodec::to_bytes`].
    ///
    /// # Errors
    /// [`CodecError::Unreadable`] or [`CodecError::Mismatch`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let (header, mut reader) = Reader::open::<Header>(bytes)?;
        let rvq = read_rvq(&mut reader, header.rvq)?;
        if header.vocoder.is_some() {
            reader.take_below("vocoder.");
            for part in ["pitch.", "refinement.", "predictor."] {
                reader.take_below(part);
            }
        }
        reader.finish()?;
        Ok(rvq)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// [`CodecError::Io`], or those of [`Self::to_bytes`].
    pub fn save(&self, path: &Path) -> Result<(), CodecError> {
        write_file(path, &self.to_bytes()?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`CodecError::Io`], or those of [`Self::from_bytes`].
    pub fn load(path: &Path) -> Result<Self, CodecError> {
        Self::from_bytes(&read_file(path)?)
    }
}

fn write_rvq(writer: &mut Writer, rvq: &MelRvq) {
    let c = rvq.config();
    writer.add("rvq.mean", &[c.patch_dim()], rvq.mean(), StoredPrecision::F32);
    writer.add("rvq.axes", &[c.latent_dim, c.patch_dim()], rvq.axes(), StoredPrecision::F32);
    let books: Vec<f32> = (0..c.levels).flat_map(|l| rvq.codebook(l)).copied().collect();
    let shape = [c.levels, c.codebook_size, c.latent_dim];
    writer.add("rvq.codebooks", &shape, &books, StoredPrecision::F16);
}

fn read_rvq(reader: &mut Reader, config: RvqConfig) -> Result<MelRvq, CodecError> {
    let c = &config;
    let mean = reader.take("rvq.mean", &[c.patch_dim()])?;
    let axes = reader.take("rvq.axes", &[c.latent_dim, c.patch_dim()])?;
    let books = reader.take("rvq.codebooks", &[c.levels, c.codebook_size, c.latent_dim])?;
    MelRvq::new(config, mean, axes, &books)
}

impl EmbeddedCodec {
    /// Builds a codec of these parts.
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] if they don't share a spectrogram, or if the vocoder has a source and there is no
    /// enhancement layer.
    pub fn new(
        rvq: MelRvq,
        vocoder: Vocoder,
        enhancement: Option<EnhancementLayer>,
    ) -> Result<Self, CodecError> {
        if rvq.config().mel != vocoder.config().mel {
            return Err(WeightsMismatch::Spectrogram { part: "vocoder" }.into());
        }
        if enhancement.is_some() != vocoder.config().source.is_some() {
            return Err(WeightsMismatch::Enhancement.into());
        }
        if enhancement.as_ref().is_some_and(|e| e.predictor.config().mel != rvq.config().mel) {
            return Err(WeightsMismatch::Spectrogram { part: "pitch predictor" }.into());
        }
        Ok(Self { rvq: Arc::new(rvq), vocoder, enhancement })
    }

    /// Returns the enhancement layer, in codecs that have one.
    pub fn enhancement(&self) -> Option<&EnhancementLayer> {
        self.enhancement.as_ref()
    }

    /// Returns the quantiser.
    pub fn rvq(&self) -> &MelRvq {
        &self.rvq
    }

    /// Returns the vocoder.
    pub fn vocoder(&self) -> &Vocoder {
        &self.vocoder
    }

    /// Serializes the codec as safetensors: codebooks in half precision, the weights of networks in this precision.
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] if a part contradicts its configuration.
    pub fn to_bytes(&self, precision: StoredPrecision) -> Result<Vec<u8>, CodecError> {
        let mut writer = Writer::default();
        write_rvq(&mut writer, &self.rvq);
        let mut add = |prefix: &str, tensors: BTreeMap<String, Tensor>| {
            for (name, tensor) in tensors {
                let values = to_vec_f32(&tensor)?;
                writer.add(&format!("{prefix}.{name}"), tensor.dims(), &values, precision);
            }
            Ok::<(), CodecError>(())
        };
        add("vocoder", self.vocoder.tensors())?;
        let mut enhancement = None;
        if let Some(EnhancementLayer { tables, predictor }) = &self.enhancement {
            add("predictor", predictor.tensors())?;
            let (pitch, refinement) = (tables.pitch.config(), tables.refinement.config());
            let shape = [pitch.entries, 2 * self.rvq.config().patch_frames];
            writer.add("pitch.table", &shape, tables.pitch.entries(), StoredPrecision::F16);
            let width = self.rvq.config().latent_dim / refinement.groups;
            let shape = [refinement.groups, refinement.entries, width];
            writer.add(
                "refinement.tables",
                &shape,
                &tables.refinement.entries(),
                StoredPrecision::F16,
            );
            enhancement = Some(EnhancementHeader {
                pitch: pitch.clone(),
                refinement: refinement.clone(),
                predictor: predictor.config().clone(),
            });
        }
        let vocoder = Some(self.vocoder.config().clone());
        writer.bytes(&Header { rvq: self.rvq.config().clone(), vocoder, enhancement })
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`CodecError::Unreadable`], [`CodecError::Mismatch`], [`CodecError::NoPart`] for a quantiser alone, or
    /// [`CodecError::Nn`] for weights that don't fit the vocoder's configuration.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let (header, mut reader) = Reader::open::<Header>(bytes)?;
        let rvq = read_rvq(&mut reader, header.rvq)?;
        let config = header.vocoder.ok_or(CodecError::NoPart {
            part: "vocoder",
            remedy: "train one with `syrinx codec train`",
        })?;
        let vocoder = Vocoder::from_tensors(config, tensors_below(&mut reader, "vocoder.")?)?;
        let enhancement =
            header.enhancement.map(|h| read_enhancement(&mut reader, &rvq, h)).transpose()?;
        reader.finish()?;
        Self::new(rvq, vocoder, enhancement)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// [`CodecError::Io`], or those of [`Self::to_bytes`].
    pub fn save(&self, path: &Path, precision: StoredPrecision) -> Result<(), CodecError> {
        write_file(path, &self.to_bytes(precision)?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`CodecError::Io`], or those of [`Self::from_bytes`].
    pub fn load(path: &Path) -> Result<Self, CodecError> {
        Self::from_bytes(&read_file(path)?)
    }
}

impl Codec for EmbeddedCodec {
    fn kind(&self) -> &'static str {
        "mel-rvq"
    }

    fn look_ahead_frames(&self) -> usize {
        let late = self.enhancement.as_ref().map_or(0, |e| e.predictor.late_frames());
        let mel_frames = self.vocoder.config().look_ahead_frames + late;
        mel_frames.div_ceil(self.rvq.config().patch_frames)
    }

    fn info(&self) -> CodecInfo {
        let c = self.rvq.config();
        CodecInfo {
            sample_rate_hz: c.mel.sample_rate_hz,
            frame_rate_hz: c.frame_rate_hz(),
            levels: c.levels,
            codebook_size: c.codebook_size,
            latent_dim: c.latent_dim,
        }
    }

    fn encode(&self, audio: &Audio) -> Result<Codes, CodecError> {
        self.rvq.encode(audio)
    }

    fn encode_with_latents(&self, audio: &Audio) -> Result<Coded, CodecError> {
        self.rvq.encode_with_latents(audio)
    }

    fn latents(&self, audio: &Audio) -> Result<Option<Latents>, CodecError> {
        let (_, values) = self.rvq.resampled_latents(audio)?;
        Ok(Latents::new(self.rvq.config().latent_dim, values))
    }

    fn encode_all_levels(&self, audio: &Audio) -> Result<Codes, CodecError> {
        let Some(layer) = self.enhancement.as_ref().filter(|_| !audio.samples.is_empty()) else {
            return self.rvq.encode(audio);
        };
        let c = self.rvq.config();
        let (audio, latents) = self.rvq.resampled_latents(audio)?;
        let codes = self.rvq.round(&latents);
        let (rate_hz, frames) = (c.mel.sample_rate_hz, codes.frames() * c.patch_frames);
        let pitch = layer.tables.pitch.config();
        let track = pitch.track(&audio.samples, rate_hz, c.mel.hop, frames);
        layer.tables.encode(&self.rvq, &codes, &latents, &track)
    }

    fn decode_stream(&self) -> Box<dyn DecodeStream> {
        Box::new(EmbeddedStream::new(
            self.rvq.clone(),
            self.vocoder.clone(),
            self.enhancement.clone(),
        ))
    }

    fn codebook(&self, level: usize) -> &[f32] {
        self.rvq.codebook(level)
    }

    fn attenuated(
        &self,
        audio: &Audio,
        latents: &[f32],
        gain: SpectralGain,
    ) -> Result<Option<Audio>, CodecError> {
        let sample_rate_hz = self.rvq.config().mel.sample_rate_hz;
        let audio = resample(audio, sample_rate_hz)?;
        let target = self.rvq.log_mel_of(latents);
        let samples = attenuated(&audio.samples, self.rvq.log_mel(), &target, gain);
        Ok(Some(Audio { samples, sample_rate_hz }))
    }

    fn fingerprint(&self) -> String {
        self.rvq.fingerprint()
    }

    fn to_part(&self) -> Result<Vec<u8>, CodecError> {
        self.to_bytes(StoredPrecision::default())
    }
}

impl MelRvq {
    /// Returns the codes of a recording of any sample rate.
    ///
    /// # Errors
    /// [`CodecError::Audio`] for a sample rate that can't be converted.
    pub fn encode(&self, audio: &Audio) -> Result<Codes, CodecError> {
        Ok(self.encode_with_latents(audio)?.codes)
    }

    /// [`Self::encode`] with the latents that the codes round.
    ///
    /// # Errors
    /// The same as [`Self::encode`].
    pub fn encode_with_latents(&self, audio: &Audio) -> Result<Coded, CodecError> {
        if audio.samples.is_empty() {
            return Ok(Codes::empty(self.config().levels).into());
        }
        let (_, latents) = self.resampled_latents(audio)?;
        let codes = self.round(&latents);
        Ok(Coded { codes, latents: Latents::new(self.config().latent_dim, latents) })
    }

    /// Returns a recording at the codec's sample rate, and its latents, (frames, latent_dim).
    fn resampled_latents(&self, audio: &Audio) -> Result<(Audio, Vec<f32>), CodecError> {
        let audio = resample(audio, self.config().mel.sample_rate_hz)?;
        let latents = self.latents(&self.patches(&audio.samples));
        Ok((audio, latents))
    }
}

/// Returns the tensors whose names begin with a prefix, without the prefix.
fn tensors_below(
    reader: &mut Reader,
    prefix: &str,
) -> Result<BTreeMap<String, Tensor>, CodecError> {
    let below = reader.take_below(prefix).into_iter();
    below.map(|(name, v)| Ok((name, Tensor::from_vec(v.values, v.shape, &Device::Cpu)?))).collect()
}

fn read_enhancement(
    reader: &mut Reader,
    rvq: &MelRvq,
    header: EnhancementHeader,
) -> Result<EnhancementLayer, CodecError> {
    let EnhancementHeader { pitch, refinement, predictor } = header;
    let (frames, dim) = (rvq.config().patch_frames, rvq.config().latent_dim);
    refinement.check(dim)?;
    let table = reader.take("pitch.table", &[pitch.entries, 2 * frames])?;
    let shape = [refinement.groups, refinement.entries, dim / refinement.groups];
    let books = reader.take("refinement.tables", &shape)?;
    let tables = EnhancementTables {
        pitch: PitchTable::new(pitch, frames, table)?,
        refinement: Refinement::new(refinement, dim, &books)?,
    };
    let tensors = tensors_below(reader, "predictor.")?;
    let predictor = PitchPredictor::from_tensors(predictor, tensors)?;
    Ok(EnhancementLayer { tables: Arc::new(tables), predictor })
}
