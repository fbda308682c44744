"""Studio: a local-first generative media studio.

Three lines to an asset::

    from studio import Studio

    with Studio() as studio:
        (asset,) = studio.generate("textures.from_image", inputs={"image": "brick.png"})

Names are resolved on use, so that a plugin that imports `studio.generator` in a worker, or a
`studio --help`, does not pay for the whole host.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.app.asset import Asset, Reproduction
    from studio.app.job import Batch, Job, Progress
    from studio.app.studio import Studio
    from studio.errors import StudioError
    from studio.generator import (
        Artifact,
        BundledCheckpoint,
        Checkpoint,
        Footprint,
        Generator,
        Input,
        InputAsset,
        JobContext,
    )
    from studio.hookspecs import hookimpl
    from studio.media import MediaType
    from studio.params import Params

__version__ = "0.1.0"

_HOMES = {
    "studio.app.asset": ("Asset", "Reproduction"),
    "studio.app.job": ("Batch", "Job", "Progress"),
    "studio.app.studio": ("Studio",),
    "studio.errors": ("StudioError",),
    "studio.generator": (
        "Artifact",
        "BundledCheckpoint",
        "Checkpoint",
        "Footprint",
        "Generator",
        "Input",
        "InputAsset",
        "JobContext",
    ),
    "studio.hookspecs": ("hookimpl",),
    "studio.media": ("MediaType",),
    "studio.params": ("Params",),
}

__all__ = [
    "Artifact",
    "Asset",
    "Batch",
    "BundledCheckpoint",
    "Checkpoint",
    "Footprint",
    "Generator",
    "Input",
    "InputAsset",
    "Job",
    "JobContext",
    "MediaType",
    "Params",
    "Progress",
    "Reproduction",
    "Studio",
    "StudioError",
    "hookimpl",
]


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'studio' has no attribute {name!r}")
