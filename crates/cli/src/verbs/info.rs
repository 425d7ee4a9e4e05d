//! `info`: the model in use.

use serde_json::Value;
use syrinx_types::page;

use crate::failure::Outcome;
use crate::session::Session;
use crate::table::fields;

/// Width of the model card, characters.
const PAGE_WIDTH: u16 = 100;

/// Prints the model's properties and card.
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
    let codec = format!(
        "{} levels of {} codes, {} frames/s, {} Hz, {}",
        codec.levels,
        codec.codebook_size,
        codec.frame_rate_hz,
        codec.sample_rate_hz,
        info.codec.fingerprint
    );
    let trunk = format!("{} blocks of width {}", info.lm.trunk.layers, info.lm.trunk.dim);
    let mut text = fields(&[
        ("model", info.file.clone()),
        ("parameters", format!("{:.1} million", info.parameters as f64 / 1e6)),
        ("trunk", trunk),
        ("codec", codec),
        ("tasks", tasks.join(", ")),
        ("voices", info.voices.join(", ")),
    ]);
    if !info.card.is_null() {
        let mut rows = Vec::new();
        flatten("", &info.card, &mut rows);
        text.push_str(&format!("\n\nModel card\n{}", page(&rows, PAGE_WIDTH)));
    }
    session.print(&text)
}

/// Lists the fields of a card with their full names: `figures: WER`.
fn flatten(name: &str, value: &Value, out: &mut Vec<[String; 2]>) {
    match value {
        Value::Object(fields) => {
            for (key, below) in fields {
                let name = if name.is_empty() { key.clone() } else { format!("{name}: {key}") };
                flatten(&name, below, out);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (i, item) in items.iter().enumerate() {
                flatten(&format!("{name} {}", i + 1), item, out);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            out.push([name.to_owned(), items.join(", ")]);
        }
        other => out.push([name.to_owned(), plain(other)]),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_is_a_list_of_named_fields() {
        let card = json!({"name": "m", "figures": {"WER": 0.1}, "data": ["a", "b"],
            "recipe": [{"stage": "fit"}, {"stage": "train"}]});
        let mut rows = Vec::new();
        flatten("", &card, &mut rows);
        let lines: Vec<String> = rows.iter().map(|row| row.join(" = ")).collect();
        let expected = [
            "data = a, b",
            "figures: WER = 0.1",
            "name = m",
            "recipe 1: stage = fit",
            "recipe 2: stage = train",
        ];
        assert_eq!(lines, expected);
    }
}
