"""Checkpoints: safetensors weights and the small files that belong to them. Never pickles."""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from PIL import Image

from studio.codecs.archive import format_size
from studio.codecs.drawing import draw_page
from studio.codecs.files import SIDECAR, check_file, copy_into, payload_files
from studio.codecs.safetensors import Tensor, iterate_bytes, read_tensors
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

WEIGHTS: Final = ".safetensors"
PICKLES: Final = frozenset((".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"))
BLOCK: Final = 1 << 22


class CheckpointCodec:
    """CHECKPOINT: payload the `Path` of a file or folder, or name -> `Path`.

    Files of a folder are named by their place in it ("unet/config.json"), because loaders look
    for them by that; a single file is "main".
    """

    kind = MediaType.CHECKPOINT

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Take the files over, weights first."""
        named = _list_payload(payload)
        single = len(named) == 1
        files = {}
        for name in sorted(named, key=lambda name: (named[name].suffix != WEIGHTS, name)):
            check_file(named[name])
            target = folder / _file_name(name, named[name])
            files["main" if single else name] = copy_into(named[name], target)
        self.probe(files)
        return files

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Check every header; returns tensors, parameters, dtypes, bytes, files."""
        paths = payload_files(files).values()
        tensors = [tensor for path in _weights(paths) for tensor in read_tensors(path)]
        return {
            "tensors": len(tensors),
            "parameters": sum(tensor.count for tensor in tensors),
            "dtypes": sorted({tensor.dtype for tensor in tensors}),
            "bytes": sum(check_file(path) for path in paths),
            "files": len(paths),
        }

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash tensors by name, type, shape and content, and other files as they are."""
        digest = hashlib.sha256()
        for name, path in sorted(payload_files(files).items()):
            digest.update(f"file {name}\n".encode())
            if path.suffix != WEIGHTS:
                digest.update(_hash_file(path))
                continue
            for tensor in read_tensors(path):
                digest.update(_hash_tensor(path, tensor))
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """List the largest tensors."""
        facts = self.probe(files)
        paths = _weights(payload_files(files).values())
        tensors = sorted(
            (tensor for path in paths for tensor in read_tensors(path)),
            key=lambda tensor: (-tensor.count, tensor.name),
        )
        lines = [f"{'x'.join(map(str, t.shape)) or '1'}  {t.name}" for t in tensors[:20]]
        title = f"{_format_count(facts['parameters'])} parameters"
        note = f"{', '.join(facts['dtypes'])}   {format_size(facts['bytes'])}"
        return draw_page(title, "\n".join(lines), note, face="mono")

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write a sidecar: a header cannot grow without writing gigabytes again."""
        return write_sidecar(files, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read a sidecar; the files of a checkpoint have a folder of their own."""
        return find_sidecar(path, alone=True)


def _list_payload(payload: Any) -> dict[str, Path]:
    """Return name -> path of a file, a folder or a mapping, pickles refused."""
    if isinstance(payload, Path):
        named = {"main": payload}
        if payload.is_dir():
            found = sorted(path for path in payload.rglob("*") if path.is_file())
            named = {path.relative_to(payload).as_posix(): path for path in found}
    elif isinstance(payload, Mapping):
        named = {str(name): Path(path) for name, path in payload.items()}
    else:
        raise InvalidInputError(
            "a checkpoint is a path or a mapping of paths, not {type}",
            type=type(payload).__name__,
        )
    if not named:
        raise InvalidInputError("the checkpoint has no file; write its weights first")
    for name, path in named.items():
        if path.suffix.lower() in PICKLES:
            raise InvalidInputError(
                "{path}: a pickle may run any code when loaded; save weights as safetensors",
                path=path,
            )
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or "\\" in name or name == SIDECAR:
            raise InvalidInputError(
                "a file of a checkpoint cannot be called {name}", name=repr(name)
            )
    return named


def _file_name(name: str, path: Path) -> str:
    """A name that has no suffix of its own gets that of the file."""
    return name if name.endswith(path.suffix) else f"{name}{path.suffix}"


def _weights(paths: Any) -> list[Path]:
    """The safetensors files.

    Raises:
        InvalidInputError: there is none.
    """
    found = [path for path in paths if path.suffix == WEIGHTS]
    if not found:
        raise InvalidInputError(
            "{path}: a checkpoint needs a .safetensors file; convert the weights",
            path=next(iter(paths)),
        )
    return found


def _hash_file(path: Path) -> bytes:
    check_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _hash_tensor(path: Path, tensor: Tensor) -> bytes:
    content = hashlib.sha256(f"{tensor.name} {tensor.dtype} {tensor.shape}\n".encode())
    for block in iterate_bytes(path, tensor):
        content.update(block)
    return content.digest()


def _format_count(count: int) -> str:
    """Return a number for people: "12.3 M"."""
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return str(count)
