//! Differences between a reference and a result, word by word.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::score::scored_words;

/// Word of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// As in the reference.
    Equal(String),
    /// Another word than in the reference.
    Substituted {
        /// Word of the result.
        text: String,
        /// Word of the reference.
        reference: String,
    },
    /// Not in the reference.
    Inserted(String),
    /// Missing in the result.
    Deleted(String),
}

/// Compares the words of a result with those of the reference. Phones, which have stress digits and upper case, are
/// compared as they are.
pub(crate) fn differences(reference: &str, result: &str) -> Vec<Word> {
    let words = |text: &str| match reference.chars().any(char::is_lowercase) {
        true => scored_words(text),
        false => text.split_whitespace().map(str::to_owned).collect(),
    };
    let (old, new) = (words(reference), words(result));
    let mut out = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        match op {
            DiffOp::Equal { new_index, len, .. } => {
                out.extend(new[new_index..new_index + len].iter().cloned().map(Word::Equal));
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                out.extend(old[old_index..old_index + old_len].iter().cloned().map(Word::Deleted));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                out.extend(new[new_index..new_index + new_len].iter().cloned().map(Word::Inserted));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                let (gone, come) =
                    (&old[old_index..old_index + old_len], &new[new_index..new_index + new_len]);
                let both = gone.iter().zip(come);
                out.extend(both.map(|(reference, text)| Word::Substituted {
                    text: text.clone(),
                    reference: reference.clone(),
                }));
                out.extend(gone.iter().skip(new_len).cloned().map(Word::Deleted));
                out.extend(come.iter().skip(old_len).cloned().map(Word::Inserted));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `=equal`, `~substituted`, `+inserted`, `-deleted`.
    fn shown(reference: &str, result: &str) -> String {
        let show = |word: Word| match word {
            Word::Equal(text) => format!("={text}"),
            Word::Substituted { text, reference } => format!("~{text}/{reference}"),
            Word::Inserted(text) => format!("+{text}"),
            Word::Deleted(text) => format!("-{text}"),
        };
        differences(reference, result).into_iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_equal_substituted_inserted_or_deleted() {
        for (reference, result, expected) in [
            ("Glue the sheet.", "glue the sheet", "=glue =the =sheet"),
            ("one two three", "one too three four", "=one ~too/two =three +four"),
            ("one two", "two", "-one =two"),
            ("T UW1", "T UW0", "=T ~UW0/UW1"),
            ("A", "<script>", "~<script>/A"),
        ] {
            assert_eq!(shown(reference, result), expected, "{reference}");
        }
    }
}
