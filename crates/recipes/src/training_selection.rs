//! Selection of the training and validation utterances of a corpus.

use std::fmt;

use syrinx_data::{Corpus, DataError, Exclusion, LeftOutReasons, Selected, Utterance};
use syrinx_types::{Event, EventSink};

use crate::Splits;

/// Default validation split.
pub const DEFAULT_WATCH_SPLIT: &str = "test";

/// Training and validation set of a corpus. Every other utterance is left out with a reason.
#[derive(Debug, Clone)]
pub struct TrainingSelection {
    /// Training set.
    pub learnt: Corpus,
    /// Validation set.
    pub watched: Corpus,
    /// Number of utterances in the corpus.
    pub found: usize,
    /// Number of utterances that are in both sets.
    pub shared: usize,
    /// Reasons for the utterances that are in neither set.
    pub left_out: LeftOutReasons,
    /// Name of the validation split.
    watch_split: String,
}

impl TrainingSelection {
    /// Selects the utterances of both splits that are shorter than `max_seconds` seconds. A selected validation split
    /// must not be empty; [`DEFAULT_WATCH_SPLIT`] may be missing or empty.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] and [`DataError::NothingSelected`].
    pub fn of(corpus: &Corpus, splits: Splits<'_>, max_seconds: f64) -> Result<Self, DataError> {
        let too_long = too_long(corpus, max_seconds);
        let train = corpus.split_or_all(splits.train)?;
        let learnt = train.select("training split", &too_long)?.corpus;
        let watch_split = splits.watch.unwrap_or(DEFAULT_WATCH_SPLIT).to_owned();
        let Selected { corpus: watched, .. } = match splits.watch {
            Some(name) => corpus.named_split(name)?.select("validation split", &too_long)?,
            None => corpus.split(DEFAULT_WATCH_SPLIT).partition(&too_long),
        };
        let unused = corpus.partition(|utterance, frames| {
            let is_in = |set: &Corpus| set.find(&utterance.id).is_some();
            let split = utterance.split.as_deref();
            if is_in(&learnt) || is_in(&watched) {
                None
            } else if is_in(&train) || split == Some(&watch_split) {
                too_long(utterance, frames)
            } else {
                let other = |split: &str| Exclusion::OtherSplit { split: split.to_owned() };
                Some(split.map_or(Exclusion::NoSplit, other))
            }
        });
        let is_shared = |&i: &usize| learnt.find(&watched.utterance(i).id).is_some();
        let shared = (0..watched.len()).filter(is_shared).count();
        let (found, left_out) = (corpus.len(), unused.left_out);
        Ok(Self { learnt, watched, found, shared, left_out, watch_split })
    }

    /// Emits warnings of utterances that were left out, of a missing validation set, and of validation utterances in
    /// the training set.
    pub fn report(&self, events: &dyn EventSink) {
        let warn = |message| events.emit(Event::Warning { message });
        if self.left_out.count() > 0 {
            warn(self.left_out.to_string());
        }
        if self.watched.is_empty() {
            warn(format!(
                "no validation set: no utterance of the split `{}` is used",
                self.watch_split
            ));
        }
        if self.shared > 0 {
            warn(format!(
                "{} of {} utterances of the validation split `{}` are trained on",
                self.shared,
                self.watched.len(),
                self.watch_split
            ));
        }
    }
}

impl fmt::Display for TrainingSelection {
    /// Writes the numbers of utterances, which sum up to the number in the corpus.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} utterances found: {} to train on, {} held out, {} left out",
            self.found,
            self.learnt.len(),
            self.watched.len() - self.shared,
            self.left_out.count()
        )
    }
}

