//! Plain normalization of words for error rates.

/// Returns the words of a text for word error rates, in lower case. Hyphens and dashes separate words; other
/// punctuation is dropped, except apostrophes inside words.
///
/// Numbers are unchanged; [`normalize`](crate::normalize::normalize) must be applied first for `5` to equal `five`.
pub fn normalize_for_scoring(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut flush = |word: &mut String| {
        let trimmed = word.trim_matches('\'');
        if !trimmed.is_empty() {
            words.push(trimmed.to_owned());
        }
        word.clear();
    };
    for c in text.chars() {
        match c {
            '\'' | '’' | '‘' | 'ʼ' => word.push('\''),
            c if c.is_alphanumeric() => word.extend(c.to_lowercase()),
            // Combining marks belong to the preceding letter.
            '\u{300}'..='\u{36F}' => word.push(c),
            _ => flush(&mut word),
        }
    }
    flush(&mut word);
    words
}
