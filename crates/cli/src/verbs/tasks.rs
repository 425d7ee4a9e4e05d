//! `tasks`: tasks of the registry.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use syrinx_engine::EngineError;
use syrinx_recipes::{build_task, task_kit};
use syrinx_registry::{ALL, find, find_verb};
use syrinx_task::{Alignment, CodeOrder, ModelSwitches, TaskDescriptor};

use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::table::table;

/// `tasks`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx tasks\n  syrinx tasks show tts\n  syrinx tasks show tts --json"
)]
pub struct TasksArgs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all tasks
    List,
    /// Show a task: its prompt layout, its request, answer and settings
    Show {
        /// Identifier or command of the task
        name: String,
        /// Alignment of text and frames in the layout shown
        #[arg(long, default_value = "pointer", value_parser = ["pointer", "none", "durations"])]
        alignment: String,
        /// In what order codes are written in the layout shown
        #[arg(long, default_value = "ar_nar",
            value_parser = ["ar_nar", "delay", "interleaved", "masked", "latent"])]
        codes: String,
    },
}

/// Lists or shows tasks.
pub fn run(session: &Session, args: &TasksArgs) -> Outcome {
    match args.what.as_ref().unwrap_or(&What::List) {
        What::List => list(session),
        What::Show { name, alignment, codes } => {
            let known = ALL.iter().map(|d| d.id).collect();
            let descriptor = find(name)
                .or_else(|| find_verb(name))
                .ok_or_else(|| EngineError::UnknownTask { id: name.clone(), known })?;
            let alignment = serde_json::from_value(Value::from(alignment.as_str()));
            let codes = serde_json::from_value(Value::from(codes.as_str()));
            show(session, descriptor, alignment.unwrap_or_default(), codes.unwrap_or_default())
        }
    }
}

fn list(session: &Session) -> Outcome {
    if session.globals.json {
        let all: Vec<Value> = ALL
            .iter()
            .map(|d| json!({"id": d.id, "command": d.verb.name, "answer": d.answer, "summary": d.summary}))
            .collect();
        return session.print_json(&all);
    }
    let rows: Vec<[String; 4]> = ALL
        .iter()
        .map(|d| [d.id.into(), format!("syrinx {}", d.verb.name), kind(d), d.summary.into()])
        .collect();
    session.print(&table(["TASK", "COMMAND", "ANSWER", "WHAT IT DOES"], &rows))
}

fn kind(descriptor: &TaskDescriptor) -> String {
    format!("{:?}", descriptor.answer).to_lowercase()
}

fn show(
    session: &Session,
    descriptor: &TaskDescriptor,
    alignment: Alignment,
    codes: CodeOrder,
) -> Outcome {
    let kit = task_kit(ModelSwitches { codes, ..alignment.into() })?;
    let task = build_task(descriptor, &session.settings(&[])?.value, &kit)?;
    let layout = task.layout();
    if let Some(reason) = layout.stages.iter().find_map(|stage| stage.check().err()) {
        return Err(Failure::usage(
            reason.to_string(),
            "name another --alignment or other --codes",
        ));
    }
    let schemas = [
        ("request", (descriptor.request_schema)().to_value()),
        ("answer", (descriptor.answer_schema)().to_value()),
        ("settings", (descriptor.config_schema)().to_value()),
    ];
    if session.globals.json {
        let mut all = json!({"id": descriptor.id, "command": descriptor.verb.name, "summary": descriptor.summary,
            "example": descriptor.verb.example, "answer_kind": descriptor.answer, "layout": layout});
        for (name, schema) in schemas {
            all[name] = schema;
        }
        return session.print_json(&all);
    }
    let mut text = format!(
        "{}: {}\n\n  {}\n\n{}",
        descriptor.id,
        descriptor.summary,
        descriptor.verb.example,
        layout.table()
    );
    for (name, schema) in &schemas {
        text.push_str(&format!("\n{name}\n{}\n", fields(schema)));
    }
    session.print(text.trim_end())
}

/// Returns the fields of a schema as a table.
fn fields(schema: &Value) -> String {
    let indented = |[name, kind, about]: [String; 3]| [format!("  {name}"), kind, about];
    let rows: Vec<[String; 3]> = field_rows(schema).into_iter().map(indented).collect();
    table(["  FIELD", "TYPE", "MEANING"], &rows)
}

/// Returns the fields of a schema: name, type, meaning.
pub fn field_rows(schema: &Value) -> Vec<[String; 3]> {
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|r| r.iter().any(|v| v == name));
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, property)| {
            let mut about = property["description"].as_str().unwrap_or_default().replace('\n', " ");
            if let Some(default) = property.get("default").filter(|d| !d.is_null()) {
                about = format!("{about} [{default}]");
            }
            let name = if required(name) { format!("{name} (required)") } else { name.clone() };
            [name, type_of(schema, property), about]
        })
        .collect()
}

fn type_of(schema: &Value, property: &Value) -> String {
    if let Some(target) =
        property["$ref"].as_str().and_then(|r| schema.pointer(r.trim_start_matches('#')))
    {
        return type_of(schema, target);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(choices) = property[key].as_array() {
            let names: Vec<String> =
                choices.iter().map(|c| type_of(schema, c)).filter(|t| t != "null").collect();
            return names.join(" | ");
        }
    }
    if let Some(values) = property["enum"].as_array() {
        return values
            .iter()
            .map(|v| v.as_str().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(" | ");
    }
    if let Some(value) = property["const"].as_str() {
        return value.to_owned();
    }
    match &property["type"] {
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|k| *k != "null");
            kinds.collect::<Vec<_>>().join(" | ")
        }
        Value::String(kind) if kind == "array" => {
            format!("list of {}", type_of(schema, &property["items"]))
        }
        Value::String(kind) => kind.clone(),
        _ => "anything".into(),
    }
}
