"""Makes `joined/` (30 utterances of `test/` in one recording) and `no-speech/` (ten minutes of noise, music and silence).

    python evals/data/make_recordings.py     (numpy and soundfile, as in xtask/corpus/requirements.txt)
"""
import json, os

import numpy as np
import soundfile

HERE = os.path.dirname(os.path.abspath(__file__))
PAUSE_S, PIECE_S, RATE_HZ = 0.5, 30, 16_000


def written(path, samples, rate_hz):
    with soundfile.SoundFile(os.path.join(HERE, path), "w", rate_hz, 1, "VORBIS", format="OGG", compression_level=0.9) as file:
        # Second by second: libsndfile's encoder overflows the stack on long blocks.
        for at in range(0, len(samples), rate_hz):
            file.write(samples[at:at + rate_hz].astype(np.float32))


def joined(count=30):
    """The utterances that a suite with `limit = 30` takes, with a pause after each."""
    with open(os.path.join(HERE, "test/manifest.jsonl"), encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    n = len(rows)
    rows = [row for i, row in enumerate(rows) if i * count // n != (i + 1) * count // n]
    pieces = []
    for row in rows:
        samples, rate_hz = soundfile.read(os.path.join(HERE, "test", row["audio"]), dtype="float32")
        pieces += [samples, np.zeros(int(PAUSE_S * rate_hz), np.float32)]
    samples = np.concatenate(pieces)
    written("joined/joined.ogg", samples, rate_hz)
    yield {"id": "joined", "audio": "joined.ogg", "speaker": "all", "text": " ".join(row["text"] for row in rows),
           "seconds": round(len(samples) / rate_hz, 3), "split": "test"}


def noise(rng, slope):
    """Noise whose power falls with the frequency to the power of `slope`."""
    spectrum = np.fft.rfft(rng.standard_normal(PIECE_S * RATE_HZ))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (-slope / 2)
    samples = np.fft.irfft(spectrum)
    return samples / np.abs(samples).max()


def tone(hz, seconds, harmonics):
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return sum(np.sin(2 * np.pi * hz * k * t) / k ** 1.5 for k in range(1, harmonics + 1) if hz * k < 7000)


def music(rng, tempo_s):
    """Chords of three plucked tones, a bass, and a beat of noise."""
    out = np.zeros(PIECE_S * RATE_HZ)
    for beat in range(int(PIECE_S / tempo_s)):
        at = int(beat * tempo_s * RATE_HZ)
        root = 110 * 2 ** (rng.choice([0, 3, 5, 7, 8, 10]) / 12)
        fade = np.exp(-np.arange(int(tempo_s * RATE_HZ)) / RATE_HZ / (0.6 * tempo_s))
        sound = sum(tone(root * r, tempo_s, 8) for r in (1, 2, 2 * 2 ** (rng.choice([3, 4]) / 12), 3)) * fade
        sound += 0.5 * rng.standard_normal(len(fade)) * np.exp(-np.arange(len(fade)) / 400)
        out[at:at + len(sound)] += sound[:len(out) - at]
    return out / np.abs(out).max()


def quiet(rng, level):
    return level * noise(rng, 1)


def no_speech():
    """Twenty recordings of half a minute: eight of noise, eight of music, four of silence or nearly so."""
    rng = np.random.default_rng(15)
    hum = 0.3 * tone(50, PIECE_S, 12)
    clicks = (rng.random(PIECE_S * RATE_HZ) < 3 / RATE_HZ) * rng.standard_normal(PIECE_S * RATE_HZ)
    made = {f"noise-{slope}-{level}": level * noise(rng, slope) for slope in (0, 1, 2) for level in (0.05, 0.5)}
    made |= {"hum": hum / 4 + 0.01 * noise(rng, 1), "clicks": np.clip(clicks, -1, 1) * 0.5 + 0.002 * noise(rng, 0)}
    made |= {f"music-{i}": 0.1 * (1 + i % 4) * music(rng, 0.25 + 0.15 * (i % 5)) for i in range(8)}
    made |= {"silence-0": np.zeros(PIECE_S * RATE_HZ)} | {f"silence-{i}": quiet(rng, 10 ** -(i + 1)) for i in (1, 2, 3)}
    for name, samples in made.items():
        written(f"no-speech/{name}.ogg", samples, RATE_HZ)
        yield {"id": name, "audio": f"{name}.ogg", "speaker": name.split("-")[0], "text": "", "seconds": PIECE_S, "split": "test"}


for folder, rows in (("joined", joined()), ("no-speech", no_speech())):
    with open(os.path.join(HERE, folder, "manifest.jsonl"), "w", encoding="utf-8") as manifest:
        manifest.writelines(json.dumps(row) + "\n" for row in rows)
