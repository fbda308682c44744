"""MusicGen itself: the one module that imports torch and transformers for it."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from studio.errors import CheckpointError, InvalidInputError
from studio.generator import Checkpoint
from studio_music.chroma import ChromaSizes, find_chroma
from studio_music.musicgen_stream import Listener, Samples

Step = Callable[[int, Samples | None], None]
MELODY = "musicgen_melody"
"""What transformers calls the models that follow a tune."""


@dataclass(frozen=True)
class Wish:
    """What to make, see the params of the generator."""

    prompt: str
    seconds: float
    guidance_scale: float
    temperature: float
    top_k: int
    top_p: float


@dataclass(frozen=True)
class Given:
    """Sounds to begin with, mono (n,); None for none.

    Attributes:
        opening: what to go on from.
        tune: what to follow.
    """

    opening: Samples | None = None
    tune: Samples | None = None


def load_musicgen(checkpoint: Checkpoint | None, device: str) -> "Composer":
    """Load a folder as transformers saves it.

    Raises:
        CheckpointError: transformers is missing, or this is no MusicGen.
    """
    if checkpoint is None:
        raise CheckpointError("music.musicgen: it needs a checkpoint; name a folder or hub id")
    if find_spec("transformers") is None:
        raise CheckpointError(
            "music.musicgen: transformers is not installed; run: pip install "
            "'studio-music[musicgen]'"
        )
    kit: Any = import_module("transformers")  # half of it is untyped
    kit.utils.logging.disable_progress_bar()
    path = checkpoint.path if checkpoint.path.is_dir() else checkpoint.path.parent
    try:
        follows = kit.AutoConfig.from_pretrained(path, local_files_only=True).model_type == MELODY
        name = f"Musicgen{'Melody' if follows else ''}ForConditionalGeneration"
        model = getattr(kit, name).from_pretrained(
            path, local_files_only=True, use_safetensors=True
        )
        # The processor of a melody model wants torchaudio, only to hear the tune.
        words = kit.AutoTokenizer if follows else kit.AutoProcessor
        processor = words.from_pretrained(path, local_files_only=True)
        chroma = _read_chroma(path) if follows else None
    except Exception as fault:  # transformers raises many kinds
        raise CheckpointError(
            "checkpoint {name}: this is no MusicGen in transformers' format ({fault})",
            name=checkpoint.name,
            fault=str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__,
        ) from fault
    return Composer(model.to(device).eval(), processor, device, chroma)


def _read_chroma(folder: Path) -> ChromaSizes:
    path = folder / "preprocessor_config.json"
    said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    names = ChromaSizes.__dataclass_fields__
    return ChromaSizes(**{name: int(said[name]) for name in names if name in said})


def load_sound(path: Path, rate: int, seconds: float = math.inf) -> Samples:
    """Read a sound, or its last seconds, as mono samples at `rate`.

    Raises:
        InvalidInputError: unreadable or empty.
    """
    import soundfile
    from scipy.signal import resample_poly

    try:
        with soundfile.SoundFile(path) as file:
            start = max(0, math.floor(file.frames - min(seconds * file.samplerate, file.frames)))
            file.seek(start)
            samples = file.read(dtype="float32", always_2d=True).mean(axis=1)
            given = file.samplerate
    except (RuntimeError, soundfile.LibsndfileError) as fault:
        raise InvalidInputError(
            "{path}: the sound cannot be read ({fault}); export it again", path=path, fault=fault
        ) from fault
    if not len(samples):
        raise InvalidInputError("{path}: there is no sound in it; export it again", path=path)
    divisor = math.gcd(rate, given)
    return np.asarray(resample_poly(samples, rate // divisor, given // divisor), np.float32)


class Composer:
    """A loaded model and its processor; for a melody model, its tokeniser and sizes of chroma."""

    def __init__(
        self, model: Any, processor: Any, device: str, chroma: ChromaSizes | None = None
    ) -> None:
        self._chroma = chroma
        self._model = model
        self._processor = processor
        self._device = device
        self.sample_rate = int(model.config.audio_encoder.sampling_rate)
        self._channels = int(getattr(model.config.decoder, "audio_channels", 1))

    def check_inputs(self, has_opening: bool, has_tune: bool, name: str) -> None:
        """Check that the model can begin with what is given.

        Raises:
            InvalidInputError: it cannot.
        """
        if has_tune and self._chroma is None:
            raise InvalidInputError(
                "melody: '{name}' follows no tune; take facebook/musicgen-melody", name=name
            )
        if has_opening and self._chroma is not None:
            raise InvalidInputError(
                "sound: '{name}' goes on from no sound; take facebook/musicgen-small", name=name
            )

    def count_tokens(self, seconds: float) -> int:
        """Steps of the decoder for so many seconds; the delay between codebooks takes some more."""
        rate = self._model.config.audio_encoder.frame_rate
        return math.ceil(seconds * float(rate)) + int(self._model.config.decoder.num_codebooks)

    def compose(self, wish: Wish, seed: int, given: Given, step: Step) -> Samples:
        """Return samples (n,) or (n, channels), as long as asked for, after the given sound's end.

        Args:
            wish: what to make.
            seed: decides it.
            given: sounds to begin with.
            step: told how many tokens there are, and from time to time the sound so far.

        Raises:
            JobCancelledError: what `step` raises.
        """
        from transformers import StoppingCriteriaList, set_seed

        inputs = self._prepare(wish, given)
        tokens = self.count_tokens(wish.seconds)
        opening = 0 if given.opening is None else len(given.opening)
        listener = Listener(self._model, opening)
        set_seed(seed % (1 << 32))
        with torch.inference_mode():
            made = self._model.generate(
                **inputs,
                do_sample=True,
                guidance_scale=wish.guidance_scale if wish.guidance_scale > 1 else None,
                temperature=wish.temperature,
                top_k=wish.top_k,
                top_p=wish.top_p,
                max_new_tokens=tokens,
                stopping_criteria=StoppingCriteriaList([_Progress(step, listener)]),
            )
        samples = made[0].float().cpu().numpy().T
        wanted = round(wish.seconds * self.sample_rate)
        cut = samples[opening : opening + wanted] if len(samples) > opening else samples[-wanted:]
        peak = float(np.abs(cut).max(initial=0))
        cut = cut / peak if peak > 1 else cut
        return np.asarray(cut[:, 0] if cut.shape[1] == 1 else cut, np.float32)

    def close(self) -> None:
        """Forget the model."""
        self._model = None
        self._processor = None

    def _prepare(self, wish: Wish, given: Given) -> dict[str, Any]:
        told: dict[str, Any] = {"text": [wish.prompt], "padding": True, "return_tensors": "pt"}
        if given.opening is not None:
            told |= {"audio": [given.opening], "sampling_rate": self.sample_rate}
        inputs = dict(self._processor(**told).items())
        if given.tune is not None and self._chroma is not None:
            inputs["input_features"] = find_chroma(given.tune, self._chroma)
        return {name: value.to(self._device) for name, value in inputs.items()}


class _Progress:
    """A stopping criterion that never stops: it is asked after each token, and may raise.

    A streamer would be the natural place, but MusicGen hands its streamer nothing but the prompt.
    """

    def __init__(self, step: Step, listener: Listener) -> None:
        self._step = step
        self._listener = listener
        self._done = 0

    def __call__(self, tokens: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """One more token was taken; no sequence is finished."""
        self._done += 1
        self._step(self._done, self._listener.hear(tokens))
        return torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)
