//! A grid that is shared among computers.

use syrinx_ablate::Findings;
use syrinx_types::{CancelToken, RunContext};

use crate::fake::{DEMO, Fake, Place};

#[test]
fn parts_of_a_grid_give_the_findings_of_the_whole() {
    let text = format!("seeds = [3, 4]\n{DEMO}");
    let run = |place: &Place, part: &str| {
        let fake = Fake::new(&place.store);
        let plan = place.plan(&text, &fake);
        let cancel = CancelToken::default();
        let tally = plan
            .run(&fake, &place.store, &place.options(part), RunContext::quiet(&cancel))
            .unwrap();
        (plan, tally.finished)
    };
    let (one, other, all) = (Place::new(), Place::new(), Place::new());
    let (plan, finished) = run(&one, "1/2");
    assert_eq!((finished, run(&other, "2/2").1, run(&all, "1/1").1), (6, 6, 12));
    let half = Findings::gather(&plan, &one.store).unwrap();
    assert_eq!(half.unfinished.len(), 6);

    let merged = one.store.merge(other.store.path()).unwrap();
    assert_eq!((merged.runs, merged.cells), (6, 6));
    let joined = Findings::gather(&plan, &one.store).unwrap();
    let whole = Findings::gather(&plan, &all.store).unwrap();
    assert_eq!(joined.suites, whole.suites);
    assert!(joined.unfinished.is_empty());
    // Nothing is left to do for whoever has the merged store.
    assert_eq!(run(&one, "1/1").1, 0);
}
