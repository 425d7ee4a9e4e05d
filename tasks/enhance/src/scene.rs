//! Simulated input: acoustic scenes of an utterance.

use std::borrow::Cow;

use syrinx_scene::{Rendered, Scene, SceneError, SceneRanges, active_level_db, render};
use syrinx_task::{InputIssue, SimulationMaterial, TaskError};
use syrinx_types::Audio;

/// Draws and renders the scene of an utterance.
fn rendered(material: &SimulationMaterial<'_>) -> Result<Rendered, TaskError> {
    let ranges = SceneRanges {
        snr_db: material.ranges.snr_db,
        sir_db: material.ranges.sir_db,
        echo_share: material.ranges.echo_share,
        ..SceneRanges::default()
    };
    let scene = Scene::draw(&ranges, !material.others.is_empty(), material.seed);
    // Silent recordings are skipped, since their level is undefined.
    let other = material.others.iter().find(|v| active_level_db(v).is_some());
    render(&scene, material.speech, material.others, other)
        .map_err(|e| TaskError::input(SceneIssue(e)))
}

/// Material that no scene can be rendered from.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct SceneIssue(SceneError);

impl InputIssue for SceneIssue {
    fn hint(&self) -> Cow<'static, str> {
        self.0.hint().into()
    }
}

/// Renders the utterance with a background and, in some scenes, an echo.
///
/// # Errors
/// [`TaskError::Input`] for a silent utterance.
pub fn noisy(material: &SimulationMaterial<'_>) -> Result<Option<Audio>, TaskError> {
    Ok(Some(rendered(material)?.noisy))
}

/// Renders the background of [`noisy`] alone, at the same level.
///
/// # Errors
/// [`TaskError::Input`] for a silent utterance.
pub fn background(material: &SimulationMaterial<'_>) -> Result<Option<Audio>, TaskError> {
    Ok(Some(rendered(material)?.background))
}

/// Renders the utterance mixed with speech of another speaker; `None` without other speakers.
///
/// # Errors
/// [`TaskError::Input`] for a silent utterance.
pub fn mixture(material: &SimulationMaterial<'_>) -> Result<Option<Audio>, TaskError> {
    Ok(rendered(material)?.mixture)
}
