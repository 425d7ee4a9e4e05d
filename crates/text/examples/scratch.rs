//! Scratch.
use std::io::BufRead;
fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let text = line.replace("\\n", "\n");
        let left: Vec<String> =
            syrinx_text::symbols_left_out(&text).iter().map(ToString::to_string).collect();
        println!("{line}\t{}\t{}", syrinx_text::normalize(&text), left.join(" "));
    }
}
