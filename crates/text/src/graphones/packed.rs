//! Model file: a fingerprint of 16 hexadecimal digits, then the deflated graphones and counts.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use syrinx_types::Fingerprint;

use super::Graphone;
use super::trie::{CountTrie, FIRST_GRAPHONE, number, push_number};
use crate::error::GraphoneFault;
use crate::inventory::Phone;

/// Largest size of an inflated model, bytes.
const MOST_BYTES: u64 = 32 << 20;
/// Largest number of letters, and of phones, of a graphone.
const LONGEST: u32 = 8;

/// Encodes graphones and the counts of their n-grams.
pub(super) fn write(graphones: &[Graphone], trie: &CountTrie) -> Result<Vec<u8>, GraphoneFault> {
    let mut content = Vec::new();
    push_number(&mut content, graphones.len() as u32);
    for graphone in graphones {
        push_number(&mut content, graphone.letters.len() as u32);
        content.extend(&graphone.letters);
        push_number(&mut content, graphone.phones.len() as u32);
        content.extend(graphone.phones.iter().map(|phone| phone.index() as u8));
    }
    trie.write(&mut content);
    let fingerprint = Fingerprint::default().bytes(&content).hex();
    let mut encoder = DeflateEncoder::new(fingerprint.into_bytes(), Compression::best());
    encoder.write_all(&content)?;
    Ok(encoder.finish()?)
}

/// Decodes the bytes that [`write`] returned.
pub(super) fn read(packed: &[u8]) -> Result<(Vec<Graphone>, CountTrie), GraphoneFault> {
    let (stated, deflated) =
        packed.split_at_checked(Fingerprint::DIGITS).ok_or(GraphoneFault::Short)?;
    let mut content = Vec::new();
    DeflateDecoder::new(deflated).take(MOST_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MOST_BYTES {
        return Err(GraphoneFault::Size { most_bytes: MOST_BYTES });
    }
    let found = Fingerprint::default().bytes(&content).hex();
    if found.as_bytes() != stated {
        let stated = String::from_utf8_lossy(stated).into_owned();
        return Err(GraphoneFault::Fingerprint { found, stated });
    }
    read_content(&content)
}

/// Decodes the inflated content.
pub(super) fn read_content(content: &[u8]) -> Result<(Vec<Graphone>, CountTrie), GraphoneFault> {
    let mut rest = content;
    let count = number(&mut rest)?;
    let symbols = count.checked_add(u32::from(FIRST_GRAPHONE)).ok_or(GraphoneFault::Number)?;
    let mut graphones = Vec::new();
    for index in 0..count {
        let letters = short_bytes(&mut rest, index)?.to_vec();
        let phones = short_bytes(&mut rest, index)?.iter();
        let phones: Option<Vec<Phone>> =
            phones.map(|&phone| Phone::from_index(usize::from(phone))).collect();
        let phones =
            phones.filter(|phones| !letters.is_empty() && !phones.iter().any(|p| p.is_mark()));
        let phones = phones.ok_or(GraphoneFault::Graphone { index })?;
        graphones.push(Graphone { letters, phones });
    }
    let trie = CountTrie::read(&mut rest, symbols)?;
    match rest.len() {
        0 => Ok((graphones, trie)),
        bytes => Err(GraphoneFault::Surplus { bytes }),
    }
}

/// Reads a length and that many bytes.
fn short_bytes<'b>(rest: &mut &'b [u8], index: u32) -> Result<&'b [u8], GraphoneFault> {
    let length = number(rest)?;
    if length > LONGEST {
        return Err(GraphoneFault::Graphone { index });
    }
    let (bytes, tail) = rest.split_at_checked(length as usize).ok_or(GraphoneFault::Short)?;
    *rest = tail;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Vec<u8> {
        let phone = |symbol: &str| Phone::from_arpabet(symbol).unwrap();
        let graphone = |letters: &[u8], phones: &[&str]| Graphone {
            letters: letters.into(),
            phones: phones.iter().map(|p| phone(p)).collect(),
        };
        let graphones = [
            graphone(b"a", &["AE1"]),
            graphone(b"th", &["TH"]),
            graphone(b"x", &["K", "S"]),
            graphone(b"e", &[]),
        ];
        let sequences: [&[u16]; 4] = [&[2, 3], &[3, 2, 4], &[4, 4, 5], &[2, 3, 5]];
        let packed = write(&graphones, &CountTrie::of_sequences(sequences, 3)).unwrap();
        let mut content = Vec::new();
        DeflateDecoder::new(&packed[Fingerprint::DIGITS..]).read_to_end(&mut content).unwrap();
        let (read, trie) = read(&packed).unwrap();
        assert_eq!(read, graphones);
        assert_eq!(trie, CountTrie::of_sequences(sequences, 3));
        content
    }

    #[test]
    fn any_content_is_read_or_refused() {
        let content = content();
        for length in 0..content.len() {
            assert!(read_content(&content[..length]).is_err(), "{length} bytes");
        }
        for at in 0..content.len() {
            for byte in [0, 1, 2, 5, 0x7F, 0x80, 0xFF] {
                let mut changed = content.clone();
                changed[at] = byte;
                // The model of changed counts is another one; a panic is the failure.
                if let Ok((_, trie)) = read_content(&changed) {
                    let model = super::super::ngrams::NGrams::new(trie);
                    model.next(model.start(), FIRST_GRAPHONE);
                }
            }
        }
    }
}
