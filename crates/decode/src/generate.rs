//! Execution of plans.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_model::LanguageModel;
use syrinx_task::{
    Generated, Layout, LayoutIssue, Plan, RowPlan, Stage, StageRun, TaskError, Timing,
};
use syrinx_types::{CancelToken, Event, RunContext};

use crate::context::{DecodeContext, RowState, StepHook};
use crate::streaming::{FramesSink, Stream};
use crate::windows::run;
use crate::{DecodeConfig, DecodeError};

/// Runs every row of a plan through its stages. Returns one [`Generated`] a row, in the plan's order.
pub fn generate(
    model: &LanguageModel,
    layout: &Layout,
    plan: &Plan,
    config: &DecodeConfig,
    run: RunContext<'_>,
) -> Result<Vec<Generated>, DecodeError> {
    run_plan(model, layout, plan, &settings(plan, run.seed, run.cancel), config, run, None)
}

/// One plan of a batch.
#[derive(Debug, Clone, Copy)]
pub struct SeededPlan<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Seed of the plan's random numbers, in place of the run's.
    pub seed: u64,
    /// Cancel token of the plan, which stops its rows only.
    pub cancel: &'a CancelToken,
}

/// Runs the rows of several plans as one batch. Each plan has the results of [`generate`] for it alone. The results of a
/// cancelled plan are incomplete, the others are not affected.
///
/// # Errors
/// The same as [`generate`].
pub fn generate_batch(
    model: &LanguageModel,
    layout: &Layout,
    plans: &[SeededPlan<'_>],
    config: &DecodeConfig,
    run: RunContext<'_>,
) -> Result<Vec<Vec<Generated>>, DecodeError> {
    let rows = plans.iter().flat_map(|seeded| seeded.plan.rows.iter().cloned()).collect();
    let settings: Vec<RowSettings<'_>> =
        plans.iter().flat_map(|seeded| settings(seeded.plan, seeded.seed, seeded.cancel)).collect();
    let all = run_plan(model, layout, &Plan { rows }, &settings, config, run, None)?;
    let mut all = all.into_iter();
    let taken = |seeded: &SeededPlan<'_>| all.by_ref().take(seeded.plan.rows.len()).collect();
    Ok(plans.iter().map(taken).collect())
}

/// Settings of a single row of a batch.
struct RowSettings<'a> {
    /// Seed of the row's random numbers.
    seed: u64,
    /// Stream of the generator: the index of the row in its plan.
    stream: u64,
    /// Cancel token of the row.
    cancel: &'a CancelToken,
}

/// Returns the settings of a plan's rows: one stream of random numbers a row.
fn settings<'a>(plan: &Plan, seed: u64, cancel: &'a CancelToken) -> Vec<RowSettings<'a>> {
    (0..plan.rows.len() as u64).map(|stream| RowSettings { seed, stream, cancel }).collect()
}

/// Runs a plan as [`generate`] does, and passes on the frames of its first row, with all levels, window by window; an
/// empty window follows the last. Nothing is passed on without windows in the settings ([`crate::NarConfig`]).
///
/// # Errors
/// The same as [`generate`].
pub fn generate_streaming(
    model: &LanguageModel,
    layout: &Layout,
    plan: &Plan,
    config: &DecodeConfig,
    run: RunContext<'_>,
    each: &mut FramesSink<'_>,
) -> Result<Vec<Generated>, DecodeError> {
    run_plan(model, layout, plan, &settings(plan, run.seed, run.cancel), config, run, Some(each))
}

