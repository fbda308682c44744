"""Params of `gan.vae`, and its weights that ship."""

from typing import Any, Final

from pydantic import Field, create_model

from studio.params import Params
from studio_gan.params import ADVANCED, ANY, find_shipped

SHIPPED: Final = find_shipped("vae", "25 materials of ambientCG, there and back")


class _VaeParams(Params):
    """Params of `gan.vae`, but for "class", which is a word of Python."""

    checkpoint: str = Field(
        SHIPPED[0].name if SHIPPED else "",
        max_length=500,
        description="weights: a checkpoint made by studio_gan.fit_vae",
    )
    strength: float = Field(
        0.0,
        ge=0,
        le=1,
        description="of an image: 0 is the image as it comes back, 1 lays everything out anew in "
        "its style",
    )
    share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="between two images: 0 is the first, 1 the second",
        json_schema_extra=ADVANCED,
    )
    grain: float = Field(
        1.0,
        ge=0,
        le=1.5,
        description="how much of the detail that it could not learn is filled in with noise; 0 "
        "leaves it out, and is blurred",
    )
    psi: float = Field(
        0.8,
        ge=0,
        le=1.5,
        description="truncation: small is safe and alike, 1 is all it has learnt",
        json_schema_extra=ADVANCED,
    )
    frames: int = Field(
        0,
        ge=0,
        le=64,
        description="pictures of a loop from the first to the second and back: of two images, or "
        "of this seed and the next; 0 makes one picture",
        json_schema_extra=ADVANCED,
    )
    size: int = Field(
        0,
        ge=0,
        le=1024,
        description="width of the picture; 0 is the image's own, or the size it learnt from",
        json_schema_extra={"unit": "px"},
    )
    height: int = Field(
        0,
        ge=0,
        le=1024,
        description="of the picture; 0 makes it square, or keeps the image's shape",
        json_schema_extra={"unit": "px"},
    )


VaeParams: Any = create_model(  # type: ignore[call-overload]
    "VaeParams",
    __base__=_VaeParams,
    __module__=__name__,
    **{
        "class": (
            str,
            Field(
                ANY,
                max_length=100,
                description="what to draw where no image is given; any leaves it to the seed",
            ),
        )
    },
)
