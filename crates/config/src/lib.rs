//! Layered configuration: defaults, a file, the environment, flags; and the schemas of it all.
//!
//! [`load`] does this for any configuration that has a schema; [`Settings`] is the program's own. Every key knows
//! which layer it comes from ([`Loaded::keys`]).
//!
//! Invariants: the environment isn't read here, its variables are arguments; a key that the schema doesn't know is an
//! error that names the key, where it stands and the nearest known one.

mod error;
mod layers;
mod schema;
mod settings;

pub use error::ConfigError;
pub use layers::{Key, Layer, Loaded, load};
pub use schema::Tree;
pub use settings::{SETTINGS_FILE, Settings, settings_schema};
