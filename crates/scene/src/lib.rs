//! Acoustic scenes for tasks that denoise, separate or edit recordings: background, room, and level ratios.
//!
//! A [`Scene`] is drawn from a seed and can be stored; [`render`] makes the same recordings of it every time. Speech
//! and background are returned separately as well: each is the target of some task.
//!
//! Invariants: pure functions of samples and seeds; no file, no clock; parts of a mixture add up to it.

mod augment;
mod background;
mod echo;
mod error;
mod mix;
mod noise;
mod scene;
mod stretch;
mod tones;

pub use augment::{Augmentation, DrawnAugmentation};
pub use background::{Background, background};
pub use echo::{Room, impulse_response, in_room};
pub use error::SceneError;
pub use mix::{Mixture, active_level_db, mixed};
pub use noise::{Colour, clicks, coloured, hum};
pub use scene::{Rendered, Scene, SceneRanges, render, seed_of};
pub use tones::{babble, melody};
