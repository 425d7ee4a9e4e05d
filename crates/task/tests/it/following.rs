use syrinx_task::{Contents, Follow, Generated, RowPlan, StageRun};
use syrinx_types::Codes;

fn row(follow: Option<Follow>) -> RowPlan {
    let stage = |name: &str| StageRun::new(name, Contents::new(), 20);
    RowPlan { stages: vec![stage("ar"), stage("nar")], follow }
}

fn previous(pointer: &[u32]) -> Generated {
    let values = (0..2 * pointer.len() as u16).collect();
    Generated {
        codes: Codes::new(2, values).ok(),
        pointer: pointer.to_vec(),
        ..Generated::default()
    }
}

#[test]
fn the_end_of_a_row_is_given_to_the_one_that_follows() {
    let previous = previous(&[0, 1, 1, 2, 4, 5, 5]);
    let follow = Follow { from_phone: 3, at_phone: 1 };
    assert_eq!((follow.start(&previous), follow.frames(&previous)), (4, 3));
    let after = row(Some(follow)).after(&previous);
    assert_eq!(after.follow, None);
    for stage in &after.stages {
        assert_eq!(stage.pointer, [2, 3, 3]);
        assert_eq!(stage.given.as_ref().map(|g| g.values().to_vec()), Some((8..14).collect()));
        assert_eq!(stage.limit, 23);
    }
}

#[test]
fn where_nothing_is_left_of_a_row_nothing_is_given() {
    let follow = Follow { from_phone: 9, at_phone: 1 };
    for previous in [previous(&[0, 1]), previous(&[]), Generated::default()] {
        let after = row(Some(follow)).after(&previous);
        assert_eq!(after, row(None));
        assert_eq!(follow.frames(&previous), 0);
    }
    assert_eq!(row(None).after(&previous(&[0, 1])), row(None));
}
