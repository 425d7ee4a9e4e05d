//! Writes each line of standard input in IPA as espeak-ng writes American English, for comparisons with espeak-ng:
//!
//! ```console
//! cargo run -p syrinx-text --example espeak_ipa < sentences.txt
//! espeak-ng -q --ipa -v en-us -f sentences.txt
//! ```

use std::error::Error;
use std::io::{self, BufRead as _};

use syrinx_text::{Frontend, espeak_ipa};

fn main() -> Result<(), Box<dyn Error>> {
    let frontend = Frontend::english()?;
    for line in io::stdin().lock().lines() {
        println!("{}", espeak_ipa(&frontend.phonemize(&line?)?.phones));
    }
    Ok(())
}
