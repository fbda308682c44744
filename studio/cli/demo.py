"""`studio demo`: the main job."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from PIL import Image

from studio.cli.command import Command, option
from studio.cli.context import Session, get_session
from studio.cli.exits import ExitCode
from studio.cli.inputs import expand_folder
from studio.cli.pipeline_run import RunOrder, build_outcome_data, run_order, show_outcome
from studio.codecs import load_image
from studio.errors import InvalidInputError

PIPELINE = "texture-pack"
FOLDERS = {"vary": "albedos", "material": "materials", "export": "exports", "sheet": "."}
PICTURES = ("brick.png", "grass.png", "gravel.png")
ON_ITS_SIDE = "brick.png"
"""Its courses run upwards, as no wall's do."""


@click.command("demo", cls=Command)
@option("--input", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
        help="Use all pictures of this folder.")  # fmt: skip
@option("--out", type=click.Path(path_type=Path), default="out", metavar="FOLDER",
        help="Where the pack is put.")  # fmt: skip
@option("--variations", type=int, metavar="N", help="New textures per picture.")
@option("--size", type=int, metavar="PIXELS", help="Width and height of the textures.")
@option("--seed", type=int, default=0, metavar="N", help="Another number, another pack.")
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Make a pack of seamless textures from pictures.

    Runs the pipeline `texture-pack`, on photographs of brick, grass and gravel that come with
    scikit-image, or on a folder of yours: new variations of each picture that tile, their material
    maps, exports for two engines, and a contact sheet.

    Interrupt it at any point and run it again: it does the rest.

    $ studio demo --input photos --out pack
    """
    session = get_session(context)
    params = {name: given[name] for name in ("variations", "size") if given[name] is not None}
    with TemporaryDirectory() as spare:
        folder = given["folder"]
        pictures = expand_folder(folder) if folder else find_sample_pictures(Path(spare))
        inputs = {"pictures": pictures}
        order = RunOrder(PIPELINE, inputs, params, given["seed"], given["out"], FOLDERS)
        session.note("{count} pictures; into {out}", count=len(pictures), out=given["out"])
        outcome = run_order(session, order)
    if session.out.as_json:
        session.out.data(build_outcome_data(outcome))
    else:
        show_outcome(session, outcome)
        show_places(session, given["out"])
    if outcome.error:
        context.exit(ExitCode.FAILED)


def show_places(session: Session, out: Path) -> None:
    """Say what to look at."""
    for sheet in sorted(out.glob("*.png")):
        session.say("contact sheet: {path}", path=sheet)


def find_sample_pictures(spare: Path) -> list[str]:
    """Find the photographs inside the installed scikit-image, without importing it.

    Args:
        spare: folder for what has to be turned.

    Raises:
        InvalidInputError: it is not installed, or they are not in it.
    """
    try:
        package = distribution("scikit-image")
    except PackageNotFoundError as error:
        raise InvalidInputError(
            "the sample pictures come with scikit-image, which is not installed; "
            "`pip install scikit-image`, or give your own with --input FOLDER"
        ) from error
    paths = [Path(str(package.locate_file(f"skimage/data/{name}"))) for name in PICTURES]
    for path in paths:
        if not path.is_file():
            raise InvalidInputError(
                "{path} is missing; install scikit-image again, or give --input FOLDER", path=path
            )
    return [str(_turn(path, spare) if path.name == ON_ITS_SIDE else path) for path in paths]


def _turn(path: Path, spare: Path) -> Path:
    """Save a picture turned by a quarter, under its own name."""
    turned = load_image(path).transpose(Image.Transpose.ROTATE_90)
    turned.save(spare / path.name)
    return spare / path.name
