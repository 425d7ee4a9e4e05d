use syrinx_speech::Units;
use syrinx_task_stt::{Trie, dictionary};

use crate::kit;

#[test]
fn words_that_begin_alike_share_their_beginning() {
    // 1: a b, 2: a b c, 3: a b (sounds like 1), 4: d.
    let words: [(&[u8], u32); 4] = [(&[1, 2], 1), (&[1, 2, 3], 2), (&[1, 2], 3), (&[4], 4)];
    let trie = Trie::new(words.map(|(units, word)| (units.to_vec(), word)));
    let walk = |units: &[u8]| {
        units.iter().try_fold(0, |node, &unit| trie.children(node).find(|&c| trie.unit(c) == unit))
    };
    assert_eq!(trie.len(), 5);
    for (units, expected) in [
        (&[1][..], Some(&[][..])),
        (&[1, 2], Some(&[1, 3])),
        (&[1, 2, 3], Some(&[2])),
        (&[4], Some(&[4])),
        (&[4, 1], None),
        (&[2], None),
    ] {
        assert_eq!(walk(units).map(|node| trie.words(node)), expected, "{units:?}");
    }
    let best = trie.best_ahead(|word| -(word as f32));
    let at = |units: &[u8]| walk(units).map(|node| best[node as usize]);
    assert_eq!(at(&[]), Some(-1.0));
    assert_eq!(at(&[1, 2, 3]), Some(-2.0));
    assert_eq!(at(&[4]), Some(-4.0));
}

#[test]
fn an_empty_tree_is_a_root() {
    let trie = Trie::new([]);
    assert!(trie.is_empty());
    assert_eq!((trie.len(), trie.children(0).len()), (1, 0));
    assert_eq!(trie.best_ahead(|_| 0.0), [f32::NEG_INFINITY]);
}

#[test]
fn the_dictionary_is_whole() {
    let units = Units::english().expect("the data are compiled in");
    let (words, trie) = dictionary(kit().frontend.lexicon(), &units);
    for word in ["a", "canoe", "don't", "zyuganov"] {
        let number = words.find(word).expect("in the dictionary");
        assert_eq!(words.word(number), word);
    }
    assert_eq!(words.find("xqzt"), None);
    assert!(words.len() > 120_000, "{} words", words.len());
    let listed: usize = (0..trie.len() as u32).map(|node| trie.words(node).len()).sum();
    assert!(listed >= words.len(), "{listed} pronunciations");
}
