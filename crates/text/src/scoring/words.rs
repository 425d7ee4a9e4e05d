//! Plain words for error rates.

/// Returns the words of a text for word error rates: lower case, punctuation dropped except apostrophes inside words,
/// hyphens and dashes separate.
///
/// Numbers are left as they are written; run [`normalize`](crate::normalize::normalize) first to compare `5` with
/// `five`.
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
            // Combining marks belong to the letter before them.
            '\u{300}'..='\u{36F}' => word.push(c),
            _ => flush(&mut word),
        }
    }
    flush(&mut word);
    words
}
