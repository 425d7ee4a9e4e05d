//! Rows: read from disk, or requested and judged.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use syrinx_task::AnswerKind;
use syrinx_types::Event;

use crate::case::Case;
use crate::judge::{Judge, JudgeLine, Verdict};
use crate::run::SuiteRun;
use crate::run::prompts::Prompts;
use crate::store::RowStore;
use crate::{EvalError, Row, SubjectError};

impl SuiteRun<'_> {
    /// Returns every row, in the order of the cases.
    pub(super) fn rows(&self, mut store: RowStore) -> Result<Vec<Row>, EvalError> {
        let judges: Vec<(String, Box<dyn Judge + '_>)> = match self.kind {
            Some(AnswerKind::Text | AnswerKind::Phones | AnswerKind::Data) => Vec::new(),
            Some(AnswerKind::Speech) | None => self
                .suite
                .judges
                .iter()
                .map(|j| Ok((j.fingerprint(self.subject), j.build(self.subject, &self.folder)?)))
                .collect::<Result<_, EvalError>>()?,
        };
        let prompts = self.prompts()?;
        let name = format!("eval {}", self.suite.name);
        let total = Some(self.cases.len() as u64);
        self.sink.emit(Event::JobStarted { name: name.clone(), total });
        for (done, case) in self.cases.iter().enumerate() {
            let row =
                self.row(case, &prompts, &judges, &mut store).map_err(|e| self.at(done, e))?;
            self.emit_row(&row);
            let done = done as u64 + 1;
            self.sink.emit(Event::JobProgress { name: name.clone(), done, note: case.id.clone() });
        }
        for (fingerprint, judge) in judges.iter().filter(|(_, judge)| judge.batch() > 1) {
            self.judge_pending(judge.as_ref(), fingerprint, &prompts, &mut store)
                .map_err(|e| self.at(self.cases.len(), e))?;
        }
        let summary = format!("{} rows", self.cases.len());
        self.sink.emit(Event::JobFinished { name, summary });
        let keys: Vec<String> = self.cases.iter().map(|c| c.key.clone()).collect();
        let mut rows = store.finish(&keys)?;
        // Verdicts of other judges stay on the disk, but are not part of the report.
        for row in &mut rows {
            row.verdicts.retain(|name, _| judges.iter().any(|(_, j)| j.name() == name));
        }
        Ok(rows)
    }

    /// Converts a cancellation to an error with the number of finished rows.
    fn at(&self, done: usize, error: EvalError) -> EvalError {
        match error {
            EvalError::Subject(SubjectError::Cancelled) => {
                EvalError::Cancelled { done, total: self.cases.len(), folder: self.folder.clone() }
            }
            other => other,
        }
    }

    /// Returns the finished row of a case, read from the disk or computed.
    fn row(
        &self,
        case: &Case,
        prompts: &Prompts,
        judges: &[(String, Box<dyn Judge + '_>)],
        store: &mut RowStore,
    ) -> Result<Row, EvalError> {
        if self.cancel.is_cancelled() {
            return Err(SubjectError::Cancelled.into());
        }
        let kept = store.get(&case.key).filter(|row| self.is_whole(row)).cloned();
        let (mut row, mut new) = match kept {
            Some(row) => (row, false),
            None => (self.ask(case, prompts)?, true),
        };
        if (&row.id, &row.group) != (&case.id, &case.group) {
            // Names may have changed, since they are not part of the key.
            row.id.clone_from(&case.id);
            row.group.clone_from(&case.group);
            new = true;
        }
        for (fingerprint, judge) in judges.iter().filter(|(_, judge)| judge.batch() == 1) {
            if row.verdicts.get(judge.name()).is_some_and(|v| v.judge == *fingerprint) {
                continue;
            }
            let mut verdict = match self.line(&row, case, prompts) {
                None => Verdict::all_wrong(&case.item.text),
                Some(line) => {
                    judge.judge(&[line], self.cancel, &mut self.warn())?.pop().unwrap_or_default()
                }
            };
            verdict.judge.clone_from(fingerprint);
            row.verdicts.insert(judge.name().to_owned(), verdict);
            new = true;
        }
        if new {
            store.put(row.clone())?;
        }
        Ok(row)
    }

    /// Whether a row on the disk is complete: it has an answer, and its recording exists.
    fn is_whole(&self, row: &Row) -> bool {
        row.error.is_none() && row.audio.as_ref().is_none_or(|a| self.folder.join(a).is_file())
    }

    /// Runs a judge of many recordings at once on all rows that it has not judged.
    fn judge_pending(
        &self,
        judge: &dyn Judge,
        fingerprint: &str,
        prompts: &Prompts,
        store: &mut RowStore,
    ) -> Result<(), EvalError> {
        let mut open = Vec::new();
        let mut lines = Vec::new();
        for case in self.cases {
            let Some(mut row) = store.get(&case.key).cloned() else { continue };
            if row.verdicts.get(judge.name()).is_some_and(|v| v.judge == fingerprint) {
                continue;
            }
            if let Some(line) = self.line(&row, case, prompts) {
                lines.push(line);
                open.push(row);
            } else {
                let mut verdict = Verdict::all_wrong(&case.item.text);
                verdict.judge = fingerprint.to_owned();
                row.verdicts.insert(judge.name().to_owned(), verdict);
                store.put(row)?;
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        let name = format!("judge {}", judge.name());
        let total = Some(lines.len() as u64);
        self.sink.emit(Event::JobStarted { name: name.clone(), total });
        let verdicts = judge.judge(&lines, self.cancel, &mut self.warn())?;
        for (mut row, mut verdict) in open.into_iter().zip(verdicts) {
            verdict.judge = fingerprint.to_owned();
            row.verdicts.insert(judge.name().to_owned(), verdict);
            self.emit_row(&row);
            store.put(row)?;
        }
        let summary = format!("{} recordings", lines.len());
        self.sink.emit(Event::JobFinished { name, summary });
        Ok(())
    }

    /// Returns the judge's input for a row; `None` for a row without a recording.
    fn line(&self, row: &Row, case: &Case, prompts: &Prompts) -> Option<JudgeLine> {
        let rest = self.suite.spans.is_some().then_some(row.prompt.as_ref()).flatten();
        let prompt = rest.map(|rest| self.folder.join(rest));
        Some(JudgeLine {
            wav: self.folder.join(row.audio.as_ref()?),
            text: case.item.text.clone(),
            prompt: prompt.or_else(|| prompts.path(case)),
            rival: self.suite.rival.is_some().then(|| prompts.rival_path(case)).flatten(),
            group: case.group.clone(),
        })
    }

    fn emit_row(&self, row: &Row) {
        self.keeper.keep(row);
        let figures = row.all_measures().into_iter();
        self.sink.emit(Event::EvalRow {
            suite: self.suite.name.clone(),
            id: row.id.clone(),
            figures: figures.filter_map(|(name, m)| Some((name, m.alone()?))).collect(),
        });
    }

    /// Removes recordings of rows that are no longer in the run. Errors are ignored.
    pub(super) fn remove_strays(&self, rows: &[Row]) {
        let kept: BTreeSet<PathBuf> =
            rows.iter().filter_map(|r| Some(self.folder.join(r.audio.as_ref()?))).collect();
        let Ok(entries) = fs::read_dir(self.folder.join("audio")) else { return };
        for path in entries.flatten().map(|e| e.path()) {
            if path.extension().is_some_and(|e| e == "wav") && !kept.contains(&path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}
