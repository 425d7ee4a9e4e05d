//! stub
/// Stub.
pub fn split(text: &str, _max_chars: usize) -> Vec<String> {
    vec![text.to_owned()]
}
