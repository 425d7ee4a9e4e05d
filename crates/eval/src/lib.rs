//! Suites, judges, reports, baselines.
//!
//! A [`Suite`] (`evals/*.toml`) lists requests and judges; [`evaluate`] sends the requests to a [`Subject`], scores the
//! answers and writes `rows.jsonl`, `report.json` and a self-contained `report.html`.
//!
//! Invariants:
//!
//! - Figures depend on the kind of a task's answer ([`syrinx_task::AnswerKind`]), never on its name: a new task needs a
//!   suite and no code in this crate.
//! - Every figure has the number of its rows and a 95 % interval. A missing output counts as all wrong in every error
//!   rate.
//! - Every finished row is written to disk at once. A later run with the same model, seed and request reuses it.
//! - Judges implement one trait ([`Judge`]): the model's own recognizer, a command, an endpoint. None is called unless
//!   a suite or the caller names it.
//! - The crate has no access to a model, the clock or the environment: answers and their times come from the
//!   [`Subject`], secrets from the caller.

mod baseline;
mod case;
mod catalogue;
mod error;
mod fault;
mod html;
mod interval;
mod items;
mod judge;
mod report;
mod row;
mod run;
mod score;
mod store;
mod subject;
mod subject_fault;
mod suite;
mod suite_issue;
mod summary;
mod table;
mod template;

pub use baseline::{Comparison, Move, Moved};
pub use catalogue::{Better, FigureKind, Unit, figure_kind, title};
pub use error::EvalError;
pub use fault::{BaselineFault, JudgeFault, MaterialFault};
pub use interval::RESAMPLES;
pub use items::{Item, read_items};
pub use judge::{EndpointFault, Judge, JudgeConfig, JudgeLine, Verdict};
pub use report::{Figure, GroupFigures, Provenance, REPORT_FORMAT, Report};
pub use row::{Measure, Row, content_hash};
pub use run::{EvalOptions, KeepRows, REGRESSION_EXIT_CODE, evaluate, evaluate_and_keep};
pub use subject::{NamedCodec, Subject, SubjectAnswer, SubjectError, SubjectRequest, TestedCodec};
pub use subject_fault::{SpansFault, SubjectFault};
pub use suite::{CodecSuite, ItemsConfig, Pairing, PlayersConfig, Suite, VoicesConfig};
pub use suite_issue::SuiteIssue;
pub use summary::{badness, figures};
pub use table::{range, said};
