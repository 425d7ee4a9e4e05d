//! Model that is compiled into the program.
//!
//! `model/syrinx.safetensors` of this crate is compiled in, where it exists. Invariant: this crate has bytes only; the
//! engine reads them.

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// The program was built without a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no model was embedded when this program was built")]
pub struct NoModel;

impl NoModel {
    /// Remedy.
    pub fn hint(self) -> &'static str {
        "pass --model FILE, or put one to crates/embedded/model/syrinx.safetensors and build again"
    }
}

/// Returns the embedded model: one safetensors file, as `syrinx package` writes it.
///
/// # Errors
/// [`NoModel`] if the program was built without one.
pub fn model() -> Result<&'static [u8], NoModel> {
    if BYTES.is_empty() { Err(NoModel) } else { Ok(BYTES) }
}
