//! Ablation files: valid and invalid ones.

use std::path::Path;

use syrinx_ablate::{AblateError, Ablation, AblationPlan};

use crate::fake::{DEMO, Fake, Place};

#[test]
fn nonsense_is_said_to_be_some() {
    let check = |change: (&str, &str), expected: &str| {
        let text = DEMO.replacen(change.0, change.1, 1);
        assert_ne!(text, DEMO, "nothing was changed for `{expected}`");
        let error = Ablation::parse(&text, "demo", Path::new("")).unwrap_err();
        let told = format!("{error}; {}", error.hint());
        assert!(told.contains(expected), "{told}");
    };
    check(("title = \"Does shifting hurt?\"", ""), "`title`");
    check(("suites = [{ suite = \"speak.toml\" }]", "suites = []"), "`suites` is empty");
    check(("name = \"mode\"", "name = \"shift\""), "two axes are called `shift`");
    check(("name = \"4\"", "name = \"0\""), "two values called `0`");
    check(("keys = { shift = 4.0 }", "keys = { \"train.steps\" = 4 }"), "add `[train]`");
    check(("keys = { shift = 4.0 }", "keys = { suite = 4 }"), "`suite` names the suite as a whole");
    check(("baseline = { shift = \"0\" }", "baseline = { tilt = \"0\" }"), "`tilt`");
    check(
        ("baseline = { shift = \"0\" }", "baseline = { shift = \"7\" }"),
        "which axis `shift` does not have",
    );
    check(("notes = ", "noets = "), "noets");
    check(("title = ", "seeds = [1, 1]\ntitle = "), "the seed 1 is given twice");
}

#[test]
fn suites_have_to_be_there_and_once() {
    let place = Place::new();
    let fake = Fake::new(&place.store);
    let plan = |change: (&str, &str)| {
        let text = DEMO.replacen(change.0, change.1, 1);
        let ablation = Ablation::parse(&text, "demo", place.folder.path()).unwrap();
        AblationPlan::new(ablation, &fake).map(|_| ()).unwrap_err()
    };
    let error = plan(("speak.toml", "sing.toml"));
    assert!(matches!(error, AblateError::Suite(_)), "{error}");
    let error = plan(("[{ suite", "[{ suite = \"speak.toml\", limit = 1 }, { suite"));
    assert!(error.to_string().contains("named twice"), "{error}");
}

#[test]
fn the_ablations_of_the_project_can_be_planned() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/ablations");
    let place = Place::new();
    let fake = Fake::new(&place.store);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let plan = AblationPlan::new(Ablation::load(&path).unwrap(), &fake).unwrap();
        for cell in &plan.cells {
            let fault = cell.fault.as_ref().map(ToString::to_string);
            assert_eq!(fault, None, "{}: {}", path.display(), cell.named());
        }
        let mut keys: Vec<&String> = plan.cells.iter().map(|c| &c.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), plan.cells.len(), "{}: two cells are the same", path.display());
        names.push(plan.ablation.name);
    }
    assert!(names.len() >= 5, "{names:?}");
}
