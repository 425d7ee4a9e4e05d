//! Prints the pitch of a recording, a frame of 10 ms a line in Hz and 0 where unvoiced, to be compared with other trackers.

use std::io::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for path in std::env::args().skip(1) {
        for hz in syrinx_metrics::pitch::f0(&syrinx_audio::read(path)?).hz {
            writeln!(out, "{:.2}", hz.unwrap_or(0.0))?;
        }
    }
    Ok(())
}
