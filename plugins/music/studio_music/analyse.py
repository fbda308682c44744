"""`music.analyse`: what a score is made of, and what a teacher would say about it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import Field

from studio.errors import InvalidInputError
from studio.generator import Artifact, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_music.files import load_piece
from studio_music.notes import Piece
from studio_music.spelling import name_pitch

MAX_LISTED: Final = 2000
MAX_BARS: Final = 2000
PICTURE_WIDTH: Final = 1240


class AnalyseParams(Params):
    """Params of `music.analyse`."""

    exercise: bool = Field(
        True, description="mark four voices by the rules of four-part writing, in plain words"
    )
    picture: bool = Field(True, description="the score with its numerals, as pictures beside it")
    pages: int = Field(
        2, ge=1, le=20, description="pages pictured at most", json_schema_extra={"advanced": True}
    )


class Analyse(Generator):
    """Key, chords, form, ranges, broken rules; and which other scores are like this one."""

    id: ClassVar[str] = "music.analyse"
    title: ClassVar[str] = "Analyse a score"
    summary: ClassVar[str] = "Key, Roman numerals, form, faults with bar numbers, similar scores"
    output: ClassVar[MediaType] = MediaType.REPORT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("score", (MediaType.SCORE,), summary="the music"),
        Input(
            "others",
            (MediaType.SCORE,),
            many=True,
            optional=True,
            summary="scores to look for similar ones in",
        ),
    )
    Params: ClassVar[type[Params]] = AnalyseParams
    seeded: ClassVar[bool] = False
    reads_titles: ClassVar[bool] = True
    testing_params: ClassVar[dict[str, object]] = {"picture": False}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Drawing pages takes most."""
        return Footprint(host_bytes=500 << 20)

    def generate(self, params: AnalyseParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the report."""
        asset = job.inputs["score"][0]
        others = job.inputs.get("others", [])
        total = len(others) + 3
        for index in range(len(job.seeds)):
            done, whole = index * total, total * len(job.seeds)
            job.step(done, whole)
            piece = load_piece(asset.path)
            piece = replace(piece, title=piece.title or asset.title)
            report = analyse(piece, params.exercise)
            job.step(done + 1, whole)
            ranked = []
            for number, other in enumerate(others):
                ranked.append((other.title, load_piece(other.path)))
                job.step(done + 2 + number, whole)
            if ranked:
                report["similar"] = rank_likeness(piece, ranked)
            files = {"main": job.scratch / "report.json"}
            files["main"].write_text(json.dumps(report, indent=1), encoding="utf-8")
            if params.picture:
                files |= _draw(piece, params.pages, job.scratch)
            yield Artifact(
                files,
                MediaType.REPORT,
                metrics=_measure(report),
                info={"key": report["key"]["name"], "form": report["form"]["sections"]},
                title=f"Analysis of {piece.title}",
            )
            job.step(done + total, whole)


def _check_length(piece: Piece) -> None:
    bars = round(piece.length / piece.bar)
    if bars > MAX_BARS:
        raise InvalidInputError(
            "score: {bars} bars are more than the {most} that are analysed at once; cut it",
            bars=bars,
            most=MAX_BARS,
        )


def analyse(piece: Piece, exercise: bool = True) -> dict[str, Any]:
    """Return the report of a piece as plain data; `InvalidInputError` where it is too long."""
    _check_length(piece)
    from studio_music.chords import list_chords
    from studio_music.form import find_cadences, find_form
    from studio_music.lessons import mark, write_feedback
    from studio_music.theory import KEYS, rank_keys, walk_keys

    fit = rank_keys(piece)
    order = fit.argsort()[::-1]
    key, second = KEYS[order[0]], KEYS[order[1]]
    if piece.fifths is None:
        piece = replace(piece, fifths=key.fifths, mode=key.mode)
    chords = list_chords(piece)
    unit, letters = find_form(piece)
    report: dict[str, Any] = {
        "title": piece.title,
        "key": {
            "name": key.name,
            "lead": round(float(fit[order[0]] - fit[order[1]]), 3),
            "next": second.name,
            "regions": [
                {"bar": piece.find_bar(at), "key": region.name} for at, region in walk_keys(piece)
            ],
        },
        "metre": f"{piece.metre[0]}/{piece.metre[1]}",
        "bpm": round(piece.bpm, 1),
        "bars": max(1, round((piece.length - piece.pickup) / piece.bar)),
        "seconds": round(piece.seconds, 1),
        "form": {"bars_of_a_section": unit, "sections": letters},
        "cadences": [
            {"bar": cadence.bar, "kind": cadence.kind, "chords": cadence.numerals}
            for cadence in find_cadences(piece, chords)
        ],
        "parts": [_describe_part(piece, place) for place in range(len(piece.parts))],
        "chords": [
            {"bar": piece.find_bar(chord.start), "chord": chord.name, "numeral": chord.numeral}
            for chord in chords
            if chord.root >= 0
        ][:MAX_LISTED],
    }
    if exercise and _is_exercise(piece):
        faults = mark(piece, chords)
        report["faults"] = [
            {
                "rule": fault.rule,
                "bar": fault.bar,
                "beat": fault.beat,
                "voices": list(fault.voices),
                "what": fault.what,
            }
            for fault in faults
        ][:MAX_LISTED]
        report["feedback"] = write_feedback(piece, faults)
    elif exercise:
        report["feedback"] = [
            "The rules of four-part writing were not applied: they want exactly four parts with "
            f"one note at a time, here are {len(piece.parts)} parts."
        ]
    return report


def rank_likeness(piece: Piece, others: list[tuple[str, Piece]]) -> list[dict[str, Any]]:
    """Return the others, the most similar first, with a likeness 0..1."""
    from studio_music.likeness import compare, measure_features

    own = measure_features(piece)
    rows = [
        {"title": title, "likeness": round(compare(own, measure_features(other)), 4)}
        for title, other in others
    ]
    return sorted(rows, key=lambda row: (-float(str(row["likeness"])), str(row["title"])))


def _is_exercise(piece: Piece) -> bool:
    from studio_music.staves import is_single

    return len(piece.parts) == 4 and all(
        is_single(part) and not part.is_drum for part in piece.parts
    )


def _describe_part(piece: Piece, place: int) -> dict[str, Any]:
    part = piece.parts[place]
    row: dict[str, Any] = {"name": part.name, "notes": len(part.notes)}
    if part.notes and not part.is_drum:
        pitches = [note.pitch for note in part.notes]
        low, high = (
            name_pitch(pitch, piece.fifths or 0, piece.mode or "major")
            for pitch in (min(pitches), max(pitches))
        )
        row |= {"lowest": low, "highest": high, "semitones": max(pitches) - min(pitches)}
    return row


def _measure(report: dict[str, Any]) -> dict[str, float]:
    """Return the figures that pipelines can use as gates."""
    figures = {"bars": float(report["bars"]), "cadences": float(len(report["cadences"]))}
    if "faults" in report:
        figures["faults"] = float(len(report["faults"]))
        figures["faults_per_bar"] = round(len(report["faults"]) / report["bars"], 4)
        figures["parallels"] = float(
            sum(fault["rule"].startswith("parallel") for fault in report["faults"])
        )
    return figures


def _draw(piece: Piece, pages: int, folder: Path) -> dict[str, Path]:
    """Draw the first pages of the score with numerals under it."""
    from studio_music.engrave import engrave_piece
    from studio_music.svg_draw import crop_page, draw_png, keep_caches
    from studio_music.theory import find_key, label_chords

    keep_caches(folder)
    if piece.fifths is None:
        key = find_key(piece)
        piece = replace(piece, fifths=key.fifths, mode=key.mode)
    engraving = engrave_piece(piece, labels=label_chords(piece))
    files = {}
    for number, svg in enumerate(engraving.pages[:pages], 1):
        files[f"page{number}"] = folder / f"page{number}.png"
        crop_page(draw_png(svg, PICTURE_WIDTH)).save(files[f"page{number}"])
    return files
