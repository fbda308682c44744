"""The part of audiocraft.models that the adapter uses, with the real one's signatures."""

from types import SimpleNamespace

import spacy
import torch

TOKENS = 25  # a second


class _Model:
    sample_rate = 800
    max_duration = 30

    def __init__(self, name, device):
        self.name, self.device = name, device
        self.weight = torch.rand(1) if name == "debug" else torch.ones(1)
        conditioners = {"self_wav": None} if "melody" in name else {"description": None}
        provider = SimpleNamespace(conditioners=conditioners)
        self.lm = SimpleNamespace(condition_provider=provider)
        self._callback = None

    @classmethod
    def get_pretrained(cls, name="facebook/musicgen-melody", device=None):
        if name == "debug":
            assert spacy.load("en_core_web_sm") == "blank en"
        return cls(name, device)

    def set_custom_progress_callback(self, progress_callback=None):
        self._callback = progress_callback

    def set_generation_params(
        self, use_sampling=True, top_k=250, top_p=0.0, temperature=1.0, duration=30.0,
        cfg_coef=3.0, two_step_cfg=False, extend_stride=18,
    ):  # fmt: skip
        self.duration, self.temperature = duration, temperature

    def generate(self, descriptions, progress=False, return_tokens=False):
        assert all(isinstance(text, str) for text in descriptions)
        return self._draw(len(descriptions), progress)

    def generate_continuation(
        self, prompt, prompt_sample_rate, descriptions=None, progress=False, return_tokens=False
    ):
        assert prompt.dim() == 3
        sound = self._draw(1, progress)
        length = prompt.shape[-1] * self.sample_rate // prompt_sample_rate
        sound[..., :length] = prompt.mean()
        return sound

    def _draw(self, count, progress):
        total = int(self.duration * TOKENS)
        for done in range(1, total + 1):
            if progress and self._callback is not None:
                self._callback(done, total)
        shape = (count, 1, int(self.duration * self.sample_rate))
        return torch.randn(shape) * self.temperature * (1 + self.weight)


class MusicGen(_Model):
    def generate_with_chroma(
        self, descriptions, melody_wavs, melody_sample_rate, progress=False, return_tokens=False
    ):
        assert melody_wavs.dim() == 3
        return self._draw(len(descriptions), progress) + melody_wavs.mean()


class AudioGen(_Model):
    sample_rate = 400
