//! Tests of the text crate through its public face.
#![allow(clippy::unwrap_used)]

mod cases;
mod frontend;
mod graphones;
mod inventory;
mod lexicon;
mod markup;
mod normalize;
mod sentences;
mod vocab;
mod words;
