//! Codec: recordings to codes and back.
//!
//! [`MelRvq`] converts a log-mel spectrogram to codes of a residual vector quantiser that is fitted without gradients;
//! [`Vocoder`] turns the spectrogram of codes and a pitch track into samples. After the levels of the quantiser come
//! those of the enhancement layer: pitch ([`PitchTable`]), then the residual of the quantiser ([`Refinement`]). Where
//! codes lack them, pitch is predicted ([`PitchPredictor`]). [`EmbeddedCodec`] combines them and implements [`Codec`],
//! the interface to all codecs.
//!
//! Invariants:
//!
//! - Decoding a stream gives the samples of decoding all codes at once, bit for bit, however the codes are split.
//! - Codes with fewer levels than the codec has decode: they are the first levels.
//! - Codebook entries are representable in f16, so that storing them changes no code.
//! - Bad input is a [`CodecError`] with a hint, never a panic. Randomness comes from a seed in a config.

mod clips;
mod codec;
mod decoding;
mod discriminator;
mod embedded;
mod enhancement;
mod enhancement_fit;
mod error;
mod fault;
mod fit;
mod frame_net;
mod griffin_lim;
mod harmonic_fit;
mod istft;
mod kmeans;
mod magnitudes;
mod nearest;
mod pitch;
mod predictor;
mod refinement;
mod rvq;
mod source;
mod spectral_gain;
mod spectral_loss;
mod stft;
mod synthesis;
mod train;
mod train_config;
mod train_state;
mod vocoder;
mod warm_start;
mod weights;

pub use clips::ClipSource;
pub use codec::{Codec, CodecInfo, DecodeStream};
pub use discriminator::AdversarialConfig;
pub use embedded::EmbeddedCodec;
pub use enhancement::{EnhancementLayer, EnhancementTables};
pub use error::{CodecError, LevelRange};
pub use fault::{ReadFault, StateMismatch, WeightsMismatch};
pub use fit::{FitConfig, PatchSample, fit};
pub use griffin_lim::griffin_lim;
pub use pitch::{PitchConfig, PitchFrame, PitchTable};
pub use predictor::{PitchPredictor, PitchPredictorConfig, PitchStream};
pub use refinement::{Refinement, RefinementConfig};
pub use rvq::{MelRvq, RvqConfig, patches};
pub use spectral_loss::SpectralLossConfig;
pub use train::{Start, TrainedVocoder, train_vocoder};
pub use train_config::VocoderTrainConfig;
pub use vocoder::{SourceConfig, Vocoder, VocoderConfig, VocoderStream};
pub use weights::StoredPrecision;
