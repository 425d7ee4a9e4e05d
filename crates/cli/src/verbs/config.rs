//! `config`: settings and their schemas.

use clap::{Args, Subcommand};
use serde_json::Value;
use syrinx_config::settings_schema;

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;
use crate::table::table;

/// `config`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx config show\n  syrinx config show decode.codes\n  syrinx config schema > syrinx.schema.json\n  syrinx config schema train"
)]
pub struct ConfigArgs {
    #[command(subcommand)]
    what: Option<ConfigCommand>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print every setting, its value and where that comes from
    Show {
        /// Only settings below this key
        prefix: Option<String>,
    },
    /// Print the JSON schema of a configuration file
    Schema {
        /// Schema to print
        #[arg(default_value = "settings", value_parser = ["settings", "train", "codec-fit", "codec-train", "eval", "ablation"])]
        of: String,
    },
}

/// Prints settings or a schema.
pub fn run(session: &Session, args: &ConfigArgs) -> Outcome {
    match &args.what {
        Some(ConfigCommand::Schema { of }) => {
            let schema: Value = match of.as_str() {
                "train" => schemars::schema_for!(syrinx_train::TrainConfig).to_value(),
                "codec-fit" => schemars::schema_for!(syrinx_codec::FitConfig).to_value(),
                "codec-train" => schemars::schema_for!(syrinx_codec::VocoderTrainConfig).to_value(),
                "ablation" => schemars::schema_for!(syrinx_ablate::Ablation).to_value(),
                "eval" => schemars::schema_for!(syrinx_eval::Suite).to_value(),
                _ => settings_schema(syrinx_registry::ALL),
            };
            let text = serde_json::to_string_pretty(&schema).map_err(|e| {
                Failure::new(Exit::Unexpected, format!("a schema that is no JSON: {e}"))
            })?;
            session.print(&text)
        }
        Some(ConfigCommand::Show { prefix }) => show(session, prefix.as_deref()),
        None => show(session, None),
    }
}

fn show(session: &Session, prefix: Option<&str>) -> Outcome {
    let mut keys = session.settings(&[])?.keys;
    if let Some(prefix) = prefix {
        let below = format!("{prefix}.");
        let names: Vec<String> = keys.iter().map(|k| k.key.clone()).collect();
        keys.retain(|k| k.key == prefix || k.key.starts_with(&below));
        if keys.is_empty() {
            let nearest = syrinx_engine::nearest(prefix, names.iter().map(String::as_str));
            let nearest = nearest.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default();
            return Err(Failure::usage(
                format!("there is no setting `{prefix}`{nearest}"),
                "`syrinx config show` lists them all",
            ));
        }
    }
    if session.globals.json {
        return session.print_json(&keys);
    }
    let rows: Vec<[String; 3]> =
        keys.into_iter().map(|k| [k.key, k.value.to_string(), k.place.to_string()]).collect();
    session.print(&table(["SETTING", "VALUE", "FROM"], &rows))
}
