"""Measures the memory that verbs need for a recording of two hours; the limit is 500 MB.

Usage: python3 xtask/memory.py PROGRAM RECORDINGS [--hours 2] [--limit-s 120] [--verbs transcribe,denoise,...]

RECORDINGS is a folder with manifest.jsonl (../shared/human). A verb that takes longer than the limit is stopped; its
memory at the half and at the end of that time shows whether it still grows. A table row a verb goes to standard output.
"""
import argparse, json, os, subprocess, sys, tempfile, time, wave
from pathlib import Path

LIMIT_MB = 500
# Verbs with their arguments; {wav}, {text} (a file) and {codes} are the inputs.
VERBS = {
    "encode": ["encode", "{wav}", "-o", "{codes}"],
    "decode": ["decode", "{codes}", "-o", "decoded.wav"],
    "align": ["align", "{wav}", "-", "--format", "json", "-o", "words.json"],
    "transcribe": ["transcribe", "{wav}", "--format", "json", "-o", "transcript.json"],
    "denoise": ["denoise", "{wav}", "-o", "denoised.wav"],
    "convert": ["convert", "{wav}", "--voice", "{voice}", "-o", "converted.wav"],
}


def join_recordings(program, folder, hours):
    """Joins the recordings of the first speaker, half a second apart, over and over; writes the WAV and its text."""
    listed = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    listed = [one for one in listed if one["speaker"] == listed[0]["speaker"]][:12]
    pieces, params = [], None
    for one in listed:
        # The program reads the file and writes it as WAV: no other tool is needed.
        subprocess.run([program, "encode", folder / one["audio"], "-o", "one.safetensors"], check=True, capture_output=True)
        subprocess.run([program, "decode", "one.safetensors", "-o", "one.wav"], check=True, capture_output=True)
        with wave.open("one.wav") as read:
            params = read.getparams()
            pieces.append(read.readframes(read.getnframes()) + bytes(params.framerate))
    texts, seconds = [], 0.0
    with wave.open("long.wav", "wb") as write:
        write.setparams(params)
        while seconds < hours * 3600:
            for one, piece in zip(listed, pieces):
                write.writeframesraw(piece)
                texts.append(one["text"])
                seconds += len(piece) / 2 / params.framerate
    Path("long.txt").write_text("\n".join(texts))
    return seconds


def peak_mb(pid):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def measure(program, verb, limit_s, voice):
    names = {"wav": "long.wav", "codes": "long.safetensors", "voice": voice}
    command = [program, *(argument.format(**names) for argument in VERBS[verb]), "--events", "events.jsonl"]
    Path("events.jsonl").unlink(missing_ok=True)
    begun, series = time.monotonic(), []
    with open("long.txt") as text, open("errors.txt", "w") as errors:
        child = subprocess.Popen(command, stdin=text, stdout=subprocess.DEVNULL, stderr=errors)
    while child.poll() is None and time.monotonic() - begun < limit_s:
        series.append(peak_mb(child.pid))
        time.sleep(0.2)
    seconds, ended = time.monotonic() - begun, child.poll()
    if ended is None:
        child.kill()
        child.wait()
    done = "finished" if ended == 0 else "stopped" if ended is None else f"exit {ended}: {Path('errors.txt').read_text().strip()}"
    events = Path("events.jsonl").read_text().splitlines() if Path("events.jsonl").exists() else []
    progress = [e for e in map(json.loads, events) if e.get("kind") == "job_progress" and e.get("name") == verb]
    if ended is None and progress:
        done += f" at chunk {progress[-1]['done']}"
    half, peak = series[len(series) // 2] if series else 0.0, max(series, default=0.0)
    print(f"| `{verb}` | {seconds:.0f} s, {done} | {half:.0f} MB | {peak:.0f} MB |", flush=True)
    return ended in (0, None) and peak <= LIMIT_MB


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("recordings", type=lambda path: Path(path).absolute())
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--limit-s", type=float, default=120.0)
    parser.add_argument("--verbs", default=",".join(VERBS))
    parser.add_argument("--voice", default="joe")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        seconds = join_recordings(args.program, args.recordings, args.hours)
        print(f"{seconds / 3600:.2f} hours, {os.path.getsize('long.wav') / 1e6:.0f} MB of WAV\n")
        print("| verb | time | at half of it | largest |\n| --- | --- | ---: | ---: |")
        kept = [measure(args.program, verb, args.limit_s, args.voice) for verb in args.verbs.split(",")]
        os.chdir("/")
    sys.exit(0 if all(kept) else 1)


main()
