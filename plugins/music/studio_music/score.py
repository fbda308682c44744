"""`music.score`: a score engraved, to read, print and follow."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal
from xml.etree.ElementTree import Element, ElementTree

from pydantic import Field

from studio.errors import InvalidInputError
from studio.generator import Artifact, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_music.files import load_piece, save_midi
from studio_music.notes import Piece, transpose

MAX_BARS: Final = 2000
MAX_NOTES: Final = 40_000
PNG_WIDTH: Final = 1654
"""A4 at 200 dpi."""
COVER: Final = (720, 540)


class ScoreParams(Params):
    """Params of `music.score`."""

    format: Literal["musicxml", "midi"] = Field("musicxml", description="kind of score file")
    layout: Literal["auto", "closed", "open"] = Field(
        "auto",
        description="staves: closed puts four voices on two, open gives each part its own, auto "
        "keeps engraved scores as they are",
    )
    page: Literal["a4", "letter", "screen"] = Field("a4", description="paper, or one long page")
    size: float = Field(
        1.0, ge=0.5, le=2, description="of notes and staves", json_schema_extra={"step": 0.1}
    )
    semitones: int = Field(0, ge=-24, le=24, description="transposition")
    title: str = Field("", max_length=200, description="over the first page")
    numerals: bool = Field(False, description="Roman numerals under the staves")
    pdf: bool = Field(True, description="also a PDF to print")
    pictures: bool = Field(False, description="also the pages as pictures")
    piano_roll: bool = Field(False, description="also a picture of the piano roll")


class Score(Generator):
    """Engraves MIDI or MusicXML: pages that the viewer follows, MusicXML, PDF, pictures."""

    id: ClassVar[str] = "music.score"
    title: ClassVar[str] = "Engrave a score"
    summary: ClassVar[str] = "MIDI or MusicXML as sheet music: MusicXML, SVG, PDF, PNG, piano roll"
    output: ClassVar[MediaType] = MediaType.SCORE
    inputs: ClassVar[tuple[Input, ...]] = (Input("score", (MediaType.SCORE,), summary="the music"),)
    Params: ClassVar[type[Params]] = ScoreParams
    seeded: ClassVar[bool] = False
    reads_titles: ClassVar[bool] = True

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Drawing pages takes most."""
        return Footprint(host_bytes=500 << 20)

    def generate(
        self, params: ScoreParams, job: JobContext
    ) -> Iterator[Artifact | Sequence[Artifact]]:
        """Yield the score with its pages, and the pictures that are wanted."""
        asset = job.inputs["score"][0]
        for index in range(len(job.seeds)):
            job.step(4 * index, 4 * len(job.seeds))
            piece = load_piece(asset.path)
            _check_length(piece)
            root, piece = _notate(asset.path, piece, params, asset.title)
            job.step(4 * index + 1, 4 * len(job.seeds))
            made = _engrave(root, piece, params, job)
            yield made if len(made) > 1 else made[0]
            job.step(4 * index + 4, 4 * len(job.seeds))


def _check_length(piece: Piece) -> None:
    bars = piece.length / piece.bar
    if bars > MAX_BARS or piece.note_count > MAX_NOTES:
        raise InvalidInputError(
            "score: {bars} bars with {notes} notes are more than the {most} bars or {limit} notes "
            "that are engraved at once; cut it",
            bars=round(bars),
            notes=piece.note_count,
            most=MAX_BARS,
            limit=MAX_NOTES,
        )


def _notate(path: Path, piece: Piece, params: ScoreParams, title: str) -> tuple[Element, Piece]:
    """Return MusicXML: the file's own where nothing about it changes, else ours."""
    from studio_music.musicxml_out import build_musicxml
    from studio_music.theory import find_key, label_chords

    is_xml = path.suffix.lower() in (".musicxml", ".mxl", ".xml")
    changes = params.semitones or params.title or params.numerals or params.layout != "auto"
    piece = replace(piece, title=params.title or piece.title or title)
    if params.semitones:
        piece = transpose(piece, params.semitones)
    if is_xml and not changes:
        from studio.codecs.musicxml import load_musicxml

        return load_musicxml(path), piece
    if piece.fifths is None or not piece.mode:
        key = find_key(piece)
        if piece.fifths is None:
            piece = replace(piece, fifths=key.fifths)
        piece = replace(piece, mode=key.mode if key.fifths == piece.fifths else piece.mode)
    labels = label_chords(piece) if params.numerals else None
    return build_musicxml(piece, params.layout, labels), piece


def _engrave(root: Element, piece: Piece, params: ScoreParams, job: JobContext) -> list[Artifact]:
    from studio_music.engrave import engrave, save_follow
    from studio_music.svg_draw import draw_png, keep_caches, save_pdf

    keep_caches(job.scratch)
    engraving = engrave(root, params.page, params.size)
    files: dict[str, Path] = {}
    if params.format == "midi":
        files["main"] = job.scratch / "main.mid"
        save_midi(piece, files["main"])
    else:
        files["main"] = job.scratch / "main.musicxml"
        ElementTree(root).write(files["main"], "utf-8", xml_declaration=True)
    for number, svg in enumerate(engraving.pages, 1):
        files[f"page{number}"] = job.scratch / f"page{number}.svg"
        files[f"page{number}"].write_text(svg, encoding="utf-8")
    files["follow"] = job.scratch / "follow.json"
    save_follow(engraving, piece, files["follow"])
    cover = draw_png(engraving.pages[0], COVER[0])
    files["cover"] = job.scratch / "cover.png"
    cover.crop((0, 0, cover.width, min(cover.height, COVER[1]))).save(files["cover"])
    if params.pdf:
        files["print"] = job.scratch / "print.pdf"
        width = 8.5 if params.page == "letter" else 8.27
        save_pdf(engraving.pages, files["print"], width)
    facts = {"pages": len(engraving.pages), "bars": round(piece.length / piece.bar)}
    made = [Artifact(files, MediaType.SCORE, info=facts, title=piece.title)]
    if params.pictures:
        for number, svg in enumerate(engraving.pages, 1):
            picture = draw_png(svg, PNG_WIDTH)
            made.append(Artifact(picture, MediaType.IMAGE, title=f"{piece.title} page {number}"))
    if params.piano_roll:
        from studio_music.piano_roll import draw_piano_roll

        roll = draw_piano_roll(piece)
        made.append(Artifact(roll, MediaType.IMAGE, title=f"{piece.title} piano roll"))
    return made
