"""Examples to learn from: read from a folder, the library or a dataset asset, and checked."""

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from studio.codecs import Codecs
from studio.codecs.zips import iterate_member, list_members, write_zip
from studio.errors import InvalidInputError
from studio.generator import InputAsset, JobContext
from studio.media import SUFFIXES, MediaType

Report = Callable[[int, int], None]
MANIFEST: Final = "dataset.json"
MOST: Final = 20_000
"""Examples in a dataset."""
LISTED: Final = 200
"""Broken files and duplicates named one by one."""


@dataclass(frozen=True)
class Found:
    """A file that may be an example."""

    name: str
    path: Path
    label: str = ""


@dataclass(frozen=True)
class Example:
    """A file to learn from.

    Attributes:
        name: "label/file.png", unique in its dataset.
        path: where it lies now.
        hash: of its decoded content; what a file is called or says of itself does not count.
        label: its class, "" for none.
        is_held_out: for measuring only.
    """

    name: str
    path: Path
    hash: str
    label: str
    is_held_out: bool


@dataclass(frozen=True)
class Dataset:
    """Examples, and what was left out.

    Attributes:
        duplicates: (name, name of the example it equals).
        broken: (name, what is wrong).
    """

    examples: tuple[Example, ...]
    duplicates: tuple[tuple[str, str], ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    licence: str = ""

    @property
    def hash(self) -> str:
        """Sha256 of labels and contents, in no particular order."""
        rows = sorted(f"{e.label}\t{e.hash}\t{e.is_held_out}" for e in self.examples)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    @property
    def train(self) -> tuple[Example, ...]:
        """What is learnt from."""
        return tuple(example for example in self.examples if not example.is_held_out)

    @property
    def held_out(self) -> tuple[Example, ...]:
        """What is measured on."""
        return tuple(example for example in self.examples if example.is_held_out)

    @property
    def labels(self) -> dict[str, int]:
        """Examples a label, by name."""
        return dict(sorted(Counter(example.label for example in self.examples).items()))

    def describe(self) -> dict[str, Any]:
        """Return plain facts for a card, a config or `Artifact.info`."""
        return {
            "hash": self.hash,
            "examples": len(self.examples),
            "held_out": len(self.held_out),
            "labels": self.labels,
            "licence": self.licence,
            "duplicates": [list(pair) for pair in self.duplicates[:LISTED]],
            "broken": [list(pair) for pair in self.broken[:LISTED]],
        }

    def save(self, path: Path) -> Path:
        """Write it as a zip with a manifest, the same bytes every time."""
        rows = [
            {"name": e.name, "hash": e.hash, "label": e.label, "held_out": e.is_held_out}
            for e in self.examples
        ]
        manifest = {"format": 1, "licence": self.licence, "hash": self.hash, "examples": rows}
        members: dict[str, Path | bytes] = {e.name: e.path for e in self.examples}
        return write_zip(path, {**members, MANIFEST: json.dumps(manifest, indent=1).encode()})

    @classmethod
    def load(cls, path: Path, folder: Path) -> Self:
        """Unpack what `save` wrote into `folder`.

        Raises:
            InvalidInputError: no dataset, damaged, or hostile.
        """
        members = {member.filename: member for member in list_members(path)}
        try:
            with zipfile.ZipFile(path) as archive:
                manifest = json.loads(archive.read(MANIFEST))
                rows = [(str(r["name"]), str(r["hash"]), str(r["label"]), bool(r["held_out"]))
                        for r in manifest["examples"]]  # fmt: skip
                for name, *_ in rows:
                    # Names of members were checked; one that is none must not become a path.
                    member, target = members[name], folder / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with target.open("wb") as file:
                        for block in iterate_member(archive, member, path):
                            file.write(block)
            return cls(
                tuple(Example(n, folder / n, h, label, out) for n, h, label, out in rows),
                licence=str(manifest.get("licence", "")),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidInputError(
                "{path}: no dataset; make one with training.dataset", path=path.name
            ) from error


def gather(
    job: JobContext,
    folder: str,
    kind: MediaType,
    held_out: float = 0.1,
    report: Report | None = None,
) -> Dataset:
    """Read the examples a trainer was given, wherever they are.

    Args:
        job: its slot "dataset" holds dataset assets, all its other slots examples.
        folder: a folder of files besides, "" for none; names of folders directly below it are
            labels.
        kind: of the examples.
        held_out: share that is measured on, chosen by content: the same file always falls on the
            same side. Dataset assets bring their own.
        report: told (files read, files in all); `job.step`, where reading is most of the job.

    Raises:
        InvalidInputError: no folder, no usable example, or too many.
    """
    found = list(_find_in_library(job, kind))
    if folder:
        found += _find_in_folder(Path(folder).expanduser(), kind)
    own = check_examples(found, kind, held_out, report)
    packed = [
        Dataset.load(asset.path, job.scratch / f"dataset{number}")
        for number, asset in enumerate(job.inputs.get("dataset", ()))
    ]
    dataset = _merge([*packed, own])
    if not dataset.examples:
        broken = "; ".join(f"{name}: {why}" for name, why in dataset.broken[:3])
        raise InvalidInputError(
            "there is no usable {kind} to learn from ({broken}); give some as input, or a folder "
            "that holds some",
            kind=kind.value,
            broken=broken or "nothing was given",
        )
    return dataset


def check_examples(
    found: Sequence[Found], kind: MediaType, held_out: float, report: Report | None = None
) -> Dataset:
    """Read every file once: broken ones and copies are listed and left out.

    Raises:
        InvalidInputError: more than `MOST`.
    """
    if len(found) > MOST:
        raise InvalidInputError(
            "{count} files are more than a dataset takes; give at most {most}",
            count=len(found),
            most=MOST,
        )
    codec = Codecs().get(kind)
    seen: dict[str, Example] = {}
    duplicates, broken = [], []
    for number, file in enumerate(found):
        if report:
            report(number, len(found))
        try:
            codec.probe({"main": file.path})
            content = codec.hash_payload({"main": file.path})
        except (InvalidInputError, OSError) as error:
            broken.append((file.name, str(error)))
            continue
        if content in seen:
            duplicates.append((file.name, seen[content].name))
            continue
        is_held_out = int(content[:8], 16) < held_out * 2**32
        name = f"{file.label or 'unlabelled'}/{content[:16]}{file.path.suffix.lower()}"
        seen[content] = Example(name, file.path, content, file.label, is_held_out)
    ordered = sorted(seen.values(), key=lambda example: example.name)
    return Dataset(tuple(ordered), tuple(duplicates), tuple(broken))


def _merge(parts: Sequence[Dataset]) -> Dataset:
    seen: dict[str, Example] = {}
    duplicates = [pair for part in parts for pair in part.duplicates]
    for part in parts:
        for example in part.examples:
            if example.hash in seen:
                duplicates.append((example.name, seen[example.hash].name))
            else:
                seen[example.hash] = example
    licences = sorted({part.licence for part in parts if part.licence})
    return Dataset(
        tuple(sorted(seen.values(), key=lambda example: example.name)),
        tuple(duplicates),
        tuple(pair for part in parts for pair in part.broken),
        ", ".join(licences),
    )


def _find_in_library(job: JobContext, kind: MediaType) -> Iterator[Found]:
    for slot, assets in job.inputs.items():
        if slot != "dataset":
            yield from (Found(_name(asset), asset.path) for asset in assets if _fits(asset, kind))


def _fits(asset: InputAsset, kind: MediaType) -> bool:
    # A material's main file is its albedo, which is a picture.
    return asset.kind == kind or (kind == MediaType.IMAGE and asset.kind == MediaType.TEXTURE)


def _name(asset: InputAsset) -> str:
    return asset.title or asset.path.name


def _find_in_folder(folder: Path, kind: MediaType) -> list[Found]:
    if not folder.is_dir():
        raise InvalidInputError("folder: there is no folder {folder}", folder=folder)
    found = []
    for path in _list_files(folder):
        if SUFFIXES.get(path.suffix.lower()) == kind:
            parts = path.relative_to(folder).parts
            label = parts[0] if len(parts) > 1 else ""
            found.append(Found("/".join(parts), path, _clean(label)))
    return found


def _list_files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _clean(label: str) -> str:
    """Keep letters, digits, `_` and `-`: a label becomes a folder's name in the zip."""
    return "".join(char if char.isalnum() or char in "_-" else "_" for char in label)
