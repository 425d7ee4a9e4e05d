//! Words as scores count them.

use syrinx_text::normalize_for_scoring;

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(normalize_for_scoring(text), expected);
}

#[test]
fn scoring() {
    check("Hello, World!", &["hello", "world"]);
    check("It’s a DOG'S life - really.", &["it's", "a", "dog's", "life", "really"]);
    check("'quoted' well-known", &["quoted", "well", "known"]);
    check("", &[]);
    check(" ... '' ", &[]);
    check("5 cafés", &["5", "cafés"]);
}
