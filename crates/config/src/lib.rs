//! Layered configuration: defaults, a file, the environment, flags; and its schemas.
//!
//! [`load`] does this for any configuration that has a schema; [`Settings`] is the program's own. The layer of every
//! key is recorded ([`LoadedConfig::keys`]).
//!
//! Invariants: the environment is not read here, its variables are arguments; a key outside the schema is an error that
//! names the key, its layer and the most similar key.

mod error;
mod layers;
mod place;
mod schema;
mod settings;

pub use error::{ConfigError, TableFault};
pub use layers::{Layer, LoadedConfig, SettingKey, load, load_config};
pub use place::SettingOrigin;
pub use schema::Tree;
pub use settings::{SETTINGS_FILE, Settings, settings_schema};
