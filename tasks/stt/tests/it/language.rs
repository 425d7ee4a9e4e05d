use syrinx_speech::Units;
use syrinx_task_stt::{BigramCounts, Bigrams, Trie, WordList, dictionary};

use crate::kit;

fn list() -> WordList {
    let units = Units::english().expect("the data are compiled in");
    dictionary(kit().frontend.lexicon(), &units).0
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
    for model in [Bigrams::new(&counts, &words), Bigrams::new(&BigramCounts::default(), &words)] {
        let number = |word: &str| words.find(word).expect("in the dictionary");
        for before in [number("the"), number("sat"), number("zebra"), model.edge()] {
            let sum: f64 =
                (0..=model.edge()).map(|word| f64::from(model.log_prob(before, word)).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-3, "{sum}");
        }
    }
}

#[test]
fn what_was_seen_is_likelier() {
    let words = list();
    let counts = BigramCounts::of_texts(["the cat sat on the mat", "the cat ran"]);
    let model = Bigrams::new(&counts, &words);
    let number = |word: &str| words.find(word).expect("in the dictionary");
    let after = |before: &str, word: &str| model.log_prob(number(before), number(word));
    assert!(after("the", "cat") > after("the", "mat"));
    assert!(after("the", "mat") > after("the", "sat"));
    assert!(after("the", "sat") > after("the", "zebra"));
    assert!(after("the", "zebra").is_finite());
    assert!(model.log_unigram(number("cat")) > model.log_unigram(number("zebra")));
}

#[test]
fn a_list_without_words_is_no_trouble() {
    let model = Bigrams::new(&BigramCounts::of_texts(["the cat"]), &WordList::default());
    assert_eq!(model.log_prob(model.edge(), model.edge()), 0.0);
    assert!(Trie::new([]).is_empty());
}
