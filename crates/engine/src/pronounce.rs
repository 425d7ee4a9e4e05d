//! Pronunciations of unknown words by the model itself.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use syrinx_decode::{DecodeConfig, generate};
use syrinx_model::LanguageModel;
use syrinx_task::{Context, DynPlan, DynTask, Plan, Request, Services};
use syrinx_text::inventory::parse_arpabet;
use syrinx_text::{Phone, Pronounce};
use syrinx_types::{CancelToken, RunContext};

use crate::running::LoadedTask;

/// Pronunciation of unknown words by the task that predicts phones, cached by word.
pub(crate) struct ModelPronounce {
    model: Arc<LanguageModel>,
    task: Arc<dyn DynTask>,
    field: &'static str,
    services: Services,
    known: Mutex<HashMap<String, Vec<Phone>>>,
}

impl ModelPronounce {
    pub(crate) fn new(model: Arc<LanguageModel>, reader: &LoadedTask, services: Services) -> Self {
        let (task, field) = (Arc::clone(&reader.task), reader.descriptor.verb.positional);
        Self { model, task, field, services, known: Mutex::default() }
    }

    /// Predicts the phones of words, one request for each, in one batch.
    fn ask(&self, words: &[&String]) -> Result<Vec<Vec<Phone>>, Box<dyn Error + Send + Sync>> {
        let cancel = CancelToken::default();
        // Seed and settings are fixed: the pronunciation of a word does not depend on its context.
        let run = RunContext::quiet(&cancel);
        let context = Context { services: &self.services, run };
        let planned = words.iter().map(|&word| {
            let request = Request::new(json!({ self.field: word }));
            self.task.whole(&request)?.plan(&context)
        });
        let planned: Vec<Box<dyn DynPlan + '_>> = planned.collect::<Result<_, _>>()?;
        let rows = planned.iter().flat_map(|p| p.plan().rows.iter().cloned()).collect();
        let (layout, config) = (self.task.layout(), DecodeConfig::default());
        let generated = generate(&self.model, &layout, &Plan { rows }, &config, run)?;
        let mut generated = generated.into_iter();
        let answer = |planned: Box<dyn DynPlan + '_>| {
            let rows = generated.by_ref().take(planned.plan().rows.len()).collect();
            let answered = planned.finish(rows, &context)?;
            let phones = answered.phones().map(|p| p.phones.clone()).unwrap_or_default();
            Ok(parse_arpabet(&phones)?.into_iter().filter(|p| !p.is_mark()).collect())
        };
        planned.into_iter().map(answer).collect()
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
