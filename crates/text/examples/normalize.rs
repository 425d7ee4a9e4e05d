//! Normalises standard input line by line, as `cargo xtask corpus` needs it for numbers and dates.

use std::io::{BufRead as _, Write as _};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        writeln!(out, "{}", syrinx_text::normalize(&line?))?;
    }
    Ok(())
}
