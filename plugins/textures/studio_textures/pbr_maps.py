"""Normal, occlusion, roughness and metalness of a surface with a known height.

Heights are (H, W, 1), 0..1; `depth` is what 0..1 means, as a share of the picture's width. Every
filter wraps around when told so, hence maps tile when their input does.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from studio_textures.materials import MaterialPreset
from studio_textures.pictures import blur, luma

REACH = (1, 2, 4, 8, 16)
"""Distances in pixels (at 512 pixels of width) at which occluders are looked for."""

RUST_HUE = 0.75
"""Green relative to red, minus half the blue, under which a saturated metal is rust."""


RUST_ROUGHNESS = 0.86
"""Mean roughness of rust."""


class Normals(NamedTuple):
    """Tangent-space normal maps (H, W, 3), encoded n / 2 + 0.5; X is right in both."""

    gl: NDArray[np.float32]
    """OpenGL: Y+ is up in the picture (glTF, Godot, Unity, Blender)."""
    dx: NDArray[np.float32]
    """DirectX: Y+ is down in the picture (Unreal)."""


def normals_from_height(height: NDArray[np.float32], depth: float, *, wrap: bool = True) -> Normals:
    """Unit normals with z > 0 by the Scharr operator, which treats all directions alike."""
    mode = "wrap" if wrap else "nearest"
    surface = height[..., 0].astype(np.float32) * np.float32(depth * height.shape[1])  # pixels
    slope_x, slope_y = (_scharr(surface, axis, mode) for axis in (1, 0))
    scale = 1.0 / np.sqrt(slope_x**2 + slope_y**2 + 1.0)
    right, up = -slope_x * scale, slope_y * scale  # rows grow downwards: up is +dh/drow
    gl = np.stack([right, up, scale], axis=-1) * 0.5 + 0.5
    flipped = np.stack([right, -up, scale], axis=-1) * 0.5 + 0.5
    return Normals(gl.astype(np.float32), flipped.astype(np.float32))


def _scharr(surface: NDArray[np.float32], axis: int, mode: str) -> NDArray[np.float32]:
    slope = ndimage.correlate1d(surface, [-0.5, 0.0, 0.5], axis=axis, mode=mode)
    smooth = ndimage.correlate1d(slope, [0.1875, 0.625, 0.1875], axis=1 - axis, mode=mode)
    return np.asarray(smooth, dtype=np.float32)


def occlusion_from_height(
    height: NDArray[np.float32], depth: float, *, strength: float = 1.0, wrap: bool = True
) -> NDArray[np.float32]:
    """Ambient occlusion (H, W, 1), 1 open .. 0 closed, from the horizon in eight directions.

    Openness is the mean of 1 - sin(horizon elevation) (Bavoil & Sainz 2008, without the
    tangent term).
    """
    surface = height[..., 0] * np.float32(depth * height.shape[1])
    unit = max(0.25, height.shape[1] / 512.0)  # pixel art has hollows of a few pixels
    closed = np.zeros_like(surface)
    for angle in range(8):
        dy, dx = np.sin(angle * np.pi / 4), np.cos(angle * np.pi / 4)
        steepest = np.zeros_like(surface)
        for reach in REACH:
            step = (round(dy * reach * unit), round(dx * reach * unit))
            if step == (0, 0):
                continue
            rise = _shifted(surface, step, wrap) - surface
            np.maximum(steepest, rise / np.float32(np.hypot(*step)), out=steepest)
        closed += steepest / np.sqrt(1.0 + steepest**2)
    openness = 1.0 - strength * closed / 8.0
    return np.asarray(np.clip(openness, 0.0, 1.0)[..., None], dtype=np.float32)


def _shifted(img: NDArray[np.float32], step: tuple[int, int], wrap: bool) -> NDArray[np.float32]:
    """img[y + step[0], x + step[1]], wrapping or repeating the border."""
    if wrap:
        return np.roll(img, (-step[0], -step[1]), axis=(0, 1))
    rows = np.clip(np.arange(img.shape[0]) + step[0], 0, img.shape[0] - 1)
    columns = np.clip(np.arange(img.shape[1]) + step[1], 0, img.shape[1] - 1)
    return img[rows[:, None], columns[None, :]]


def estimate_roughness(
    albedo: NDArray[np.float32],
    height: NDArray[np.float32],
    preset: MaterialPreset,
    *,
    metallic: NDArray[np.float32] | None = None,
    wrap: bool = True,
) -> NDArray[np.float32]:
    """Roughness (H, W, 1), 0..1: the material's own plus what brightness, height and grain say.

    Slow brightness is light rather than material and is left out; grain (local variance) makes
    a surface rougher, as microscopic relief does, and so does rust: where `metallic` (H, W, 1)
    is less than the preset's.
    """
    grey = luma(albedo)
    side = min(grey.shape)
    detail = _standard(grey - blur(grey, side / 8.0, wrap))
    fine = grey - blur(grey, side / 256.0, wrap)
    grain = _standard(np.sqrt(blur(fine**2, side / 64.0, wrap).clip(0.0)))
    rough = (
        preset.roughness
        + preset.roughness_brightness * detail
        + preset.roughness_height * _standard(height[..., 0])
        + 0.01 * grain
    )
    if metallic is not None and preset.metallic > 0:
        bare = metallic[..., 0] / preset.metallic
        rough = RUST_ROUGHNESS + (rough - RUST_ROUGHNESS) * np.clip(bare, 0.0, 1.0)
    return np.asarray(np.clip(rough, 0.02, 1.0)[..., None], dtype=np.float32)


def _standard(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Zero mean, unit deviation, at most 2.5 deviations; zero if there is hardly any."""
    spread = max(float(values.std()), 5e-3)
    return np.asarray(np.clip((values - values.mean()) / spread, -2.5, 2.5))


def estimate_metallic(
    albedo: NDArray[np.float32],
    preset: MaterialPreset,
    *,
    mask: NDArray[np.float32] | None = None,
    wrap: bool = True,
) -> NDArray[np.float32]:
    """Metalness (H, W, 1), 0..1: the preset's, less where saturated red-brown looks like rust.

    `mask` (H, W, 1), 0..1, says instead of the guess where metal is.
    """
    shape = (*albedo.shape[:2], 1)
    if mask is not None:
        return (np.clip(mask, 0.0, 1.0) * max(preset.metallic, 1.0)).astype(np.float32)
    if preset.metallic <= 0 or albedo.shape[-1] < 3:
        return np.full(shape, preset.metallic, dtype=np.float32)
    red, green, blue = (albedo[..., i] for i in range(3))
    saturation = (albedo[..., :3].max(axis=-1) - albedo[..., :3].min(axis=-1)) / (red + 0.1)
    warm = np.clip((RUST_HUE - (green - 0.5 * blue) / (red + 1e-3)) / 0.2, 0.0, 1.0)
    rust = np.clip((saturation - 0.35) / 0.2, 0.0, 1.0) * warm
    rust = blur(rust.astype(np.float32), min(shape[:2]) / 256.0, wrap)
    return np.asarray(
        np.clip(preset.metallic * (1.0 - rust), 0.0, 1.0)[..., None], dtype=np.float32
    )
