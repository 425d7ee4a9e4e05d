//! Letters to phones and back: layouts, examples, sentences, spelling.

use std::sync::OnceLock;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use syrinx_task::{
    Alignment, CodebookSizes, Content, Example, Generated, Phones, Plan, Response, RowPlan, Task,
    TaskKit, TokenSpace, resolve,
};
use syrinx_task_g2p::{G2p, G2pConfig, G2pRequest, TO_LETTERS, TO_PHONES};
use syrinx_testkit::{Tested, told};
use syrinx_text::inventory::{parse_arpabet, to_arpabet};
use syrinx_text::is_held_out;

fn kit() -> &'static TaskKit {
    static KIT: OnceLock<TaskKit> = OnceLock::new();
    KIT.get_or_init(|| {
        syrinx_testkit::kit(Alignment::Pointer).expect("the front end is compiled in")
    })
}

fn g2p(config: G2pConfig) -> G2p {
    G2p::new(config, kit()).expect("sound settings")
}

/// Settings in which the language model generates the phones, without candidates of the n-gram model.
fn alone() -> G2pConfig {
    G2pConfig { candidates: 0, ..G2pConfig::default() }
}

fn text(text: &str) -> G2pRequest {
    G2pRequest { text: Some(text.into()), phones: None }
}

fn phones(phones: &str) -> G2pRequest {
    G2pRequest { text: None, phones: Some(phones.into()) }
}

/// The words or phones that the rows of a plan are given.
fn given(plan: &Plan) -> Vec<String> {
    let row = |content: &Content| match content {
        Content::Text(text) if kit().vocab.phone_of(text.ids[0]).is_some() => {
            to_arpabet(&kit().vocab.decode_phones(&text.ids))
        }
        Content::Text(text) => kit().vocab.decode_letters(&text.ids),
        Content::Codes(_) | Content::Coded(_) | Content::Latents(_) | Content::Blend(_) => {
            panic!("codes in a task of letters")
        }
    };
    plan.rows.iter().flat_map(|r| r.stages[0].contents.values()).map(row).collect()
}

/// An answer for rows with these generated phones.
fn answer(task: &G2p, request: &G2pRequest, said: &[&str]) -> Phones {
    let said = said.iter().map(|phones| Generated {
        text: kit().vocab.encode_phones(&parse_arpabet(phones).expect("phones")),
        ..Generated::default()
    });
    task.answer_of(request, said.collect()).expect("an answer")
}

#[test]
fn the_layouts_are_those_of_the_documentation() {
    let layout = g2p(G2pConfig::default()).layout();
    for stage in &layout.stages {
        stage.check().expect("a sound stage");
        assert!(!stage.from_corpus);
    }
    insta::assert_snapshot!(layout.table());
}

fn drawn(task: &G2p, stage: &str, seed: u64) -> (String, String) {
    let example = task
        .own_example(stage, &mut ChaCha8Rng::seed_from_u64(seed))
        .expect("no fault")
        .expect("an example");
    let Example { contents, response: Response::Text(ids) } = example else { panic!("no text") };
    let Some(Content::Text(given)) = contents.values().next() else { panic!("nothing given") };
    let (letters, phones) =
        if stage == TO_PHONES { (&given.ids, &ids) } else { (&ids, &given.ids) };
    (kit().vocab.decode_letters(letters), to_arpabet(&kit().vocab.decode_phones(phones)))
}

#[test]
fn examples_are_words_of_the_lexicon_that_are_not_held_out() {
    let task = g2p(G2pConfig { unstressed_share: 0.0, ..G2pConfig::default() });
    for stage in [TO_PHONES, TO_LETTERS] {
        for seed in 0..200 {
            let (word, phones) = drawn(&task, stage, seed);
            assert!(!is_held_out(&word), "{word}");
            assert!(word.bytes().all(|b| b.is_ascii_lowercase() || b == b'\''), "{word}");
            let known = kit().frontend.lexicon().lookup(&word).expect("in the lexicon");
            assert_eq!(phones, to_arpabet(known.first()), "{word}");
        }
    }
    assert_eq!(drawn(&task, TO_PHONES, 1), drawn(&task, TO_PHONES, 1));
    assert_ne!(drawn(&task, TO_PHONES, 1), drawn(&task, TO_PHONES, 2));
}

