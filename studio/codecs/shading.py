"""Lit previews of a physically based material, in numpy and Pillow only.

A material is a mapping from map name to array: `albedo` (H, W, 3) in sRGB 0..1, and optionally
`normal_gl` (H, W, 3) encoded 0..1 with Y up, `height`, `roughness`, `metallic`, `ao` (H, W) 0..1.
All maps have one size and wrap around at every edge.

Vectors are (3, N) float32 in a right-handed world: X right, Y up, Z towards the camera.
Light is linear Rec. 709; specular is Cook-Torrance (GGX, Smith, Schlick; Walter et al. 2007,
Karis 2013), the studio around the object is a set of analytic soft boxes whose edges widen with
roughness, and the picture is tone-mapped with Khronos PBR Neutral, which keeps base colours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Floats: TypeAlias = npt.NDArray[np.float32]
Maps: TypeAlias = Mapping[str, npt.NDArray[np.floating]]
Colour: TypeAlias = tuple[float, float, float]

DEFAULT_RELIEF: Final = 0.04
"""Depth of a 0..1 height map in tile widths, where no normal map tells the true one."""
MAX_RELIEF: Final = 0.12
"""Deeper parallax breaks up at the limb of the sphere."""
SCALAR_DEFAULTS: Final = {"roughness": 0.5, "metallic": 0.0, "ao": 1.0, "height": 0.5}
ROUGHNESS, METALLIC, AO, HEIGHT = 6, 7, 8, 9  # rows of a sample; 0:3 albedo, 3:6 normal
SHADOW_STEPS: Final = (0.06, 0.16, 0.32, 0.6)
CHUNK: Final = 1 << 15


@dataclass(frozen=True)
class Light:
    """A distant lamp: unit direction towards it, linear radiance."""

    direction: Colour
    radiance: Colour


@dataclass(frozen=True)
class SoftBox:
    """A rectangular lamp at infinity: direction, half sizes in tangent units, linear radiance."""

    axis: Colour
    half: tuple[float, float]
    radiance: Colour


KEY: Final = Light((-0.52, 0.60, 0.61), (2.35, 2.27, 2.15))
FILL: Final = Light((0.80, 0.10, 0.59), (0.30, 0.34, 0.42))
STUDIO: Final = (
    SoftBox((-0.62, 0.58, 0.52), (0.42, 0.42), (3.4, 3.3, 3.15)),
    SoftBox((0.95, 0.16, 0.14), (0.22, 0.75), (2.1, 2.3, 2.6)),
    SoftBox((0.10, 0.92, -0.38), (0.75, 0.30), (1.9, 1.9, 1.9)),
    SoftBox((-0.88, -0.05, -0.47), (0.22, 0.70), (1.5, 1.45, 1.4)),
)
SKY: Final = (0.30, 0.32, 0.35)
FLOOR: Final = (0.16, 0.152, 0.144)
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
        return self.texels.shape[1] / self.texels.shape[0]


@dataclass(frozen=True)
class Points:
    """Where the picture's rays meet the object: tile coordinates (v down), frame and view."""

    u: Floats
    v: Floats
    tangent: Floats
    bitangent: Floats
    normal: Floats
    view: Floats


def srgb_to_linear(colour: npt.NDArray[np.floating]) -> Floats:
    """Decode sRGB 0..1 to linear light 0..1 (IEC 61966-2-1)."""
    c = np.clip(colour, 0.0, 1.0).astype(np.float32)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(light: npt.NDArray[np.floating]) -> Floats:
    """Encode linear light 0..1 as sRGB 0..1."""
    c = np.clip(light, 0.0, 1.0).astype(np.float32)
    return np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055).astype(np.float32)


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
        light[part] = _tone_map(_radiance(texture, points_at(x[part], y[part]))).T
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
    tangent, bitangent, normal = (_column(axis) * one for axis in PLANE_FRAME)
    view = normal * 2.1 - tangent * x - bitangent * y
    return Points(
        (x + 1) * np.float32(tiles / 2),
        (top - y) * np.float32(tiles * aspect / 2),
        tangent,
        bitangent,
        normal,
        view / np.sqrt(_dot(view, view)),
    )


