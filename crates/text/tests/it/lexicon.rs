//! The dictionary, the user's words, the held-out split.

use std::io::Write;
use std::sync::LazyLock;

use syrinx_text::inventory::{parse_arpabet, to_arpabet};
use syrinx_text::lexicon::pack_cmudict;
use syrinx_text::{Lexicon, TextError, is_held_out};

/// The dictionary is read once for all tests.
static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::english().unwrap());

fn first(lexicon: &Lexicon, word: &str) -> Option<String> {
    lexicon.lookup(word).map(|known| to_arpabet(known.first()))
}

#[test]
fn the_dictionary_is_whole() {
    let lexicon = &*LEXICON;
    assert_eq!(lexicon.len(), 126_052);
    assert_eq!(lexicon.iter().map(|(_, known)| known.len()).sum::<usize>(), 135_164);
    assert_eq!(first(lexicon, "hello").as_deref(), Some("HH AH0 L OW1"));
    assert_eq!(first(lexicon, "HELLO").as_deref(), Some("HH AH0 L OW1"));
    assert_eq!(first(lexicon, "zzz-not-there"), None);
    assert_eq!(first(lexicon, ""), None);
    let the: Vec<String> = lexicon.lookup("the").unwrap().iter().map(to_arpabet).collect();
    assert_eq!(the, ["DH AH0", "DH AH1", "DH IY0"]);
}

#[test]
fn every_word_is_found() {
    let lexicon = &*LEXICON;
    for (word, known) in lexicon.iter().step_by(37) {
        let found = lexicon.lookup_cmu(word).unwrap();
        assert_eq!(found.first(), known.first(), "{word}");
        assert!(known.iter().all(|phones| phones.iter().all(|phone| !phone.is_mark())));
    }
}

const USER: &str = "\u{FEFF}# my words
syrinx   S IH1 R IH0 NG K S   # the organ
Syrinx   /ˈsaɪrɪŋks/
hello    /hʌˈloʊ/

nginx\tEH N JH IH N EH K S
";

#[test]
fn user_words_win() {
    let lexicon = LEXICON.clone().with_user(USER.as_bytes(), "words.txt").unwrap();
    assert_eq!(first(&lexicon, "hello").as_deref(), Some("HH AH0 L OW1"));
    assert_eq!(lexicon.lookup("syrinx").unwrap().len(), 2);
    assert_eq!(first(&lexicon, "SYRINX").as_deref(), Some("S IH1 R IH0 NG K S"));
    assert_eq!(first(&lexicon, "nginx").as_deref(), Some("EH1 N JH IH0 N EH0 K S"));
    assert!(lexicon.lookup_cmu("syrinx").is_none());
    assert_eq!(first(&lexicon, "world").as_deref(), Some("W ER1 L D"));
}

#[test]
fn user_words_from_a_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(USER.as_bytes()).unwrap();
    let lexicon = LEXICON.clone().with_user_file(file.path()).unwrap();
    assert!(lexicon.lookup_user("syrinx").is_some());
}

#[test]
fn broken_user_files_are_named() {
    let read = |text: &[u8]| LEXICON.clone().with_user(text, "words.txt").unwrap_err().to_string();
    let check = |text: &[u8], place: &str, what: &str| {
        let message = read(text);
        assert!(message.starts_with(place) && message.contains(what), "{message}");
    };
    check(b"# fine\nword", "words.txt:2:", "no pronunciation");
    check(b"word W ER1 Q", "words.txt:1:", "`Q`");
    check("a B\nword /wʒ€/".as_bytes(), "words.txt:2:", "`€`");
    check(b"word W | ER1", "words.txt:1:", "`|`");
    check(b"word /  /", "words.txt:1:", "empty");
    check(b"ok OW1 K EY1\n\xFF\xFE", "words.txt:2:", "UTF-8");
    let missing = std::path::Path::new("/nowhere/words.txt");
    let error = LEXICON.clone().with_user_file(missing).unwrap_err();
    assert!(matches!(&error, TextError::LexiconFile { .. }));
    assert!(error.to_string().contains("/nowhere/words.txt"));
}

#[test]
fn packing_and_loading_agree() {
    let published = "b B IY1\na(2) EY1 # letter\na AH0\na(3) EY1\n;;; no\n";
    assert!(pack_cmudict(published).is_err(), "`no` is no phone");
    let lexicon =
        Lexicon::from_packed(&pack_cmudict("b B IY1\na AH0\na(2) EY1\na(3) EY1\n").unwrap())
            .unwrap();
    let listing: Vec<(String, usize)> =
        lexicon.iter().map(|(word, known)| (word.to_owned(), known.len())).collect();
    assert_eq!(listing, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    assert!(Lexicon::from_packed(b"rubbish").is_err());
}

#[test]
fn held_out_words_are_fixed() {
    let lexicon = &*LEXICON;
    let held_out: Vec<&str> =
        lexicon.iter().map(|(word, _)| word).filter(|word| is_held_out(word)).collect();
    let share = held_out.len() as f64 / lexicon.len() as f64;
    assert!((0.045..0.055).contains(&share), "{share}");
    insta::assert_debug_snapshot!(&held_out[..12]);
    assert_eq!(is_held_out("house"), is_held_out("House's"));
}

#[test]
fn words_are_found_by_their_phones() {
    let lexicon = Lexicon::english().unwrap().with_user(&b"fonz F AA1 N Z"[..], "words").unwrap();
    let word = |arpabet: &str| lexicon.word_of(&parse_arpabet(arpabet).unwrap());
    let check =
        |arpabet: &str, expected: &str| assert_eq!(word(arpabet).as_deref(), Some(expected));
    check("HH AH0 L OW1", "hello");
    check("W ER1 L D", "world");
    check("DH EH1 R", "their");
    check("T UW1", "to");
    check("W ER2 L D", "world");
    check("F AA1 N Z", "fonz");
    assert_eq!(word("Z AO1 R B Z AO1 R B"), None);
    assert_eq!(lexicon.word_of(&[]), None);
}
