"""Tests of the installed wheel, on the model inside it."""
import unittest

import numpy as np

import syrinx

TEXT = "The birch canoe slid on the smooth planks."


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = syrinx.Model()
        cls.speech = syrinx.say(TEXT, seed=1)

    def test_speech_is_an_array_with_word_times(self):
        samples = self.speech.samples
        self.assertEqual((samples.dtype, samples.ndim), (np.float32, 1))
        self.assertEqual(self.speech.sample_rate, self.model.sample_rate)
        seconds = len(samples) / self.speech.sample_rate
        self.assertTrue(1 < seconds < 10, seconds)
        self.assertEqual([w.text.lower().strip(".") for w in self.speech.words], TEXT.lower().strip(".").split())
        for before, after in zip(self.speech.words, self.speech.words[1:]):
            self.assertLessEqual(before.start, after.start)

    def test_a_seed_gives_the_same_samples(self):
        again = self.model.say(TEXT, seed=1)
        np.testing.assert_array_equal(again.samples, self.speech.samples)
        self.assertFalse(np.array_equal(self.model.say(TEXT, seed=2).samples, self.speech.samples))

    def test_speech_is_transcribed(self):
        transcript = syrinx.transcribe(self.speech.samples, self.speech.sample_rate)
        said, heard = set(TEXT.lower().strip(".").split()), set(transcript.text.split())
        self.assertGreaterEqual(len(said & heard), 3, transcript)
        stereo = (np.stack([self.speech.samples] * 2, axis=1) * 32767).astype(np.int16)
        self.assertTrue(syrinx.transcribe(stereo, self.speech.sample_rate).text)

    def test_a_known_text_is_aligned(self):
        words = syrinx.align(self.speech.samples, self.speech.sample_rate, TEXT)
        self.assertEqual(len(words), 8)
        for word, said in zip(words, self.speech.words):
            self.assertLess(abs(word.start - said.start), 0.4, (word, said))

    def test_prompts_and_voices(self):
        voice = self.model.voices[-1]
        self.assertGreater(len(syrinx.say("Yes.", voice).samples), 0)
        spoken = syrinx.say("Yes.", prompt=self.speech.samples, prompt_rate=self.speech.sample_rate)
        self.assertGreater(len(spoken.samples), 0)

    def test_bad_input_is_an_exception(self):
        for work in [
            lambda: syrinx.say(""),
            lambda: syrinx.say("Yes.", "nobody"),
            lambda: syrinx.say("Yes.", prompt=self.speech.samples),
            lambda: syrinx.transcribe(np.zeros(0), 24000),
            lambda: syrinx.transcribe(np.zeros(100), 0),
            lambda: syrinx.transcribe(np.full(100, np.nan), 24000),
            lambda: syrinx.align(np.zeros((2, 2, 2)), 24000, "Yes."),
            lambda: syrinx.Model("/nonexistent.safetensors"),
        ]:
            with self.assertRaises(ValueError):
                work()


if __name__ == "__main__":
    unittest.main()
