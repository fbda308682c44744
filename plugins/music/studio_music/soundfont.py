"""SoundFonts: found on the machine, checked, and played by symusic's synthesiser."""

import struct
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from studio.errors import InvalidInputError
from studio_music.midi import build_midi
from studio_music.notes import Piece
from studio_music.synth_space import Stereo

FOLDERS: Final = ("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts")
PACKAGES: Final = ("pretty_midi",)
"""Installed packages that bring a SoundFont of their own licence: used where it lies."""
SUFFIXES: Final = (".sf2", ".sf3")
QUALITY: Final = 4
"""Of symusic's interpolation, 0..5."""


def list_soundfonts() -> list[Path]:
    """Return the SoundFonts of the system and of installed packages, the largest first."""
    folders = [Path(folder) for folder in FOLDERS]
    for package in PACKAGES:
        spec = find_spec(package)
        if spec is not None and spec.origin:
            folders.append(Path(spec.origin).parent)
    found = {
        path.resolve()
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.is_file()
    }
    return sorted(found, key=lambda path: (-path.stat().st_size, path.name))


def find_soundfont(wanted: str) -> Path | None:
    """Return the SoundFont that a param names: a path, "any" for one found, "" for none.

    Raises:
        InvalidInputError: no such file, no SoundFont, or none found.
    """
    if not wanted:
        return None
    if wanted == "any":
        found = list_soundfonts()
        if not found:
            raise InvalidInputError(
                "soundfont: none was found on this machine; name the path of one, or leave it "
                "empty for the built-in synthesiser"
            )
        return found[0]
    path = Path(wanted).expanduser()
    if not path.is_file():
        raise InvalidInputError(
            "soundfont: {path} is no file; name the path of an .sf2 or .sf3, or leave it empty "
            "for the built-in synthesiser",
            path=path,
        )
    _check_soundfont(path)
    return path


def play_soundfont(piece: Piece, path: Path, rate: int) -> Stereo:
    """Play a piece with a SoundFont; (2, samples)."""
    import io

    from symusic import Score, Synthesizer

    buffer = io.BytesIO()
    build_midi(piece).save(file=buffer)
    score = Score.from_midi(buffer.getvalue())
    sound = Synthesizer(str(path), rate, QUALITY).render(score, stereo=True)
    made = np.asarray(sound, np.float32)
    return made if made.shape[0] == 2 else np.ascontiguousarray(made.T)


def _check_soundfont(path: Path) -> None:
    """Refuse what is no SoundFont before a C++ reader sees it."""
    with path.open("rb") as file:
        head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise InvalidInputError("soundfont: {path} is no SoundFont (.sf2 or .sf3)", path=path)
    if struct.unpack("<I", head[4:8])[0] + 8 > path.stat().st_size + 1:
        raise InvalidInputError("soundfont: {path} is cut short; download it again", path=path)
