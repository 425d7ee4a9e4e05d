//! Markup of text to synthesize: a subset of SSML, and plain marks such as `[pause 500ms]`.
//!
//! [`parse`] converts a text to [`MarkedUtterance`]s: plain text with a voice, a rate and a pause after it.
//! Pronunciations and substitutions become plain text. A `<speak>` document must be well-formed; its unknown tags are
//! dropped and their content is spoken. In other texts only elements of SSML and HTML are tags (`<br>` and block
//! elements end a paragraph), and any other `<` is a character. Markup that would be ignored without notice (another
//! language, pitch, recordings) is an error.
//!
//! | SSML | mark | effect |
//! |---|---|---|
//! | `<break time="500ms"/>`, `<break strength="strong"/>` | `[pause 500ms]` | silence, at most 10 s |
//! | `<voice name="joe">` | `[voice joe]` | voice from there on |
//! | `<prosody rate="slow">`, `rate="80%"` | `[rate 0.8]` | speaking rate, pitch stays |
//! | `<say-as interpret-as="characters">` | `[spell NATO]` | letter by letter; `digits` digit by digit |
//! | `<phoneme alphabet="ipa" ph="fu">` | `foo/fu/` | pronunciation |
//! | `<sub alias="World Wide Web">` | | other words |
//! | `<emphasis level="strong">` | | a little slower |

mod marks;
mod ssml;
mod tags;

pub use marks::MAX_PAUSE_S;

/// A section of text in one voice, and the silence after it.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkedUtterance {
    /// Text without markup; empty for a pause alone.
    pub text: String,
    /// Name of the voice; `None` for the voice of the request.
    pub voice: Option<String>,
    /// Speaking rate: 1 is normal, 2 twice as fast.
    pub rate: f64,
    /// Silence after the text, seconds.
    pub pause_s: f64,
}

/// Error of markup.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkupError {
    /// SSML that is not well-formed XML.
    #[error("the SSML is not well-formed: {fault}")]
    Malformed {
        /// Fault.
        fault: XmlFault,
    },
    /// An element or attribute that would change the speech and is not supported.
    #[error("{construct} is not supported")]
    Unsupported {
        /// Element or attribute.
        construct: Construct,
    },
    /// An invalid value.
    #[error("{place}: `{value}` is not {expected}")]
    Value {
        /// Attribute or mark with the value.
        place: ValuePlace,
        /// Value as written.
        value: String,
        /// Description of valid values.
        expected: &'static str,
    },
    /// An unknown mark.
    #[error("there is no mark `[{mark}]`")]
    UnknownMark {
        /// The mark, without brackets.
        mark: String,
    },
}

/// Element or attribute that would change the speech and is not supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Construct {
    /// A `<voice>` without a name.
    #[error("<voice> without a name")]
    UnnamedVoice,
    /// An attribute of `<prosody>`.
    #[error("prosody {0}")]
    Prosody(&'static str),
    /// Text in another language than English.
    #[error("language `{code}`")]
    Language {
        /// Code of the language.
        code: String,
    },
    /// An `<audio>` element.
    #[error("<audio>")]
    Audio,
}

/// Attribute or mark that has a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValuePlace {
    /// Attribute of an element.
    #[error("<{element} {attribute}>")]
    Attribute {
        /// Name of the element.
        element: String,
        /// Name of the attribute.
        attribute: &'static str,
    },
    /// Mark in square brackets.
    #[error("mark [{name}]")]
    Mark {
        /// Name of the mark.
        name: String,
    },
}

/// Fault of SSML that is not well-formed XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlFault {
    /// Text that the XML parser rejects.
    #[error("{message}")]
    Parser {
        /// Message of the parser. Its error type can't be stored, since it can't be compared.
        message: String,
    },
    /// An end tag without its start tag.
    #[error("</{name}> closes nothing")]
    StrayEnd {
        /// Name of the element.
        name: String,
    },
    /// An unknown entity.
    #[error("there is no entity &{name};")]
    UnknownEntity {
        /// Name of the entity.
        name: String,
    },
    /// An element without its end tag.
    #[error("an element is not closed")]
    Unclosed,
}

impl From<XmlFault> for MarkupError {
    fn from(fault: XmlFault) -> Self {
        Self::Malformed { fault }
    }
}

impl MarkupError {
    /// Remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "close every tag, and write &lt; and &amp; for < and &",
            Self::Unsupported { .. } => "leave it out",
            Self::Value { .. } => "correct the value",
            Self::UnknownMark { .. } => {
                "known marks: [pause 500ms], [voice NAME], [rate 0.8], [spell ABC]"
            }
        }
    }
}

/// Whether a text has markup. [`parse`] returns a text without markup unchanged.
pub fn is_marked(text: &str) -> bool {
    tags::has_tags(text) || marks::has_marks(text)
}

/// Parses a text with markup. A text without markup is one utterance.
///
/// # Errors
/// [`MarkupError`] for invalid or unsupported markup.
pub fn parse(text: &str) -> Result<Vec<MarkedUtterance>, MarkupError> {
    let mut script = Script::default();
    if tags::has_tags(text) {
        ssml::read(text, &mut script)?;
    } else {
        script.push_marked(text)?;
    }
    Ok(script.finish())
}

/// Settings of the current section of text.
#[derive(Debug, Clone, PartialEq)]
struct Style {
    voice: Option<String>,
    rate: f64,
}

impl Default for Style {
    fn default() -> Self {
        Self { voice: None, rate: 1.0 }
    }
}

/// Builder of the list of utterances.
#[derive(Debug, Default)]
struct Script {
    done: Vec<MarkedUtterance>,
    text: String,
    style: Style,
}

impl Script {
    /// Appends plain text.
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Ends the utterance and sets the silence after it.
    fn pause(&mut self, seconds: f64) {
        self.cut();
        match self.done.last_mut() {
            Some(last) => last.pause_s += seconds,
            None => self.done.push(MarkedUtterance {
                text: String::new(),
                voice: self.style.voice.clone(),
                rate: self.style.rate,
                pause_s: seconds,
            }),
        }
    }

    /// Changes the style from here on.
    fn restyle(&mut self, style: Style) {
        if style != self.style {
            self.cut();
            self.style = style;
        }
    }

    fn cut(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        let text = text.trim().to_owned();
        let (voice, rate) = (self.style.voice.clone(), self.style.rate);
        self.done.push(MarkedUtterance { text, voice, rate, pause_s: 0.0 });
    }

    fn finish(mut self) -> Vec<MarkedUtterance> {
        self.cut();
        self.done
    }
}
