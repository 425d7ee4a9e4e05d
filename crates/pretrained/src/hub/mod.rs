//! Checkpoints from the Hugging Face hub, stored in a folder of the user.
//!
//! [`Hub`] is the only type of the workspace that opens a connection to download a model, and only on request.
//! [`installed()`] lists the folder without a connection.

mod checksum;
mod error;
mod fetch;
mod installed;
mod name;

pub use error::{HubFault, RequestFault};
pub use fetch::{DEFAULT_ENDPOINT, Hub, Listing, RemoteFile};
pub use installed::{Installed, installed, remove};
pub use name::ModelName;
