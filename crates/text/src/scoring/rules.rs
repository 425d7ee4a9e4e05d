//! English text normalizer of Whisper (Radford et al. 2022, appendix C), implemented from its description. The results
//! are those of `EnglishTextNormalizer` in release 20250625 of the package `openai-whisper`.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use super::spoken_numbers;

/// British and American spellings, one pair on each line, from the list of Whisper's package (MIT).
const SPELLINGS: &str = include_str!("../../data/american_spellings.txt");

/// Symbols that belong to numbers.
const NUMERIC_SIGNS: &str = ".%$¢€£";

static AMERICAN: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| SPELLINGS.lines().filter_map(|line| line.split_once(' ')).collect());

/// Patterns and their replacements, applied in order.
type Rules = LazyLock<Vec<(Regex, &'static str)>>;

static BRACKETS: Rules = LazyLock::new(|| {
    compile(&[
        (r"[<\[][^>\]]*[>\]]", ""),
        (r"\([^)]+?\)", ""),
        (r"\b(?:hmm|mm|mhm|mmm|uh|um)\b", ""),
        (r"\s+'", "'"),
    ])
});

static CONTRACTIONS: Rules = LazyLock::new(|| {
    compile(&[
        (r"\bwon't\b", "will not"),
        (r"\bcan't\b", "can not"),
        (r"\blet's\b", "let us"),
        (r"\bain't\b", "aint"),
        (r"\by'all\b", "you all"),
        (r"\bwanna\b", "want to"),
        (r"\bgotta\b", "got to"),
        (r"\bgonna\b", "going to"),
        (r"\b(?:i'ma|imma)\b", "i am going to"),
        (r"\b(w|c|sh)oulda\b", "${1}ould have"),
        (r"\bma'am\b", "madam"),
        (r"\bmr\b", "mister "),
        (r"\bmrs\b", "missus "),
        (r"\bst\b", "saint "),
        (r"\bdr\b", "doctor "),
        (r"\bprof\b", "professor "),
        (r"\bcapt\b", "captain "),
        (r"\bgov\b", "governor "),
        (r"\bald\b", "alderman "),
        (r"\bgen\b", "general "),
        (r"\bsen\b", "senator "),
        (r"\brep\b", "representative "),
        (r"\bpres\b", "president "),
        (r"\brev\b", "reverend "),
        (r"\bhon\b", "honorable "),
        (r"\basst\b", "assistant "),
        (r"\bassoc\b", "associate "),
        (r"\blt\b", "lieutenant "),
        (r"\bcol\b", "colonel "),
        (r"\bjr\b", "junior "),
        (r"\bsr\b", "senior "),
        (r"\besq\b", "esquire "),
        (r"'d (been|gone|done)\b", " had ${1}"),
        (r"'s (been|gone|got)\b", " has ${1}"),
        (r"n't\b", " not"),
        (r"'re\b", " are"),
        (r"'s\b", " is"),
        (r"'d\b", " would"),
        (r"'ll\b", " will"),
        (r"'t\b", " not"),
        (r"'ve\b", " have"),
        (r"'m\b", " am"),
    ])
});

static DIGITS: Rules =
    LazyLock::new(|| compile(&[(r"([0-9]),([0-9])", "${1}${2}"), (r"\.([^0-9]|$)", " ${1}")]));

static STRAY_SIGNS: Rules =
    LazyLock::new(|| compile(&[(r"[.$¢€£]([^0-9])", " ${1}"), (r"([^0-9])%", "${1} ")]));

static MARK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\p{Mn}").expect("it is valid"));
static SIGN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{M}\p{S}\p{P}]").expect("it is valid"));

fn compile(rules: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    rules.iter().map(|(rule, to)| (Regex::new(rule).expect("it is valid"), *to)).collect()
}

fn apply(rules: &Rules, text: String) -> String {
    rules.iter().fold(text, |text, (rule, to)| rule.replace_all(&text, *to).into_owned())
}

/// Returns a text as normalized for published word error rates: contractions and titles are written out, numbers are
/// digits, spellings are American; punctuation, bracketed remarks and hesitations are removed.
///
/// The results are those of release 20250625 of the package `openai-whisper`, including its peculiarities: `ninth`
/// stays a word, and `half a million` is `half a 1000000` (for which the repository has had a rule since that release).
///
/// ```
/// use syrinx_text::whisper_english;
/// assert_eq!(whisper_english("Mr. Park paid twenty-five dollars."), "mister park paid $25");
/// ```
pub fn whisper_english(text: &str) -> String {
    let text = apply(&BRACKETS, text.to_lowercase());
    let text = apply(&CONTRACTIONS, text);
    let text = apply(&DIGITS, text);
    let text = spoken_numbers::to_digits(&without_signs(&text));
    let words = text.split_whitespace().map(|word| AMERICAN.get(word).copied().unwrap_or(word));
    let text = apply(&STRAY_SIGNS, words.collect::<Vec<_>>().join(" "));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Removes accents, and replaces punctuation and symbols by spaces, except symbols of numbers.
fn without_signs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd() {
        let mut bytes = [0; 4];
        let one: &str = c.encode_utf8(&mut bytes);
        match c {
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'æ' => out.push_str("ae"),
            'ß' => out.push_str("ss"),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'ł' => out.push('l'),
            c if NUMERIC_SIGNS.contains(c) => out.push(c),
            _ if MARK.is_match(one) => {}
            _ if SIGN.is_match(one) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
