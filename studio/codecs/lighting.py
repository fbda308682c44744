"""Light on physically based surfaces: a studio, a reflection model and a tone curve.

Vectors are (3, N) arrays in a right-handed world: X right, Y up, Z towards the camera; scalars
are (N,). Light is linear Rec. 709. Specular is Cook-Torrance (GGX, Smith, Schlick; Walter et al.
2007, Karis 2013); the studio is a set of analytic soft boxes whose edges widen with roughness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Colour: TypeAlias = tuple[float, float, float]


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


@dataclass(frozen=True)
class Surface:
    """What light meets at N points: unit vectors (3, N), linear albedo (3, N), scalars 0..1."""

    albedo: Floats
    roughness: Floats
    metallic: Floats
    ao: Floats
    normal: Floats
    """Shading normal, with the normal map's detail."""
    geometric: Floats
    """Normal of the bare shape."""
    view: Floats
    """Towards the camera."""
    shadow: Floats | float
    """Share of the key light that arrives."""


KEY: Final = Light((-0.52, 0.60, 0.61), (2.35, 2.27, 2.15))
FILL: Final = Light((0.80, 0.10, 0.59), (0.30, 0.34, 0.42))
STUDIO: Final = (
    SoftBox((-0.62, 0.58, 0.52), (0.42, 0.42), (3.4, 3.3, 3.15)),
    SoftBox((0.95, 0.16, 0.14), (0.22, 0.75), (2.1, 2.3, 2.6)),
    SoftBox((0.10, 0.92, -0.38), (0.75, 0.30), (1.9, 1.9, 1.9)),
    SoftBox((-0.88, -0.05, -0.47), (0.22, 0.70), (1.5, 1.45, 1.4)),
)
SKY: Final = (0.30, 0.32, 0.35)
FLOOR: Final = (0.13, 0.123, 0.116)
TOE, SHOULDER, DESATURATION = 0.5, 0.76, 0.15


def srgb_to_linear(colour: Floats) -> Floats:
    """Decode sRGB 0..1 to linear light 0..1 (IEC 61966-2-1)."""
    c = np.clip(colour, 0.0, 1.0).astype(np.float32)
    return np.asarray(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4))


def linear_to_srgb(light: Floats) -> Floats:
    """Encode linear light 0..1 as sRGB 0..1."""
    c = np.clip(light, 0.0, 1.0).astype(np.float32)
    return np.asarray(np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055))


def reflected_light(surface: Surface) -> Floats:
    """Linear light (3, N) that leaves the surface towards the camera."""
    facing = np.maximum(dot(surface.normal, surface.view), 1e-3)
    mirrored = 2 * facing * surface.normal - surface.view
    diffuse = surface.albedo * (1 - surface.metallic)
    f0 = 0.04 + (surface.albedo - 0.04) * surface.metallic
    gloss = _split_sum(f0, surface.roughness, facing)
    gloss *= _environment(mirrored, surface.roughness**2 * 0.8)
    # Mirrored rays that would dive into the shape, or out of a deep crevice, bring nothing.
    above = np.clip(1 + dot(mirrored, surface.geometric), 0, 1)
    light = (1 - (1 - surface.ao) * surface.roughness) * above * gloss
    light += surface.ao * diffuse * _environment(surface.normal, np.float32(0.9))
    light += _key_light(surface, diffuse, f0, facing) * surface.shadow
    # The fill light's mirror image is a soft box already: only its diffuse part is added.
    incident = np.clip(dot(surface.normal, column(FILL.direction)), 0, 1) * surface.ao
    return light + column(FILL.radiance) / np.pi * incident * diffuse


def tone_map(light: Floats) -> Floats:
    """Khronos PBR Neutral tone mapping, linear (3, N) to linear 0..1; keeps base colours.

    Its toe, which takes back the haze of a white environment, is scaled to our dimmer studio.
    """
    low = light.min(0)
    offset = np.where(low < 0.08, low - 6.25 * low * low, 0.04) * TOE
    colour = light - offset
    peak = np.maximum(colour.max(0), 1e-6)
    span = 1 - SHOULDER
    pressed = np.where(peak > SHOULDER, 1 - span * span / (peak + span - SHOULDER), peak)
    grey = 1 - 1 / (DESATURATION * (peak - pressed) + 1)
    return np.asarray(colour * (pressed / peak) * (1 - grey) + pressed * grey)


def _key_light(surface: Surface, diffuse: Floats, f0: Floats, facing: Floats) -> Floats:
    """Lambert and GGX reflection (3, N) of the key light; `facing` is n.v."""
    normal, view = surface.normal, surface.view
    towards = column(KEY.direction)
    half = view + towards
    half /= np.sqrt(dot(half, half))
    incident = np.clip(dot(normal, towards), 0, 1)
    # A lamp has a size: below this the highlight would be one white pixel.
    alpha = np.maximum(surface.roughness**2, 0.02)
    peak = (np.clip(dot(normal, half), 0, 1) ** 2) * (alpha**2 - 1) + 1
    spread = alpha**2 / (np.float32(np.pi) * peak * peak)
    both = 2 * incident * facing
    visibility = 0.5 / np.maximum(both + alpha * (incident + facing - both), 1e-4)
    schlick = (1 - np.clip(dot(view, half), 0, 1)) ** 5
    specular = np.minimum(spread * visibility, 12.0) * (f0 + (1 - f0) * schlick)
    lambert = diffuse * ((1 - schlick) / np.float32(np.pi))
    # The key's soft box already reflects in the surface: the lamp adds a third of its own.
    return np.asarray(column(KEY.radiance) * incident * (lambert + specular / 3))


def _split_sum(f0: Floats, roughness: Floats, facing: Floats) -> Floats:
    """Analytic environment BRDF (Karis 2014, after Lazarov 2013)."""
    smooth = 1 - roughness
    bend = np.minimum(smooth * smooth, np.exp2(-9.28 * facing)) * smooth
    bend += 0.0425 - 0.0275 * roughness
    scale = 1.04 - 0.572 * roughness - 1.04 * bend
    return np.asarray(f0 * scale + 1.04 * bend + 0.022 * roughness - 0.04)


def _environment(direction: Floats, blur: Floats | np.float32) -> Floats:
    """Radiance (3, N) of the studio from `direction`, seen through a lobe `blur` wide (tangent)."""
    up = _smooth_step(direction[1] / (0.06 + 1.1 * blur))
    sky, floor = column(SKY), column(FLOOR)
    # The wall behind the horizon line is brighter than the dome: metal shows it as a soft band.
    wall = 1 + 0.9 * np.clip(1 - np.abs(direction[1] - 0.12) * 2.2, 0, 1)
    sheen = 1 + 1.8 * np.clip(1 + direction[1] * 1.6, 0, 1) ** 2
    light = floor * sheen + (sky * wall - floor * sheen) * up
    for box in STUDIO:
        light += column(box.radiance) * _box_coverage(box, direction, blur)
    return np.asarray(light)


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
    return np.asarray(s * s * (3 - 2 * s))


def column(values: Colour) -> Floats:
    """Three numbers as a (3, 1) array."""
    return np.array(values, np.float32)[:, None]


def dot(a: Floats, b: Floats) -> Floats:
    """Scalar product along the first axis."""
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])
