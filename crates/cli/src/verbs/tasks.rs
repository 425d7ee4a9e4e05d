//! `tasks`: tasks of the registry.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use syrinx_engine::EngineError;
use syrinx_recipes::{build_task, task_kit};
use syrinx_registry::{ALL, find, find_verb};
use syrinx_task::{Alignment, CodeOrder, FieldDescriptor, ModelSwitches, TaskDescriptor};

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
    what: Option<TasksCommand>,
}

#[derive(Debug, Subcommand)]
enum TasksCommand {
    /// List all tasks
    List,
    /// Show a task: its prompt layout, its request, answer and settings
    Show {
        /// Identifier or command of the task
        name: String,
        /// Alignment of text and frames in the layout shown
        #[arg(long, default_value = "pointer", value_parser = ["pointer", "none", "durations"])]
        alignment: String,
        /// Order of codes in the layout shown
        #[arg(long, default_value = CodeOrder::default().name(),
            value_parser = PossibleValuesParser::new(CodeOrder::ALL.iter().map(|order| order.name())))]
        codes: String,
    },
}

/// Lists or shows tasks.
pub fn run(session: &Session, args: &TasksArgs) -> Outcome {
    match args.what.as_ref().unwrap_or(&TasksCommand::List) {
        TasksCommand::List => list(session),
        TasksCommand::Show { name, alignment, codes } => {
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
    if session.globals.json {
        return session.print_json(&json!({
            "id": descriptor.id, "command": descriptor.verb.name, "summary": descriptor.summary,
            "example": descriptor.verb.example, "answer_kind": descriptor.answer, "layout": layout,
            "request": (descriptor.request_schema)(), "answer": (descriptor.answer_schema)(),
            "settings": (descriptor.config_schema)(),
        }));
    }
    let mut text = format!(
        "{}: {}\n\n  {}\n\n{}",
        descriptor.id,
        descriptor.summary,
        descriptor.verb.example,
        layout.table()
    );
    let tables = [
        ("request", (descriptor.request_fields)()),
        ("answer", (descriptor.answer_fields)()),
        ("settings", (descriptor.config_fields)()),
    ];
    for (name, all) in tables {
        text.push_str(&format!("\n{name}\n{}\n", fields(all)));
    }
    session.print(text.trim_end())
}

/// Formats fields as a table: name, type, meaning.
fn fields(fields: Vec<FieldDescriptor>) -> String {
    let row = |field: FieldDescriptor| {
        [format!("  {}", field.marked_name()), field.type_name.clone(), field.about_with_default()]
    };
    let rows: Vec<[String; 3]> = fields.into_iter().map(row).collect();
    table(["  FIELD", "TYPE", "MEANING"], &rows)
}
