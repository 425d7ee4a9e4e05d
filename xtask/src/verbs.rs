//! One file a verb.

pub mod bench;
pub mod bpe;
pub mod ci;
pub mod corpus;
pub mod eval;
pub mod lint;
pub mod readme;
pub mod schema;
pub mod test;
