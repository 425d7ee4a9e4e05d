"""Utterances of native English voices and of mixes of them, in an order of which any beginning is useful."""
import itertools, multiprocessing, os, random

import numpy as np
import soundfile

import kokoro
engine = None


def start(folder):
    global engine
    os.nice(10)
    engine = kokoro.Kokoro(kokoro.styles_in(folder))


def spoken(item):
    """Speaks one utterance of the plan and writes its file; the row of the manifest, or `None` where it is broken."""
    name, row, phones, weights, speed, level, folder = item
    samples, lead_s, durations = engine.speak(phones, weights, speed)
    peak = float(np.abs(samples).max())
    if len(samples) < kokoro.RATE_HZ // 2 or not np.isfinite(samples).all() or peak < 1e-3:
        return None
    samples = samples * (0.5 * 10 ** (level / 20) / peak)
    path = os.path.join("audio", row["speaker"], f"{name}.ogg")
    whole = os.path.join(folder, path)
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    soundfile.write(whole + ".part", samples, kokoro.RATE_HZ, format="OGG", subtype="VORBIS", compression_level=0.3)
    os.replace(whole + ".part", whole)
    return {"id": name, "audio": path, **row, "phones": " ".join(phones), "durations_s": [round(d, 4) for d in durations],
            "lead_s": round(lead_s, 4), "seconds": round(len(samples) / kokoro.RATE_HZ, 3)}


def plan(texts, styles, count, seed, folder):
    """Utterances in their order: name, fields of the manifest, phones, style weights, speed, level in dB."""
    weights, unseen = kokoro.speakers(sorted(styles), seed)
    for i, speaker in enumerate(itertools.islice(kokoro.order(sorted(styles)), count)):
        rng = random.Random(f"{seed} native {i}")
        speed, level = rng.uniform(0.9, 1.1), rng.uniform(-7, 0)
        drawn = texts.draw(rng)
        if drawn is None:
            continue
        kind, text = drawn
        row = {"speaker": speaker, "text": text, "split": "unseen_speaker" if speaker in unseen else texts.split(text),
               "voice": speaker if speaker in kokoro.NAMED else "mix" if speaker.startswith("mix") else "native", "kind": kind}
        if speaker in unseen and texts.split(text) == "test":
            row["split"] = "test"
        yield f"{speaker}_{i:05}", row, texts.phones(text), weights[speaker], speed, level, folder


def first_tests(planned, each):
    """The first `each` utterances of the test split of every named voice, in the order of the plan."""
    taken = dict.fromkeys(kokoro.NAMED, 0)
    for item in planned:
        speaker, split = item[1]["speaker"], item[1]["split"]
        if split == "test" and taken.get(speaker, each) < each:
            taken[speaker] += 1
            yield item


def make(manifest, out, texts, count, seed, processes, styles_folder, tests_each=None):
    """Speaks what the manifest lacks of the first `count` utterances of the plan, or of their first tests only."""
    planned = plan(texts, kokoro.styles_in(styles_folder), count, seed, out)
    planned = first_tests(planned, tests_each) if tests_each else planned
    missing = [item for item in planned if item[0] not in manifest.rows]
    with multiprocessing.get_context("spawn").Pool(processes, start, (styles_folder,)) as pool:
        for row in pool.imap(spoken, missing):
            manifest.add(row)
