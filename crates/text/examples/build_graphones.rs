//! Makes `graphones.bin`, the n-gram model of letters and phones of the embedded dictionary:
//!
//! ```sh
//! cargo xtask graphones
//! ```

use syrinx_text::Lexicon;
use syrinx_text::graphones::estimate;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: build_graphones FILE")?;
    std::fs::write(path, estimate(&Lexicon::english()?)?)?;
    Ok(())
}
