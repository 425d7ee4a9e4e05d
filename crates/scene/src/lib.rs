//! Acoustic scenes for tasks that denoise, separate or edit recordings: background, room, and level ratios.
//!
//! A [`Scene`] is drawn from a seed and can be stored; [`render`] is deterministic. Speech and background are returned
//! separately as well, since each is the target of a task.
//!
//! Invariants: pure functions of samples and seeds; no file, no clock; the parts of a mixture add up to the mixture.

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
