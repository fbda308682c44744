"""Sound out of a MusicGen that still writes: its newest codes are decoded every few seconds."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

Samples = npt.NDArray[np.float32]
EVERY: Final = 4.0
"""Seconds of new sound that are decoded at a time."""
BEFORE: Final = 1.0
"""Seconds before them that are decoded again, so that the codec is in the middle of the sound."""


class Listener:
    """Decodes what is there of one sound, piece by piece; what was heard is not decoded again."""

    def __init__(self, model: Any, opening: int) -> None:
        """Take the model, and how many samples it was given to go on from."""
        decoder, codec = model.config.decoder, model.config.audio_encoder
        self._codec = model.audio_encoder
        self._channels = int(getattr(decoder, "audio_channels", 1))
        self._books = int(decoder.num_codebooks)
        self._hop = round(codec.sampling_rate / codec.frame_rate)
        self._every = max(1, round(EVERY * codec.frame_rate))
        self._before = round(BEFORE * codec.frame_rate)
        self._frames = opening // self._hop
        self._heard: list[Samples] = []

    def hear(self, tokens: torch.Tensor) -> Samples | None:
        """Return the sound so far, (n,) or (n, channels); None where little is new.

        Args:
            tokens: (codebooks, n) as they were drawn: a token to start with, then each codebook
                one step after the one before; both channels of a codebook at once.
        """
        longest = (self._books - 1) // self._channels
        frames = tokens.shape[1] - 1 - longest
        if frames - self._frames < self._every:
            return None
        start = max(0, self._frames - self._before)
        rows = [
            tokens[book, 1 + delay + start : 1 + delay + frames]
            for book, delay in enumerate(k // self._channels for k in range(self._books))
        ]
        made = self._decode(torch.stack(rows))
        self._heard.append(made[(self._frames - start) * self._hop :])
        self._frames = frames
        whole = np.concatenate(self._heard)
        return whole / max(1.0, float(np.abs(whole).max(initial=0)))

    def _decode(self, codes: torch.Tensor) -> Samples:
        sides = [
            self._codec.decode(codes[side :: self._channels][None, None], [None]).audio_values
            for side in range(self._channels)
        ]
        samples = torch.cat(sides, 1)[0].float().cpu().numpy().T
        return np.asarray(samples[:, 0] if samples.shape[1] == 1 else samples, np.float32)
