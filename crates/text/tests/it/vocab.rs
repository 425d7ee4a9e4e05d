//! Token ids.

use proptest::prelude::*;
use syrinx_text::bpe::BYTES;
use syrinx_text::{Phone, Special, TextToken, TextVocab, train_bpe};

#[test]
fn the_order_of_ids_is_fixed() {
    let vocab = TextVocab::english().unwrap();
    assert_eq!(vocab.len(), 610);
    assert_eq!(vocab.specials_range(), 0..8);
    assert_eq!(vocab.phones_range(), 8..98);
    assert_eq!(vocab.letters_range(), 98..354);
    assert_eq!(vocab.text_range(), 98..610);
    assert_eq!([vocab.pad(), vocab.bos(), vocab.eos(), vocab.unk(), vocab.mask()], [0, 1, 2, 3, 4]);
}

#[test]
fn every_id_stands_for_one_thing() {
    let vocab = TextVocab::english().unwrap();
    for id in 0..vocab.len() as u32 {
        match vocab.token(id).unwrap() {
            TextToken::Special(special) => assert_eq!(vocab.special_id(special), id),
            TextToken::Reserved => assert!((5..8).contains(&id)),
            TextToken::Phone(phone) => assert_eq!(vocab.phone_id(phone), id),
            TextToken::Text(bytes) if vocab.letters_range().contains(&id) => {
                assert_eq!(bytes.len(), 1)
            }
            TextToken::Text(bytes) => assert!(bytes.len() > 1),
        }
    }
    assert_eq!(vocab.token(vocab.len() as u32), None);
    assert_eq!(vocab.token(4), Some(TextToken::Special(Special::Mask)));
    assert_eq!(vocab.phone_of(7), None);
}

#[test]
fn byte_pairs_are_shorter_than_letters() {
    let vocab = TextVocab::english().unwrap();
    let text = "The weather was beautiful and the children were playing in the garden.";
    let pairs = vocab.encode_bpe(text).unwrap();
    assert!(pairs.len() * 3 < vocab.encode_letters(text).len() * 2, "{} tokens", pairs.len());
    assert_eq!(vocab.decode_bpe(&pairs), text);
}

#[test]
fn foreign_tokens_are_left_out() {
    let vocab = TextVocab::english().unwrap();
    let mut ids = vocab.encode_letters("hi");
    ids.insert(1, vocab.mask());
    ids.push(vocab.phone_id(Phone::COMMA));
    ids.push(u32::MAX);
    assert_eq!(vocab.decode_letters(&ids), "hi");
    assert_eq!(vocab.decode_phones(&ids), [Phone::COMMA]);
}

proptest! {
    #[test]
    fn any_text_comes_back(text in "\\PC{0,60}") {
        let vocab = TextVocab::english().unwrap();
        let letters = vocab.encode_letters(&text);
        prop_assert!(letters.iter().all(|id| vocab.letters_range().contains(id)));
        prop_assert_eq!(vocab.decode_letters(&letters), text.clone());
        prop_assert_eq!(vocab.decode_bpe(&vocab.encode_bpe(&text).unwrap()), text);
    }
}

#[test]
fn training_is_deterministic_and_bytes_come_first() {
    let lines = || ["the cat sat on the mat", "the dog", "the the"].map(str::to_owned).into_iter();
    let json = train_bpe(lines(), 260).unwrap();
    assert_eq!(json, train_bpe(lines(), 260).unwrap());
    let vocab = TextVocab::from_bpe_json(json.as_bytes()).unwrap();
    assert_eq!(vocab.text_range().len(), 260);
    assert_eq!(vocab.letters_range().len(), BYTES);
    assert_eq!(vocab.encode_bpe("the").unwrap().len(), 1);
}

#[test]
fn bad_vocabularies_are_refused() {
    assert!(train_bpe(std::iter::empty(), 255).unwrap_err().to_string().contains("256"));
    assert!(TextVocab::from_bpe_json(b"{}").is_err());
    assert!(TextVocab::from_bpe_json(b"").is_err());
}
