use syrinx_task::{frame_labels, pointer_of_durations};
use syrinx_types::TimedPhone;

#[test]
fn pointers_follow_the_middle_of_frames() {
    let check = |durations: &[f64], lead, frames, wanted: Option<Vec<u32>>| {
        assert_eq!(pointer_of_durations(durations, lead, frames, 25.0), wanted, "{durations:?}");
    };
    check(&[0.08, 0.12], 0.0, 5, Some(vec![0, 0, 1, 1, 1]));
    check(&[0.04, 0.04], 0.04, 3, Some(vec![0, 0, 1]));
    // Three phones of 10 ms between frame middles: the pointer passes two a frame and falls behind.
    check(&[0.04, 0.01, 0.01, 0.01, 0.01, 0.08], 0.0, 4, Some(vec![0, 2, 4, 5]));
    check(&[], 0.0, 4, None);
    check(&[0.1], 0.0, 0, None);
    // Ten phones in two frames can't all be passed.
    check(&[0.008; 10], 0.0, 2, None);
}

#[test]
fn labels_are_phones_at_the_middle_of_parts() {
    let phone = |p: &str, d| TimedPhone { phone: p.into(), duration_s: d };
    let phones = [phone("AA1", 0.04), phone("|", 0.0), phone("T", 0.03)];
    let labels = frame_labels(&phones, 0.02, 3, 2, 25.0);
    assert_eq!(labels, [None, Some(0), Some(0), Some(2), None, None]);
}
