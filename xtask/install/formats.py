"""Speaks a text in several formats of a server, reads each answer back, and compares the lengths.

Arguments: base URL of the API, and the formats. The server may still be starting.
"""
import io
import json
import sys
import time
import urllib.error
import urllib.request

import soundfile

TEXT = "The birch canoe slid on the smooth planks."
# Encoders put their delay before the samples and fill their last frame.
TOLERANCE_S = 0.15


def wait(base):
    for _ in range(120):
        try:
            urllib.request.urlopen(base + "/models", timeout=10).close()
            return
        except (ConnectionError, urllib.error.URLError):
            time.sleep(0.5)
    sys.exit(f"nothing answers at {base}")


def seconds(base, name):
    body = json.dumps({"input": TEXT, "seed": 0, "response_format": name}).encode()
    request = urllib.request.Request(
        base + "/audio/speech", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as response:
        answer, kind = response.read(), response.headers["content-type"]
    samples, rate = soundfile.read(io.BytesIO(answer), dtype="float32")
    length = len(samples) / rate
    print(f"{name}: {kind}, {len(answer)} bytes, {length:.2f} s, peak {abs(samples).max():.2f}")
    return length


def main(base, names):
    wait(base)
    lengths = [seconds(base, name) for name in names]
    if min(lengths) < 1 or max(lengths) - min(lengths) > TOLERANCE_S:
        sys.exit(f"lengths differ: {lengths}")


main(sys.argv[1], sys.argv[2:])
