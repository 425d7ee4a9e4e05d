//! Tags of SSML and HTML in a text, and conversion of the text to well-formed XML.

use std::sync::LazyLock;

use html_escape::{decode_html_entities, encode_text};
use regex::Regex;

/// A tag in which all attributes have quoted values, or without attributes.
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"\A</?([A-Za-z][A-Za-z0-9:-]*)((?:\s+[A-Za-z_:][A-Za-z0-9_:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*/?>"#,
    )
    .expect("the pattern is valid")
});

/// A tag with any attributes.
static LOOSE_TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A</?([A-Za-z][A-Za-z0-9:-]*)(?:[\s/][^<>]*)?>").expect("the pattern is valid")
});

static ENTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
        .expect("the pattern is valid")
});

/// Elements of SSML that are not elements of HTML.
const SSML: &[&str] = &[
    "speak", "break", "voice", "prosody", "emphasis", "phoneme", "say-as", "lang", "metadata",
    "lexicon", "desc", "sub", "mark", "meta",
];
/// Elements of SSML whose names cannot be operands of a comparison, since they are not English words. A fault in such
/// an element is an error.
const UNMISTAKABLE: &[&str] =
    &["speak", "break", "voice", "prosody", "phoneme", "say-as", "emphasis"];
/// Elements of HTML that the SSML parser handles.
const READ: &[&str] = &["audio", "script", "style"];
/// Elements of HTML and SSML that end a paragraph or sentence.
const BLOCKS: &[&str] = &[
    "p",
    "s",
    "paragraph",
    "sentence",
    "br",
    "hr",
    "div",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "tr",
    "td",
    "th",
    "thead",
    "tbody",
    "blockquote",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "nav",
    "main",
    "aside",
    "figure",
    "figcaption",
    "form",
    "body",
    "head",
    "html",
    "title",
    "caption",
    "address",
    "details",
    "summary",
    "option",
];
/// Inline elements of HTML, whose tags are dropped.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "button", "center", "cite", "code", "del", "dfn", "em",
    "font", "i", "img", "input", "ins", "kbd", "label", "link", "q", "samp", "select", "small",
    "span", "strike", "strong", "sup", "time", "tt", "u", "var", "wbr",
];
/// Elements without content.
const EMPTY: [&str; 4] = ["break", "mark", "meta", "lexicon"];

/// Beginnings and ends of comments, declarations and the like.
const PAIRS: [(&str, &str); 5] = [
    ("<!--", "-->"),
    ("<![CDATA[", "]]>"),
    ("<!DOCTYPE", ">"),
    ("<!doctype", ">"),
    ("<?xml", "?>"),
];

/// Whether a text has tags of SSML or HTML.
pub(super) fn has_tags(text: &str) -> bool {
    let ends = Ends::of(text);
    text.match_indices('<').any(|(at, _)| tag(&text[at..]).is_some() || ends.other(at).is_some())
}

/// Whether a text is a document of SSML, which must be well-formed XML.
pub(super) fn is_document(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| tag(&text[at..]).is_some_and(|tag| tag.name == "speak"))
}

/// Offsets of the last ends of comments, declarations and similar markup in a text. They show at once whether a
/// beginning has an end; a search for each would take quadratic time.
struct Ends<'t> {
    text: &'t str,
    /// Offset of the last end of each of [`PAIRS`].
    last: [Option<usize>; PAIRS.len()],
}

impl<'t> Ends<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, last: PAIRS.map(|(_, close)| text.rfind(close)) }
    }

    /// Returns the length of a comment, declaration or similar markup at an offset.
    fn other(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        let pair = PAIRS.iter().position(|(open, _)| rest.starts_with(open))?;
        self.last[pair].filter(|&last| last >= at)?;
        let (_, close) = PAIRS[pair];
        rest.find(close).map(|at| at + close.len())
    }
}

/// A tag at the start of a text.
struct Tag<'t> {
    written: &'t str,
    /// Name of the element, in lower case.
    name: String,
}

/// Returns the tag of a known element at the start of a text. A tag of one letter with attributes must have quoted
/// values, since `a<b and c>d` is a comparison.
fn tag(text: &str) -> Option<Tag<'_>> {
    let known = |found: regex::Captures<'_>| {
        let name = found[1].to_ascii_lowercase();
        [SSML, READ, BLOCKS, INLINE]
            .iter()
            .any(|names| names.contains(&name.as_str()))
            .then(|| (found[0].len(), name))
    };
    let strict = TAG.captures(text).and_then(known);
    let loose = || {
        let (length, name) = LOOSE_TAG.captures(text).and_then(known)?;
        let attributes = text[..length].contains('=') || UNMISTAKABLE.contains(&name.as_str());
        (name.len() > 1 && attributes).then_some((length, name))
    };
    let (length, name) = strict.or_else(loose)?;
    Some(Tag { written: &text[..length], name })
}

/// Converts a text with tags to well-formed XML: other `<` and `&` are escaped, tags of HTML become ends of paragraphs
/// or are dropped, elements without content are closed.
pub(super) fn well_formed(text: &str) -> String {
    let (ends, elements) = (Ends::of(text), Elements::of(text));
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut done = 0;
    while let Some(at) = text[done..].find(['<', '&']) {
        out.push_str(&text[done..done + at]);
        done += at;
        let rest = &text[done..];
        let (length, plain) = if rest.starts_with('&') {
            reference(rest)
        } else if let Some(length) = ends.other(done) {
            (length, rest[..length].to_owned())
        } else {
            match tag(rest) {
                Some(tag) => (tag.written.len(), elements.plain(&tag)),
                None => (1, "&lt;".to_owned()),
            }
        };
        out.push_str(&plain);
        done += length;
    }
    out.push_str(&text[done..]);
    out
}

/// Returns the length of an entity at the start of a text and its XML form; for any other `&` those of the character.
fn reference(text: &str) -> (usize, String) {
    let known = ENTITY.find(text).map(|found| found.as_str());
    match known.and_then(|written| Some((written.len(), character(written)?))) {
        Some((length, text)) => (length, encode_text(&text).into_owned()),
        None => (1, "&amp;".to_owned()),
    }
}

/// Returns the text of an HTML entity, given with `&` and `;`.
pub(super) fn character(entity: &str) -> Option<String> {
    let decoded = decode_html_entities(entity);
    (decoded != entity).then(|| decoded.into_owned())
}

/// Properties of a text that determine the treatment of its elements.
struct Elements {
    /// Whether an `alias` attribute exists; without it `<sub>` is a subscript.
    has_alias: bool,
    /// Whether each of [`EMPTY`] is closed somewhere.
    closed: [bool; EMPTY.len()],
}

impl Elements {
    fn of(text: &str) -> Self {
        let closed = std::array::from_fn(|i| text.contains(&format!("</{}", EMPTY[i])));
        Self { has_alias: text.contains("alias"), closed }
    }

    /// Returns a tag in well-formed XML.
    fn plain(&self, tag: &Tag<'_>) -> String {
        let (name, written) = (tag.name.as_str(), tag.written);
        if BLOCKS.contains(&name) {
            return "<p/>".to_owned();
        }
        if INLINE.contains(&name) || name == "sub" && !self.has_alias {
            return String::new();
        }
        let open = !written.starts_with("</") && !written.ends_with("/>");
        let unclosed =
            EMPTY.iter().zip(self.closed).any(|(empty, closed)| *empty == name && !closed);
        if unclosed && open {
            return format!("{}/>", &written[..written.len() - 1]);
        }
        written.to_owned()
    }
}
