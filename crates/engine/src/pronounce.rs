//! Unknown words, read by the model itself.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use syrinx_decode::{DecodeConfig, generate};
use syrinx_model::LanguageModel;
use syrinx_task::{DynTask, Plan};
use syrinx_text::inventory::parse_arpabet;
use syrinx_text::{Phone, Pronounce};
use syrinx_types::{CancelToken, NullSink};

use crate::engine::Running;

/// Asks the task that writes phones. Words that were asked before are remembered.
pub(crate) struct ModelPronounce {
    model: Arc<LanguageModel>,
    task: Arc<dyn DynTask>,
    field: &'static str,
    known: Mutex<HashMap<String, Vec<Phone>>>,
}

impl ModelPronounce {
    pub(crate) fn new(model: Arc<LanguageModel>, reader: &Running) -> Self {
        let (task, field) = (Arc::clone(&reader.task), reader.descriptor.verb.positional);
        Self { model, task, field, known: Mutex::default() }
    }

    /// One request a word, all of them in one batch.
    fn ask(&self, words: &[&String]) -> Result<Vec<Vec<Phone>>, Box<dyn Error + Send + Sync>> {
        let requests: Vec<Value> = words.iter().map(|&word| json!({ self.field: word })).collect();
        let plans: Vec<Plan> =
            requests.iter().map(|r| self.task.plan(r)).collect::<Result<_, _>>()?;
        let rows = plans.iter().flat_map(|p| p.rows.iter().cloned()).collect();
        // Seed and settings are fixed: a word has one pronunciation, whatever is spoken around it.
        let mut generated = generate(
            &self.model,
            &self.task.layout(),
            &Plan { rows },
            (&DecodeConfig::default(), 0),
            (&CancelToken::default(), &NullSink),
        )?
        .into_iter();
        requests
            .iter()
            .zip(&plans)
            .map(|(request, plan)| {
                let mine = generated.by_ref().take(plan.rows.len()).collect();
                let answer = self.task.finish(request, mine)?.json;
                let phones = answer.get("phones").and_then(Value::as_str).unwrap_or_default();
                Ok(parse_arpabet(phones)?.into_iter().filter(|p| !p.is_mark()).collect())
            })
            .collect()
    }
}

impl Pronounce for ModelPronounce {
    fn pronounce(&self, words: &[String]) -> Result<Vec<Vec<Phone>>, Box<dyn Error + Send + Sync>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<&String> = {
            let known = known();
            words.iter().filter(|w| !known.contains_key(*w)).collect()
        };
        if !new.is_empty() {
            let read = self.ask(&new)?;
            known().extend(new.into_iter().cloned().zip(read));
        }
        let known = known();
        Ok(words.iter().map(|w| known.get(w).cloned().unwrap_or_default()).collect())
    }
}
