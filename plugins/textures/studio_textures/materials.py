"""What materials are like: the numbers that turn one albedo into plausible maps.

Tuned by hand against twelve CC0 sets with measured or sculpted maps (ambientCG, Poly Haven),
compared at 512 x 512. Two findings are built in: in weathered materials the *raised* parts are
the more saturated ones (joints, dust and lichen are grey), which says more about height than
brightness does; and coarse relief is always taller than fine relief.

Correlation with the true height: 0.57 brick, 0.48 ground, 0.57 and 0.58 stone; of slopes, smoothed
by 4 pixels: 0.57, 0.44, 0.54 and 0.66. These are the sets the presets were tuned on, not a test.
Bark (as wood, -0.18) and onyx (as ceramic, -0.20) come out the wrong way round. Fabric, plastic,
gravel, grass and leather had no true maps to compare with: their numbers are judgement.
"""

from dataclasses import dataclass
from types import MappingProxyType

Octaves = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class MaterialPreset:
    """How height, roughness and metal follow from the albedo of one kind of material."""

    octaves: Octaves
    """Height of relief about 1, 2, 4, 8, 16, 32 pixels wide in a 512-pixel picture, relative."""
    brightness: float
    """How far brighter means higher, -1..1."""
    saturation: float
    """How far more saturated means higher, -1..1."""
    depth: float
    """Distance from lowest to highest point, share of the picture's width (0.02 is 2 %)."""
    roughness: float
    """Mean roughness, 0 mirror .. 1 chalk."""
    roughness_brightness: float
    """Change of roughness per standard deviation of brightness."""
    roughness_height: float
    """Change of roughness per standard deviation of height; negative makes hollows rougher."""
    metallic: float = 0.0
    """Metalness where the surface is bare, 0..1."""
    occlusion: float = 1.0
    """How dark hollows are for their depth; grass and gravel let light through and in."""
    joints: bool = False
    """Laid with joints: whichever of bright and dark covers less area is the joint, so is low."""


_FINE: Octaves = (0.30, 0.40, 0.45, 0.40, 0.30, 0.15)
_EVEN: Octaves = (0.10, 0.18, 0.40, 0.70, 0.80, 0.70)
_BROAD: Octaves = (0.05, 0.12, 0.30, 0.60, 0.90, 1.00)
_LOOSE: Octaves = (0.08, 0.22, 0.60, 0.90, 0.55, 0.25)
_LAID: Octaves = (0.04, 0.10, 0.35, 1.00, 0.80, 0.35)

MATERIALS = MappingProxyType(
    {
        "generic": MaterialPreset(_EVEN, 0.6, 0.4, 0.010, 0.60, 0.02, -0.03),
        "brick": MaterialPreset(_LAID, 0.5, 0.8, 0.0065, 0.60, 0.01, -0.05, joints=True),
        "wood": MaterialPreset(_FINE, 0.9, 0.1, 0.0035, 0.55, -0.05, -0.03),
        "metal": MaterialPreset(_FINE, -0.5, 0.3, 0.0012, 0.35, -0.07, 0.0, metallic=1.0),
        "fabric": MaterialPreset(_FINE, 1.0, 0.0, 0.005, 0.85, 0.02, -0.03),
        "ground": MaterialPreset(_EVEN, 0.6, 0.8, 0.016, 0.85, 0.02, -0.02),
        "stone": MaterialPreset(_BROAD, 0.3, 0.9, 0.032, 0.63, 0.02, -0.05),
        "plastic": MaterialPreset(_FINE, 0.5, 0.0, 0.0015, 0.40, -0.03, 0.0),
        "concrete": MaterialPreset(_EVEN, 0.8, -0.2, 0.008, 0.85, -0.03, -0.02),
        "gravel": MaterialPreset(_LOOSE, 1.0, 0.2, 0.016, 0.80, 0.01, -0.04, occlusion=0.7),
        "grass": MaterialPreset(_LOOSE, 1.0, 0.3, 0.012, 0.85, -0.03, -0.03, occlusion=0.6),
        "leather": MaterialPreset(_FINE, 0.9, 0.0, 0.005, 0.50, -0.03, -0.05),
        "ceramic": MaterialPreset(_LAID, 0.3, 0.2, 0.005, 0.15, 0.0, -0.06, joints=True),
    }
)
"""Preset by name."""
