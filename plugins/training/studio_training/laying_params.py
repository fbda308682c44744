"""Params of what is laid: bricks, tiles, planks. Torch is not imported here."""

from typing import Any, Final, Literal

from pydantic import Field

Layout = Literal[
    "auto",
    "none",
    "ashlar",
    "basket",
    "boards",
    "bond",
    "cobbles",
    "diamonds",
    "grid",
    "herringbone",
    "hexagons",
    "scales",
    "upright",
]
Joints = Literal["auto", "light", "dark"]

LAYOUT: Final[Any] = Field(
    "auto",
    description="how bricks, tiles or planks are laid; auto is usual for the material, none "
    "has no joints",
)
COURSES: Final[Any] = Field(
    0,
    ge=0,
    le=64,
    description="of bricks, tiles or planks from top to bottom; 0 leaves it to the material",
)
JOINTS: Final[Any] = Field(
    "auto",
    description="lighter or darker than the stones",
    json_schema_extra={"advanced": True},
)
VARIETY: Final[Any] = Field(
    1.0,
    ge=0,
    le=3,
    description="how much bricks, tiles or planks differ in brightness; 0 not at all",
    json_schema_extra={"advanced": True},
)
