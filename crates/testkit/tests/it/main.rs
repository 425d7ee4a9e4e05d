//! Every task of the registry passes the conformance suite, and the stand-ins behave as documented.

use std::collections::BTreeSet;

use syrinx_model::LmConfig;
use syrinx_task::{Alignment, AnswerKind, CodeOrder, ModelSwitches, SpeechCodec, TextForm, Voices};
use syrinx_testkit::{SpeechSpec, ToneCodec, check_task, kit, sample, tiny_config};
use syrinx_types::{CancelToken, Codes, RunContext};

#[test]
fn every_task_conforms_with_and_without_alignment() {
    for alignment in [Alignment::Pointer, Alignment::None] {
        for task in syrinx_registry::ALL {
            if let Err(reason) = check_task(task, alignment) {
                panic!("task `{}`, alignment {alignment:?}: {reason}", task.id);
            }
        }
    }
}

/// Every trainable parameter is trained by some task: none is left out.
#[test]
fn every_parameter_is_trained_by_a_task() {
    let conditioned = ModelSwitches { latent_conditioning: true, ..ModelSwitches::default() };
    let recognizing = ModelSwitches { latent_recordings: true, ..ModelSwitches::default() };
    let durations = ModelSwitches { codes: CodeOrder::Masked, ..Alignment::Durations.into() };
    for switches in [conditioned, recognizing, Alignment::None.into(), durations] {
        let (mut reached, mut parameters) = (BTreeSet::new(), BTreeSet::new());
        for task in syrinx_registry::ALL {
            let seen = check_task(task, switches)
                .unwrap_or_else(|reason| panic!("task `{}`: {reason}", task.id));
            reached.extend(seen.reached);
            parameters.extend(seen.parameters);
        }
        let left: Vec<_> = parameters.difference(&reached).collect();
        assert!(left.is_empty(), "{switches:?}: no gradient reaches {left:?}");
    }
}

#[test]
fn every_task_conforms_with_plain_text() {
    for text in [TextForm::Letters, TextForm::BytePairs] {
        for task in syrinx_registry::ALL {
            if let Err(reason) =
                check_task(task, ModelSwitches { text, ..ModelSwitches::default() })
            {
                panic!("task `{}`, words as {text:?}: {reason}", task.id);
            }
        }
    }
}

/// All that goes together.
fn orders() -> Vec<(Alignment, CodeOrder)> {
    use {Alignment::*, CodeOrder::*};
    let found = [Delay, Interleaved, Latent].into_iter().flat_map(|c| [(Pointer, c), (None, c)]);
    let known = [ArNar, Delay, Interleaved, Masked, Latent].map(|codes| (Durations, codes));
    found.chain(known).collect()
}

#[test]
fn every_task_conforms_in_every_order_of_codes() {
    for (alignment, codes) in orders() {
        let switches = ModelSwitches { codes, ..alignment.into() };
        switches.check().expect("they go together");
        for task in syrinx_registry::ALL {
            if let Err(reason) = check_task(task, switches) {
                panic!("task `{}`, {alignment:?}, {codes:?}: {reason}", task.id);
            }
        }
    }
}

#[test]
fn every_task_conforms_with_latents() {
    for (latent_conditioning, latent_recordings) in [(true, false), (false, true)] {
        let switches =
            ModelSwitches { latent_conditioning, latent_recordings, ..ModelSwitches::default() };
        for task in syrinx_registry::ALL {
            if let Err(reason) = check_task(task, switches) {
                panic!("task `{}`, {switches:?}: {reason}", task.id);
            }
        }
    }
}

#[test]
fn switches_that_exclude_each_other_say_so() {
    let check = |alignment, codes, group, said: &str| {
        let error = {
            let switches = ModelSwitches { codes, ..ModelSwitches::from(alignment) };
            LmConfig { group, ..tiny_config(switches) }.check().unwrap_err().to_string()
        };
        assert!(error.contains(said), "{error}");
    };
    check(Alignment::Pointer, CodeOrder::Masked, 1, "alignment = \"durations\"");
    check(Alignment::None, CodeOrder::Masked, 1, "alignment = \"durations\"");
    check(Alignment::Pointer, CodeOrder::Delay, 2, "`group` above 1");
    let unconditional = LmConfig { encoder_layers: 0, ..tiny_config(Alignment::Durations) };
    assert!(unconditional.check().is_err());
}

