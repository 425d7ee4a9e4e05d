//! Files of requests, one per line.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use syrinx_decode::DecodeConfig;
use syrinx_engine::{BatchRequest, Engine, EngineError};
use syrinx_task::{Answered, Request};
use syrinx_types::RunContext;

use crate::{RecipeError, RequestLineFault};

/// Keys of a line that are not fields of the request.
const SETTINGS: [&str; 3] = ["id", "seed", "temperature"];

/// A line with its request.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestLine {
    /// Line number in the file, from 1.
    pub number: usize,
    /// Name of the answer's file, without extension.
    pub id: String,
    /// Fields of the request.
    pub request: Value,
    /// Seed; `None` for the seed of the run.
    pub seed: Option<u64>,
    /// Sampling temperature of codes; `None` for the temperature of the settings.
    pub temperature: Option<f64>,
}

/// A file with one request per line.
#[derive(Debug, Clone, Copy)]
pub struct LineFile<'a> {
    /// Name of the file, for error messages.
    pub name: &'a str,
    /// Field of the request that a line of plain text fills.
    pub field: &'a str,
    /// JSON object with the fields that all requests have in common.
    pub fields: &'a Value,
}

impl LineFile<'_> {
    /// Parses the lines: plain texts, or JSON objects with fields of the request and optionally `id`, `seed` and
    /// `temperature`. Empty lines are skipped.
    ///
    /// # Errors
    /// [`RecipeError::Line`] for an invalid line, [`RecipeError::LineTwice`] for a repeated id, [`RecipeError::NoLine`]
    /// for a file without requests.
    pub fn parse(&self, text: &str) -> Result<Vec<RequestLine>, RecipeError> {
        let mut lines = Vec::new();
        let mut ids = BTreeSet::new();
        for (i, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            let number = i + 1;
            let file = || self.name.to_owned();
            let line = self.parse_line(line.trim(), number).map_err(|fault| {
                let field = self.field.to_owned();
                RecipeError::Line { file: file(), line: number, fault, field }
            })?;
            if !ids.insert(line.id.clone()) {
                return Err(RecipeError::LineTwice { file: file(), line: number, id: line.id });
            }
            lines.push(line);
        }
        if lines.is_empty() {
            return Err(RecipeError::NoLine { file: self.name.to_owned() });
        }
        Ok(lines)
    }

    fn parse_line(&self, line: &str, number: usize) -> Result<RequestLine, RequestLineFault> {
        let mut own: Map<String, Value> = if line.starts_with('{') {
            serde_json::from_str(line)?
        } else {
            Map::from_iter([(self.field.to_owned(), json!(line))])
        };
        let mut setting = |name: &str| own.remove(name).filter(|v| !v.is_null());
        let [id, seed, temperature] = SETTINGS.map(&mut setting);
        let wrong = |name, value| RequestLineFault::Setting { name, value };
        let id = match id {
            None => format!("{number:04}"),
            Some(Value::String(id)) if is_file_name(&id) => id,
            Some(other) => return Err(wrong("id", other)),
        };
        let seed = seed.map(|v| v.as_u64().ok_or_else(|| wrong("seed", v))).transpose()?;
        let temperature =
            temperature.map(|v| v.as_f64().ok_or_else(|| wrong("temperature", v))).transpose()?;
        let mut request = self.fields.clone();
        for (name, value) in own {
            request[name] = value;
        }
        Ok(RequestLine { number, id, request, seed, temperature })
    }
}

fn is_file_name(id: &str) -> bool {
    let plain = Path::new(id).file_name().is_some_and(|name| name == id);
    plain && !id.starts_with('.') && !id.chars().any(char::is_control)
}

impl RequestLine {
    fn decode(&self, settings: &DecodeConfig) -> DecodeConfig {
        let mut decode = settings.clone();
        if let Some(temperature) = self.temperature {
            decode.codes.temperature = temperature;
        }
        decode
    }
}

/// Receives each line and its answer.
pub type TakeAnswer<'a, E> =
    &'a mut dyn FnMut(&RequestLine, Result<Answered, EngineError>) -> Result<(), E>;

/// Model and task that answer the lines.
#[derive(Clone, Copy)]
pub struct LineAnswers<'a> {
    /// Loaded model.
    pub engine: &'a Engine,
    /// Identifier of the task.
    pub task: &'a str,
    /// Sampling settings; a line may change the temperature. Up to `batch_rows` lines form a batch.
    pub decode: &'a DecodeConfig,
}

impl LineAnswers<'_> {
    /// Answers the lines in order and calls `each` with every answer. Lines without a seed use the seed of the run.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] and errors of the model as `E`, and errors of `each`. An error of a single line is
    /// passed to `each`.
    pub fn run<E: From<EngineError>>(
        &self,
        lines: &[&RequestLine],
        run: RunContext<'_>,
        each: TakeAnswer<'_, E>,
    ) -> Result<(), E> {
        // All lines of a batch share their settings except for the seed.
        for of_settings in lines.chunk_by(|a, b| a.temperature == b.temperature) {
            for batch in of_settings.chunks(self.decode.batch_rows.max(1)) {
                let decode = batch[0].decode(self.decode);
                let bare: Vec<Request> =
                    batch.iter().map(|line| Request::new(line.request.clone())).collect();
                let requests: Vec<BatchRequest<'_>> = batch
                    .iter()
                    .zip(&bare)
                    .map(|(line, request)| {
                        let seed = line.seed.unwrap_or(run.seed);
                        BatchRequest { request, seed, cancel: run.cancel }
                    })
                    .collect();
                let answers = self.engine.run_batch(self.task, &requests, &decode, run)?;
                for (line, answered) in batch.iter().zip(answers) {
                    each(line, answered)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(fields: &Value) -> LineFile<'_> {
        LineFile { name: "f", field: "text", fields }
    }

    #[test]
    fn lines_are_texts_or_json() {
        let fields = json!({ "voice": "joe" });
        let text =
            "One.\n\n{\"text\": \"Two.\", \"voice\": \"slt\", \"seed\": 3, \"id\": \"two\"}\n";
        let lines = file(&fields).parse(text).expect("both are fine");
        let seen: Vec<_> =
            lines.iter().map(|l| (l.id.as_str(), l.seed, l.request.clone())).collect();
        assert_eq!(
            seen,
            [
                ("0001", None, json!({ "voice": "joe", "text": "One." })),
                ("two", Some(3), json!({ "voice": "slt", "text": "Two." })),
            ]
        );
    }

    #[test]
    fn broken_lines_are_named() {
        let check = |text: &str, expected: &str| {
            let error = file(&json!({})).parse(text).expect_err("it is broken");
            assert!(error.to_string().contains(expected), "{error}");
            assert!(error.hint().is_some(), "{error}");
        };
        check("One.\n{\"text\": ", "f:2: ");
        check("{\"text\": \"a\", \"id\": \"../a\"}", "`id`");
        check("{\"text\": \"a\", \"seed\": -1}", "`seed`");
        check("{\"text\": \"a\", \"id\": \"x\"}\n{\"text\": \"b\", \"id\": \"x\"}", "twice");
        check("\n\n", "no requests");
    }
}
