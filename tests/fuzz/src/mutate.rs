//! Mutations of bytes.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::pool::Pool;

/// Numbers at the limits of their types.
const LIMITS: [u32; 12] =
    [0, 1, 2, 16, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/// Pieces of text that readers have trouble with.
const TEXTS: [&str; 16] = [
    "\u{feff}",
    "\r\n",
    "\0",
    "é",
    "\u{301}",
    "👩‍👧",
    "\u{202e}",
    "１２",
    "NaN",
    "-1e999",
    "..",
    "/",
    "\\",
    "\"",
    "{",
    "&#x10FFFF;",
];

/// Most changes to one input.
const MOST_CHANGES: u32 = 6;

/// An input of the pool with some changes. `words` are pieces that mean something to the target.
pub(crate) fn mutated(pool: &Pool, words: &[&str], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let inputs = pool.inputs();
    let mut bytes = inputs[rng.random_range(0..inputs.len())].clone();
    for _ in 0..rng.random_range(1..=MOST_CHANGES) {
        change(&mut bytes, inputs, words, rng);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, inputs: &[Vec<u8>], words: &[&str], rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..=bytes.len());
    match rng.random_range(0..10) {
        0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
        1 if at < bytes.len() => bytes[at] = rng.random(),
        2 => number(bytes, at, rng),
        3 => bytes.truncate(at),
        4 => {
            let end = (at + rng.random_range(1..=32)).min(bytes.len());
            bytes.drain(at..end);
        }
        5 => {
            let count = rng.random_range(1..=16);
            let new: Vec<u8> = (0..count).map(|_| rng.random()).collect();
            bytes.splice(at..at, new);
        }
        6 => {
            let text = TEXTS[rng.random_range(0..TEXTS.len())];
            bytes.splice(at..at, text.bytes());
        }
        7 if !words.is_empty() => {
            let word = words[rng.random_range(0..words.len())];
            let end = if rng.random() { (at + word.len()).min(bytes.len()) } else { at };
            bytes.splice(at..end, word.bytes());
        }
        8 => {
            // A stretch repeated.
            let end = (at + rng.random_range(1..=64)).min(bytes.len());
            let stretch = bytes[at..end].repeat(rng.random_range(1..=8));
            bytes.splice(at..at, stretch);
        }
        _ => {
            // The beginning of this one and the end of another.
            let other = &inputs[rng.random_range(0..inputs.len())];
            let from = rng.random_range(0..=other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
    }
}

/// Overwrites a field with a number at a limit, in either byte order.
fn number(bytes: &mut [u8], at: usize, rng: &mut ChaCha8Rng) {
    let value = LIMITS[rng.random_range(0..LIMITS.len())];
    let field = if rng.random() { value.to_le_bytes() } else { value.to_be_bytes() };
    let width = [1, 2, 4][rng.random_range(0..3)];
    for (byte, new) in bytes.iter_mut().skip(at).zip(&field[..width]) {
        *byte = *new;
    }
}
