//! Events of a run on disk, read once or followed while the run writes them.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use syrinx_types::Event;

/// An event with its time in seconds since 1970, `None` if the file has no time.
pub type Stamped = (Option<f64>, Event);

/// Largest number of bytes read at once, so that the events of a long run arrive as several messages.
const CHUNK_BYTES: u64 = 4 << 20;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    at_s: Option<f64>,
    #[serde(flatten)]
    event: Event,
}

/// Parses events in JSON lines. Lines that cannot be parsed are skipped: the truncated last line of a killed run, and
/// events of a newer program.
pub fn read_events(text: &str) -> Vec<Stamped> {
    let parse = |line: &str| serde_json::from_str::<Line>(line).ok();
    text.lines().filter_map(parse).map(|line| (line.at_s, line.event)).collect()
}

/// Reader of a file that another process appends to.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    read_bytes: u64,
    rest: Vec<u8>,
}

impl Tail {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), read_bytes: 0, rest: Vec::new() }
    }

    /// Returns the events of new lines, and whether they start at the beginning of the file. A file that became shorter
    /// is read from its beginning.
    pub(crate) fn more(&mut self) -> std::io::Result<(Vec<Stamped>, bool)> {
        let mut file = File::open(&self.path)?;
        if file.metadata()?.len() < self.read_bytes {
            (self.read_bytes, self.rest) = (0, Vec::new());
        }
        let start = self.read_bytes == 0;
        file.seek(SeekFrom::Start(self.read_bytes))?;
        let mut bytes = std::mem::take(&mut self.rest);
        self.read_bytes += file.take(CHUNK_BYTES).read_to_end(&mut bytes)? as u64;
        // An incomplete line is read again with the next call.
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        self.rest = bytes.split_off(whole);
        Ok((read_events(&String::from_utf8_lossy(&bytes)), start))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_growing_file_is_read_line_by_line_and_anew_when_it_shrinks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut tail = Tail::new(&path);
        assert!(tail.more().is_err(), "there is no file yet");
        let mut file = File::create(&path).unwrap();
        file.write_all(
            b"{\"kind\":\"warning\",\"message\":\"a\",\"at_s\":2.5}\nnonsense\n{\"kind\":\"war",
        )
        .unwrap();
        let warning = |text: &str| Event::Warning { message: text.into() };
        assert_eq!(tail.more().unwrap(), (vec![(Some(2.5), warning("a"))], true));
        file.write_all(b"ning\",\"message\":\"b\"}\n").unwrap();
        assert_eq!(tail.more().unwrap(), (vec![(None, warning("b"))], false));
        assert_eq!(tail.more().unwrap(), (vec![], false));
        std::fs::write(&path, "{\"kind\":\"warning\",\"message\":\"c\"}\n").unwrap();
        assert_eq!(tail.more().unwrap(), (vec![(None, warning("c"))], true));
    }
}
