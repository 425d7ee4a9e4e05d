//! Subtitles from words with times, in the formats `SubRip` and `WebVTT`.

use std::fmt::Write as _;

use syrinx_types::WordTime;

/// Longest line, characters.
const LINE_CHARS: usize = 42;
/// Largest number of lines of a subtitle.
const LINES: usize = 2;
/// Longest duration of a subtitle, seconds.
const MAX_S: f64 = 6.0;
/// Shortest pause that begins a new subtitle, seconds.
const PAUSE_S: f64 = 0.6;
/// Shortest duration of a subtitle if its neighbours leave time, seconds.
const MIN_S: f64 = 0.1;
/// Shortest duration of a subtitle without time between its neighbours, seconds. Players reject an end that is not
/// after the start.
const NO_ROOM_S: f64 = 0.002;

/// A subtitle: text and its time span.
#[derive(Debug, Clone, PartialEq)]
pub struct Cue {
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// Text, without line breaks.
    pub text: String,
}

impl Cue {
    /// Returns the text in lines of at most 42 characters.
    pub fn lines(&self) -> String {
        lines_of(&self.text).join("\n")
    }
}

/// Breaks a text into lines between words, filling each line.
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

/// Groups words into subtitles of at most two lines. Subtitles ascend in time, do not overlap, and have positive
/// durations. Words longer than a line are divided.
pub fn cues(words: &[WordTime]) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    for word in words.iter().flat_map(pieces) {
        if let Some(cue) = cues.last_mut() {
            let fits = lines_of(&format!("{} {}", cue.text, word.word)).len() <= LINES
                && word.end_s - cue.start_s <= MAX_S
                && word.start_s - cue.end_s < PAUSE_S;
            if fits {
                cue.text.push(' ');
                cue.text.push_str(&word.word);
                cue.end_s = cue.end_s.max(word.end_s);
                continue;
            }
        }
        cues.push(Cue { start_s: word.start_s, end_s: word.end_s, text: word.word });
    }
    set_apart(&mut cues);
    cues
}

/// Divides a word at spaces and into pieces of at most a line, and divides its time in proportion to their characters.
/// The result is empty for an empty word.
fn pieces(word: &WordTime) -> Vec<WordTime> {
    let tokens: Vec<Vec<char>> =
        word.word.split_whitespace().map(|token| token.chars().collect()).collect();
    let total: usize = tokens.iter().map(|token| token.len() + 1).sum::<usize>().max(1) - 1;
    let at = |index: usize| match index {
        index if index == total => word.end_s,
        index => word.start_s + index as f64 / total as f64 * (word.end_s - word.start_s),
    };
    let mut pieces = Vec::new();
    let mut first = 0;
    for token in &tokens {
        for piece in token.chunks(LINE_CHARS) {
            let last = first + piece.len();
            let (start_s, end_s) = (at(first), at(last));
            pieces.push(WordTime { word: piece.iter().collect(), start_s, end_s });
            first = last;
        }
        first += 1;
    }
    pieces
}

/// Adjusts times such that subtitles ascend without overlap. A subtitle that is too short gets time from the pause
/// after it, else from the subtitle or pause before it, never beyond the last word.
fn set_apart(cues: &mut [Cue]) {
    let mut earliest_s = 0.0;
    for cue in cues.iter_mut() {
        cue.start_s = cue.start_s.max(earliest_s);
        cue.end_s = cue.end_s.max(cue.start_s);
        earliest_s = cue.start_s;
    }
    for i in 0..cues.len() {
        let (before, rest) = cues.split_at_mut(i);
        let Some((cue, after)) = rest.split_first_mut() else { return };
        if let Some(next) = after.first() {
            let longer_s = cue.end_s.max(cue.start_s + MIN_S);
            cue.end_s = longer_s.min(next.start_s).max(cue.start_s);
        }
        let missing_s = MIN_S - (cue.end_s - cue.start_s);
        if missing_s > 0.0 {
            // The previous subtitle keeps the shortest duration.
            let latest_s = before.last().map_or(0.0, |b| b.end_s.min(b.start_s + MIN_S));
            cue.start_s = (cue.start_s - missing_s).max(latest_s).min(cue.start_s);
            if let Some(before) = before.last_mut() {
                before.end_s = before.end_s.min(cue.start_s);
            }
        }
        if cue.end_s - cue.start_s < NO_ROOM_S {
            cue.end_s = cue.start_s + NO_ROOM_S;
            if let Some(next) = after.first_mut() {
                next.start_s = next.start_s.max(cue.end_s);
                next.end_s = next.end_s.max(next.start_s);
            }
        }
    }
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
        let text = cue.lines().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = write!(out, "{start} --> {end}\n{text}\n\n");
    }
    out.trim_end().to_owned()
}

