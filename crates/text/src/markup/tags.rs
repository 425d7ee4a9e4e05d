//! Tags of SSML and HTML in a text, and the same text as well-formed XML.

use std::sync::LazyLock;

use html_escape::{decode_html_entities, encode_text};
use regex::Regex;

/// A tag whose attributes have quoted values, or none.
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

/// Elements of SSML, apart from those that HTML has too.
const SSML: &[&str] = &[
    "speak", "break", "voice", "prosody", "emphasis", "phoneme", "say-as", "lang", "metadata",
    "lexicon", "desc", "sub", "mark", "meta",
];
/// Elements of SSML whose names are no English words that a comparison could have: a fault in them is an error.
const UNMISTAKABLE: &[&str] =
    &["speak", "break", "voice", "prosody", "phoneme", "say-as", "emphasis"];
/// Elements of HTML with a use of their own here.
const READ: &[&str] = &["audio", "script", "style"];
/// Elements of HTML and SSML at whose ends a paragraph or sentence ends.
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
/// Elements of HTML inside a line, of which the contents alone are said.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "button", "center", "cite", "code", "del", "dfn", "em",
    "font", "i", "img", "input", "ins", "kbd", "label", "link", "q", "samp", "select", "small",
    "span", "strike", "strong", "sup", "time", "tt", "u", "var", "wbr",
];
/// Elements without contents.
const EMPTY: &[&str] = &["break", "mark", "meta", "lexicon"];

/// Whether a text has tags of SSML or HTML.
pub(super) fn has_tags(text: &str) -> bool {
    text.match_indices('<')
        .any(|(at, _)| tag(&text[at..]).is_some() || other(&text[at..]).is_some())
}

/// Whether a text is a document of SSML, which must be well-formed XML.
pub(super) fn is_document(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| tag(&text[at..]).is_some_and(|tag| tag.name == "speak"))
}

/// Returns the length of a comment, a declaration or the like at the start of a text.
fn other(text: &str) -> Option<usize> {
    const PAIRS: [(&str, &str); 5] = [
        ("<!--", "-->"),
        ("<![CDATA[", "]]>"),
        ("<!DOCTYPE", ">"),
        ("<!doctype", ">"),
        ("<?xml", "?>"),
    ];
    let (_, close) = PAIRS.iter().find(|(open, _)| text.starts_with(open))?;
    text.find(close).map(|at| at + close.len())
}

/// A tag at the start of a text.
struct Tag<'t> {
    written: &'t str,
    /// In lower case.
    name: String,
}

/// Returns the tag of a known element at the start of a text. Tags of one letter count with quoted attributes only,
/// since `a<b and c>d` is a comparison.
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

/// Returns a text with tags in it as well-formed XML: other `<` and `&` are characters, tags of HTML are ends of
/// paragraphs or nothing, elements without contents are closed.
pub(super) fn well_formed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, plain) = if rest.starts_with('&') {
            reference(rest)
        } else if let Some(length) = other(rest) {
            (length, rest[..length].to_owned())
        } else {
            match tag(rest) {
                Some(tag) => (tag.written.len(), element(&tag, text)),
                None => (1, "&lt;".to_owned()),
            }
        };
        out.push_str(&plain);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// Returns the length of an entity at the start of a text and its XML form; of another `&` that of the sign.
fn reference(text: &str) -> (usize, String) {
    let known = ENTITY.find(text).map(|found| found.as_str());
    match known.and_then(|written| Some((written.len(), character(written)?))) {
        Some((length, text)) => (length, encode_text(&text).into_owned()),
        None => (1, "&amp;".to_owned()),
    }
}

/// Returns the text of an entity of HTML, `&` and `;` included in what is given.
pub(super) fn character(entity: &str) -> Option<String> {
    let decoded = decode_html_entities(entity);
    (decoded != entity).then(|| decoded.into_owned())
}

fn element(tag: &Tag<'_>, text: &str) -> String {
    let name = tag.name.as_str();
    let written = tag.written;
    if BLOCKS.contains(&name) {
        return "<p/>".to_owned();
    }
    // Without an alias it is a subscript.
    let subscript = name == "sub" && !text.contains("alias");
    if INLINE.contains(&name) || subscript {
        return String::new();
    }
    let open = !written.starts_with("</") && !written.ends_with("/>");
    if EMPTY.contains(&name) && open && !text.contains(&format!("</{name}")) {
        return format!("{}/>", &written[..written.len() - 1]);
    }
    written.to_owned()
}