fn run_plan(
    model: &LanguageModel,
    layout: &Layout,
    plan: &Plan,
    settings: &[RowSettings<'_>],
    config: &DecodeConfig,
    run: RunContext<'_>,
    each: Option<&mut FramesSink<'_>>,
) -> Result<Vec<Generated>, DecodeError> {
    config.check()?;
    check_names(layout, plan)?;
    if plan.rows.is_empty() {
        return if run.is_cancelled() { Err(DecodeError::Cancelled) } else { Ok(Vec::new()) };
    }
    let streamed = each.and_then(|each| Stream::of(layout, plan, config, each));
    let hook = streamed.as_ref().map(|stream| stream as &dyn StepHook);
    let context = DecodeContext { model, config, run, stream: None };
    let mut out: Vec<Generated> = vec![Generated::default(); plan.rows.len()];
    let rng = |own: &RowSettings<'_>| {
        let mut rng = ChaCha8Rng::seed_from_u64(own.seed);
        rng.set_stream(own.stream);
        rng
    };
    let mut rngs: Vec<ChaCha8Rng> = settings.iter().map(rng).collect();
    let name = format!("generating {}", layout.task);
    let depth = plan.rows.iter().map(|r| r.stages.len()).max().unwrap_or(0);
    run.events.emit(Event::JobStarted { name: name.clone(), total: Some(plan.rows.len() as u64) });
    let mut first = 0;
    while first < plan.rows.len() {
        let joined: Vec<RowPlan>;
        let stream = hook.filter(|_| first == 0);
        let context = DecodeContext { stream, ..context };
        let rows = match first.checked_sub(1) {
            Some(before) if plan.rows[first].follow.is_some() => {
                joined = vec![plan.rows[first].after(&out[before])];
                &joined[..]
            }
            _ if stream.is_some() => &plan.rows[..1],
            _ => &plan.rows[first..first + together(&plan.rows[first..], config.batch_rows)],
        };
        for at in 0..depth {
            for stage in &layout.stages {
                let mut batch: Vec<RowState<'_>> = rows
                    .iter()
                    .zip(&settings[first..])
                    .zip(out[first..].iter_mut().zip(rngs[first..].iter_mut()))
                    .filter_map(|((row, own), (out, rng))| {
                        let run = row.stages.get(at)?;
                        let cancel = own.cancel;
                        let runs = run.stage == stage.name && !cancel.is_cancelled();
                        runs.then_some(RowState { run, rng, out, cancel })
                    })
                    .collect();
                match (&streamed, batch.as_mut_slice()) {
                    (_, []) => {}
                    // The row's windows were filled while the first stage ran.
                    (Some(stream), [row]) if stream.fills(stage) && context.stream.is_some() => {
                        stream.deliver(row)?;
                    }
                    (_, batch) => run_stage(&context, stage, batch)?,
                }
            }
        }
        first += rows.len();
        let done = first as u64;
        run.events.emit(Event::JobProgress { name: name.clone(), done, note: String::new() });
    }
    // A cancelled row is incomplete.
    context.check()?;
    run.events.emit(Event::JobFinished { name, summary: format!("{} rows", plan.rows.len()) });
    Ok(out)
}

/// Counts the rows that can run together: those before the next row that continues a previous one.
fn together(rows: &[RowPlan], most: usize) -> usize {
    let later = rows.iter().take(most).skip(1);
    1 + later.take_while(|row| row.follow.is_none()).count()
}

fn check_names(layout: &Layout, plan: &Plan) -> Result<(), TaskError> {
    for run in plan.rows.iter().flat_map(|r| &r.stages) {
        if layout.stage(&run.stage).is_none() {
            let known = layout.stages.iter().map(|stage| stage.name.clone()).collect();
            let issue = LayoutIssue::NoStage { task: layout.task.clone(), known };
            return Err(issue.of(run.stage.clone()));
        }
    }
    Ok(())
}

fn run_stage(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    match stage.timing {
        Timing::Found => run(context, stage, rows),
        Timing::Known => in_known_timing(context, stage, rows),
    }
}

/// Runs a stage with the timing of an earlier stage or of the plan: the pointer of all frames is given.
fn in_known_timing(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let mut timed: Vec<(StageRun, bool)> = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let found = !row.out.pointer.is_empty();
        let pointer = if found { &row.out.pointer } else { &row.run.pointer }.clone();
        if pointer.is_empty() {
            return Err(LayoutIssue::NoTiming.of(stage.name.clone()).into());
        }
        let limit = pointer.len();
        timed.push((StageRun { pointer, limit, ..row.run.clone() }, !found || row.out.finished));
    }
    let mut known: Vec<RowState<'_>> = rows
        .iter_mut()
        .zip(&timed)
        .map(|(row, (run, _))| RowState {
            run,
            rng: &mut *row.rng,
            out: &mut *row.out,
            cancel: row.cancel,
        })
        .collect();
    run(context, stage, &mut known)?;
    // A truncated timing stays truncated.
    for (row, (_, whole)) in rows.iter_mut().zip(&timed) {
        row.out.finished &= whole;
    }
    Ok(())
}
