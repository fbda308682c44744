"""Lit previews of a physically based material, in numpy and Pillow only.

A material is a mapping from map name to array: `albedo` (H, W, 3) in sRGB 0..1, and optionally
`normal_gl` (H, W, 3) encoded 0..1 with Y up, `height`, `roughness`, `metallic`, `ao` (H, W) 0..1.
All maps have one size and wrap around at every edge.

This module turns pixels into points of a sphere or a plane and samples the maps there, with
parallax and self-shadowing from height; `lighting` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from studio.codecs.lighting import (
    KEY,
    Floats,
    Surface,
    column,
    dot,
    linear_to_srgb,
    reflected_light,
    srgb_to_linear,
    tone_map,
)

Maps: TypeAlias = Mapping[str, npt.NDArray[np.floating[Any]]]

DEFAULT_RELIEF: Final = 0.04
"""Depth of a 0..1 height map in tile widths, where no normal map tells the true one."""
MAX_RELIEF: Final = 0.12
"""Deeper parallax breaks up at the limb of the sphere."""
SCALAR_DEFAULTS: Final = {"roughness": 0.5, "metallic": 0.0, "ao": 1.0, "height": 0.5}
ROUGHNESS, METALLIC, AO, HEIGHT = 6, 7, 8, 9  # rows of a sample; 0:3 albedo, 3:6 normal
SHADOW_STEPS: Final = (0.06, 0.16, 0.32, 0.6)
CHUNK: Final = 1 << 15
PLANE_FRAME: Final = (
    (0.9621, 0.0, -0.2728),
    (-0.0819, 0.9539, -0.2888),
    (0.2602, 0.3002, 0.9177),
)
"""Tangent, bitangent, normal of the flat sample: right, up, out; leaning back and to the right."""
BACKDROP: Final = (38, 40, 44)
"""Neutral dark grey, sRGB 0..255, behind every card."""


@dataclass(frozen=True)
class Texture:
    """A material prefiltered for one picture: linear texels (H, W, 10) and depth in tile widths."""

    texels: Floats
    relief: float

    @property
    def aspect(self) -> float:
        """Width over height of one tile."""
        return float(self.texels.shape[1] / self.texels.shape[0])


@dataclass(frozen=True)
class Points:
    """Where the picture's rays meet the object: tile coordinates (v down), frame and view."""

    u: Floats
    v: Floats
    tangent: Floats
    bitangent: Floats
    normal: Floats
    view: Floats


def render_sphere(
    maps: Maps, size: int, repeats: float = 2.0, supersample: int = 2, *, backdrop: bool = False
) -> Image.Image:
    """A lit sphere, `size` pixels square, the tile `repeats` times around it.

    RGBA with a transparent surround, or on a neutral backdrop with a contact shadow.
    """
    texture = _prepare(maps, repeats, np.pi * size)
    fine = size * supersample
    scale = 0.80 if backdrop else 0.985
    axis = (np.arange(fine, dtype=np.float32) * 2 + 1) / fine - 1
    x, y = np.meshgrid(axis / scale, -axis / scale)
    inside = x * x + y * y < 1.0
    picture = np.zeros((fine, fine, 4), np.float32)
    picture[inside, :3] = _shaded(
        texture, x[inside], y[inside], lambda x, y: _sphere_points(x, y, repeats, texture.aspect)
    )
    picture[inside, 3] = 1.0
    image = _to_image(_box_reduce(picture, supersample))
    return _on_backdrop(image, scale) if backdrop else image


def render_plane(
    maps: Maps, size: int | tuple[int, int], tiles: float = 2.0, supersample: int = 2
) -> Image.Image:
    """A lit flat RGB picture, `size` = side or (width, height), `tiles` copies across its width.

    The plane leans back under a near camera, so gloss varies over it as on a photographed sample.
    """
    width, height = (size, size) if isinstance(size, int) else size
    texture = _prepare(maps, tiles, width)
    columns = (np.arange(width * supersample, dtype=np.float32) + 0.5) / (width * supersample)
    rows = (np.arange(height * supersample, dtype=np.float32) + 0.5) / (height * supersample)
    x, y = np.meshgrid(columns * 2 - 1, (1 - 2 * rows) * (height / width))
    top = height / width
    light = _shaded(
        texture, x.ravel(), y.ravel(), lambda x, y: _plane_points(x, y, top, tiles, texture.aspect)
    )
    return _to_image(_box_reduce(light.reshape(*x.shape, 3), supersample))


