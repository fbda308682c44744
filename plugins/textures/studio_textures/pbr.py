"""One albedo in, a full physically based material out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio_textures.materials import MATERIALS
from studio_textures.pbr_height import estimate_height
from studio_textures.pbr_maps import (
    estimate_metallic,
    estimate_roughness,
    normals_from_height,
    occlusion_from_height,
)
from studio_textures.pictures import flatten_lighting


@dataclass(frozen=True)
class MaterialSettings:
    """What to make of an albedo."""

    material: str = "generic"
    """Name of a preset in `materials.MATERIALS`."""
    strength: float = 1.0
    """Factor on the preset's depth: 0 is flat, 2 twice as deep."""
    occlusion: float = 1.0
    """Factor on how dark hollows become, 0..2."""
    delight: float = 0.0
    """How much uneven light to take out of the albedo first, 0..1."""
    invert: bool = False
    """Swap high and low, where the estimate got it the wrong way round."""
    wrap: bool = True
    """Filter across the border, so that the maps tile if the albedo does."""


DEFAULTS = MaterialSettings()


def build_material(
    albedo: NDArray[np.float32],
    settings: MaterialSettings = DEFAULTS,
    *,
    metal_mask: NDArray[np.float32] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Derive all maps of a material from its albedo (H, W, C).

    Returns float32 maps, 0..1, by name: `albedo` (H, W, 3 or 4), `normal_gl` and `normal_dx`
    (H, W, 3), and `height`, `roughness`, `metallic`, `ao` (H, W, 1). Height is meant to be
    stored with 16 bits. `metal_mask` (H, W, 1) says where metal is.
    """
    preset = MATERIALS[settings.material]
    wrap, depth = settings.wrap, preset.depth * settings.strength
    colour = np.repeat(albedo, 3, axis=-1) if albedo.shape[-1] == 1 else albedo
    colour = flatten_lighting(colour, settings.delight, wrap=wrap)
    height = estimate_height(colour, preset, invert=settings.invert, wrap=wrap)
    metallic = estimate_metallic(colour, preset, mask=metal_mask, wrap=wrap)
    normals = normals_from_height(height, depth, wrap=wrap)
    return {
        "albedo": colour,
        "height": height,
        "normal_gl": normals.gl,
        "normal_dx": normals.dx,
        "roughness": estimate_roughness(colour, height, preset, metallic=metallic, wrap=wrap),
        "metallic": metallic,
        "ao": occlusion_from_height(
            height, depth, strength=settings.occlusion * preset.occlusion, wrap=wrap
        ),
    }