#[test]
fn phones_to_letters_learns_without_stress_too() {
    let task = g2p(G2pConfig { unstressed_share: 1.0, ..G2pConfig::default() });
    for seed in 0..50 {
        let (word, phones) = drawn(&task, TO_LETTERS, seed);
        assert!(!phones.replace("AH0", "").contains(['0', '1', '2']), "{word}: {phones}");
    }
}

#[test]
fn examples_fit_their_layouts() {
    let task = g2p(G2pConfig::default());
    let layout = task.layout();
    let sizes = CodebookSizes { levels: 4, codebook_size: 32, frame_rate_hz: 25.0 };
    let space = TokenSpace::new(&kit().vocab, sizes, 1, layout.special_tokens());
    for stage in &layout.stages {
        let example = task
            .own_example(&stage.name, &mut ChaCha8Rng::seed_from_u64(0))
            .expect("no fault")
            .expect("an example");
        resolve(stage, &example.contents, Some(&example.response), 0, &space)
            .expect("contents that fit the layout");
    }
}

#[test]
fn only_unknown_words_are_asked_of_the_model() {
    let check = |config: G2pConfig, sentence: &str, expected: &[&str]| {
        let plan = g2p(config).plan_of(&text(sentence)).expect("a plan");
        assert_eq!(given(&plan), expected, "{sentence}");
    };
    let asks_all = G2pConfig { always_model: true, ..alone() };
    check(alone(), "The cat sat.", &[]);
    check(alone(), "A zyxoma, the Zyxoma!", &["zyxoma"]);
    check(asks_all.clone(), "The cat, the zyxoma.", &["the", "cat", "zyxoma"]);
    check(asks_all, "Nguyen/W IH1 N/ sat", &["sat"]);
    check(G2pConfig { max_letters: 4, ..G2pConfig::default() }, "A zyxoma", &[]);
}

#[test]
fn the_sentence_is_put_together_around_the_model() {
    let task = g2p(alone());
    let request = text("The zyxoma, sat.");
    let converted = answer(&task, &request, &["Z IH0 K S OW1 M AH0"]);
    assert_eq!(converted.phones, "DH AH0 | Z IH0 K S OW1 M AH0 , | S AE1 T .");
    let sources: Vec<&str> = converted.words.iter().map(|w| w.source.as_str()).collect();
    assert_eq!(sources, ["lexicon", "model", "lexicon"]);
    assert_eq!(converted.words[1].ipa, "zɪ̆ksˈoʊmə");
    assert_eq!(converted.text, "the zyxoma sat");
    // A word without generated phones is left to the rules.
    let silent = answer(&task, &request, &[""]);
    assert_eq!(silent.words[1].source, "rules");
    assert!(!silent.words[1].phones.is_empty());
}

#[test]
fn the_model_may_speak_for_every_word() {
    let task = g2p(G2pConfig { always_model: true, ..alone() });
    let converted = answer(&task, &text("The cat, the /K AE1 T/."), &["DH IY0", "K AA1 T"]);
    assert_eq!(converted.phones, "DH IY0 | K AA1 T , | DH IY0 | K AE1 T .");
    let sources: Vec<&str> = converted.words.iter().map(|w| w.source.as_str()).collect();
    assert_eq!(sources, ["model", "model", "model", "inline"]);
}

