"""Checks of what a generator does with its inputs, right and wrong."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from studio.errors import InvalidInputError, JobCancelledError, StudioError
from studio.generator import Input, InputAsset
from studio.media import MediaType
from studio.testing.bench import Bench, InputMap
from studio.testing.report import CheckFailure
from studio.testing.samples import make_sample


def check_missing(bench: Bench) -> str:
    """The host refuses a call with an empty slot, an unknown one, or the wrong kind."""
    spec = bench.spec
    kinds = {slot: [asset.kind for asset in assets] for slot, assets in bench.inputs.items()}
    spec.check_inputs(kinds)
    wrong: list[dict[str, list[MediaType]]] = [{**kinds, "no_such_slot": [MediaType.IMAGE]}]
    for slot in bench.generator.inputs:
        if not slot.optional:
            wrong.append({name: given for name, given in kinds.items() if name != slot.name})
        other = next((kind for kind in MediaType if kind not in slot.kinds), None)
        if other is not None:
            wrong.append({**kinds, slot.name: [other]})
    for given in wrong:
        try:
            spec.check_inputs(given)
        except InvalidInputError:
            continue
        raise CheckFailure(f"inputs {given} are taken")
    return f"{len(wrong)} wrong calls"


def check_kinds(bench: Bench) -> str:
    """Optional slots, and every further kind a slot takes, work or say why not."""
    folder = bench.folder / "kinds"
    folder.mkdir()
    notes = []
    for slot, kind in _iterate_kinds(bench):
        assets = [make_sample(kind, folder, variant=number) for number in range(1 + slot.many)]
        fault = _try(bench, {**bench.inputs, slot.name: assets}, f"{kind} as '{slot.name}'")
        notes.append(f"{slot.name}={kind}" + (f" ({fault})" if fault else ""))
    return ", ".join(notes)


def check_wrong_files(bench: Bench) -> str:
    """Files that are not what their name says end in an error a person understands."""
    folder = bench.folder / "wrong"
    folder.mkdir()
    refused = tried = 0
    for slot, assets in bench.inputs.items():
        for what, asset in _iterate_broken(assets[0], folder / slot):
            tried += 1
            inputs = {**bench.inputs, slot: [asset, *assets[1:]]}
            refused += bool(_try(bench, inputs, f"{what} as '{slot}'"))
    return f"{refused} of {tried} refused, the others were not read" if tried else "no inputs"


def _iterate_kinds(bench: Bench) -> Iterator[tuple[Input, MediaType]]:
    for slot in bench.generator.inputs:
        for kind in slot.kinds:
            given = bench.inputs.get(slot.name, ())
            if kind not in [asset.kind for asset in given]:
                yield slot, kind


def _iterate_broken(asset: InputAsset, folder: Path) -> Iterator[tuple[str, InputAsset]]:
    """Yield broken copies of an asset's main file: another content, nothing, half of it."""
    data = asset.path.read_bytes()
    is_text = asset.kind is MediaType.TEXT
    contents = {
        "a picture's head" if is_text else "a text": b"\x89PNG\r\n\x1a\n\0\0\xff" * 9
        if is_text
        else b"I am a text, whatever my name says.\n",
        "an empty file": b"",
        "half a file": data[: len(data) // 2],
    }
    for number, (what, content) in enumerate(contents.items()):
        place = folder / str(number)
        place.mkdir(parents=True)
        path = place / asset.path.name
        path.write_bytes(content)
        files = {
            name: path if original == asset.path else original
            for name, original in asset.files.items()
        }
        yield what, replace(asset, path=path, files=files, id=f"{asset.id}-broken{number}")


def _try(bench: Bench, inputs: InputMap, what: str) -> str:
    """Run one seed; return the error it told, "" if it ran, and fail on any other exception."""
    try:
        bench.run(bench.request.seeds[:1], inputs=inputs)
    except JobCancelledError as error:
        raise CheckFailure(f"{what}: raised JobCancelledError; nobody cancelled it") from error
    except StudioError as error:
        if not str(error).strip():
            raise CheckFailure(f"{what}: {type(error).__name__} without a message") from error
        return str(error)
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        raise CheckFailure(
            f"{what} raised {fault[:200]}; read files with the helpers of studio.codecs, or "
            "raise InvalidInputError"
        ) from error
    return ""
