//! Descriptions of tasks, suites, ablations and models for the dashboard.

use std::path::{Path, PathBuf};

use syrinx_ablate::Ablation;
use syrinx_config::Settings;
use syrinx_dash::{AblationCard, FieldCard, ModelCard, SuiteCard, TaskCard};
use syrinx_eval::Suite;
use syrinx_task::{Alignment, FieldDescriptor, TaskDescriptor, TaskKit};

use crate::models::build_task;
use crate::{EMBEDDED, RecipeError};

/// Describes a task, with its layout for every kind of alignment.
pub(super) fn task(
    descriptor: &'static TaskDescriptor,
    settings: &Settings,
    kit: &TaskKit,
) -> Result<TaskCard, RecipeError> {
    let alignments = [
        ("pointer", Alignment::Pointer),
        ("none", Alignment::None),
        ("durations", Alignment::Durations),
    ];
    let mut layouts = Vec::with_capacity(alignments.len());
    for (name, alignment) in alignments {
        let kit = TaskKit { switches: alignment.into(), ..kit.clone() };
        layouts.push((name.to_owned(), build_task(descriptor, settings, &kit)?.layout()));
    }
    Ok(TaskCard {
        id: descriptor.id.into(),
        summary: descriptor.summary.into(),
        example: descriptor.verb.example.into(),
        answer_kind: descriptor.answer,
        positional: descriptor.verb.positional.into(),
        takes_recording: descriptor.takes_recording(descriptor.verb.positional),
        required: descriptor.capabilities.required.iter().map(|f| (*f).to_owned()).collect(),
        layouts,
        request: fields((descriptor.request_fields)()),
        answer: fields((descriptor.answer_fields)()),
        settings: fields((descriptor.config_fields)()),
    })
}

fn fields(fields: Vec<FieldDescriptor>) -> Vec<FieldCard> {
    let card = |field: FieldDescriptor| FieldCard {
        about: field.about_with_default(),
        name: field.marked_name(),
        kind: field.type_name,
    };
    fields.into_iter().map(card).collect()
}

/// Returns the TOML files of a folder; none if the folder cannot be read.
fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|e| e == "toml");
    entries.map(|entry| entry.path()).filter(is_toml)
}

/// Returns the suites of a folder, sorted by name. Unreadable files are skipped.
pub(super) fn suites(folder: &Path) -> Vec<SuiteCard> {
    let card = |path: PathBuf| {
        let Suite { name, task, summary, .. } = Suite::load(&path).ok()?;
        Some(SuiteCard { name, task, summary, path })
    };
    let mut suites: Vec<SuiteCard> = files(folder).filter_map(card).collect();
    suites.sort_by(|a, b| a.name.cmp(&b.name));
    suites
}

/// Returns the ablations of a folder, those without training first, then by name. Unreadable files are skipped.
pub(super) fn ablations(folder: &Path) -> Vec<AblationCard> {
    let card = |path: PathBuf| {
        let ablation = Ablation::load(&path).ok()?;
        let values = ablation.axes.iter().map(|axis| axis.values.len().max(1));
        let cells = values.product::<usize>() * ablation.seeds.len().max(1);
        let trains = ablation.train.is_some();
        let Ablation { name, question, .. } = ablation;
        Some(AblationCard { name, question, cells, trains, path })
    };
    let mut cards: Vec<AblationCard> = files(folder).filter_map(card).collect();
    // Ablations without training need no corpus and can be run at once.
    cards.sort_by(|a, b| (a.trains, &a.name).cmp(&(b.trains, &b.name)));
    cards
}

/// Returns the model of the settings, the further models and the embedded model. The embedded model comes first if the
/// settings select no model, else last.
pub(super) fn models(of_settings: Option<&Path>, further: &[PathBuf]) -> Vec<ModelCard> {
    let card = |path: &Path| ModelCard {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        path: Some(path.to_path_buf()),
    };
    let further = further.iter().map(PathBuf::as_path);
    let mut models: Vec<ModelCard> = of_settings.into_iter().chain(further).map(card).collect();
    models.push(ModelCard { name: EMBEDDED.into(), path: None });
    if of_settings.is_none() {
        models.rotate_right(1);
    }
    models
}
