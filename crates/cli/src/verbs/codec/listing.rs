//! `codec list` and `codec info`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use syrinx_codec::Codec;
use syrinx_engine::{is_published_codec, open_codec};
use syrinx_pretrained::CodecSpec;
use syrinx_pretrained::hub::installed;

use crate::failure::{Exit, Failure, Outcome};
use crate::session::{Session, data_folder};
use crate::table::{fields, table};
use crate::verbs::codes::Used;

/// Returns the properties of a codec, as JSON.
fn facts(name: &str, codec: &dyn Codec) -> Value {
    let info = codec.info();
    let rates_hz = codec.level_rates_hz();
    let bits_per_code = (info.codebook_size.max(2) as f64).log2();
    let kbit_s = bits_per_code * info.frame_rate_hz * info.levels as f64 / 1000.0;
    json!({
        "name": name,
        "kind": codec.kind(),
        "sample_rate_hz": info.sample_rate_hz,
        "frame_rate_hz": info.frame_rate_hz,
        "frame_samples": info.frame_samples(),
        "levels": info.levels,
        "level_rates_hz": rates_hz,
        "codebook_size": info.codebook_size,
        "entry_dim": info.latent_dim,
        "kbit_s": (kbit_s * 100.0).round() / 100.0,
        "look_ahead_frames": codec.look_ahead_frames(),
        "look_ahead_ms": (1000.0 * codec.look_ahead_frames() as f64 / info.frame_rate_hz).round(),
        "fingerprint": codec.fingerprint(),
    })
}

/// Prints the properties of a codec.
pub fn info(session: &Session, named: Option<&CodecSpec>) -> Outcome {
    let used = Used::open(session, named)?;
    let name = named.map_or("the model's".to_owned(), CodecSpec::to_string);
    let facts = facts(&name, used.codec());
    if session.globals.json {
        return session.print_json(&facts);
    }
    let frame_rate_hz = facts["frame_rate_hz"].as_f64().unwrap_or_default();
    let frames = format!("{frame_rate_hz:.2}/s, {} samples each", facts["frame_samples"]);
    let (levels, codes) = (&facts["levels"], &facts["codebook_size"]);
    let levels = format!("{levels} of {codes} codes, {} kbit/s", facts["kbit_s"]);
    let (ahead_frames, ahead_ms) = (&facts["look_ahead_frames"], &facts["look_ahead_ms"]);
    let rows = [
        ("codec", format!("{} ({name})", facts["kind"].as_str().unwrap_or_default())),
        ("sound", format!("{} Hz, 1 channel", facts["sample_rate_hz"])),
        ("frames", frames),
        ("levels", levels),
        ("level rates", format!("{} Hz", rates(&used.codec().level_rates_hz()))),
        ("entries", format!("{} numbers", facts["entry_dim"])),
        ("look-ahead", format!("{ahead_frames} frames ({ahead_ms} ms)")),
        ("fingerprint", used.codec().fingerprint()),
    ];
    session.print(&fields(&rows))
}

/// Formats the rates of all levels, with equal rates merged.
fn rates(all: &[f64]) -> String {
    let mut runs: Vec<(f64, usize)> = Vec::new();
    for &rate in all {
        match runs.last_mut() {
            Some((last, count)) if *last == rate => *count += 1,
            _ => runs.push((rate, 1)),
        }
    }
    let run = |(rate, count): (f64, usize)| match count {
        1 => format!("{rate:.2}"),
        n => format!("{n} x {rate:.2}"),
    };
    runs.into_iter().map(run).collect::<Vec<_>>().join(", ")
}

/// Lists the codecs in `folders`; without folders the model's codec and the installed codecs.
pub fn list(session: &Session, folders: &[PathBuf], models_dir: Option<&PathBuf>) -> Outcome {
    let mut found = Vec::new();
    if folders.is_empty() {
        let own = Used::open(session, None)?;
        found.push(facts("(model)", own.codec()));
        let models = models_dir.cloned().or_else(|| Some(data_folder()?.join("models")));
        for model in models.map(|folder| installed(&folder)).transpose()?.unwrap_or_default() {
            // Recognizers and language models are installed in the same folder as codecs.
            if let Ok(codec) = open_codec(&CodecSpec::new(&model.path)) {
                found.push(facts(&model.path.display().to_string(), codec.as_ref()));
            }
        }
    }
    for folder in folders {
        for path in codecs_in(folder)? {
            match open_codec(&CodecSpec::new(&path)) {
                Ok(codec) => found.push(facts(&path.display().to_string(), codec.as_ref())),
                Err(error) => session.say(&format!("left out: {error}")),
            }
        }
    }
    if session.globals.json {
        return session.print_json(&found);
    }
    let titles = ["KIND", "HZ", "FRAMES/S", "LEVELS", "CODES", "KBIT/S", "NAME"];
    let rows: Vec<[String; 7]> = found.iter().map(row).collect();
    session.print(&table(titles, &rows))
}

/// Returns the cells of a codec in the list.
fn row(facts: &Value) -> [String; 7] {
    let text = |name: &str| facts[name].as_str().unwrap_or_default().to_owned();
    [
        text("kind"),
        facts["sample_rate_hz"].to_string(),
        format!("{:.2}", facts["frame_rate_hz"].as_f64().unwrap_or_default()),
        facts["levels"].to_string(),
        facts["codebook_size"].to_string(),
        facts["kbit_s"].to_string(),
        text("name"),
    ]
}

/// Returns the folders with a configuration of a codec: the folder itself, or its subfolders in order.
fn codecs_in(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let holds_one = |path: &Path| path.join("config.json").is_file() && is_published_codec(path);
    if holds_one(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let entries = std::fs::read_dir(folder).map_err(|e| {
        Failure::new(Exit::BadInput, format!("{}: {e}", folder.display())).hint("name a folder")
    })?;
    let mut found: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| holds_one(path)).collect();
    found.sort();
    Ok(found)
}
