"""What MusicGen and AudioGen have in common: loading, drawing one seed at a time, sound in and out.

audiocraft is imported when a checkpoint is loaded, and only there.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from studio.codecs.sounds import open_sound
from studio.errors import ConfigError, InvalidInputError
from studio.generator import Artifact, Checkpoint, Footprint, Generator, JobContext
from studio.media import MediaType
from studio_audiocraft.params import SoundParams

LICENCE = "CC-BY-NC-4.0"
"""Of the weights that Meta publishes, and of what is made with them."""

STEPS = 100
"""Progress is told in hundredths of a seed."""

_SIZES = {"small": 3 << 30, "medium": 8 << 30, "large": 16 << 30, "melody": 8 << 30}


class Engine(Generator):
    """A model of audiocraft on a device; subclasses name it."""

    output = MediaType.AUDIO
    checkpoint_from = ("checkpoint",)
    model: ClassVar[str]

    @classmethod
    def footprint(cls, params: SoundParams) -> Footprint:
        """Guess by the size that the name tells."""
        name = str(getattr(params, "checkpoint", ""))
        size = next((size for word, size in _SIZES.items() if word in name), 1 << 30)
        return Footprint(device_bytes=size, host_bytes=size)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        """Load the weights, a folder with audiocraft's two state files; none: its debug model.

        Raises:
            ConfigError: audiocraft is not installed in this environment.
        """
        super().__init__(checkpoint, device)
        try:
            models = import_module("audiocraft.models")
            self._torch: Any = import_module("torch")
        except ImportError as error:
            raise ConfigError(
                "audiocraft cannot be imported here ({fault}); make its environment again with "
                "`studio plugin env audiocraft`",
                fault=error,
            ) from error
        name = "debug"
        if checkpoint is None:
            _spare_words()
            self._torch.manual_seed(0)  # its weights are drawn now, and must always be the same
        else:
            name = str(_find_folder(checkpoint.path))
        self._licence = LICENCE if checkpoint and checkpoint.name.startswith("facebook/") else ""
        self._model: Any = getattr(models, self.model).get_pretrained(name, device=device)

    def generate(self, params: Any, job: JobContext) -> Iterator[Artifact]:
        """Draw each seed by itself: in a batch, one seed's sound would depend on the others."""
        self._model.set_generation_params(
            use_sampling=True,
            top_k=params.top_k,
            top_p=params.top_p,
            temperature=params.temperature,
            duration=params.duration,
            cfg_coef=params.guidance_scale,
        )
        draw = self.choose_way(params, job)
        for index, seed in enumerate(job.seeds):
            self._model.set_custom_progress_callback(_build_callback(job, index))
            self._torch.manual_seed(seed)
            samples = draw().detach().float().cpu()[0].T.numpy()  # (n, channels)
            job.step((index + 1) * STEPS, len(job.seeds) * STEPS)
            peak = float(abs(samples).max())
            yield Artifact(
                (samples / max(peak, 1.0), int(self._model.sample_rate)),
                MediaType.AUDIO,
                metrics={"peak": peak},
                title=params.prompt[:60],
                licence=self._licence,
            )

    def choose_way(self, params: Any, job: JobContext) -> Callable[[], Any]:
        """Choose how the model is asked; what is returned gives a tensor (1, channels, n)."""
        prompts = [params.prompt] if params.prompt else [None]
        if "opening" in job.inputs:
            sound, rate = self._load_sound(job, "opening")
            if sound.shape[-1] >= params.duration * rate:
                raise InvalidInputError(
                    "input 'opening' is {seconds} s long; ask for a longer duration than that",
                    seconds=round(sound.shape[-1] / rate, 1),
                )
            return lambda: self._model.generate_continuation(
                sound[None], rate, prompts, progress=True
            )
        return lambda: self._model.generate([params.prompt], progress=True)

    def close(self) -> None:
        """Free the weights."""
        self._model = None

    def _load_sound(self, job: JobContext, slot: str) -> tuple[Any, int]:
        """Read an input as a tensor (channels, n) on the device, and its sample rate."""
        sound = open_sound(job.inputs[slot][0].path)
        blocks = [self._torch.tensor(block).T for block in sound.blocks]
        if not blocks:
            raise InvalidInputError("input '{slot}' is empty; give another sound", slot=slot)
        return self._torch.cat(blocks, dim=1).to(self.device), sound.sample_rate


def _build_callback(job: JobContext, index: int) -> Callable[[int, int], None]:
    """Tell progress, and hear of a cancel, at every token of seed number `index`."""
    total = len(job.seeds) * STEPS

    def tell(done: int, wanted: int) -> None:
        share = min(done / max(wanted, 1), 1.0)
        job.step(min(index * STEPS + int(share * STEPS), total - 1), total)

    return tell


def _find_folder(path: Path) -> Path:
    folder = path if path.is_dir() else path.parent
    for name in ("state_dict.bin", "compression_state_dict.bin"):
        if not (folder / name).is_file():
            raise InvalidInputError(
                "{path} has no {name}; give a folder as audiocraft exports it",
                path=folder,
                name=name,
            )
    return folder


def _spare_words() -> None:
    """Keep the debug model from fetching a model of English, which its words do not need."""
    spacy: Any = import_module("spacy")
    spacy.load = lambda *args, **more: spacy.blank("en")
