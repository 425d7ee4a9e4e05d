//! `info`: the model in use.

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// Shows the model.
pub fn run(session: &Session) -> Outcome {
    let engine = session.engine(&session.settings(&[])?.value)?;
    let info = engine.info();
    if session.globals.json {
        return session.print_json(&info);
    }
    let codec = &info.codec.info;
    let tasks: Vec<String> = info
        .tasks
        .iter()
        .map(|t| {
            if t.missing_special_tokens.is_empty() {
                t.id.clone()
            } else {
                format!("{} (not trained)", t.id)
            }
        })
        .collect();
    let mut lines = vec![
        format!("model       {}", info.file),
        format!("parameters  {:.1} million", info.parameters as f64 / 1e6),
        format!("trunk       {} blocks of width {}", info.lm.trunk.layers, info.lm.trunk.dim),
        format!(
            "codec       {} levels of {} codes, {} frames/s, {} Hz, {}",
            codec.levels,
            codec.codebook_size,
            codec.frame_rate_hz,
            codec.sample_rate_hz,
            info.codec.fingerprint
        ),
        format!("tasks       {}", tasks.join(", ")),
        format!("voices      {}", info.voices.join(", ")),
    ];
    if !info.card.is_null() {
        let card = serde_json::to_string_pretty(&info.card)
            .map_err(|e| Failure::new(Exit::Unexpected, format!("a card that is no JSON: {e}")))?;
        lines.push(format!("card        {card}"));
    }
    session.print(&lines.join("\n"))
}
