//! Running a suite.

use std::path::{Path, PathBuf};

use syrinx_audio::{AudioError, AudioWarning, ReadLimits, UniqueWarnings};
use syrinx_data::WorkShare;
use syrinx_task::AnswerKind;
use syrinx_types::{Audio, CancelToken, EventSink, IoOperation};

use crate::case::{Case, cases};
use crate::items::suite_items;
use crate::report::REPORT_FORMAT;
use crate::store::{RowStore, suffix, write_whole};
use crate::suite::CodecSuite;
use crate::{
    EvalError, JudgeConfig, NamedCodec, Provenance, Report, Row, Subject, SubjectError, Suite,
    SuiteIssue, TestedCodec, baseline, html, summary,
};

mod answers;
mod prompts;
mod rows;
mod spans;

/// Exit code of a program whose report [`regressed`](Report::regressed).
pub const REGRESSION_EXIT_CODE: u8 = 6;

/// Options of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EvalOptions {
    /// Folder of the run: `rows.jsonl`, recordings, `report.json`, `report.html`. A stopped run resumes.
    pub out: PathBuf,
    /// Largest number of items, in place of the suite's.
    pub limit: Option<usize>,
    /// Voices, instead of the suite's.
    pub voices: Vec<String>,
    /// Seeds, instead of the suite's.
    pub seeds: Vec<u64>,
    /// Whether the ceiling is measured, in place of the suite's setting.
    pub ceiling: Option<bool>,
    /// Judges besides the suite's. A judge of the same name replaces that of the suite.
    pub judges: Vec<JudgeConfig>,
    /// An older `report.json` to compare with.
    pub baseline: Option<PathBuf>,
    /// Share of the rows that this run computes. Runs of other shares may use the same `out`: each writes rows and
    /// report to its own files (`rows-1-of-4.jsonl`), and a run of all rows reads them.
    pub part: WorkShare,
    /// Origin of the report.
    pub provenance: Provenance,
}

impl EvalOptions {
    /// Returns the suite with these options applied.
    pub fn applied(&self, suite: &Suite) -> Suite {
        let mut suite = suite.clone();
        suite.items.limit = self.limit.or(suite.items.limit);
        suite.ceiling = self.ceiling.or(suite.ceiling);
        if !self.voices.is_empty() {
            suite.voices.names.clone_from(&self.voices);
        }
        if !self.seeds.is_empty() {
            suite.seeds.clone_from(&self.seeds);
        }
        suite.judges.retain(|j| self.judges.iter().all(|other| other.name() != j.name()));
        suite.judges.extend(self.judges.iter().cloned());
        suite
    }
}

/// Receiver of finished rows in addition to `rows.jsonl`, such as a results store.
pub trait KeepRows {
    /// Stores a row. Called again after each further judge of the row; the last call counts. The implementation reports
    /// its own failures, since the row is on disk already and the evaluation continues.
    fn keep(&self, row: &Row);
}

/// Ignores rows.
impl KeepRows for () {
    fn keep(&self, _row: &Row) {}
}

/// Calls [`evaluate_and_keep`] with rows in the run's folder only.
///
/// # Errors
/// [`EvalError`]. Finished rows are on disk, also after [`EvalError::Cancelled`].
pub fn evaluate(
    suite: &Suite,
    subject: &dyn Subject,
    options: &EvalOptions,
    cancel: &CancelToken,
    sink: &dyn EventSink,
) -> Result<Report, EvalError> {
    evaluate_and_keep(suite, subject, options, cancel, sink, &())
}

