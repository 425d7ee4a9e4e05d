from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

class Word:
    text: str
    start: float
    end: float

class Speech:
    samples: NDArray[np.float32]
    sample_rate: int
    words: list[Word]

class Transcript:
    text: str
    words: list[Word]
    confidence: float | None

class Model:
    def __init__(self, path: str | PathLike[str] | None = None) -> None: ...
    @property
    def voices(self) -> list[str]: ...
    @property
    def sample_rate(self) -> int: ...
    def say(
        self,
        text: str,
        voice: str | None = None,
        *,
        prompt: NDArray[np.float32] | None = None,
        prompt_rate: int | None = None,
        seed: int = 0,
        temperature: float | None = None,
    ) -> Speech: ...
    def transcribe(self, samples: NDArray[np.float32], sample_rate: int) -> Transcript: ...
    def align(self, samples: NDArray[np.float32], sample_rate: int, text: str) -> list[Word]: ...

def say(
    text: str,
    voice: str | None = None,
    *,
    prompt: ArrayLike | None = None,
    prompt_rate: int | None = None,
    seed: int = 0,
    temperature: float | None = None,
) -> Speech: ...
def transcribe(samples: ArrayLike, sample_rate: int) -> Transcript: ...
def align(samples: ArrayLike, sample_rate: int, text: str) -> list[Word]: ...