#[test]
fn candidates_of_the_n_gram_model_are_scored() {
    let proposed = kit().frontend.graphones().expect("a model").pronunciations("zyxoma", 6);
    let plan = g2p(G2pConfig::default()).plan_of(&text("A zyxoma.")).expect("a plan");
    assert_eq!(given(&plan), ["zyxoma"; 6]);
    for (row, candidate) in plan.rows.iter().zip(&proposed) {
        let tokens = row.stages[0].text.as_deref().expect("a known response");
        assert_eq!(kit().vocab.decode_phones(tokens), candidate.phones);
        assert!(tokens.len() <= row.stages[0].limit);
    }
    let alone = g2p(alone()).plan_of(&text("A zyxoma.")).expect("a plan");
    assert!(alone.rows.len() == 1 && alone.rows[0].stages[0].text.is_none());
}

#[test]
fn the_weighted_sum_of_log_probabilities_selects_a_candidate() {
    let request = text("zyxoma zyxoma");
    let proposed = kit().frontend.graphones().expect("a model").pronunciations("zyxoma", 3);
    // The log-probabilities that the language model gives the candidates, and the candidate that is selected.
    let check = |model_weight: f64, model: [f64; 3], selected: usize| {
        let task = g2p(G2pConfig { candidates: 3, model_weight, ..G2pConfig::default() });
        let plan = task.plan_of(&request).expect("a plan");
        let row = |(row, total): (&RowPlan, f64)| {
            let text = row.stages[0].text.clone().expect("a known response");
            Generated { score: total / (text.len() + 1) as f64, text, ..Generated::default() }
        };
        let rows: Vec<Generated> = plan.rows.iter().zip(model).map(row).collect();
        assert_eq!(rows.len(), 3, "a word is scored once");
        let converted = task.answer_of(&request, rows).expect("an answer");
        let expected = to_arpabet(&proposed[selected].phones);
        assert_eq!(
            converted.phones,
            format!("{expected} | {expected}"),
            "{model_weight} {model:?}"
        );
        assert!(converted.words.iter().all(|word| word.source == "model"));
    };
    check(0.3, [-9.0, -9.0, -9.0], 0);
    check(0.3, [-60.0, -9.0, -60.0], 1);
    check(0.3, [f64::NEG_INFINITY, f64::NEG_INFINITY, -50.0], 2);
    check(0.0, [-50.0, -1.0, -1.0], 0);
    check(1.0, [-3.0, -2.0, -1.0], 2);
    check(1.0, [-1.0, -1.0, -1.0], 0);
}

#[test]
fn phones_are_spelled_by_the_lexicon_and_then_by_the_model() {
    let task = g2p(G2pConfig::default());
    for line in ["HH AH0 L OW1 , | W ER1 L D | Z AO1 R B .", "/həlˈoʊ, wˈɝld zˈɔrb./"] {
        let request = phones(line);
        assert_eq!(given(&task.plan_of(&request).expect("a plan")), ["Z AO1 R B"]);
        let rows =
            vec![Generated { text: kit().vocab.encode_letters("zorb"), ..Generated::default() }];
        let spelled = task.answer_of(&request, rows).expect("an answer");
        assert_eq!(spelled.text, "hello world zorb");
        assert_eq!(spelled.phones, "HH AH0 L OW1 | W ER1 L D | Z AO1 R B");
        let sources: Vec<&str> = spelled.words.iter().map(|w| w.source.as_str()).collect();
        assert_eq!(sources, ["lexicon", "lexicon", "model"]);
    }
}

#[test]
fn bad_requests_say_what_to_do() {
    let task = g2p(G2pConfig::default());
    let error = |request: &G2pRequest| task.plan_of(request).map_err(told).expect_err("bad");
    let both = G2pRequest { text: Some("a".into()), phones: Some("AH0".into()) };
    let errors = [
        error(&G2pRequest::default()),
        error(&both),
        error(&text("...")),
        error(&phones("HH QQ")),
        error(&phones(" | ")),
        task.own_example("ar", &mut ChaCha8Rng::seed_from_u64(0))
            .expect_err("no such stage")
            .to_string(),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
