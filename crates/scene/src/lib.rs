//! Acoustic scenes for tasks that clean, separate or edit recordings: what stands behind the speech, the room that it
//! is in, and how loud one is beside the other.
//!
//! A [`Scene`] is drawn from a seed and written down; [`render`] makes the same recordings of it every time. Speech and
//! what is behind it come back apart as well, since each is what some task has to answer with.
//!
//! Invariants: pure functions of samples and seeds; no file, no clock; parts of a mixture add up to it.

mod augment;
mod background;
mod echo;
mod error;
mod mix;
mod noise;
mod scene;
mod tones;

pub use augment::{Augmentation, Change};
pub use background::{Background, background};
pub use echo::{Room, impulse_response, in_room};
pub use error::SceneError;
pub use mix::{Mixture, active_level_db, mixed};
pub use noise::{Colour, clicks, coloured, hum};
pub use scene::{Rendered, Scene, SceneRanges, render, seed_of};
pub use tones::{babble, melody};
