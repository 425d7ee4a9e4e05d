//! Supported subset of SSML.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::marks::{MAX_PAUSE_S, rate, seconds, spelled};
use super::{Construct, MarkupError, Script, Style, ValuePlace, XmlFault, tags};

/// Rates of `<emphasis>`.
const EMPHASIS: [(&str, f64); 4] =
    [("strong", 0.85), ("moderate", 0.92), ("none", 1.0), ("reduced", 1.08)];
/// Pauses of `<break strength>`, seconds.
const STRENGTHS: [(&str, f64); 6] = [
    ("none", 0.0),
    ("x-weak", 0.0),
    ("weak", 0.25),
    ("medium", 0.5),
    ("strong", 0.75),
    ("x-strong", 1.0),
];
/// Elements whose content is not spoken.
const SILENT: [&str; 6] = ["metadata", "meta", "lexicon", "desc", "script", "style"];

/// An open element, with the style to restore at its end.
struct Open {
    style: Style,
    contents: Contents,
}

/// Treatment of the text in an element.
#[derive(Clone, Copy, PartialEq)]
enum Contents {
    Spoken,
    Silent,
    Spelled,
}

/// Parses an SSML document, or a text with tags.
pub(super) fn read(text: &str, script: &mut Script) -> Result<(), MarkupError> {
    let well_formed;
    let document: &str = if tags::is_document(text) {
        text
    } else {
        well_formed = tags::well_formed(text);
        &well_formed
    };
    let mut reader = Reader::from_str(document);
    let mut open: Vec<Open> = Vec::new();
    loop {
        let contents = open.last().map_or(Contents::Spoken, |o| o.contents);
        match reader.read_event().map_err(parser_fault)? {
            Event::Start(tag) => {
                let style = script.style.clone();
                let own = begin(&tag, script, contents)?;
                open.push(Open { style, contents: own });
            }
            Event::Empty(tag) => {
                let style = script.style.clone();
                begin(&tag, script, contents)?;
                end(tag.local_name().as_ref(), script);
                script.restyle(style);
            }
            Event::End(tag) => {
                let Some(last) = open.pop() else {
                    let name = tag.name().as_ref().to_owned();
                    return Err(XmlFault::StrayEnd { name }.into());
                };
                end(tag.local_name().as_ref(), script);
                script.restyle(last.style);
            }
            Event::Text(text) => push(script, contents, &text.xml10_content())?,
            Event::CData(text) => push(script, contents, &text.xml10_content())?,
            Event::GeneralRef(entity) => {
                let character = entity.resolve_char_ref().map_err(parser_fault)?;
                let text = match character {
                    Some(c) => Some(c.to_string()),
                    None => tags::character(&format!("&{};", &*entity)),
                };
                let unknown = || XmlFault::UnknownEntity { name: (*entity).to_owned() };
                push(script, contents, &text.ok_or_else(unknown)?)?;
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err(XmlFault::Unclosed.into()),
        }
    }
}

/// Converts an error of the XML parser.
fn parser_fault(error: impl std::fmt::Display) -> MarkupError {
    XmlFault::Parser { message: error.to_string() }.into()
}

fn push(script: &mut Script, contents: Contents, text: &str) -> Result<(), MarkupError> {
    match contents {
        Contents::Spoken => script.push_marked(text),
        Contents::Spelled => {
            script.push(&spelled(text));
            Ok(())
        }
        Contents::Silent => Ok(()),
    }
}

/// Applies the start of an element; returns the treatment of its text.
fn begin(
    tag: &BytesStart<'_>,
    script: &mut Script,
    outer: Contents,
) -> Result<Contents, MarkupError> {
    let name = tag.local_name();
    let name = name.as_ref();
    let style = script.style.clone();
    match name {
        _ if outer == Contents::Silent => {}
        "break" => script.pause(length_of_break(tag)?),
        "p" | "s" | "paragraph" | "sentence" => script.push(" "),
        "voice" => {
            let voice = attribute(tag, "name")?.filter(|voice| !voice.trim().is_empty());
            let voice = voice.ok_or_else(|| unsupported(Construct::UnnamedVoice))?;
            script.restyle(Style { voice: Some(voice), ..style });
        }
        "prosody" => {
            for other in ["pitch", "contour", "range", "volume", "duration"] {
                if attribute(tag, other)?.is_some_and(|v| v != "medium" && v != "default") {
                    return Err(unsupported(Construct::Prosody(other)));
                }
            }
            if let Some(value) = attribute(tag, "rate")? {
                let factor = rate(&value).ok_or_else(|| {
                    value_error(name, "rate", &value, "slow, fast, a percentage or a factor")
                })?;
                script.restyle(Style { rate: (style.rate * factor).clamp(0.25, 4.0), ..style });
            }
        }
        "emphasis" => {
            let level = attribute(tag, "level")?.unwrap_or_else(|| "moderate".into());
            let known = EMPHASIS.iter().find(|(name, _)| *name == level);
            let (_, factor) = known.ok_or_else(|| {
                value_error(name, "level", &level, "strong, moderate, reduced or none")
            })?;
            script.restyle(Style { rate: (style.rate * factor).clamp(0.25, 4.0), ..style });
        }
        "phoneme" => {
            let phones = attribute(tag, "ph")?.unwrap_or_default();
            if phones.trim().is_empty()
                || crate::user_lexicon::pronunciation(&format!("/{phones}/")).is_err()
            {
                return Err(value_error(name, "ph", &phones, "a pronunciation in IPA or ARPAbet"));
            }
            script.push(&format!(" /{phones}/ "));
            // The pronunciation replaces the text.
            return Ok(Contents::Silent);
        }
        "sub" => {
            let alias = attribute(tag, "alias")?.unwrap_or_default();
            if alias.trim().is_empty() {
                return Err(value_error(name, "alias", &alias, "words to speak"));
            }
            script.push(&alias);
            return Ok(Contents::Silent);
        }
        "say-as" => {
            let kind = attribute(tag, "interpret-as")?.unwrap_or_default();
            let spelled = ["characters", "spell-out", "verbatim", "digits", "telephone"];
            if spelled.contains(&kind.as_str()) {
                return Ok(Contents::Spelled);
            }
        }
        "lang" | "speak" => {
            let language = attribute(tag, "xml:lang")?.unwrap_or_else(|| "en".into());
            if !language.to_lowercase().starts_with("en") {
                return Err(unsupported(Construct::Language { code: language }));
            }
        }
        "audio" => return Err(unsupported(Construct::Audio)),
        name if SILENT.contains(&name) => return Ok(Contents::Silent),
        _ => {}
    }
    Ok(outer)
}

/// Applies the end of an element. A paragraph or sentence ends even without punctuation.
fn end(name: &str, script: &mut Script) {
    if matches!(name, "p" | "s" | "paragraph" | "sentence" | "br") {
        script.push("\n\n");
    }
}

fn length_of_break(tag: &BytesStart<'_>) -> Result<f64, MarkupError> {
    if let Some(time) = attribute(tag, "time")? {
        let length = seconds(&time)
            .ok_or_else(|| value_error("break", "time", &time, "a length such as 500ms or 1.5s"))?;
        return Ok(length.min(MAX_PAUSE_S));
    }
    let strength = attribute(tag, "strength")?.unwrap_or_else(|| "medium".into());
    let known = STRENGTHS.iter().find(|(name, _)| *name == strength);
    known.map(|(_, seconds)| *seconds).ok_or_else(|| {
        value_error("break", "strength", &strength, "none, weak, medium, strong or x-strong")
    })
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, MarkupError> {
    let found = tag.try_get_attribute(name).map_err(parser_fault)?;
    let Some(found) = found else { return Ok(None) };
    let value = found.normalized_value(XmlVersion::Implicit1_0);
    Ok(Some(value.map_err(parser_fault)?.into_owned()))
}

fn value_error(
    element: &str,
    attribute: &'static str,
    value: &str,
    expected: &'static str,
) -> MarkupError {
    let place = ValuePlace::Attribute { element: element.to_owned(), attribute };
    MarkupError::Value { place, value: value.to_owned(), expected }
}

fn unsupported(construct: Construct) -> MarkupError {
    MarkupError::Unsupported { construct }
}
