//! `--lines`: each line of a file is a request.

use std::path::PathBuf;

use serde_json::Value;
use syrinx_config::Settings;
use syrinx_recipes::{LineAnswers, LineFile, RequestLine};
use syrinx_task::TaskDescriptor;
use syrinx_types::Event;

use crate::answer::{self, Destination, Form};
use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// Arguments of `--lines`.
pub struct LinesArgs<'a> {
    /// Task of the requests.
    pub descriptor: &'static TaskDescriptor,
    /// Fields of all requests.
    pub fields: &'a Value,
    /// File of the lines; - for standard input.
    pub file: &'a str,
    /// Folder of the recordings.
    pub out: &'a str,
    /// Whether lines whose recording exists are skipped.
    pub resume: bool,
    /// Output format of the answers.
    pub form: &'a Form,
}

/// Answers each line of a file, and writes the recordings to a folder.
pub fn run(session: &Session, settings: &Settings, args: &LinesArgs<'_>) -> Outcome {
    let LinesArgs { descriptor, fields, file, out, resume, form } = *args;
    let folder = PathBuf::from(out);
    // A missing path becomes a folder, unless it has the name of a recording.
    let is_file = folder.exists() || folder.extension().is_some_and(|e| e == "wav");
    if !folder.is_dir() && is_file {
        return Err(Failure::usage(
            format!("-o {out} is no folder"),
            "name a folder for the recordings with -o, as in -o recordings/",
        ));
    }
    std::fs::create_dir_all(&folder).map_err(|e| Failure::writing(out, &e))?;
    let text = match file {
        "-" => super::task::standard_input()?,
        file => std::fs::read_to_string(file).map_err(|e| Failure::reading(file, &e))?,
    };
    let lines = LineFile { name: file, field: descriptor.verb.positional, fields };
    let lines = lines.parse(&text)?;
    let engine = session.engine(settings)?;
    let job = format!("{file} ({} lines)", lines.len());
    let total = Some(lines.len() as u64);
    session.sink().emit(Event::JobStarted { name: job.clone(), total });
    let target = |line: &RequestLine| folder.join(format!("{}.wav", line.id));
    let left: Vec<&RequestLine> =
        lines.iter().filter(|line| !(resume && target(line).is_file())).collect();
    let mut tally = Tally { made: 0, failed: 0, done: lines.len() - left.len() };
    let answers = LineAnswers { engine: &engine, task: descriptor.id, decode: &settings.decode };
    let outcome = answers.run(&left, session.run(settings), &mut |line, answered| {
        let to = Destination::File(target(line));
        let written = answered
            .map_err(Failure::from)
            .and_then(|answered| answer::write(session, &answered, form, &to, ""));
        tally.count(session, file, line, written)?;
        let (name, note, done) = (job.clone(), line.id.clone(), tally.done as u64);
        session.sink().emit(Event::JobProgress { name, done, note });
        Ok(())
    });
    outcome.map_err(|failure: Failure| match failure.exit {
        Exit::Interrupted => Failure::interrupted(format!(
            "{} of {} lines are finished; go on with --resume",
            tally.done,
            lines.len()
        )),
        _ => failure,
    })?;
    let Tally { made, failed, .. } = tally;
    let before = lines.len() - made - failed;
    let summary = format!("{made} recordings made, {before} were there, {failed} lines failed");
    session.sink().emit(Event::JobFinished { name: job, summary: summary.clone() });
    session.say(&summary);
    if failed > 0 {
        return Err(Failure {
            exit: Exit::BadInput,
            message: format!("{failed} of {} lines could not be used", lines.len()),
            hint: Some("correct them and run the command again with --resume".into()),
        });
    }
    Ok(())
}

/// Progress over the lines.
struct Tally {
    made: usize,
    failed: usize,
    /// Number of lines that were answered, failed, or skipped.
    done: usize,
}

impl Tally {
    /// Counts a line. A failure caused by the line is printed; any other failure ends the run.
    fn count(
        &mut self,
        session: &Session,
        file: &str,
        line: &RequestLine,
        outcome: Outcome<String>,
    ) -> Outcome {
        self.done += 1;
        match outcome {
            Ok(_) => self.made += 1,
            // A bad line does not end the run.
            Err(failure) if failure.exit == Exit::BadInput => {
                let message = format!("{file}:{}: {}", line.number, failure.message);
                session.report(&Failure { message, ..failure });
                self.failed += 1;
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}
