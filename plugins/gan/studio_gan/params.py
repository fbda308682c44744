"""Params of the generators, and the weights that ship."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, JsonValue, create_model
from studio_training.laying_params import COURSES, JOINTS, LAYOUT, VARIETY, Joints, Layout

from studio.errors import InvalidParamsError
from studio.generator import BundledCheckpoint
from studio.params import Params

if TYPE_CHECKING:
    from studio_gan.config import Family

ANY: Final = "any"
ADVANCED: dict[str, JsonValue] = {"advanced": True}
PLACE: Final = Path(__file__).parent / "checkpoints"
CELL_SIDE: Final = 8
"""Pixels a side of a cell of latents of the autoencoder that ships."""
CELLS: Final = (8, 10, 12, 14, 16, 20, 24, 28, 32)
"""Sides in cells that grow from 4 to 7 by doubling."""


def find_shipped(name: str, summary: str) -> tuple[BundledCheckpoint, ...]:
    """Return weights that ship, if they are there."""
    found = BundledCheckpoint(name, f"checkpoints/{name}", "Apache-2.0", summary)
    return (found,) if (PLACE / name).is_dir() else ()


SHIPPED: Final = find_shipped("texture", "25 materials of ambientCG")


class _DrawParams(Params):
    """Params of `gan.image` and `gan.texture`, but for "class", which is a word of Python."""

    checkpoint: str = Field(
        SHIPPED[0].name if SHIPPED else "",
        max_length=500,
        description="weights: a checkpoint made by gan.train",
    )
    mix_class: str = Field(
        "",
        max_length=100,
        description="a second class to mix in",
        json_schema_extra=ADVANCED,
    )
    class_share: float = Field(
        0.5, ge=0, le=1, description="of the second class", json_schema_extra=ADVANCED
    )
    psi: float = Field(
        0.8,
        ge=0,
        le=1.5,
        description="truncation: small is safe and alike, 1 is all it has learnt",
    )
    style_seed: int = Field(
        -1,
        ge=-1,
        le=2**31 - 1,
        description="take colours and kind of pattern from this seed; -1 leaves them to the seed",
        json_schema_extra=ADVANCED,
    )
    style_share: float = Field(
        1.0, ge=0, le=1, description="how much of that style", json_schema_extra=ADVANCED
    )
    layout: Layout = LAYOUT
    courses: int = COURSES
    joints: Joints = JOINTS
    variety: float = VARIETY
    to_seed: int = Field(
        -1,
        ge=-1,
        le=2**31 - 1,
        description="with frames: the seed they lead to and back from; -1 takes the next one",
        json_schema_extra=ADVANCED,
    )
    frames: int = Field(
        0,
        ge=0,
        le=64,
        description="pictures of a loop from this seed to another and back; 0 makes one picture",
        json_schema_extra=ADVANCED,
    )
    size: int = Field(
        0,
        ge=0,
        le=1024,
        description="width of the picture; 0 is the size it learnt from",
        json_schema_extra={"unit": "px"},
    )
    height: int = Field(
        0,
        ge=0,
        le=1024,
        description="of the picture; 0 makes it square",
        json_schema_extra={"unit": "px"},
    )


DrawParams: Any = create_model(  # type: ignore[call-overload]
    "DrawParams",
    __base__=_DrawParams,
    __module__=__name__,
    **{
        "class": (
            str,
            Field(
                ANY,
                max_length=100,
                description="what to draw, such as brick, grass or wood in the shipped textures; "
                "any leaves it to the seed",
            ),
        )
    },
)


class TrainParams(Params):
    """Params of `gan.train`."""

    folder: str = Field(
        "",
        max_length=4000,
        description="a folder of pictures, beside those given as input; the names of the folders "
        "directly in it are the classes",
    )
    examples: Literal["", "digits"] = Field(
        "", description="or the handwritten digits that ship with scikit-learn, for a first try"
    )
    start: str = Field(
        "",
        max_length=500,
        description="a checkpoint made here, to go on from; its sizes count then",
    )
    family: Literal["auto", "latent", "spatial", "style", "dcgan"] = Field(
        "auto",
        description="latent learns by way of the autoencoder that ships, many times as fast; "
        "spatial and style do without; all three make pictures that tile, at any size. dcgan is "
        "the classic, for pictures with an edge. auto is latent from 64 px on, else spatial",
    )
    loss: Literal["hinge", "non-saturating", "wgan-gp"] = Field(
        "hinge", description="what the two nets play for", json_schema_extra=ADVANCED
    )
    size: int = Field(
        64,
        ge=16,
        le=256,
        description="side that pictures are reduced to: 4 to 7, doubled, such as 28, 32, 48, 64, "
        "96 or 128; of latent, from 64 on",
        json_schema_extra={"unit": "px"},
    )
    channels: int = Field(
        0,
        ge=0,
        le=128,
        description="width of the nets; 0 takes 32 for latent, 16 for the others",
        json_schema_extra=ADVANCED,
    )
    latent: int = Field(
        64, ge=4, le=512, description="numbers in a style", json_schema_extra=ADVANCED
    )
    steps: int = Field(3000, ge=1, le=1_000_000, description="turns of the generator")
    stop_after: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="pause after this many steps; a run with the result as start goes on as if "
        "there had been no pause. 0 goes to the end",
        json_schema_extra=ADVANCED,
    )
    batch: int = Field(
        16, ge=2, le=256, description="pictures in a step", json_schema_extra=ADVANCED
    )
    rate: float = Field(
        5e-4, ge=1e-6, le=0.01, description="learning rate", json_schema_extra=ADVANCED
    )
    r1: float = Field(
        0.1,
        ge=0,
        le=100,
        description="penalty on steep scores; more is steadier and duller",
        json_schema_extra=ADVANCED,
    )
    spectral_norm: bool = Field(
        True, description="keeps the critic's layers in bounds", json_schema_extra=ADVANCED
    )
    augment: Literal["full", "shift", "none"] = Field(
        "full",
        description="changes both nets see pictures through; full is for a few hundred pictures; "
        "latents are only shifted",
        json_schema_extra=ADVANCED,
    )
    mirror: bool = Field(True, description="pictures may be mirrored left to right")
    turn: Literal["auto", "never", "always"] = Field(
        "auto",
        description="pictures may be turned; auto does so where they tile and their class has "
        "neither courses nor a grain",
    )


def choose_family(family: "Family | Literal['auto']", size: int) -> "Family":
    """Return the family meant by "auto": "latent" where pictures of that side can be."""
    if family != "auto":
        return family
    is_there = size % CELL_SIDE == 0 and size // CELL_SIDE in CELLS and (PLACE / "vae").is_dir()
    return "latent" if is_there else "spatial"


def check_size(size: int, family: str = "") -> None:
    """Check that pictures of a side can be learnt.

    Raises:
        InvalidParamsError: it is not 4 to 7, doubled; of the family "latent", cells are not.
    """
    from studio_gan.config import split_size

    if family == "latent":
        if size % CELL_SIDE or size // CELL_SIDE not in CELLS:
            raise InvalidParamsError(
                "size: {size} does not fit the family latent; take 64, 80, 96, 112, 128, 160, 192, "
                "224 or 256",
                size=size,
            )
        return
    try:
        split_size(size)
    except ValueError as error:
        raise InvalidParamsError(
            "size: {size} does not fit; take 4 to 7, doubled: such as 28, 32, 48, 64, 96 or 128",
            size=size,
        ) from error


def choose_class(name: str, classes: tuple[str, ...], seed: int) -> int:
    """Return the number of a class; "any", or no name, leaves it to the seed.

    Raises:
        InvalidParamsError: there is no such class.
    """
    wanted = name.strip().lower().replace(" ", "_")
    if wanted in ("", ANY):
        return seed % max(1, len(classes))
    for number, known in enumerate(classes):
        if known.lower() == wanted:
            return number
    raise InvalidParamsError(
        "class: '{name}' is not known to this checkpoint; it knows {classes}, and any",
        name=name,
        classes=", ".join(classes) or "no classes",
    )
