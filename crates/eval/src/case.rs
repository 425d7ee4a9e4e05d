//! Cases of a suite: items × voices × seeds, or recordings × levels.

use serde_json::Value;

use crate::items::SuiteItems;
use crate::row::{draw_seed, row_key};
use crate::score::scored_words;
use crate::suite::{CodecSuite, Pairing};
use crate::template::{Blanks, fill, mentions};
use crate::{EvalError, Item, Subject, Suite, SuiteIssue, TestedCodec};

/// A row of a suite before its request.
#[derive(Debug, Clone)]
pub(crate) struct Case<'a> {
    pub(crate) item: &'a Item,
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) voice: Option<String>,
    pub(crate) seed: u64,
    /// Seed of the answer.
    pub(crate) draw_seed: u64,
    pub(crate) variant: String,
    pub(crate) what: CaseWork,
}

/// Computation of a case.
#[derive(Debug, Clone)]
pub(crate) enum CaseWork {
    /// Request to the task.
    Request(Value),
    /// Number of codec levels that a recording is coded with; 0 for the recording itself.
    Levels(usize),
}

/// Returns all cases in order. `codec` is given for a codec suite and for a suite with a ceiling, and adds their cases.
pub(crate) fn cases<'a>(
    suite: &Suite,
    read: &'a SuiteItems,
    subject: &dyn Subject,
    codec: Option<&dyn TestedCodec>,
) -> Result<Vec<Case<'a>>, EvalError> {
    match (&suite.codec, codec) {
        (Some(asked), Some(codec)) => Ok(codec_cases(&read.items, asked, codec)),
        (None, Some(codec)) => {
            let mut cases = task_cases(suite, &read.items, subject)?;
            cases.extend(ceiling_cases(&read.recordings, codec));
            Ok(cases)
        }
        _ => task_cases(suite, &read.items, subject),
    }
}

/// Variants of the ceiling, with the number of RVQ levels that recordings go through; 0 leaves them unprocessed.
fn ceilings(codec: &dyn TestedCodec) -> [(&'static str, usize); 2] {
    [("recording", 0), ("codec round trip", codec.levels())]
}

/// Returns the cases of the ceiling: each recording with a text, once unprocessed and once after a round trip through
/// the codec.
fn ceiling_cases<'a>(recordings: &'a [Item], codec: &dyn TestedCodec) -> Vec<Case<'a>> {
    let fingerprint = codec.fingerprint();
    let mut cases = Vec::new();
    for (variant, levels) in ceilings(codec) {
        for item in recordings.iter().filter(|item| !scored_words(&item.text).is_empty()) {
            cases.push(Case {
                item,
                key: row_key(&[&fingerprint, "ceiling", &item_material(item), variant]),
                id: format!("{}/{variant}", item.id),
                group: group_of(item),
                voice: None,
                seed: 0,
                draw_seed: 0,
                variant: variant.to_owned(),
                what: CaseWork::Levels(levels),
            });
        }
    }
    cases
}

fn codec_cases<'a>(
    items: &'a [Item],
    asked: &CodecSuite,
    codec: &dyn TestedCodec,
) -> Vec<Case<'a>> {
    // Numbers of levels beyond the codec's are clamped, so that one suite fits all codecs.
    let mut tested: Vec<usize> = asked.levels.iter().map(|&l| l.min(codec.levels())).collect();
    tested.dedup();
    let fingerprint = codec.fingerprint();
    let rendition = asked.rendition.clone().unwrap_or_default();
    let mut cases = Vec::new();
    for levels in tested {
        let variant = match levels {
            0 => "recording".to_owned(),
            1 => "1 level".to_owned(),
            n => format!("{n} levels"),
        };
        for item in items {
            cases.push(Case {
                item,
                key: row_key(&[
                    &fingerprint,
                    "codec",
                    &item.id,
                    &item_material(item),
                    &variant,
                    &rendition,
                ]),
                id: format!("{}/{variant}", item.id),
                group: group_of(item),
                voice: None,
                seed: 0,
                draw_seed: 0,
                variant: variant.clone(),
                what: CaseWork::Levels(levels),
            });
        }
    }
    cases
}

fn task_cases<'a>(
    suite: &Suite,
    items: &'a [Item],
    subject: &dyn Subject,
) -> Result<Vec<Case<'a>>, EvalError> {
    let voices = if mentions(&suite.request, "voice") {
        voices(suite, subject)?.into_iter().map(Some).collect()
    } else {
        vec![None]
    };
    let mut cases = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let spoken: &[Option<String>] = match suite.voices.pairing {
            Pairing::Rotate => std::slice::from_ref(&voices[i % voices.len()]),
            Pairing::Each => &voices,
        };
        for voice in spoken {
            for &seed in &suite.seeds {
                cases.push(task_case(suite, item, voice.as_deref(), seed, subject)?);
            }
        }
    }
    Ok(cases)
}

fn task_case<'a>(
    suite: &Suite,
    item: &'a Item,
    voice: Option<&str>,
    seed: u64,
    subject: &dyn Subject,
) -> Result<Case<'a>, EvalError> {
    let request =
        fill(&suite.request, &Blanks { item, voice }).map_err(|issue| suite.fault(issue))?;
    let changed = [&suite.settings, &suite.decode].map(|m| Value::Object(m.clone()).to_string());
    // Paths are not part of the key: the same suite in another checkout has the same rows.
    let template = Value::Object(suite.request.clone()).to_string();
    let measured = [&suite.spans, &suite.rival].map(|s| s.clone().unwrap_or_default()).join(" ");
    let mut id = item.id.clone();
    if let Some(voice) = voice {
        id = format!("{id}/{voice}");
    }
    let draw_seed = draw_seed(seed, &id);
    if suite.seeds.len() > 1 {
        id = format!("{id}#{seed}");
    }
    Ok(Case {
        item,
        key: row_key(&[
            &subject.fingerprint(),
            &suite.task,
            &item_material(item),
            &template,
            &changed.concat(),
            voice.unwrap_or_default(),
            &draw_seed.to_string(),
            &measured,
        ]),
        id,
        group: voice.map_or_else(|| group_of(item), str::to_owned),
        voice: voice.map(str::to_owned),
        seed,
        draw_seed,
        variant: String::new(),
        what: CaseWork::Request(request),
    })
}

/// Returns a text of all properties of the item on which its answer depends.
fn item_material(item: &Item) -> String {
    format!("{} {} {}", item.id, item.text, item.prompt_text.as_deref().unwrap_or_default())
}

fn group_of(item: &Item) -> String {
    if item.speaker.is_empty() { item.id.clone() } else { item.speaker.clone() }
}

fn voices(suite: &Suite, subject: &dyn Subject) -> Result<Vec<String>, EvalError> {
    let there = subject.voices();
    let names = &suite.voices.names;
    if there.is_empty() {
        return Err(suite.fault(SuiteIssue::NoVoices));
    }
    if names.is_empty() || names.iter().any(|n| n == "*") {
        return Ok(there);
    }
    match names.iter().find(|n| !there.contains(n)) {
        None => Ok(names.clone()),
        Some(name) => {
            let (name, known) = (name.clone(), there.clone());
            Err(suite.fault(SuiteIssue::UnknownVoice { name, known }))
        }
    }
}