def _radiance(texture: Texture, points: Points) -> Floats:
    """Linear light (3, N) that leaves the points towards the camera."""
    points = _parallax(texture, points)
    sample = _bilinear(texture, points.u, points.v)
    normal = (
        points.tangent * sample[3] + points.bitangent * sample[4] + points.normal * sample[5]
    )
    normal /= np.sqrt(np.maximum(_dot(normal, normal), 1e-8))
    facing = np.maximum(_dot(normal, points.view), 1e-3)
    reflected = 2 * facing * normal - points.view
    diffuse = sample[:3] * (1 - sample[METALLIC])
    f0 = 0.04 + (sample[:3] - 0.04) * sample[METALLIC]
    ambient = diffuse * _environment(normal, np.float32(0.9))
    gloss = _split_sum(f0, sample[ROUGHNESS], facing)
    gloss *= _environment(reflected, sample[ROUGHNESS] ** 2 * np.float32(0.8))
    below = np.clip(1 + _dot(reflected, points.normal), 0, 1)
    light = sample[AO] * ambient
    light += (1 - (1 - sample[AO]) * sample[ROUGHNESS]) * below * gloss
    key = _key_light(diffuse, f0, sample[ROUGHNESS], (normal, points.view, facing))
    light += key * _shadow(texture, points, sample[HEIGHT])
    # The fill light's mirror image is a soft box already: only its diffuse part is added.
    incident = np.clip(_dot(normal, _column(FILL.direction)), 0, 1) * sample[AO]
    return np.asarray(light + _column(FILL.radiance) / np.pi * incident * diffuse, np.float32)


def _key_light(
    diffuse: Floats, f0: Floats, roughness: Floats, frame: tuple[Floats, Floats, Floats]
) -> Floats:
    """Lambert and GGX reflection (3, N) of the key light; `frame` is normal, view, n.v."""
    normal, view, facing = frame
    towards = _column(KEY.direction)
    half = view + towards
    half /= np.sqrt(_dot(half, half))
    incident = np.clip(_dot(normal, towards), 0, 1)
    # A lamp has a size: below this the highlight would be one white pixel.
    alpha = np.maximum(roughness * roughness, 0.02)
    peak = (np.clip(_dot(normal, half), 0, 1) ** 2) * (alpha**2 - 1) + 1
    spread = alpha**2 / (np.float32(np.pi) * peak * peak)
    both = 2 * incident * facing
    visibility = 0.5 / np.maximum(both + alpha * (incident + facing - both), 1e-4)
    schlick = (1 - np.clip(_dot(view, half), 0, 1)) ** 5
    specular = np.minimum(spread * visibility, 12.0) * (f0 + (1 - f0) * schlick)
    lambert = diffuse * ((1 - schlick) / np.float32(np.pi))
    # The key's soft box already reflects in the surface: the lamp adds a third of its own.
    return np.asarray(_column(KEY.radiance) * incident * (lambert + specular / 3), np.float32)


def _split_sum(f0: Floats, roughness: Floats, facing: Floats) -> Floats:
    """Analytic environment BRDF (Karis 2014, after Lazarov 2013)."""
    smooth = 1 - roughness
    bend = np.minimum(smooth * smooth, np.exp2(-9.28 * facing)) * smooth
    bend += 0.0425 - 0.0275 * roughness
    return f0 * (1.04 - 0.572 * roughness - 1.04 * bend) + (
        1.04 * bend + 0.022 * roughness - 0.04
    )


def _environment(direction: Floats, blur: Floats | np.float32) -> Floats:
    """Radiance (3, N) of the studio from `direction`, seen through a lobe `blur` wide (tangent)."""
    up = _smooth_step(direction[1] / (0.06 + 1.1 * blur))
    sky, floor = _column(SKY), _column(FLOOR)
    # The wall behind the horizon line is brighter than the dome: metal shows it as a soft band.
    wall = 1 + 0.9 * np.clip(1 - np.abs(direction[1] - 0.12) * 2.2, 0, 1)
    sheen = 1 + 1.8 * np.clip(1 + direction[1] * 1.6, 0, 1) ** 2
    light = floor * sheen + (sky * wall - floor * sheen) * up
    for box in STUDIO:
        light += _column(box.radiance) * _box_coverage(box, direction, blur)
    return light


