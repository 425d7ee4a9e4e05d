//! Sentence splitting of streamed text.

use crate::sentences::split;

/// Possible next words that test whether a sentence has ended: of a new sentence, of a name, a number, a word in lower
/// case.
const CONTINUATIONS: [&str; 4] = ["The dog", "Smith is", "5 of", "and so"];

/// Splitter of streamed text that returns a sentence as soon as later text cannot change its end.
#[derive(Debug, Clone)]
pub struct IncomingText {
    text: String,
    max_chars: usize,
}

impl IncomingText {
    /// Builds a splitter without text. Sentences longer than `max_chars` characters are cut.
    pub fn new(max_chars: usize) -> Self {
        Self { text: String::new(), max_chars }
    }

    /// Returns the number of characters after the last complete sentence.
    pub fn pending_chars(&self) -> usize {
        self.text.chars().count()
    }

    /// Appends text and returns the completed sentences.
    ///
    /// The text `3.` may continue as `3.5`, and `approx. A` as `approx. Apples`. The last sentence is therefore
    /// complete only at white space after an unambiguous end, or at a blank line.
    pub fn push(&mut self, piece: &str) -> Vec<String> {
        self.text.push_str(piece);
        let mut complete = split(&self.text, self.max_chars);
        let Some(last) = complete.pop() else {
            // The pending text is white space alone.
            self.text.clear();
            return complete;
        };
        let ends_in_space = self.text.ends_with(char::is_whitespace);
        let ends_in_blank_line = self.text.trim_end_matches([' ', '\t', '\r']).ends_with("\n\n");
        if ends_in_blank_line || ends_in_space && is_certain(&last) {
            self.text.clear();
            complete.push(last);
            return spoken(complete);
        }
        let mut start = start_of(&self.text, self.text.len(), &last);
        let has_word = ends_in_space || last.contains(char::is_whitespace);
        if !has_word && complete.last().is_some_and(|sentence| !is_certain(sentence)) {
            let held = complete.pop().unwrap_or_default();
            start = start_of(&self.text, start, &held);
        }
        self.text.drain(..start);
        spoken(complete)
    }

    /// Returns the remaining sentences.
    pub fn finish(&mut self) -> Vec<String> {
        spoken(split(&std::mem::take(&mut self.text), self.max_chars))
    }
}

/// Returns the offset of a sentence that ends `text[..end]`, apart from white space.
fn start_of(text: &str, end: usize, sentence: &str) -> usize {
    text[..end].trim_end().len() - sentence.len()
}

/// Whether no text after white space can change the end of a sentence.
fn is_certain(sentence: &str) -> bool {
    CONTINUATIONS.iter().all(|next| {
        let both = split(&format!("{sentence} {next}"), usize::MAX);
        both.first().is_some_and(|first| first == sentence)
    })
}

/// Drops sentences without content.
fn spoken(mut sentences: Vec<String>) -> Vec<String> {
    sentences.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sentences by the piece of text that completes them, then those at the end.
    fn incoming(pieces: &[&str]) -> Vec<Vec<String>> {
        let mut text = IncomingText::new(240);
        let mut all: Vec<Vec<String>> = pieces.iter().map(|piece| text.push(piece)).collect();
        all.push(text.finish());
        assert_eq!(text.pending_chars(), 0);
        all
    }

    #[test]
    fn sentences_come_as_soon_as_their_ends_are_certain() {
        let check = |pieces: &[&str], expected: &[&[&str]]| {
            assert_eq!(incoming(pieces), expected, "{pieces:?}");
        };
        check(&["Hello there. ", "How are you?"], &[&["Hello there."], &[], &["How are you?"]]);
        check(&["Hello", " there.", " How"], &[&[], &[], &["Hello there."], &["How"]]);
        check(&["It costs 3.", "5 dollars. "], &[&[], &["It costs 3.5 dollars."], &[]]);
        check(
            &["I met Dr. ", "Smith. ", "He left."],
            &[&[], &["I met Dr. Smith."], &[], &["He left."]],
        );
        // Whether a title ends it shows the next word as a whole.
        check(&["See Fig. A", " and go. "], &[&[], &["See Fig.", "A and go."], &[]]);
        check(&["A title\n", "\nThe text"], &[&[], &["A title"], &["The text"]]);
        check(&["No end", "\n\n"], &[&[], &["No end"], &[]]);
        check(&["  ", "… ", "Yes.", ""], &[&[], &[], &[], &[], &["Yes."]]);
    }

    #[test]
    fn pieces_make_the_sentences_of_the_whole_text() {
        let text = "Mr. Jones paid $3.50, i.e. too much. \"Stop!\" he said. What? No. See e.g. the U.S. map.\n\nA \
                    title\n\n1. First item.\n2. Second item.\nSo it goes… and ends. The J. R. Smith house, approx. 3 \
                    miles off, fell. It is 5 p.m. now. Bye";
        let whole = split(text, 240);
        for size in 1..40 {
            let characters: Vec<char> = text.chars().collect();
            let mut incoming = IncomingText::new(240);
            let mut all = Vec::new();
            for piece in characters.chunks(size) {
                all.extend(incoming.push(&piece.iter().collect::<String>()));
            }
            all.extend(incoming.finish());
            assert_eq!(all, whole, "pieces of {size}");
        }
    }

    #[test]
    fn a_text_without_an_end_is_cut_as_it_grows() {
        let mut text = IncomingText::new(40);
        let mut spoken = 0;
        for _ in 0..100 {
            spoken += text.push("and on it goes ").len();
            assert!(text.pending_chars() <= 80, "{}", text.pending_chars());
        }
        assert!(spoken > 10);
    }
}
