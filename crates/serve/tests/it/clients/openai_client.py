"""Checks a server with OpenAI's own Python package."""
import sys
import wave

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)

models = [model.id for model in client.models.list()]
assert "syrinx" in models, models
assert client.models.retrieve("tts-1").id == "tts-1"

speech = client.audio.speech.create(model="tts-1", voice="ann", input="Yes. No.", response_format="wav")
speech.write_to_file("whole.wav")
with wave.open("whole.wav") as sound:
    assert sound.getnframes() > 1000 and sound.getframerate() == 24000, sound.getparams()

create = client.audio.speech.with_streaming_response.create
with create(model="tts-1", voice="ann", input="Yes. No. Yes.", response_format="pcm") as response:
    response.stream_to_file("streamed.pcm")
assert len(open("streamed.pcm", "rb").read()) > 2000

with create(model="gpt-4o-mini-tts", voice="ann", input="Yes.", response_format="pcm", stream_format="sse") as response:
    lines = [line for line in response.iter_lines() if line.startswith("data: ")]
assert any("speech.audio.delta" in line for line in lines) and "speech.audio.done" in lines[-1], lines

for kind in ["json", "text", "srt", "vtt", "verbose_json"]:
    with open("talk.wav", "rb") as talk:
        answer = client.audio.transcriptions.create(
            model="whisper-1", file=talk, response_format=kind, language="en", temperature=0, prompt="Yes.")
    if kind in ("json", "verbose_json"):
        assert isinstance(answer.text, str), answer
    else:
        assert isinstance(answer, str), answer

with open("talk.wav", "rb") as talk:
    answer = client.audio.transcriptions.create(
        model="whisper-1", file=talk, response_format="verbose_json", timestamp_granularities=["word", "segment"])
assert abs(answer.duration - 1.5) < 0.01 and answer.words is not None and answer.segments is not None, answer
for word in answer.words:
    assert 0 <= word.start <= word.end <= 2.0, word

with open("talk.wav", "rb") as talk:
    events = [event.type for event in client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=talk, stream=True)]
assert events[-1] == "transcript.text.done", events


def refused(kind, work):
    try:
        work()
    except kind as error:
        assert error.body and error.body["message"], error
        return
    raise AssertionError(f"not refused with {kind}")


speak = client.audio.speech.create
refused(openai.BadRequestError, lambda: speak(model="tts-1", voice="nobody", input="Yes."))
refused(openai.BadRequestError, lambda: speak(model="tts-1", voice="ann", input=""))
refused(openai.NotFoundError, lambda: speak(model="gpt-9", voice="ann", input="Yes."))
refused(openai.BadRequestError, lambda: client.audio.transcriptions.create(
    model="whisper-1", file=("talk.wav", b"no sound")))
print("all checks passed")
