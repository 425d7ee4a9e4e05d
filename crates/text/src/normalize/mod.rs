//! stub
pub(crate) struct Piece {
    pub(crate) written: String,
    pub(crate) said: String,
    pub(crate) attached: bool,
}
pub(crate) fn pieces(text: &str, _keep: &dyn Fn(&str) -> bool) -> Vec<Piece> {
    text.split_whitespace()
        .map(|w| Piece { written: w.into(), said: w.to_lowercase(), attached: false })
        .collect()
}
/// English text as plain words.
pub fn normalize(text: &str) -> String {
    text.to_owned()
}
