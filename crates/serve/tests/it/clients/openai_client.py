"""Checks a server with OpenAI's own Python package.

Usage: openai_client.py URL VOICE [WORD...]; the words must be recognized in the speech of TEXT.
"""
import sys
import wave

import openai

URL, VOICE, *WORDS = sys.argv[1:]
TEXT = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."
client = openai.OpenAI(base_url=URL, api_key="none", max_retries=0)

models = [model.id for model in client.models.list()]
assert "syrinx" in models, models
assert client.models.retrieve("tts-1").id == "tts-1"

speech = client.audio.speech.create(model="tts-1", voice=VOICE, input=TEXT, response_format="wav")
speech.write_to_file("whole.wav")
with wave.open("whole.wav") as sound:
    assert sound.getnframes() > 1000 and sound.getframerate() == 24000, sound.getparams()
    SECONDS = sound.getnframes() / sound.getframerate()

create = client.audio.speech.with_streaming_response.create
with create(model="tts-1", voice=VOICE, input=TEXT, response_format="pcm") as response:
    response.stream_to_file("streamed.pcm")
with wave.open("whole.wav") as sound:
    assert open("streamed.pcm", "rb").read() == sound.readframes(sound.getnframes())
print(f"speech: {SECONDS:.2f} s as WAV, and the same samples streamed to a file")

for kind in ["mp3", "opus", "flac", "aac"]:
    try:
        with create(model="tts-1", voice=VOICE, input="Yes.", response_format=kind) as response:
            response.stream_to_file(f"speech.{kind}")
        magic = open(f"speech.{kind}", "rb").read(4)
        assert magic[:2] in (b"\xff\xf3", b"\xff\xfb") if kind == "mp3" else magic == {"opus": b"OggS", "flac": b"fLaC"}[kind], magic
        print(f"speech: {kind}")
    except openai.BadRequestError as error:
        assert error.code == "unsupported_format" and kind in error.message, error
        print(f"speech: {kind} refused by name")

with create(model="gpt-4o-mini-tts", voice=VOICE, input=TEXT, response_format="pcm", stream_format="sse") as response:
    lines = [line for line in response.iter_lines() if line.startswith("data: ")]
assert any("speech.audio.delta" in line for line in lines) and "speech.audio.done" in lines[-1], lines
print(f"speech: {len(lines)} server-sent events")

for kind in ["json", "text", "srt", "vtt", "verbose_json"]:
    with open("whole.wav", "rb") as talk:
        answer = client.audio.transcriptions.create(
            model="whisper-1", file=talk, response_format=kind, language="en", temperature=0, prompt="Yes.")
    text = answer.text if kind in ("json", "verbose_json") else answer
    assert isinstance(text, str), answer
    assert kind != "vtt" or text.startswith("WEBVTT"), text
    for word in WORDS:
        assert word in text.lower(), (kind, word, text)
    print(f"transcription: {kind}")

with open("whole.wav", "rb") as talk:
    answer = client.audio.transcriptions.create(
        model="whisper-1", file=talk, response_format="verbose_json", timestamp_granularities=["word", "segment"])
assert abs(answer.duration - SECONDS) < 0.01 and answer.words is not None and answer.segments is not None, answer
for word in answer.words:
    assert 0 <= word.start <= word.end <= SECONDS + 0.01, word
print(f"transcription: {len(answer.words)} words with times, {len(answer.segments)} segments: {answer.text!r}")

with open("whole.wav", "rb") as talk:
    events = list(client.audio.transcriptions.create(model="gpt-4o-transcribe", file=talk, stream=True))
assert events[-1].type == "transcript.text.done" and events[-1].text == answer.text, events
assert "".join(e.delta for e in events[:-1]).split() == answer.text.split(), events
print(f"transcription: {len(events)} server-sent events")


def refused(kind, work):
    try:
        work()
    except kind as error:
        assert error.body and error.body["message"], error
        return
    raise AssertionError(f"not refused with {kind}")


speak = client.audio.speech.create
refused(openai.BadRequestError, lambda: speak(model="tts-1", voice="nobody", input="Yes."))
refused(openai.BadRequestError, lambda: speak(model="tts-1", voice=VOICE, input=""))
refused(openai.NotFoundError, lambda: speak(model="gpt-9", voice=VOICE, input="Yes."))
refused(openai.BadRequestError, lambda: client.audio.transcriptions.create(
    model="whisper-1", file=("talk.wav", b"no sound")))
print(f"all checks passed (openai {openai.__version__})")
