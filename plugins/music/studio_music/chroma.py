"""The tune of a sound as MusicGen Melody takes it: the loudest of twelve pitch classes per frame.

After the conditioning of Copet and others (arXiv 2306.05284). transformers has the same behind
torchaudio; this needs torch alone.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ChromaSizes:
    """As a checkpoint's `preprocessor_config.json` says them.

    Attributes:
        sampling_rate: Hz.
        n_fft: samples of a window.
        hop_length: samples from one frame to the next.
        num_chroma: pitch classes.
        chunk_length: seconds of a tune that are heard, at most.
    """

    sampling_rate: int = 32000
    n_fft: int = 16384
    hop_length: int = 4096
    num_chroma: int = 12
    chunk_length: int = 30


def find_chroma(samples: Samples, sizes: ChromaSizes) -> Tensor:
    """Return (1, frames, num_chroma), 1 at the loudest pitch class of each frame, else 0."""
    from transformers.audio_utils import chroma_filter_bank

    wave = torch.from_numpy(samples)[: sizes.chunk_length * sizes.sampling_rate]
    lack = sizes.n_fft - len(wave)
    if lack > 0:
        wave = functional.pad(wave, (lack // 2, lack - lack // 2))
    window = torch.hann_window(sizes.n_fft)
    waves: Any = torch.stft(wave, sizes.n_fft, sizes.hop_length, window=window, return_complex=True)
    filters = chroma_filter_bank(
        num_frequency_bins=sizes.n_fft,
        num_chroma=sizes.num_chroma,
        sampling_rate=sizes.sampling_rate,
        tuning=0,
    )
    loud = torch.from_numpy(filters).float() @ waves.abs().square()
    return functional.one_hot(loud.argmax(0), sizes.num_chroma).float()[None]
