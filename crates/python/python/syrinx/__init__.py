"""Speech with one small codec language model."""

from functools import cache as _cache

import numpy as _np

from ._syrinx import Model, Speech, Transcript, Word

__all__ = ["Model", "Speech", "Transcript", "Word", "align", "say", "transcribe"]


@_cache
def _model():
    return Model()


def _mono(samples):
    samples = _np.asarray(samples)
    if samples.dtype.kind == "i":
        samples = samples / _np.float32(_np.iinfo(samples.dtype).max + 1)
    if samples.ndim == 2:
        # Channels are the shorter axis.
        samples = samples.mean(axis=int(samples.shape[0] > samples.shape[1]))
    if samples.ndim != 1:
        raise ValueError(f"samples must have one axis, or two with channels, not {samples.ndim}")
    return _np.ascontiguousarray(samples, dtype=_np.float32)


def say(text, voice=None, *, prompt=None, prompt_rate=None, seed=0, temperature=None):
    """Speaks a text; returns a :class:`Speech`."""
    prompt = None if prompt is None else _mono(prompt)
    return _model().say(
        text, voice, prompt=prompt, prompt_rate=prompt_rate, seed=seed, temperature=temperature)


def transcribe(samples, sample_rate):
    """Writes down a recording; returns a :class:`Transcript`."""
    return _model().transcribe(_mono(samples), sample_rate)


def align(samples, sample_rate, text):
    """Finds the words of a known text in a recording; returns a list of :class:`Word`."""
    return _model().align(_mono(samples), sample_rate, text)
