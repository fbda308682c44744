"""Small real files of every media type, as inputs for a generator under test."""

import json
import math
import struct
import wave
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from PIL import Image

from studio.codecs import Codecs
from studio.errors import InvalidInputError
from studio.generator import Generator, InputAsset
from studio.media import SUFFIXES, MediaType

SIDE: Final = 64
"""Of sample pictures and maps, pixels."""

InputLike = str | Path | InputAsset
Inputs = Mapping[str, InputLike | Sequence[InputLike]]


def make_sample(kind: MediaType, folder: Path, *, variant: int = 0) -> InputAsset:
    """Write a small, real file of a media type into `folder`, as an asset.

    Args:
        kind: any media type.
        folder: an existing folder.
        variant: another number gives another content.
    """
    place = folder / f"{kind.value}{variant}"
    place.mkdir(exist_ok=True)
    files = _MAKERS[kind](place, variant)
    return load_sample(kind, files, f"{kind.value} {variant}")


def load_sample(kind: MediaType, files: Mapping[str, Path], title: str) -> InputAsset:
    """Turn files into an asset as a generator sees it.

    Raises:
        InvalidInputError: they are not of that kind.
    """
    codec = Codecs().get(kind)
    facts = codec.probe(files)
    return InputAsset(
        id=f"sample-{title.replace(' ', '-')}",
        kind=kind,
        path=next(iter(files.values())),
        files=dict(files),
        payload_hash=codec.hash_payload(files),
        title=title,
        metadata={"params": {}, "metrics": {}, "facts": facts},
    )


def make_inputs(
    generator: type[Generator], folder: Path, given: Inputs | None, *, every: bool = False
) -> dict[str, list[InputAsset]]:
    """Fill the slots of a generator: with what was given, else with samples.

    Args:
        generator: whose slots.
        folder: where samples are written.
        given: slot name -> file, asset, or a list of them.
        every: fill optional slots too.

    Raises:
        InvalidInputError: a slot is unknown, or a given file is not what it takes.
    """
    slots = {slot.name: slot for slot in generator.inputs}
    made: dict[str, list[InputAsset]] = {}
    for name, values in (given or {}).items():
        if name not in slots:
            raise InvalidInputError(
                "{generator}: no input '{slot}'; it takes {known}",
                generator=generator.id,
                slot=name,
                known=", ".join(slots) or "none",
            )
        items = [values] if isinstance(values, str | Path | InputAsset) else list(values)
        made[name] = [_take(item, slots[name].kinds) for item in items]
    for name, slot in slots.items():
        if name not in made and (every or not slot.optional):
            count = 2 if slot.many else 1
            # No two inputs are alike, lest a mix of them is the same for every seed.
            first = sum(map(len, made.values()))
            made[name] = [
                make_sample(slot.kinds[0], folder, variant=first + i) for i in range(count)
            ]
    return made


def _take(item: InputLike, kinds: Sequence[MediaType]) -> InputAsset:
    if isinstance(item, InputAsset):
        return item
    path = Path(item).absolute()
    guess = SUFFIXES.get(path.suffix.lower(), kinds[0])
    kind = guess if guess in kinds else kinds[0]
    return load_sample(kind, {"main": path}, path.stem)


def _shade(x: int, y: int, variant: int) -> int:
    """A grey of a small brick wall with grain; wraps around."""
    row = y // 16
    is_mortar = y % 16 < 2 or (x + 16 * (row % 2)) % 32 < 2
    grain = (x * 73 + y * 151 + (x * y + variant * 37) * 29) % 23
    return (190 if is_mortar else 90 + 17 * ((row + variant) % 3)) + grain


def _draw(mode: str, variant: int = 0) -> Image.Image:
    image = Image.new(mode, (SIDE, SIDE))
    for y in range(SIDE):
        for x in range(SIDE):
            grey = _shade(x, y, variant)
            image.putpixel((x, y), (grey, grey * 3 // 4, grey // 2) if mode == "RGB" else grey)
    return image


def _write_image(folder: Path, variant: int) -> dict[str, Path]:
    path = folder / "main.png"
    _draw("RGB", variant).save(path)
    return {"main": path}


def _write_texture(folder: Path, variant: int) -> dict[str, Path]:
    maps = {
        "albedo": _draw("RGB", variant),
        "height": _draw("L", variant),
        "normal_gl": Image.new("RGB", (SIDE, SIDE), (128, 128, 255)),
        "roughness": Image.new("L", (SIDE, SIDE), 180),
        "metallic": Image.new("L", (SIDE, SIDE), 0),
        "ao": Image.new("L", (SIDE, SIDE), 255),
    }
    return Codecs().get(MediaType.TEXTURE).encode(maps, folder)


def _write_audio(folder: Path, variant: int) -> dict[str, Path]:
    path, rate = folder / "main.wav", 22_050
    pitch = 440 * 2 ** (variant / 12)
    samples = [round(8000 * math.sin(2 * math.pi * pitch * i / rate)) for i in range(rate // 2)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return {"main": path}


def _write_score(folder: Path, variant: int) -> dict[str, Path]:
    """Write a MIDI file, format 0: a scale of eight quarter notes."""
    events = b"\x00\xff\x51\x03\x07\xa1\x20"  # 120 beats a minute
    for step in (0, 2, 4, 5, 7, 9, 11, 12):
        note = 60 + variant + step
        events += bytes((0, 0x90, note, 80)) + bytes((0x83, 0x60, 0x80, note, 0))  # 480 ticks
    events += b"\x00\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480)
    path = folder / "main.mid"
    path.write_bytes(head + b"MTrk" + struct.pack(">I", len(events)) + events)
    return {"main": path}


def _write_text(folder: Path, variant: int) -> dict[str, Path]:
    path = folder / "main.txt"
    lines = (f"Line {number} of sample {variant}: the sea is calm today.\n" for number in range(20))
    path.write_text("".join(lines), encoding="utf-8")
    return {"main": path}


def _write_video(folder: Path, variant: int) -> dict[str, Path]:
    frames = [_draw("RGB", variant + number) for number in range(8)]
    return Codecs().get(MediaType.VIDEO).encode((frames, 8), folder)


def _write_checkpoint(folder: Path, variant: int) -> dict[str, Path]:
    tensor = {"weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    head = json.dumps(tensor).encode()
    head += b" " * (-len(head) % 8)
    path = folder / "main.safetensors"
    values = struct.pack("<4f", *(variant + number / 4 for number in range(4)))
    path.write_bytes(struct.pack("<Q", len(head)) + head + values)
    return {"main": path}


def _write_report(folder: Path, variant: int) -> dict[str, Path]:
    path = folder / "main.json"
    path.write_text(json.dumps({"title": "sample", "score": variant, "rows": [1, 2, 3]}))
    return {"main": path}


def _write_archive(folder: Path, variant: int) -> dict[str, Path]:
    path = folder / "main.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("sample/readme.txt"), f"sample {variant}\n")
    return {"main": path}


_MAKERS: Final[Mapping[MediaType, Callable[[Path, int], dict[str, Path]]]] = {
    MediaType.IMAGE: _write_image,
    MediaType.TEXTURE: _write_texture,
    MediaType.AUDIO: _write_audio,
    MediaType.SCORE: _write_score,
    MediaType.TEXT: _write_text,
    MediaType.VIDEO: _write_video,
    MediaType.CHECKPOINT: _write_checkpoint,
    MediaType.REPORT: _write_report,
    MediaType.ARCHIVE: _write_archive,
}