/// Formats seconds as `01:02:03,456`, rounded down, so that the last subtitle does not end after the recording.
fn clock(seconds: f64, point: char) -> String {
    /// Largest rounding error of binary fractions, milliseconds.
    const INEXACT: f64 = 1e-6;
    let ms = (seconds.max(0.0) * 1000.0 + INEXACT).floor() as u64;
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

    #[test]
    fn times_are_rounded_down() {
        let samples = f64::from(22_409) / 24_000.0;
        assert_eq!(
            vtt(&[word("end", 1.001 - 0.93, samples)]),
            "WEBVTT\n\n00:00:00.071 --> 00:00:00.933\nend"
        );
        for ms in 0..5000_u32 {
            let shown = clock(f64::from(ms) / 1000.0, '.');
            assert_eq!(shown, format!("00:00:0{}.{:03}", ms / 1000, ms % 1000));
        }
    }

    #[test]
    fn markup_is_escaped() {
        let shown = vtt(&[word("-->", 0.0, 0.5), word("<i>", 0.5, 1.0), word("&", 1.0, 1.5)]);
        assert!(shown.ends_with("--&gt; &lt;i&gt; &amp;"), "{shown}");
        assert_eq!(shown.matches("-->").count(), 1, "{shown}");
    }

    /// Every word of any list of times is shown, in subtitles that ascend, do not overlap and have a length.
    #[test]
    fn cues_are_apart_and_have_a_length() {
        let long = "x".repeat(300);
        let full = format!("{} {}", "a".repeat(LINE_CHARS), "b".repeat(LINE_CHARS));
        let cases: [(&str, Vec<WordTime>); 8] = [
            ("overlap", vec![word(&full, 0.0, 4.0), word("a", 3.0, 9.5), word("b", 9.0, 10.0)]),
            ("backwards", vec![word("a", 5.0, 6.0), word("b", 1.0, 2.0), word("c", 8.0, 9.0)]),
            ("empty word", vec![word("a", 0.0, 1.0), word("", 2.0, 2.0), word(" ", 3.0, 9.0)]),
            ("no length at the end", vec![word("a", 0.0, 1.0), word("b", 9.0, 9.0)]),
            (
                "no length between",
                vec![word(&full, 0.0, 6.0), word("b", 6.0, 6.0), word(&full, 6.0, 12.0)],
            ),
            ("no length after a full one", vec![word(&full, 0.0, 6.0), word("b", 6.0, 6.0)]),
            ("one long word", vec![word(&long, 1.0, 3.0)]),
            ("all at once", vec![word(&long, 0.0, 0.0), word("b", 0.0, 0.0)]),
        ];
        for (name, words) in &cases {
            let cues = cues(words);
            let end_s = words.iter().map(|w| w.end_s).fold(0.0, f64::max);
            let mut before_ms = 0;
            let ms = |s: f64| (s * 1000.0 + 1e-6).floor() as u64;
            for cue in &cues {
                let (start, end) = (ms(cue.start_s), ms(cue.end_s));
                assert!(before_ms <= start && start < end, "{name}: {cues:?}");
                before_ms = end;
                assert!(cue.lines().lines().count() <= LINES, "{name}: {cues:?}");
                assert!(cue.lines().lines().all(|l| l.chars().count() <= LINE_CHARS), "{name}");
                assert!(cue.end_s <= end_s || *name == "all at once", "{name}: {cues:?}");
            }
            let chars = |text: String| text.replace(' ', "");
            let shown = cues.iter().map(|c| c.text.clone()).collect();
            assert_eq!(
                chars(shown),
                chars(words.iter().map(|w| w.word.clone()).collect()),
                "{name}"
            );
        }
        let last = cues(&cases[3].1).pop().expect("a cue");
        assert_eq!((last.start_s, last.end_s), (8.9, 9.0));
    }
}
