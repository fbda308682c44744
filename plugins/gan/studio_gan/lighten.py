"""Teach a lighter decoder to draw what an autoencoder's own draws; cut off, it goes on.

python -m studio_gan.lighten DATA/textures FOLDER --autoencoder PLACE --steps 12000

DATA and the autoencoder are those of `studio_gan.fit`. Encoder and latents stay what they are, so
nets that draw latents need not learn anew: `studio_gan.ship --light FOLDER`. It is distillation
(Hinton et al., arXiv 1503.02531): the pupil sees latents of real pictures with some noise on them,
which the teacher learnt with too, and what the teacher makes of them.
"""

import argparse
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from PIL import Image
from studio_training import Run, Settings, Trainer, fit
from studio_training.autoencoder import Autoencoder, build_autoencoder
from studio_training.likeness import split_octaves
from studio_training.sizes import LIGHT, AutoencoderConfig
from studio_training.state import read_average
from studio_training.story import STATE
from torch import Tensor, nn
from torch.nn import functional

from studio.errors import CheckpointError
from studio_gan.cells import normalise, restore
from studio_gan.command import build_parser, get_settings, read_plan
from studio_gan.fit import SIDE, VARIANTS, find_dataset
from studio_gan.latents import (
    AUTOENCODER,
    Variants,
    keep_autoencoder,
    load_autoencoder,
    load_variants,
    settle,
)
from studio_gan.pictures import Changes, Pictures, load_pictures, to_image, to_unit

LOG: Final = logging.getLogger("studio_gan")
NOISE: Final = 0.15
"""On latents, as a share of their spread."""
FINE: Final = 3
"""Octaves that are compared by themselves, or what is coarse would hide them."""
FAINT: Final = 0.05
"""Standard deviation below which an octave need not be right."""
SHOWN: Final = 8
Draw = Callable[[torch.Generator, int], Tensor]
"""(rng, count) -> latents (count, latent, h, w)."""


