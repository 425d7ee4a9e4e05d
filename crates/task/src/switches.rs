//! Switches of a model that shape its sequences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{ConfigIssue, Requirement};

use crate::{Head, VallELayout, heads};

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
        if self.codes.head().needs_length() && !length_known {
            let reason = Requirement::Together {
                value: format!("\"{}\"", self.codes.name()).into(),
                with: "`alignment = \"durations\"`".into(),
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

/// Declares the orders of codes: documentation, name in the configuration, and head of the stage that predicts speech.
macro_rules! code_orders {
    ($($(#[$attribute:meta])* $order:ident, $name:literal, $head:expr;)+) => {
        /// Order in which the codes of speech are predicted.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema,
        )]
        pub enum CodeOrder {
            $($(#[$attribute])* #[serde(rename = $name)] $order,)+
        }

        impl CodeOrder {
            /// All orders.
            pub const ALL: &'static [Self] = &[$(Self::$order),+];

            /// Returns the name in the configuration.
            pub fn name(self) -> &'static str {
                match self { $(Self::$order => $name,)+ }
            }

            /// Returns the head of the stage that predicts speech.
            pub fn head(self) -> Head {
                match self { $(Self::$order => $head.into(),)+ }
            }
        }
    };
}

// The list of all orders.
code_orders! {
    /// Level 1 frame by frame, then the further levels in place, a pass each (VALL-E, arXiv 2301.02111, section 4).
    #[default]
    ArNar, "ar_nar", heads::FirstLevel;
    /// All levels in one pass over the frames, each level one frame behind the one before it (MusicGen,
    /// arXiv 2306.05284, section 2.2).
    Delay, "delay", heads::AllLevels(heads::Delay);
    /// All levels in one pass, code after code: every level of a frame before the next frame.
    Interleaved, "interleaved", heads::AllLevels(heads::Interleaved);
    /// Level 1 in a few passes over all frames, the surest codes first, in a timing that is known before (MaskGIT,
    /// arXiv 2202.04200, section 3.2; SoundStorm, arXiv 2305.09636, section 3.3); then the further levels as in `ar_nar`.
    Masked, "masked", heads::MaskedLevel;
    /// No codes: frame by frame the codec's latent, which is a picture of the spectrum, is regressed and goes in again
    /// as it is (of the family of MELLE, arXiv 2407.08551, which does so with mel frames). Codes are its rounding.
    Latent, "latent", heads::Latents;
}

impl CodeOrder {
    /// Whether it is the default, as in configurations from before there was a choice.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
