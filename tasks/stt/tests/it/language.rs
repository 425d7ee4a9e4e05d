use syrinx_speech::Units;
use syrinx_task_stt::{
    BigramCounts, DecoderConfig, Frequencies, Trie, WordHistory, WordList, WordModel, dictionary,
};

use crate::kit;

fn list() -> WordList {
    let units = Units::english().expect("the data are compiled in");
    dictionary(kit().frontend.lexicon(), &units).0
}

fn english(words: &WordList) -> Result<WordModel, syrinx_task_stt::SttError> {
    WordModel::english(words, &DecoderConfig::default())
}

/// History of a word that is the second of a text, so that there is no triple.
fn after(before: u32) -> WordHistory {
    WordHistory { earlier: None, before }
}

#[test]
fn counts_survive_their_file() {
    let texts = ["The cat sat.", "the cat, the cat", "", "It's 2 o'clock"];
    let counts = BigramCounts::of_texts(texts);
    let lines = counts.to_lines();
    assert_eq!(BigramCounts::from_lines(&lines).expect("what was written"), counts);
    let the = lines.lines().find(|line| line.starts_with("the ")).expect("a line");
    assert_eq!(the, "the cat 3");
    for bad in ["", " a", "the 3"] {
        assert!(BigramCounts::from_lines(&format!("a b\n{bad}\n")).is_err(), "{bad:?}");
    }
}

#[test]
fn probabilities_add_up_to_one_after_any_word() {
    let words = list();
    let counts = BigramCounts::of_texts(["the cat sat on the mat", "the dog sat", "a cat"]);
    let lines = "cat 40\nsat 24 cat 16\nthe 48 cat 32 mat 24";
    let frequencies = Frequencies::from_lines(lines).expect("words and logarithms");
    for model in [
        WordModel::new(&counts, &words),
        WordModel::new(&BigramCounts::default(), &words),
        WordModel::of_frequencies(&frequencies, &words),
        english(&words).expect("the data are compiled in"),
    ] {
        let number = |word: &str| words.find(word).expect("in the dictionary");
        let histories = [
            (None, number("the")),
            (None, model.edge()),
            (Some(model.edge()), number("thank")),
            (Some(number("thank")), number("you")),
            (Some(number("zebra")), number("zebra")),
        ];
        for (earlier, before) in histories {
            let history = WordHistory { earlier, before };
            let of = |word| f64::from(model.log_prob(history, word)).exp();
            let sum: f64 = (0..=model.edge()).map(of).sum();
            assert!((sum - 1.0).abs() < 1e-3, "{history:?}: {sum}");
        }
    }
}

#[test]
fn what_was_seen_is_likelier() {
    let words = list();
    let counts = BigramCounts::of_texts(["the cat sat on the mat", "the cat ran"]);
    let model = WordModel::new(&counts, &words);
    let number = |word: &str| words.find(word).expect("in the dictionary");
    let after = |before: &str, word: &str| model.log_prob(after(number(before)), number(word));
    assert!(after("the", "cat") > after("the", "mat"));
    assert!(after("the", "mat") > after("the", "sat"));
    assert!(after("the", "sat") > after("the", "zebra"));
    assert!(after("the", "zebra").is_finite());
    assert!(model.log_unigram(number("cat")) > model.log_unigram(number("zebra")));
}

#[test]
fn frequencies_are_read_line_by_line() {
    let words = list();
    let lines = "</s> 240 the 224\ncat 160\nthe 232 cat 200 mat 184";
    let model = WordModel::of_frequencies(&Frequencies::from_lines(lines).expect("lines"), &words);
    let number = |word: &str| words.find(word).expect("in the dictionary");
    // Logarithms are in eighths.
    let after_the = f64::from(model.log_prob(after(number("the")), number("cat")));
    assert!((after_the - (200.0 - 232.0) / 8.0).abs() < 0.1, "{after_the}");
    let first = |word: &str| model.log_prob(after(model.edge()), number(word));
    assert!(first("the") > first("mat") + 1.0);
    assert!(model.log_unigram(number("cat")) > model.log_unigram(number("zebra")) + 1.0);
    for bad in ["", "the", "the x", "the 152 cat", "the 152 cat x"] {
        assert!(Frequencies::from_lines(&format!("cat 8\n{bad}\n")).is_err(), "{bad:?}");
    }
}

#[test]
fn common_words_are_likelier_than_rare_ones() {
    let words = list();
    let model = english(&words).expect("the data are compiled in");
    let number = |word: &str| words.find(word).expect("in the dictionary");
    let after = |before: &str, word: &str| model.log_prob(after(number(before)), number(word));
    assert!(after("conference", "call") > after("conference", "cull"));
    assert!(after("please", "hold") > after("please", "hauled"));
    let first = WordHistory { earlier: None, before: model.edge() };
    assert!(model.log_prob(first, number("the")) > model.log_prob(first, number("thus")));
    // Two words before select one of the homophones.
    for [earlier, before, right, wrong] in [
        ["seventy", "four", "percent", "for"],
        ["thank", "you", "very", "vary"],
        ["two", "or", "three", "the"],
        ["going", "to", "be", "bee"],
        ["over", "there", "in", "inn"],
    ] {
        let history = WordHistory { earlier: Some(number(earlier)), before: number(before) };
        let [right, wrong] = [right, wrong].map(|word| model.log_prob(history, number(word)));
        assert!(right > wrong + 1.0, "{earlier} {before}: {right} {wrong}");
    }
}

#[test]
fn a_list_without_words_is_no_trouble() {
    let model = WordModel::new(&BigramCounts::of_texts(["the cat"]), &WordList::default());
    assert_eq!(model.log_prob(after(model.edge()), model.edge()), 0.0);
    assert!(Trie::new([]).is_empty());
}