def _box_coverage(box: SoftBox, direction: Floats, blur: Floats | np.float32) -> Floats:
    """Share 0..1 of the lobe that a soft box fills."""
    axis = np.array(box.axis, np.float32) / np.float32(np.linalg.norm(box.axis))
    right = np.cross((0.0, 1.0, 0.0), axis).astype(np.float32)
    right /= np.linalg.norm(right)
    depth = axis @ direction
    inverse = 1 / np.maximum(depth, 0.08)
    edge = 1 / (0.05 + 1.5 * blur)
    covered = _smooth_step(depth * edge * 1.5) if np.ndim(blur) else _smooth_step(depth * 1.2)
    covered = np.where(depth > 0, covered * 2 - 1, 0)
    for span, vector in zip(box.half, (right, np.cross(axis, right)), strict=True):
        offset = np.abs((vector @ direction) * inverse)
        covered *= _smooth_step((span + offset) * edge) - _smooth_step((offset - span) * edge)
    return np.asarray(np.maximum(covered, 0), np.float32)


def _smooth_step(t: Floats) -> Floats:
    """0 below -1, 1 above 1, smooth between."""
    s = np.clip(t * 0.5 + 0.5, 0, 1)
    return np.asarray(s * s * (3 - 2 * s), np.float32)


def _parallax(texture: Texture, points: Points) -> Points:
    """Shift the tile coordinates to where the view ray meets the relief."""
    if texture.relief == 0.0:
        return points
    rise = np.maximum(_dot(points.normal, points.view), 0.4)
    du = -_dot(points.tangent, points.view) / rise * np.float32(texture.relief)
    dv = _dot(points.bitangent, points.view) / rise * np.float32(texture.relief * texture.aspect)
    u, v = points.u, points.v
    for _ in range(2):
        depth = 0.5 - _height_at(texture, u, v)
        u, v = points.u + du * depth, points.v + dv * depth
    return replace(points, u=u, v=v)


def _shadow(texture: Texture, points: Points, level: Floats) -> Floats | np.float32:
    """Share 0..1 of the key light that passes the relief around each point."""
    if texture.relief < 2e-3:
        return np.float32(1)
    towards = _column(KEY.direction)
    rise = np.maximum(_dot(points.normal, towards), 0.15)
    du = _dot(points.tangent, towards) / rise * np.float32(texture.relief)
    dv = -_dot(points.bitangent, towards) / rise * np.float32(texture.relief * texture.aspect)
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


def _tone_map(light: Floats) -> Floats:
    """Khronos PBR Neutral tone mapping, linear (3, N) to linear 0..1."""
    low = light.min(0)
    offset = np.where(low < 0.08, low - 6.25 * low * low, 0.04)
    colour = light - offset
    peak = np.maximum(colour.max(0), 1e-6)
    start, desaturation = 0.76, 0.15
    span = 1 - start
    pressed = np.where(peak > start, 1 - span * span / (peak + span - start), peak)
    grey = 1 - 1 / (desaturation * (peak - pressed) + 1)
    return np.asarray(colour * (pressed / peak) * (1 - grey) + pressed * grey, np.float32)


def _box_reduce(array: npt.NDArray[np.floating], factor: int) -> Floats:
    """Average `factor` x `factor` blocks of an (H, W[, C]) array."""
    if factor == 1:
        return array.astype(np.float32)
    height, width = (n // factor * factor for n in array.shape[:2])
    total = np.zeros((height // factor, width // factor, *array.shape[2:]), np.float32)
    for i in range(factor):
        for j in range(factor):
            total += array[i:height:factor, j:width:factor]
    return total / np.float32(factor * factor)


def _column(values: Colour) -> Floats:
    """Three numbers as a (3, 1) array."""
    return np.array(values, np.float32)[:, None]


def _dot(a: Floats, b: Floats) -> Floats:
    """Scalar product along the first axis."""
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], np.float32)


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