@dataclass(frozen=True)
class Decoder:
    """A decoder to ship with a net that draws latents.

    Attributes:
        place: weights of its autoencoder.
        sizes: of that.
        command: that made it, "" for the one that latents were learnt with.
    """

    place: Path
    sizes: AutoencoderConfig
    command: str = ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and train."""
    parser = build_parser(__doc__, steps=12000, batch=8, rate=3e-3, ema=0.999)
    plan = read_plan(parser, arguments)
    train(plan)


def train(plan: argparse.Namespace) -> None:
    """Train until the last step."""
    pictures = load_pictures(find_dataset(plan.data), SIDE, Changes(True))
    kept = keep_autoencoder(plan.autoencoder, plan.folder)
    teacher = load_autoencoder(kept, AutoencoderConfig())
    settle(teacher, pictures)
    settings = get_settings(plan)
    variants = load_variants(plan.folder, teacher, pictures, VARIANTS)
    trainer = build_trainer(teacher, build_draw(variants), settings, LIGHT)
    LOG.info("%d weights of the decoder, %d before", *map(count, (trainer.average, teacher)))
    held_out = to_unit(pictures.held_out)

    def measure() -> dict[str, float]:
        return compare(get_pupil(trainer), teacher, held_out)

    def draw() -> Image.Image:
        return draw_board(get_pupil(trainer), teacher, held_out)

    fit(trainer, plan.folder, Run(plan.steps, draw=draw, measure=measure, every=500))


def find_decoder(run: Path, light: Path | None) -> Decoder:
    """Find the decoder to ship.

    Args:
        run: the folder of a net that draws latents.
        light: the folder of this training, None for the autoencoder of the run.

    Raises:
        CheckpointError: no such training, or of the decoder of another autoencoder.
    """
    own = run / AUTOENCODER
    if light is None:
        return Decoder(own, AutoencoderConfig())
    facts, weights = read_average(light / STATE)
    for name, value in load_autoencoder(own, AutoencoderConfig()).encoder.state_dict().items():
        if not torch.equal(weights.get(f"encoder.{name}", value[:0]), value):
            raise CheckpointError(
                "{light}: its decoder was taught by another autoencoder than that of {run}; teach "
                "one with that",
                light=light,
                run=run,
            )
    plan = facts["settings"]
    options = " ".join(f"--{name} {plan[name]:g}" for name in ("steps", "batch", "rate", "seed"))
    command = f"python -m studio_gan.lighten DATA/textures LIGHT --autoencoder PLACE {options}"
    return Decoder(light / STATE, LIGHT, command)


def judge_decoder(
    decoder: Decoder, net: Autoencoder, run: Path, pictures: Pictures
) -> dict[str, float]:
    """Compare what is shipped with what its latents were learnt with; nothing if it is that."""
    if not decoder.command:
        return {}
    teacher = load_autoencoder(run / AUTOENCODER, AutoencoderConfig())
    settle(teacher, pictures)
    return compare(net, teacher, to_unit(pictures.held_out))


def build_trainer(
    teacher: Autoencoder, draw: Draw, settings: Settings, sizes: AutoencoderConfig
) -> Trainer:
    """Build what teaches a decoder; everything else is the teacher's.

    Args:
        teacher: whose decoder draws what is to be drawn.
        draw: latents to learn from.
        settings: how to learn.
        sizes: of the pupil; latents and encoder as the teacher's.
    """

    def build() -> Autoencoder:
        net = build_autoencoder(sizes)
        net.encoder.requires_grad_(False)
        return net

    def compute(net: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        assert isinstance(net, Autoencoder)
        latents = draw(rng, settings.batch)
        latents = latents + NOISE * torch.randn(latents.shape, generator=rng)
        return get_loss(net.decode(latents), teach(teacher, latents))

    trainer = Trainer(build, settings, compute)
    weights = teacher.state_dict()
    trainer.adopt({n: value for n, value in weights.items() if not n.startswith("decoder.")})
    return trainer


def build_draw(variants: Variants) -> Draw:
    """Build the source of latents: encoded examples. Rolled ones would teach nothing new."""

    def draw(rng: torch.Generator, count: int) -> Tensor:
        encoded = variants.latents
        chosen = torch.randint(len(encoded), (count,), generator=rng)
        rows = torch.randint(encoded.shape[1], (count,), generator=rng)
        return functional.pixel_shuffle(encoded[chosen, rows].float(), 2)

    return draw


def teach(teacher: Autoencoder, latents: Tensor) -> Tensor:
    """Return what the teacher makes of latents."""
    with torch.inference_mode():
        made = teacher.decode(latents)
    return made.clone()  # one that can be learnt from


def get_loss(made: Tensor, taught: Tensor) -> dict[str, Tensor]:
    """Return the loss and its parts: the mean error, and that of each octave over its strength."""
    error = (made - taught).abs().mean()
    pairs = zip(split_octaves(made, FINE), split_octaves(taught, FINE), strict=True)
    fine = [
        ((one - two).abs() / (two.square().mean((2, 3), keepdim=True).sqrt() + FAINT)).mean()
        for one, two in pairs
    ]
    octaves = torch.stack(fine).mean()
    return {"loss": error + octaves, "error": error.detach(), "octaves": octaves.detach()}


@torch.no_grad()
def compare(pupil: Autoencoder, teacher: Autoencoder, pictures: Tensor) -> dict[str, float]:
    """Compare two decoders on pictures (N, 3, H, W), -1..1, that neither learnt from.

    Returns:
        decoder_error: mean difference of their pictures, 0..1; decoder_grain: root mean square of
        the finest octave of the difference, over that of the teacher's picture, median.
    """
    errors, grains = [], []
    for some in torch.split(pictures, 16):
        plain, facts = normalise(some)
        latents = teacher.encode(plain)
        made, taught = pupil.decode(latents), teacher.decode(latents)
        errors.append((restore(made, facts) - restore(taught, facts)).abs().mean((1, 2, 3)) / 2)
        fine, own = (split_octaves(one, 1)[0] for one in (made - taught, taught))
        grains.append((fine.square().mean((1, 2, 3)) / own.square().mean((1, 2, 3))).sqrt())
    error, grain = float(torch.cat(errors).mean()), float(torch.cat(grains).median())
    return {"decoder_error": error, "decoder_grain": grain}


@torch.no_grad()
def draw_board(pupil: Autoencoder, teacher: Autoencoder, pictures: Tensor) -> Image.Image:
    """Draw what becomes of some pictures: above by the teacher, below by the pupil."""
    some = pictures[:: max(1, len(pictures) // SHOWN)][:SHOWN]
    plain, facts = normalise(some)
    latents = teacher.encode(plain)
    rows = [restore(net.decode(latents), facts) for net in (teacher, pupil)]
    return to_image(torch.cat([torch.cat(list(row), 2) for row in rows], 1))


def get_pupil(trainer: Trainer) -> Autoencoder:
    """Return the running average."""
    assert isinstance(trainer.average, Autoencoder)
    return trainer.average


def count(net: nn.Module) -> int:
    """Return the weights of a decoder."""
    assert isinstance(net, Autoencoder)
    return sum(weight.numel() for weight in net.decoder.parameters())


if __name__ == "__main__":
    main()
