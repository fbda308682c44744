"""`studio assets`: the library."""

from itertools import islice
from pathlib import Path
from typing import Any

import click

from studio.app.asset import Asset
from studio.cli.assets_files import export_assets, import_assets
from studio.cli.command import Group, option, split_words
from studio.cli.context import Session, get_session
from studio.cli.exits import ExitCode
from studio.cli.rows import (
    ASSET_COLUMNS,
    build_asset_data,
    build_asset_details,
    build_asset_facts,
    build_asset_row,
)
from studio.media import MediaType

KINDS = tuple(kind.value for kind in MediaType)


@click.group("assets", cls=Group)
def command() -> None:
    """Look for, import, export, tag and trash assets."""


def filtered(function: Any) -> Any:
    """Add the options that narrow a list."""
    for decorate in (
        option("--trash", "trashed", is_flag=True, help="Look in the trash."),
        option("--limit", type=click.IntRange(1), default=30, metavar="N", help="At most so many."),
        option("--job", metavar="ID", help="Only what this job made."),
        option("--rating", "rating_min", type=click.IntRange(0, 5), default=0, metavar="N",
               help="Only with so many stars, or more."),
        option("--tag", "tags", multiple=True, metavar="TAG", help="Only with this tag."),
        option("--generator", metavar="ID", help="Only what this generator made."),
        option("--kind", type=click.Choice(KINDS), help="Only this media type."),
    ):  # fmt: skip
        function = decorate(function)
    return function


@command.command("list")
@filtered
@click.pass_obj
def list_assets(session: Session, /, **filters: Any) -> None:
    """List assets, newest first."""
    show_assets(session, "", filters)


@command.command("search")
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@filtered
@click.pass_obj
def search_assets(session: Session, /, words: tuple[str, ...], **filters: Any) -> None:
    """Search titles, prompts, tags, notes and generators for the beginnings of words."""
    show_assets(session, " ".join(words), filters)


def show_assets(session: Session, text: str, filters: dict[str, Any]) -> None:
    """List what is found."""
    limit = filters.pop("limit")
    if filters["kind"]:
        filters["kind"] = MediaType(filters["kind"])
    if filters["job"]:
        filters["job"] = session.studio.jobs.get(filters["job"]).id
    found = list(islice(session.studio.assets.search(text, **filters), limit))
    if session.out.as_json:
        session.out.data([build_asset_data(asset) for asset in found])
        return
    session.table(ASSET_COLUMNS, [build_asset_row(asset) for asset in found])
    if len(found) == limit:
        session.note("the first {limit}; --limit shows more", limit=limit)


@command.command("show")
@click.argument("asset", metavar="ID")
@option("--lineage", is_flag=True, help="With what it was made from and what was made from it.")
@click.pass_obj
def show_asset(session: Session, asset: str, lineage: bool) -> None:
    """Show all that is known of an asset."""
    found = session.studio.asset(asset)
    family = found.lineage() if lineage else None
    if session.out.as_json:
        data = build_asset_details(found)
        if family:
            data["lineage"] = {
                "assets": [node.id for node in family.nodes],
                "edges": [vars(edge) for edge in family.edges],
            }
        session.out.data(data)
        return
    session.table(("field", "value"), build_asset_facts(found))
    if family and family.edges:
        session.out.line()
        rows = [(edge.parent, edge.slot, edge.child) for edge in family.edges]
        session.table(("made from", "as", "asset"), rows)


@command.command("tag")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@option("--add", multiple=True, metavar="TAG", help="Add a tag; repeat it, or use commas.")
@option("--remove", multiple=True, metavar="TAG", help="Take one away; repeat it, or use commas.")
@click.pass_obj
def tag_assets(
    session: Session, ids: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    """Add and remove tags."""
    library = session.studio.assets
    found = [library.get(asset).id for asset in ids]
    new, old = split_words(add), split_words(remove)
    show_changed(session, [library.tag(asset, add=new, remove=old) for asset in found])


@command.command("rate")
@click.argument("asset", metavar="ID")
@click.argument("stars", metavar="0-5", type=click.IntRange(0, 5))
@click.pass_obj
def rate_asset(session: Session, asset: str, stars: int) -> None:
    """Give an asset 0 to 5 stars."""
    show_changed(session, [session.studio.assets.rate(asset, stars)])


@command.command("note")
@click.argument("asset", metavar="ID")
@click.argument("text", metavar="TEXT")
@click.pass_obj
def note_asset(session: Session, asset: str, text: str) -> None:
    """Replace the notes of an asset."""
    show_changed(session, [session.studio.assets.note(asset, text)])


@command.command("trash")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def trash_assets(session: Session, ids: tuple[str, ...]) -> None:
    """Move assets to the trash; `restore` brings them back."""
    count = session.studio.assets.trash(ids)
    if session.out.as_json:
        session.out.data({"trashed": count})
    session.say("{count} moved to the trash", count=count)


@command.command("restore")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def restore_assets(session: Session, ids: tuple[str, ...]) -> None:
    """Take assets out of the trash."""
    count = session.studio.assets.restore(ids)
    if session.out.as_json:
        session.out.data({"restored": count})
    session.say("{count} taken out of the trash", count=count)


@command.command("reproduce")
@click.argument("asset", metavar="ID")
@click.pass_context
def reproduce_asset(context: click.Context, asset: str) -> None:
    """Run the recipe of an asset again and say how close the result is.

    Leaves with 0 if it is bit-equal or within tolerance, with 1 if not.
    """
    session = get_session(context)
    result = session.studio.asset(asset).reproduce()
    if session.out.as_json:
        session.out.data(vars(result))
    else:
        session.out.line(session.text(result.verdict))
        if result.distance:
            session.say("largest difference of a pixel: {distance}", distance=result.distance)
        if result.reason:
            session.out.line(result.reason)
    if result.verdict not in ("bit-equal", "within tolerance"):
        context.exit(ExitCode.FAILED)


def show_changed(session: Session, assets: list[Asset]) -> None:
    """Show assets after a change."""
    if session.out.as_json:
        session.out.data([build_asset_data(asset) for asset in assets])
        return
    session.table(ASSET_COLUMNS, [build_asset_row(asset) for asset in assets])


@command.command("export")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@option("--out", required=False, default=".", type=click.Path(path_type=Path), metavar="PATH",
        help="A folder for the files; or a name ending in .zip, for a bundle.")  # fmt: skip
@click.pass_obj
def export_command(session: Session, ids: tuple[str, ...], out: Path) -> None:
    """Copy the files of assets into a folder, or write a bundle another home can import.

    A bundle has the assets, all they were made from, and every recipe.
    """
    export_assets(session, ids, out)


@command.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True,
                type=click.Path(path_type=Path))  # fmt: skip
@option("--title", default="", metavar="TEXT", help="A name; the file's if not given.")
@option("--tag", "tags", multiple=True, metavar="TAG", help="Add a tag; repeat it, or use commas.")
@click.pass_obj
def import_command(
    session: Session, paths: tuple[Path, ...], title: str, tags: tuple[str, ...]
) -> None:
    """Add files, folders of material maps, or bundles (.zip) to the library.

    What is there already is not added again.
    """
    show_changed(session, import_assets(session, paths, title, split_words(tags)))
