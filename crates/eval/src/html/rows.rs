//! Rows of the page: cards with players, and the table of all.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use syrinx_audio::{WavFormat, write_wav_to};
use syrinx_metrics::errors::{Op, align};
use syrinx_types::Audio;

use crate::Row;
use crate::catalogue::{figure_kind, rank, title};
use crate::html::escape;
use crate::html::png::spectrogram;
use crate::score::scored_words;

/// Longer recordings are cut for the page, seconds.
const MOST_S: f64 = 20.0;

/// Where recordings lie.
pub(crate) struct Media<'a> {
    pub(crate) suite: &'a Path,
    pub(crate) run: &'a Path,
}

impl Media<'_> {
    /// A recording that a report names: of the run, of the suite, or anywhere.
    fn find(&self, name: &str) -> Option<PathBuf> {
        [self.run.join(name), self.suite.join(name)].into_iter().find(|p| p.is_file())
    }

    /// A player with a spectrogram, everything inside the page.
    fn player(&self, label: &str, name: &str, picture: bool) -> String {
        let audio = self.find(name).and_then(|path| syrinx_audio::read(path).ok());
        let Some(audio) = audio.map(|a| a.slice(0.0, MOST_S)) else {
            return format!("<p class=\"gone\">{label}: {} can't be read</p>\n", escape(name));
        };
        let Some(wav) = data(&audio) else { return String::new() };
        let mut out = String::from("<figure>");
        if let (true, Some(png)) = (picture, spectrogram(&audio)) {
            let _ = write!(
                out,
                "<img alt=\"spectrogram, {:.2} s\" src=\"data:image/png;base64,{}\">",
                audio.seconds(),
                STANDARD.encode(png)
            );
        }
        let _ = writeln!(
            out,
            "<audio controls preload=\"none\" src=\"data:audio/wav;base64,{wav}\"></audio>\
             <figcaption>{label}, {:.2} s</figcaption></figure>",
            audio.seconds()
        );
        out
    }
}

fn data(audio: &Audio) -> Option<String> {
    let mut wav = Vec::new();
    write_wav_to(&mut wav, "page", audio, WavFormat::Int16).ok()?;
    Some(STANDARD.encode(wav))
}

/// One card a row.
pub(crate) fn cards(rows: &[&Row], media: &Media) -> String {
    rows.iter().map(|row| card(row, media)).collect()
}

fn card(row: &Row, media: &Media) -> String {
    let mut out = String::from("<section class=\"card\">\n");
    let _ = writeln!(out, "<h3>{} <small>{}</small></h3>", escape(&row.id), escape(&row.group));
    let _ = writeln!(out, "<p><b>wanted</b> {}</p>", escape(&row.wanted));
    if let Some(error) = &row.error {
        let _ = writeln!(out, "<p class=\"worse\"><b>no answer</b> {}</p>", escape(error));
    }
    if !row.got.is_empty() {
        let _ = writeln!(out, "<p><b>got</b> {}</p>", differences(&row.wanted, &row.got));
    }
    for (judge, verdict) in &row.verdicts {
        if let Some(heard) = &verdict.heard {
            let judge = escape(judge);
            let _ =
                writeln!(out, "<p><b>{judge} heard</b> {}</p>", differences(&row.wanted, heard));
        }
    }
    out.push_str("<div class=\"players\">\n");
    if let Some(audio) = &row.audio {
        out.push_str(&media.player("output", audio, true));
    }
    if let Some(reference) = &row.reference {
        out.push_str(&media.player("reference", reference, true));
    }
    if let Some(prompt) = &row.prompt {
        out.push_str(&media.player("voice", prompt, false));
    }
    out.push_str("</div>\n<p class=\"measures\">");
    out.push_str(&figures_of(row));
    out.push_str("</p>\n</section>\n");
    out
}

fn figures_of(row: &Row) -> String {
    let mut figures: Vec<(String, f64)> = row
        .all_measures()
        .into_iter()
        .filter_map(|(name, measure)| Some((name, measure.alone()?)))
        .collect();
    figures.sort_by_key(|(name, _)| rank(name));
    let show = |(name, value): &(String, f64)| {
        format!("{} {}", escape(&title(name)), figure_kind(name).unit.show(*value))
    };
    figures.iter().map(show).collect::<Vec<_>>().join(" · ")
}

/// What came out, with what is wrong in it marked: too much, other than wanted, or missing.
fn differences(wanted: &str, got: &str) -> String {
    // Phones have stress digits and upper case that scoring of words would drop.
    let words = |text: &str| match wanted.chars().any(char::is_lowercase) {
        true => scored_words(text),
        false => text.split_whitespace().map(str::to_owned).collect(),
    };
    let (wanted, got) = (words(wanted), words(got));
    let marked = align(&wanted, &got).1.into_iter().map(|op| match op {
        Op::Equal { hypothesis, .. } => escape(&got[hypothesis]),
        Op::Substitute { reference, hypothesis } => format!(
            "<mark title=\"instead of {}\">{}</mark>",
            escape(&wanted[reference]),
            escape(&got[hypothesis])
        ),
        Op::Insert { hypothesis } => {
            format!("<mark class=\"more\" title=\"too much\">{}</mark>", escape(&got[hypothesis]))
        }
        Op::Delete { reference } => format!("<del>{}</del>", escape(&wanted[reference])),
    });
    marked.collect::<Vec<_>>().join(" ")
}

/// Every row in one line, folded away.
pub(crate) fn full_table(rows: &[&Row]) -> String {
    let mut out = format!(
        "<details>\n<summary>All {} rows</summary>\n<div class=\"scroll\"><table>\n<thead><tr><th>row<th>speaker\
         <th>wanted<th>got<th>figures</tr></thead>\n<tbody>\n",
        rows.len()
    );
    for row in rows {
        let got = match (&row.error, row.heard()) {
            (Some(error), _) => format!("<span class=\"worse\">{}</span>", escape(error)),
            (None, Some(heard)) => differences(&row.wanted, heard),
            (None, None) => String::new(),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}<td>{}<td>{}<td>{got}<td class=\"measures\">{}</tr>",
            escape(&row.id),
            escape(&row.group),
            escape(&row.wanted),
            figures_of(row)
        );
    }
    out.push_str("</tbody>\n</table></div>\n</details>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_marked_and_text_stays_text() {
        let check = |wanted: &str, got: &str, html: &str| {
            assert_eq!(differences(wanted, got), html);
        };
        check("Glue the sheet.", "glue the sheet", "glue the sheet");
        check(
            "one two three",
            "one too three four",
            "one <mark title=\"instead of two\">too</mark> three <mark class=\"more\" title=\"too much\">four</mark>",
        );
        check("one two", "two", "<del>one</del> two");
        check("T UW1", "T UW0", "T <mark title=\"instead of UW1\">UW0</mark>");
        check("A", "<script>", "<mark title=\"instead of A\">&lt;script&gt;</mark>");
    }
}