/// Sends all requests of a suite to a subject, scores the answers, and writes the report. The failure of one request is
/// a row of the report; only failures of the whole run are errors. Finished rows are not requested again.
///
/// # Errors
/// [`EvalError`]. Finished rows are on disk, also after [`EvalError::Cancelled`].
pub fn evaluate_and_keep(
    suite: &Suite,
    subject: &dyn Subject,
    options: &EvalOptions,
    cancel: &CancelToken,
    sink: &dyn EventSink,
    keeper: &dyn KeepRows,
) -> Result<Report, EvalError> {
    let suite = options.applied(suite);
    let kind = answer_kind(&suite, subject)?;
    // The baseline is read first, so that a fault is reported before the work.
    let load = |path| Report::load(path).map(|report| (path, report));
    let old = options.baseline.as_deref().map(load).transpose()?;
    let warnings = UniqueWarnings::default();
    let read = suite_items(&suite, &mut warnings.emit_to(sink))?;
    let codec = tested_codec(&suite, subject, kind)?;
    let codec = codec.as_deref();
    let mut cases = cases(&suite, &read, subject, codec)?;
    let mut number = 0..;
    cases.retain(|_| number.next().is_some_and(|n| options.part.has(n)));
    let folder = std::path::absolute(&options.out)
        .map_err(EvalError::io(IoOperation::Find, &options.out))?;
    let store = RowStore::open(&folder, options.part)?;
    let (suite, cases) = (&suite, &cases);
    let run =
        SuiteRun { suite, subject, codec, kind, cases, folder, cancel, sink, warnings, keeper };
    let rows = run.rows(store)?;
    if options.part == WorkShare::WHOLE {
        run.remove_strays(&rows);
    }

    let report = Report {
        format: REPORT_FORMAT,
        suite: suite.name.clone(),
        summary: suite.summary.clone(),
        task: suite.task.clone(),
        model: subject.name(),
        fingerprint: subject.fingerprint(),
        judges: suite.judges.clone(),
        provenance: Provenance { seeds: suite.seeds.clone(), ..options.provenance.clone() },
        missing: rows.iter().filter(|r| r.error.is_some()).count(),
        figures: summary::figures(&rows, &suite.figures),
        groups: summary::groups(&rows, &suite.figures),
        comparison: old.map(|(path, old)| baseline::compare(path, &old, &rows)).transpose()?,
        rows,
    };
    let named = |form: &str| run.folder.join(format!("report{}.{form}", suffix(options.part)));
    write_whole(&named("json"), report.to_json().as_bytes())?;
    let page = html::page(&report, suite, &run.folder, &|path| run.recording(path).ok());
    write_whole(&named("html"), page.as_bytes())?;
    Ok(report)
}

/// Returns the codec of a codec suite or of the ceiling; `None` for other suites.
fn tested_codec<'a>(
    suite: &Suite,
    subject: &'a dyn Subject,
    kind: Option<AnswerKind>,
) -> Result<Option<Box<dyn TestedCodec + 'a>>, SubjectError> {
    if suite.has_ceiling(kind) {
        return subject.codec(None).map(Some);
    }
    let open = |codec: &CodecSuite| {
        subject.codec(codec.path.as_deref().map(|spec| NamedCodec { spec, folder: &suite.folder }))
    };
    suite.codec.as_ref().map(open).transpose()
}

/// Returns the kind of the subject's answers; `None` for a codec suite.
fn answer_kind(suite: &Suite, subject: &dyn Subject) -> Result<Option<AnswerKind>, EvalError> {
    if suite.codec.is_some() {
        return Ok(None);
    }
    match subject.answer_kind(&suite.task) {
        Some(kind) => Ok(Some(kind)),
        None => {
            let (name, known) = (suite.task.clone(), subject.tasks());
            Err(suite.fault(SuiteIssue::UnknownTask { name, known }))
        }
    }
}

/// A run under way.
struct SuiteRun<'a> {
    suite: &'a Suite,
    subject: &'a dyn Subject,
    /// Codec under test, for a codec suite or the ceiling.
    codec: Option<&'a dyn TestedCodec>,
    kind: Option<AnswerKind>,
    cases: &'a [Case<'a>],
    folder: PathBuf,
    cancel: &'a CancelToken,
    sink: &'a dyn EventSink,
    warnings: UniqueWarnings,
    keeper: &'a dyn KeepRows,
}

impl SuiteRun<'_> {
    /// Returns a callback for the warnings of audio decoding. A warning that was emitted before is dropped, since a
    /// recording is read several times.
    fn warn(&self) -> impl FnMut(AudioWarning) + '_ {
        self.warnings.emit_to(self.sink)
    }

    /// Reads a recording at its own rate.
    fn recording(&self, path: &Path) -> Result<Audio, AudioError> {
        // An absolute path gives equal warnings for one file, which are emitted once.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        syrinx_audio::read_warned(path, &ReadLimits::default(), &mut self.warn())
    }
}

/// Returns a name that every file system takes.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    name.chars().map(plain).take(80).collect()
}