def render_material(maps: Maps, size: int) -> Image.Image:
    """The thumbnail of a material: its lit sphere over its own softened, darkened surface. RGB."""
    card = render_plane(maps, size, 2.0, 1).filter(ImageFilter.GaussianBlur(size / 220))
    yy, xx = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    dim = 0.62 - 0.26 * np.clip((xx * xx + yy * yy) / 2, 0, 1)
    base = np.asarray(card, np.float32) * dim[..., None] + 10 * (1 - dim[..., None])
    card = Image.fromarray(base.astype(np.uint8))
    sphere = render_sphere(maps, round(size * 0.76))
    corner = (size - sphere.width) // 2
    _drop_shadow(card, (size / 2, size / 2 + size * 0.06), sphere.width / 2)
    card.paste(sphere, (corner, corner - size // 90), sphere)
    return card


def _prepare(maps: Maps, tiles: float, pixels: float) -> Texture:
    """Reduce a material to about 1.3 texels a pixel: `tiles` copies across `pixels`."""
    height, width = maps["albedo"].shape[:2]
    for name, array in maps.items():
        if array.shape[:2] != (height, width):
            raise ValueError(f"map {name!r} is {array.shape[:2]}, albedo is {(height, width)}")
    factor = max(1, round(width * tiles / (1.3 * pixels)))
    while height % factor or width % factor:
        factor -= 1
    texels = np.empty((height // factor, width // factor, 10), np.float32)
    texels[..., :3] = _box_reduce(srgb_to_linear(maps["albedo"]), factor)
    for row, (name, default) in enumerate(SCALAR_DEFAULTS.items(), ROUGHNESS):
        texels[..., row] = _box_reduce(maps[name], factor) if name in maps else default
    relief = _fill_normals(texels, maps, factor)
    if "ao" not in maps and "height" in maps:
        texels[..., AO] = _cavity(texels[..., HEIGHT], relief)
    return Texture(texels, relief)


def _fill_normals(texels: Floats, maps: Maps, factor: int) -> float:
    """Write unit normals into `texels`; return the depth that makes height agree with them."""
    per_tile = np.float32(texels.shape[1] / 2)
    field = texels[..., HEIGHT]
    east = (np.roll(field, -1, 1) - np.roll(field, 1, 1)) * per_tile
    north = (np.roll(field, 1, 0) - np.roll(field, -1, 0)) * per_tile
    normal: Floats
    if "normal_gl" not in maps:
        relief = DEFAULT_RELIEF if "height" in maps else 0.0
        normal = np.dstack((-relief * east, -relief * north, np.ones_like(east)))
    else:
        normal = _box_reduce(maps["normal_gl"], factor) * 2 - 1
        rise = np.maximum(normal[..., 2], 0.2)
        slopes = -(normal[..., 0] * east + normal[..., 1] * north) / rise
        relief = float(slopes.sum() / max(float((east**2 + north**2).sum()), 1e-6))
    length = np.maximum(np.linalg.norm(normal, axis=2), 1e-4)
    if "normal_gl" in maps:
        # Averaged normals shorten; what they lost is roughness (Toksvig 2004).
        spread = np.clip((1 - length) / length, 0.0, 0.25)
        texels[..., ROUGHNESS] = (texels[..., ROUGHNESS] ** 4 + spread) ** 0.25
    texels[..., 3:6] = normal / length[..., None]
    return float(np.clip(relief, 0.0, MAX_RELIEF)) if "height" in maps else 0.0


def _cavity(field: Floats, relief: float, radius: float = 0.03) -> Floats:
    """Ambient occlusion 0..1 guessed from how far a texel lies below its surroundings."""
    rows = np.fft.fftfreq(field.shape[0], 1 / field.shape[1])[:, None]
    columns = np.fft.rfftfreq(field.shape[1], 1 / field.shape[1])[None, :]
    blur = np.exp(-2 * (np.pi * radius) ** 2 * (rows**2 + columns**2))
    around = np.fft.irfft2(np.fft.rfft2(field) * blur, field.shape)
    return (1 / (1 + 1.5 * np.maximum(around - field, 0) * relief / radius)).astype(np.float32)


def _shaded(
    texture: Texture, x: Floats, y: Floats, points_at: Callable[[Floats, Floats], Points]
) -> Floats:
    """Tone-mapped linear light (N, 3) at picture coordinates, in chunks that fit the cache."""
    light = np.empty((len(x), 3), np.float32)
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        light[part] = tone_map(_radiance(texture, points_at(x[part], y[part]))).T
    return light


def _sphere_points(x: Floats, y: Floats, repeats: float, aspect: float) -> Points:
    """Points of the unit sphere under parallel rays; longitude is u, latitude v."""
    z = np.sqrt(np.maximum(1 - x * x - y * y, 1e-6))
    around = np.sqrt(np.maximum(1 - y * y, 1e-6))
    sin_lon, cos_lon = x / around, z / around
    zero = np.zeros_like(x)
    u = np.arctan2(x, z) * np.float32(repeats / (2 * np.pi)) + np.float32(0.5)
    v = np.float32(0.5) - np.arcsin(np.clip(y, -1, 1)) * np.float32(repeats * aspect / (2 * np.pi))
    return Points(
        u,
        v,
        np.stack((cos_lon, zero, -sin_lon)),
        np.stack((-y * sin_lon, around, -y * cos_lon)),
        np.stack((x, y, z)),
        np.stack((zero, zero, zero + 1)),
    )


def _plane_points(x: Floats, y: Floats, top: float, tiles: float, aspect: float) -> Points:
    """Points of a plane |x| <= 1, |y| <= top, turned so that the key light grazes it."""
    one = np.ones_like(x)
    tangent, bitangent, normal = (column(axis) * one for axis in PLANE_FRAME)
    view = normal * 2.1 - tangent * x - bitangent * y
    return Points(
        (x + 1) * np.float32(tiles / 2),
        (top - y) * np.float32(tiles * aspect / 2),
        tangent,
        bitangent,
        normal,
        view / np.sqrt(dot(view, view)),
    )


def _radiance(texture: Texture, points: Points) -> Floats:
    """Linear light (3, N) that leaves the points towards the camera."""
    points = _parallax(texture, points)
    sample = _bilinear(texture, points.u, points.v)
    normal = points.tangent * sample[3] + points.bitangent * sample[4] + points.normal * sample[5]
    normal /= np.sqrt(np.maximum(dot(normal, normal), 1e-8))
    return reflected_light(
        Surface(
            albedo=sample[:3],
            roughness=sample[ROUGHNESS],
            metallic=sample[METALLIC],
            ao=sample[AO],
            normal=normal,
            geometric=points.normal,
            view=points.view,
            shadow=_shadow(texture, points, sample[HEIGHT]),
        )
    )


def _parallax(texture: Texture, points: Points) -> Points:
    """Shift the tile coordinates to where the view ray meets the relief."""
    if texture.relief == 0.0:
        return points
    rise = np.maximum(dot(points.normal, points.view), 0.4)
    du = -dot(points.tangent, points.view) / rise * np.float32(texture.relief)
    dv = dot(points.bitangent, points.view) / rise * np.float32(texture.relief * texture.aspect)
    u, v = points.u, points.v
    for _ in range(2):
        depth = 0.5 - _height_at(texture, u, v)
        u, v = points.u + du * depth, points.v + dv * depth
    return replace(points, u=u, v=v)


def _shadow(texture: Texture, points: Points, level: Floats) -> Floats | float:
    """Share 0..1 of the key light that passes the relief around each point."""
    if texture.relief < 2e-3:
        return 1.0
    towards = column(KEY.direction)
    rise = np.maximum(dot(points.normal, towards), 0.15)
    du = dot(points.tangent, towards) / rise * np.float32(texture.relief)
    dv = -dot(points.bitangent, towards) / rise * np.float32(texture.relief * texture.aspect)
    above = np.zeros_like(level)
    for step in SHADOW_STEPS:
        hit = _height_at(texture, points.u + du * step, points.v + dv * step) - level - step
        above = np.maximum(above, hit / np.float32(step + 0.1))
    return np.asarray(1 - 0.8 * np.clip(above * 2.5, 0, 1), np.float32)


def _height_at(texture: Texture, u: Floats, v: Floats) -> Floats:
    """Nearest height (N,)."""
    rows, columns = texture.texels.shape[:2]
    i = np.floor(v * rows).astype(np.int32) % rows
    j = np.floor(u * columns).astype(np.int32) % columns
    return np.asarray(texture.texels[i, j, HEIGHT], np.float32)


def _bilinear(texture: Texture, u: Floats, v: Floats) -> Floats:
    """Samples (10, N) with wrap-around."""
    rows, columns, depth = texture.texels.shape
    flat = texture.texels.reshape(-1, depth)
    x, y = u * columns - 0.5, v * rows - 0.5
    left, top = np.floor(x), np.floor(y)
    fx, fy = (x - left)[:, None], (y - top)[:, None]
    j0, i0 = left.astype(np.int32) % columns, top.astype(np.int32) % rows
    j1, i1 = (j0 + 1) % columns, (i0 + 1) % rows
    upper = flat[i0 * columns + j0] * (1 - fx) + flat[i0 * columns + j1] * fx
    lower = flat[i1 * columns + j0] * (1 - fx) + flat[i1 * columns + j1] * fx
    return np.ascontiguousarray((upper * (1 - fy) + lower * fy).T)


def _box_reduce(array: Floats, factor: int) -> Floats:
    """Average `factor` x `factor` blocks of an (H, W[, C]) array."""
    if factor == 1:
        return array.astype(np.float32)
    height, width = (n // factor * factor for n in array.shape[:2])
    total = np.zeros((height // factor, width // factor, *array.shape[2:]), np.float32)
    for i in range(factor):
        for j in range(factor):
            total += array[i:height:factor, j:width:factor]
    return total / np.float32(factor * factor)


def _to_image(light: Floats) -> Image.Image:
    """Linear light (H, W, 3), or (H, W, 4) premultiplied by coverage, as an 8-bit picture."""
    if light.shape[2] == 3:
        return Image.fromarray(np.rint(linear_to_srgb(light) * 255).astype(np.uint8))
    alpha = light[..., 3:]
    colour = linear_to_srgb(light[..., :3] / np.maximum(alpha, 1e-6))
    return Image.fromarray(np.rint(np.dstack((colour, alpha)) * 255).astype(np.uint8))


def _drop_shadow(image: Image.Image, centre: tuple[float, float], radius: float) -> None:
    """Darken `image` softly around a disc, in place."""
    mask = Image.new("L", image.size)
    x, y = centre
    grown = radius * 0.97
    ImageDraw.Draw(mask).ellipse((x - grown, y - grown, x + grown, y + grown), fill=215)
    image.paste((6, 7, 9), (0, 0), mask.filter(ImageFilter.GaussianBlur(radius * 0.12)))


def _on_backdrop(sphere: Image.Image, scale: float) -> Image.Image:
    """Set a sphere of relative radius `scale` on a graded neutral floor with a contact shadow."""
    size = sphere.width
    yy, xx = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    glow = 1.5 - 0.75 * np.clip(np.hypot(xx, yy + 0.25) / 1.4, 0, 1)
    base = np.clip(np.array(BACKDROP) * glow[..., None], 0, 255).astype(np.uint8)
    card = Image.fromarray(base)
    mask = Image.new("L", card.size)
    middle, bottom = size / 2, size * (0.5 + scale / 2)
    wide, flat = size * scale * 0.36, size * 0.035
    ImageDraw.Draw(mask).ellipse(
        (middle - wide, bottom - flat, middle + wide, bottom + flat), fill=230
    )
    card.paste((8, 8, 10), (0, 0), mask.filter(ImageFilter.GaussianBlur(size * 0.03)))
    card.paste(sphere, (0, 0), sphere)
    return card
