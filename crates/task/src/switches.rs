//! Switches of a model that shape its sequences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{ConfigIssue, Requirement};

use crate::{Head, Pattern, VallELayout};

/// Switches of a model. Tasks, configuration, training and tests take them as this one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ModelSwitches {
    /// Alignment of text and frames.
    pub alignment: Alignment,
    /// Form of the words that the model speaks: phones or plain text.
    pub text: TextForm,
    /// Order in which codes are predicted.
    #[serde(skip_serializing_if = "CodeOrder::is_default")]
    pub codes: CodeOrder,
    /// Whether frame-aligned conditioning includes the latents before quantization. The stage of level 1 then predicts
    /// the difference of the response's latents from them, and the recording is attenuated to the predicted
    /// spectrogram. Needs shards encoded with `--latents`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub latent_conditioning: bool,
    /// Whether a recording to be recognized is given as the codec's latents before quantization, not as codes. Needs
    /// shards encoded with `--latents`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub latent_recordings: bool,
    /// Sequences of the published vall-e model that the weights come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub vall_e: Option<VallELayout>,
}

impl From<Alignment> for ModelSwitches {
    fn from(alignment: Alignment) -> Self {
        Self { alignment, ..Self::default() }
    }
}

impl ModelSwitches {
    /// Checks that the switches go together.
    ///
    /// # Errors
    /// Reports an order of codes that needs another alignment.
    pub fn check(&self) -> Result<(), ConfigIssue> {
        let length_known = self.alignment == Alignment::Durations || self.vall_e.is_some();
        if self.codes.head().predictor().needs_length() && !length_known {
            let reason = Requirement::Together {
                value: "\"masked\"".into(),
                with: "`alignment = \"durations\"`",
            };
            return Err(ConfigIssue::new("codes", reason));
        }
        Ok(())
    }
}

/// Alignment of text and frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// A monotonic pointer over the phones is an input and an output of every frame (of the family of VALL-E R, ELLA-V
    /// and RALL-E): no skipped or repeated words, an exact end, and word times.
    #[default]
    Pointer,
    /// Plain VALL-E layout: text before the frames, aligned by attention alone.
    None,
    /// A first stage predicts the duration of each phone and pause. The frames then have known phone indices, as with
    /// the pointer (RALL-E, arXiv 2404.03204, section 3, whose prosody tokens also precede all codes).
    Durations,
}

impl Alignment {
    /// Whether every frame has a phone index.
    pub fn is_aligned(self) -> bool {
        self != Self::None
    }
}

/// Form in which the model reads the words of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextForm {
    /// Phones of the dictionary: the pronunciation.
    #[default]
    Phones,
    /// Plain text, one token a byte.
    Letters,
    /// Plain text as byte pairs: a frequent group of letters is one token.
    BytePairs,
}

/// Order in which the codes of speech are predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeOrder {
    /// Level 1 frame by frame, then the further levels in place, a pass each (VALL-E, arXiv 2301.02111, section 4).
    #[default]
    ArNar,
    /// All levels in one pass over the frames, each level one frame behind the one before it (MusicGen,
    /// arXiv 2306.05284, section 2.2).
    Delay,
    /// All levels in one pass, code after code: every level of a frame before the next frame.
    Interleaved,
    /// Level 1 in a few passes over all frames of known timing, the most probable codes first (MaskGIT, arXiv
    /// 2202.04200, section 3.2; SoundStorm, arXiv 2305.09636, section 3.3); then the further levels as in `ar_nar`.
    Masked,
    /// Continuous latents of the codec, regressed frame by frame from the latents before them (as MELLE, arXiv
    /// 2407.08551, does with mel frames). Quantizing the latents gives the codes.
    Latent,
}

impl CodeOrder {
    /// Head of the stage that predicts speech: the list of all orders.
    pub fn head(self) -> Head {
        match self {
            Self::ArNar => Head::FirstLevel,
            Self::Delay => Head::Levels(Pattern::Delay),
            Self::Interleaved => Head::Levels(Pattern::Interleaved),
            Self::Masked => Head::MaskedLevel,
            Self::Latent => Head::Latents,
        }
    }

    /// Whether this is the default, which configurations without the key have.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
