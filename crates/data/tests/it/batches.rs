use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_data::{BatchPlan, Batches, DataError, WorkShare};

fn lengths(n: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| rng.random_range(20..200)).collect()
}

fn plan(seed: u64) -> BatchPlan {
    BatchPlan { max_positions: 1000, max_padding: 0.2, seed }
}

/// Every index once, the budget kept, little padding.
fn check_epoch(plan: &BatchPlan, lengths: &[usize], epoch: &[Vec<usize>]) {
    let mut seen: Vec<usize> = epoch.concat();
    seen.sort_unstable();
    assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
    for batch in epoch {
        let longest = batch.iter().map(|&i| lengths[i]).max().expect("no batch is empty");
        let shortest = batch.iter().map(|&i| lengths[i]).min().unwrap();
        assert!(batch.len() * longest <= plan.max_positions, "{} x {longest}", batch.len());
        assert!(shortest as f64 >= longest as f64 * (1.0 - plan.max_padding));
    }
}

#[test]
fn every_item_once_an_epoch_within_the_budget() {
    for (n, seed) in [(1, 1), (2, 2), (37, 3), (400, 4)] {
        let (plan, lengths) = (plan(seed), lengths(n, seed));
        let batches = Batches::new(&plan, &lengths, WorkShare::WHOLE).unwrap();
        for epoch in 0..4 {
            let order = batches.epoch(epoch);
            assert_eq!(order.len(), batches.batches_per_epoch());
            check_epoch(&plan, &lengths, &order);
        }
    }
}

#[test]
fn batches_are_full() {
    // 400 items of 110 positions on average need 44 batches of 1000 at least.
    let lengths = lengths(400, 4);
    let least = lengths.iter().sum::<usize>().div_ceil(1000);
    let batches = Batches::new(&plan(0), &lengths, WorkShare::WHOLE).unwrap().batches_per_epoch();
    assert!(batches >= least && batches * 10 <= least * 14, "{batches} batches, {least} would do");
}

#[test]
fn a_step_follows_from_the_seed_and_its_number_alone() {
    let lengths = lengths(100, 5);
    let walked = Batches::new(&plan(9), &lengths, WorkShare::WHOLE).unwrap();
    let steps: Vec<_> = (0..100).map(|step| walked.batch(step)).collect();
    let per_epoch = walked.batches_per_epoch();
    for step in [99, 3, 50, 0, 98] {
        let fresh = Batches::new(&plan(9), &lengths, WorkShare::WHOLE).unwrap();
        assert_eq!(fresh.batch(step), steps[step as usize]);
        let (a, b): (u64, u64) = (fresh.rng(step).random(), walked.rng(step).random());
        assert_eq!(a, b);
    }
    for (step, (epoch, batch)) in steps.iter().enumerate() {
        assert_eq!(*epoch, (step / per_epoch) as u64);
        assert_eq!(batch, &walked.epoch(*epoch)[step % per_epoch]);
    }
    // Another epoch and another seed have another order and other mates.
    let other = Batches::new(&plan(10), &lengths, WorkShare::WHOLE).unwrap();
    assert_ne!(walked.epoch(0), walked.epoch(1));
    assert_ne!(walked.epoch(0), other.epoch(0));
    let sorted = |mut epoch: Vec<Vec<usize>>| {
        epoch.iter_mut().for_each(|b| b.sort_unstable());
        epoch.sort();
        epoch
    };
    assert_ne!(sorted(walked.epoch(0)), sorted(walked.epoch(1)));
    let draws: std::collections::HashSet<u64> =
        (0..50).map(|step| walked.rng(step).random()).collect();
    assert_eq!(draws.len(), 50);
}

#[test]
fn parts_share_the_batches_without_loss() {
    let lengths = lengths(100, 6);
    let whole = Batches::new(&plan(1), &lengths, WorkShare::WHOLE).unwrap();
    let ranks: Vec<_> = (0..3)
        .map(|r| Batches::new(&plan(1), &lengths, WorkShare::new(r, 3).unwrap()).unwrap())
        .collect();
    for step in 0..60 {
        let rank = &ranks[step % 3];
        assert_eq!(rank.batch((step / 3) as u64), whole.batch(step as u64), "{step}");
    }
}

#[test]
fn plans_that_cannot_work_are_refused() {
    let check = |plan: BatchPlan, lengths: &[usize], expected: &str| {
        let error = Batches::new(&plan, lengths, WorkShare::WHOLE).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    };
    check(plan(0), &[], "there is nothing to train on");
    check(plan(0), &[5, 1001], "item 1 has 1001 positions, more than the 1000");
    check(BatchPlan { max_padding: 1.0, ..plan(0) }, &[5], "`max_padding` is 1,");
    check(BatchPlan { max_padding: f64::NAN, ..plan(0) }, &[5], "`max_padding` is NaN,");
    let fits = Batches::new(&plan(0), &[1000, 0, 0], WorkShare::WHOLE);
    assert!(!matches!(fits, Err(DataError::TooLong { .. })));
    check_epoch(&plan(0), &[1000, 0, 0], &fits.unwrap().epoch(0));
}
