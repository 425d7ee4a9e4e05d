//! Third-party dependencies with the features that the whole workspace enables. Contains no code.
//!
//! Cargo unifies features over the selected packages only: `cargo test -p syrinx-audio` alone would build half of the
//! dependencies, candle among them, a second time with fewer features. `cargo xtask test -p syrinx-audio` selects this
//! package as well, and reuses the builds of the workspace.
