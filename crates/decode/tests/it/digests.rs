//! Digests of what every order of codes generates for a fixed seed; changes of the code must not change them.

use std::fmt::Write as _;

use syrinx_decode::{DecodeConfig, NarConfig};
use syrinx_task::{Alignment, CodeOrder, Generated, StageRun};
use syrinx_types::{Codes, Fnv1a};

use crate::orders::{decode, free, given, orders, run_stages};

/// Codes, pointer and score of a row. The score is rounded: the digest covers perceptible differences only.
fn digest(out: &Generated) -> String {
    let codes = out.codes.as_ref().map(Codes::values).unwrap_or_default();
    let bytes = codes.iter().flat_map(|code| code.to_le_bytes());
    let codes = Fnv1a::default().bytes(bytes).hex();
    if std::env::var_os("EXACT").is_some() {
        println!("EXACT {codes} {:?} {:x}", out.pointer, out.score.to_bits());
    }
    format!("{codes} {:?} {:.3} {}", out.pointer, out.score, out.finished)
}

#[test]
fn every_order_generates_as_before() {
    let windows = NarConfig {
        window_frames: Some(8),
        lookahead_frames: 2,
        lookback_frames: Some(6),
        ..NarConfig::default()
    };
    let settings = [
        ("plain", decode()),
        ("guided", DecodeConfig { guidance: 2.0, ..decode() }),
        ("windows", DecodeConfig { nar: windows, ..decode() }),
    ];
    let mut lines = String::new();
    let usual = [(Alignment::Pointer, CodeOrder::ArNar), (Alignment::None, CodeOrder::ArNar)];
    for order in orders().into_iter().chain(usual) {
        let pointer = if order.0.is_aligned() { vec![0, 0, 1, 1, 2, 2] } else { Vec::new() };
        let known = StageRun { pointer, given: Some(given(6)), ..free(30) };
        for (name, config) in &settings {
            let rows =
                run_stages(order, &[free(40), free(3), known.clone()], config, |_: &str| true);
            let _ = writeln!(lines, "{order:?} {name}");
            for out in &rows.unwrap() {
                let _ = writeln!(lines, "  {}", digest(out));
            }
        }
    }
    insta::assert_snapshot!(lines);
}
