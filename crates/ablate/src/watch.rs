//! Writes the progress of a cell to the results store, and reads its control requests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use syrinx_results::{Cell, CellState, ControlRequest, ResultsError, Store};
use syrinx_types::{Event, EventSink, RunContext};

use crate::CellRunner;

/// Interval between updates of the store, in seconds.
const EVERY_S: f64 = 2.0;

/// Sink of a running cell's events, which updates its record in the store.
pub(crate) struct CellWatch<'a> {
    store: &'a Store,
    runner: &'a dyn CellRunner,
    run: RunContext<'a>,
    inside: Mutex<Inside>,
}

/// Phase of a cell: training, or the evaluation of one suite.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    /// Index of the phase, from 0.
    pub(crate) number: usize,
    /// Number of phases of the cell.
    pub(crate) of: usize,
}

struct Inside {
    cell: Cell,
    phase: Phase,
    /// Steps done, and steps in total.
    steps: (u64, u64),
    reported_s: f64,
}

impl<'a> CellWatch<'a> {
    /// Watches a cell that has begun. A request to stop, found in the store, cancels `run`.
    pub(crate) fn new(
        store: &'a Store,
        runner: &'a dyn CellRunner,
        cell: Cell,
        run: RunContext<'a>,
    ) -> Self {
        let phase = Phase { number: 0, of: 1 };
        let inside = Inside { cell, phase, steps: (0, 1), reported_s: f64::MIN };
        Self { store, runner, run, inside: Mutex::new(inside) }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the begin of a phase.
    pub(crate) fn phase(
        &self,
        phase: Phase,
        state: CellState,
        note: &str,
    ) -> Result<(), ResultsError> {
        let cell = {
            let mut inside = self.inside();
            (inside.phase, inside.steps) = (phase, (0, 1));
            inside.cell.state = state;
            inside.cell.note = note.to_owned();
            inside.moved(self.runner.now_s());
            inside.cell.clone()
        };
        self.store.put_cell(&cell)
    }

    /// Stores the end of the cell, with its state and a note.
    pub(crate) fn end(&self, state: CellState, note: &str) -> Result<(), ResultsError> {
        let mut inside = self.inside();
        let now_s = self.runner.now_s();
        inside.moved(now_s);
        if state == CellState::Finished {
            inside.cell.done = 1.0;
        }
        inside.cell.state = state;
        inside.cell.note = note.to_owned();
        inside.cell.ended_s = Some(now_s);
        self.store.put_cell(&inside.cell)
    }

    /// Writes the progress of the cell to the store, and cancels the run if the store has a request to stop. The caller
    /// reports an error as a warning and continues, since the next update tries again.
    fn tell(&self, inside: &Inside) -> Result<(), ResultsError> {
        self.store.put_cell(&inside.cell)?;
        if self.store.control_request(&inside.cell.ablation, &inside.cell.key)?
            == Some(ControlRequest::Stop)
        {
            self.run.cancel.cancel();
        }
        Ok(())
    }
}

impl Inside {
    fn moved(&mut self, now_s: f64) {
        let Phase { number, of } = self.phase;
        let (done, total) = self.steps;
        let within = done.min(total) as f64 / total.max(1) as f64;
        self.cell.done = (number as f64 + within) / of.max(1) as f64;
        self.cell.updated_s = now_s;
        self.reported_s = now_s;
    }
}

impl EventSink for CellWatch<'_> {
    fn emit(&self, event: Event) {
        let steps = match &event {
            Event::JobStarted { total, .. } => Some((0, total.unwrap_or(1))),
            Event::JobProgress { done, .. } => Some((*done, self.inside().steps.1)),
            Event::TrainStep { step, total, .. } => Some((*step, *total)),
            _ => None,
        };
        self.run.events.emit(event);
        let Some(steps) = steps else { return };
        let mut inside = self.inside();
        inside.steps = steps;
        let now_s = self.runner.now_s();
        if now_s - inside.reported_s >= EVERY_S {
            inside.moved(now_s);
            if let Err(error) = self.tell(&inside) {
                self.run.events.emit(Event::Warning { message: error.to_string() });
            }
        }
    }
}