#[test]
fn capabilities_agree_with_the_schemas_of_requests() {
    for task in syrinx_registry::ALL {
        let (schema, can) = ((task.request_schema)().to_value(), task.capabilities);
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|f| f.as_str())
            .collect();
        assert_eq!(can.required, required, "{}", task.id);
        let texts = [can.text, can.known_text, can.phonemized_text];
        let optional = texts.into_iter().chain([can.voice, can.voices, can.prompt]);
        for field in can.recordings.iter().copied().chain(optional.flatten()) {
            assert!(schema["properties"][field].is_object(), "{} has no `{field}`", task.id);
        }
        let answer = (task.answer_schema)().to_value();
        for form in can.forms {
            assert_eq!(answer["properties"][form]["type"], "string", "{}: `{form}`", task.id);
        }
        assert_eq!(can.forms.is_empty(), task.answer != AnswerKind::Phones, "{}", task.id);
        assert!(can.prompt.is_none_or(|field| can.takes_recording(field)), "{}", task.id);
    }
}

#[test]
fn every_field_of_settings_requests_and_answers_is_described() {
    for task in syrinx_registry::ALL {
        let schemas = [
            ("settings", (task.config_schema)()),
            ("request", (task.request_schema)()),
            ("answer", (task.answer_schema)()),
        ];
        for (name, schema) in schemas {
            let schema = schema.to_value();
            let own = schema["properties"].as_object().into_iter().flatten();
            let definitions = schema["$defs"].as_object().into_iter().flatten();
            let inner = definitions.filter_map(|(_, d)| d["properties"].as_object()).flatten();
            for (field, property) in own.chain(inner) {
                let said = property["description"].as_str().unwrap_or_default();
                assert!(said.len() > 3, "{}: `{field}` of its {name} isn't described", task.id);
            }
            assert!(schema["description"].is_string(), "{}: its {name} isn't described", task.id);
        }
    }
}

#[test]
fn the_codec_reads_back_what_it_wrote() {
    let (codec, cancel) = (ToneCodec::default(), CancelToken::default());
    let run = RunContext::quiet(&cancel);
    let size = codec.codebook_size as u16;
    let mut codes = Codes::empty(4);
    for i in 0..30 {
        codes.push(&[(7 * i) % size, 4 + i % 20, 0, 0]);
    }
    let audio = codec.decode(&codes, run).expect("codes in range");
    assert_eq!(audio.samples.len(), 30 * 960);
    let read = codec.encode(&audio, run).expect("sound");
    assert_eq!(read.frames(), 30);
    for frame in 0..30 {
        for level in [0, 1] {
            let (wrote, read) = (codes.at(frame, level), read.at(frame, level));
            assert!(wrote.abs_diff(read) <= 1, "frame {frame}, level {level}: {wrote}, {read}");
        }
    }
    assert!(codec.decode(&Codes::new(4, vec![99; 4]).expect("one frame"), run).is_err());
    assert!(codec.prompt("tenor").is_err());
    for voice in codec.names() {
        codec.prompt(&voice).expect("a voice").check(codec.codebook_size).expect("in range");
    }
}

#[test]
fn samples_follow_their_seed() {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    let codec = ToneCodec::default();
    let make =
        |seed| sample(&kit, &codec, "Oh, no.", &SpeechSpec::default(), seed).expect("a sample");
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
    let sample = make(1);
    let spoken_s: f64 = sample.phones.iter().map(|p| p.duration_s).sum();
    let seconds = sample.codes.frames() as f64 / sample.frame_rate_hz;
    assert!((seconds - spoken_s - 0.2).abs() < 0.04, "{seconds} {spoken_s}");
    assert_eq!(sample.prompt.map(|p| p.frames()), Some(12));
}
