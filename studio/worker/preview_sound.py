"""The sound of a job so far, small enough to be fetched every few seconds."""

from pathlib import Path
from typing import Any, Final

MOST_BYTES: Final = 4 << 20


def save_sound(path: Path, samples: Any, sample_rate: int) -> None:
    """Write a mono WAV of 16 bits; the rate is halved until it is at most `MOST_BYTES` long.

    Args:
        path: of the file.
        samples: (n,) or (n, channels), -1..1.
        sample_rate: of the samples.
    """
    import numpy as np  # whoever has samples has loaded it

    from studio.codecs.wav import write_wav

    sound = np.asarray(samples, np.float32)
    sound = sound.mean(axis=1) if sound.ndim == 2 else sound
    while 2 * len(sound) > MOST_BYTES:
        sound = sound[: len(sound) // 2 * 2].reshape(-1, 2).mean(axis=1)
        sample_rate //= 2
    write_wav(path, np.round(sound.clip(-1, 1) * 32767).astype(np.int16)[:, None], sample_rate)