/// Returns a filter that rejects utterances of `max_seconds` seconds or more.
pub(crate) fn too_long(
    corpus: &Corpus,
    max_seconds: f64,
) -> impl Fn(&Utterance, usize) -> Option<Exclusion> + use<> {
    let frame_rate_hz = corpus.codec().frame_rate_hz;
    move |_, frames| {
        let is_long = frames as f64 / frame_rate_hz >= max_seconds;
        is_long.then_some(Exclusion::TooLong { max_seconds })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use syrinx_data::{CodecStamp, EncodeFault, EncodePlan, Manifest, encode_manifest};
    use syrinx_types::{CallbackError, CancelToken, Coded, Codes, NullSink, RecordingSink};

    use super::*;

    /// Returns a corpus with one utterance per split in the list; they last 1, 2, 3, ... seconds.
    fn corpus(folder: &Path, splits: &[Option<&str>]) -> Corpus {
        let utterance = |(i, split): (usize, &Option<&str>)| Utterance {
            id: format!("u{}", i + 1),
            audio: format!("u{}.wav", i + 1).into(),
            speaker: "s".into(),
            split: split.map(str::to_owned),
            ..Utterance::default()
        };
        let utterances = splits.iter().enumerate().map(utterance).collect();
        let manifest = Manifest::new(folder, utterances).expect("a manifest");
        let encode = |u: &Utterance| -> Result<Coded, EncodeFault> {
            let seconds: usize = u.id[1..].parse().map_err(CallbackError::new)?;
            Ok(Codes::new(1, vec![0; 2 * seconds])?.into())
        };
        let plan = EncodePlan::new(CodecStamp {
            fingerprint: "c".into(),
            frame_rate_hz: 2.0,
            levels: 1,
            codebook_size: 2,
        });
        let cancel = CancelToken::default();
        encode_manifest(&manifest, folder, &plan, &encode, &NullSink, &cancel).expect("shards");
        Corpus::open(folder).expect("a corpus")
    }

    #[test]
    fn counts_add_up_and_reasons_are_told() {
        let (train, dev, test) = (Some("train"), Some("dev"), Some("test"));
        let none = "no validation set: no utterance of the split `test` is used";
        // Splits in the corpus, selected splits, maximum length in seconds, numbers of utterances, warnings.
        for (splits, watch, max_seconds, counts, warnings) in [
            (
                &[train, dev, test, None][..],
                None,
                9.0,
                [4, 1, 1, 2],
                vec![
                    "1 left out because it is in no split (first: u4), 1 left out because it is in the split `dev` (first: u2)",
                ],
            ),
            (
                &[train, train, test, test],
                None,
                2.0,
                [4, 1, 0, 3],
                vec!["3 left out because it is not shorter than max_seconds = 2 (first: u2)", none],
            ),
            (&[None], None, 9.0, [1, 1, 0, 0], vec![none]),
            (
                &[train, train],
                Some("train"),
                9.0,
                [2, 2, 0, 0],
                vec!["2 of 2 utterances of the validation split `train` are trained on"],
            ),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let corpus = corpus(folder.path(), splits);
            let names = Splits { train: "train", watch };
            let selection =
                TrainingSelection::of(&corpus, names, max_seconds).expect("a selection");
            let [found, used, held_out, left_out] = counts;
            assert_eq!(
                selection.to_string(),
                format!(
                    "{found} utterances found: {used} to train on, {held_out} held out, {left_out} left out"
                )
            );
            assert_eq!(found, used + held_out + left_out, "adds up");
            let sink = RecordingSink::default();
            selection.report(&sink);
            let told: Vec<Event> = warnings
                .into_iter()
                .map(|message| Event::Warning { message: message.to_owned() })
                .collect();
            assert_eq!(sink.events(), told);
        }
    }

    #[test]
    fn a_named_validation_split_must_have_utterances() {
        let (train, test) = (Some("train"), Some("test"));
        for (splits, watch, expected) in [
            (&[None, None][..], "test", "no utterance is in the split `test`"),
            (&[train, test], "tset", "no utterance is in the split `tset`"),
            (
                &[train, test],
                "test",
                "no utterance is left in the validation split: 1 left out because it is not shorter than max_seconds = 2 (first: u2)",
            ),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let corpus = corpus(folder.path(), splits);
            let names = Splits { train: "train", watch: Some(watch) };
            let error = TrainingSelection::of(&corpus, names, 2.0).expect_err("nothing");
            assert_eq!(error.to_string(), expected);
        }
    }
}
