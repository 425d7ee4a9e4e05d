//! Subtitles from words with times: `SubRip` and `WebVTT`.

use std::fmt::Write as _;

use syrinx_types::WordTime;

/// Longest line, characters.
const LINE_CHARS: usize = 42;
/// Most lines shown at once.
const LINES: usize = 2;
/// Longest time a subtitle stays, seconds.
const MAX_S: f64 = 6.0;
/// A pause this long begins a new subtitle, seconds.
const PAUSE_S: f64 = 0.6;

/// Text that is shown at once, and the time for which it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Cue {
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// The text, in one line.
    pub text: String,
}

impl Cue {
    /// The text in lines of at most 42 characters, but for longer words.
    pub fn lines(&self) -> String {
        lines_of(&self.text).join("\n")
    }
}

/// Breaks a text between words, each line as full as it can be.
fn lines_of(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Groups words to subtitles of at most two lines.
pub fn cues(words: &[WordTime]) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    for word in words {
        if let Some(cue) = cues.last_mut() {
            let fits = lines_of(&format!("{} {}", cue.text, word.word)).len() <= LINES
                && word.end_s - cue.start_s <= MAX_S
                && word.start_s - cue.end_s < PAUSE_S;
            if fits {
                cue.text.push(' ');
                cue.text.push_str(&word.word);
                cue.end_s = word.end_s;
                continue;
            }
        }
        cues.push(Cue { start_s: word.start_s, end_s: word.end_s, text: word.word.clone() });
    }
    cues
}

/// Writes words as `SubRip`.
pub fn srt(words: &[WordTime]) -> String {
    let mut out = String::new();
    for (i, cue) in cues(words).iter().enumerate() {
        let (start, end) = (clock(cue.start_s, ','), clock(cue.end_s, ','));
        // Writing to a String can't fail.
        let _ = write!(out, "{}\n{start} --> {end}\n{}\n\n", i + 1, cue.lines());
    }
    out.trim_end().to_owned()
}

/// Writes words as `WebVTT`.
pub fn vtt(words: &[WordTime]) -> String {
    let mut out = String::from("WEBVTT\n\n");
    for cue in cues(words) {
        let (start, end) = (clock(cue.start_s, '.'), clock(cue.end_s, '.'));
        let text = cue.lines().replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(out, "{start} --> {end}\n{text}\n\n");
    }
    out.trim_end().to_owned()
}

/// Formats seconds as `01:02:03,456`.
fn clock(seconds: f64, point: char) -> String {
    let ms = (seconds.max(0.0) * 1000.0).round() as u64;
    let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{h:02}:{m:02}:{s:02}{point}{:03}", ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str, start_s: f64, end_s: f64) -> WordTime {
        WordTime { word: word.into(), start_s, end_s }
    }

    #[test]
    fn words_are_grouped_until_a_pause() {
        let words = [word("the", 0.1, 0.2), word("end", 0.2, 0.5), word("then", 3661.5, 3662.25)];
        assert_eq!(
            srt(&words),
            "1\n00:00:00,100 --> 00:00:00,500\nthe end\n\n2\n01:01:01,500 --> 01:01:02,250\nthen"
        );
        assert_eq!(vtt(&words[..2]), "WEBVTT\n\n00:00:00.100 --> 00:00:00.500\nthe end");
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!((srt(&[]).as_str(), vtt(&[]).as_str()), ("", "WEBVTT"));
    }

    #[test]
    fn long_talk_is_cut() {
        let words: Vec<_> = (0..60)
            .map(|i| word("something", f64::from(i) * 0.3, f64::from(i) * 0.3 + 0.3))
            .collect();
        let all = cues(&words);
        assert!(all.iter().any(|cue| cue.lines().lines().count() == LINES));
        for cue in &all {
            let lines = cue.lines();
            assert!(lines.lines().count() <= LINES && cue.end_s - cue.start_s <= MAX_S + 1e-9);
            assert!(lines.lines().all(|line| line.chars().count() <= LINE_CHARS), "{lines}");
        }
        let shown: Vec<String> = all.into_iter().map(|cue| cue.text).collect();
        assert_eq!(shown.join(" "), vec!["something"; 60].join(" "));
    }
}
