"""Names of params and values, as people read them."""

import re

_PROPER = {
    "ao": "AO",
    "bpm": "BPM",
    "cfg": "CFG",
    "fps": "FPS",
    "gltf": "glTF",
    "gpu": "GPU",
    "hdrp": "HDRP",
    "id": "ID",
    "materialx": "MaterialX",
    "pbr": "PBR",
    "srgan": "SRGAN",
    "urp": "URP",
}


def build_label(title: str) -> str:
    """Turn "Guidance Scale" or "guidance_scale" into "Guidance scale"."""
    words = [_PROPER.get(word.lower(), _lower(word)) for word in re.split(r"[\s_]+", title.strip())]
    return _begin(" ".join(words)) or title


def build_summary(description: str) -> str:
    """Turn the description of a param into a sentence without its full stop."""
    return _begin(" ".join(description.split())).removesuffix(".")


def build_choice_label(value: object, unit: str) -> str:
    """Name a value of a choice; 0 and 1 keep their digits, "unity_urp" becomes "Unity URP"."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if not isinstance(value, str):
        return f"{value} {unit}".strip()
    if not value:
        return "–"
    words = re.split(r"[\s_]+", value)
    return _begin(" ".join(_PROPER.get(word.lower(), word) for word in words))


def _lower(word: str) -> str:
    """Lower a word of a title, but no abbreviation."""
    return word.lower() if word[1:].islower() or len(word) == 1 else word


def _begin(text: str) -> str:
    """Begin with a capital, unless the first word has its own way of writing."""
    first = text.split(" ", 1)[0] if text else ""
    return text if first in _PROPER.values() else text[:1].upper() + text[1:]
