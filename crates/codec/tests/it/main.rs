//! Tests of the codec as its users see it.

mod rvq;
mod small;
mod stream;
mod training;
mod weights;
