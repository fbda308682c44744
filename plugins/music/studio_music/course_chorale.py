"""Four-part chorales as a course of `music.train`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from studio_training import Settings

from studio.errors import InvalidInputError
from studio_music.chorale import ChoraleRequest, build_plan, write
from studio_music.chorale_corpus import Diet
from studio_music.chorale_data import REST, Chorale, describe
from studio_music.chorale_nets import NetModel, save_net
from studio_music.chorale_score import read_voices
from studio_music.course import Course, Sizes, check_some, count_heads, get_piece, split_examples
from studio_music.fit_chorale import Goal, build_trainer, watch
from studio_music.model_frames import FrameConfig, FrameNet
from studio_music.music_dataset import Collection, Work
from studio_music.notes import Piece

FEWEST_FRAMES: Final = 32
LEAST_SOUNDING: Final = 0.8
"""Share of the frames in which all four voices must sing."""


def build_chorale(collection: Collection, sizes: Sizes, settings: Settings) -> Course:
    """Four voices on a grid of 16ths."""
    train, held_out, left_out = split_examples(collection, read_chorale)
    check_some(train, left_out, "four voices")
    config = FrameConfig(
        sizes.core,
        n_embd=sizes.n_embd,
        n_layer=sizes.n_layer,
        n_head=count_heads(sizes.n_embd),
        n_hidden=min(128, sizes.n_embd),
        n_ahead=min(80, sizes.n_embd // 2),
        dropout=sizes.dropout,
    )
    diet = Diet(batch=settings.batch, shift=sizes.transpose)
    trainer = build_trainer(train, Goal(config, diet), settings)

    def get_net() -> FrameNet:
        assert isinstance(trainer.average, FrameNet)
        return trainer.average

    def compose(seed: int) -> Piece:
        request = ChoraleRequest(bars=4)
        was_training = get_net().training
        model = NetModel(get_net().eval())
        made = write(model, build_plan(request, None), request, seed)
        get_net().train(was_training)
        return made.piece

    def save(folder: Path, facts: Mapping[str, Any], card: str) -> None:
        save_net(get_net(), folder, facts, card)

    kind = "transformer" if sizes.core == "transformer" else "lstm"
    return Course(
        trainer,
        (len(train), "chorales"),
        watch(trainer, held_out) if held_out else None,
        "valid" if held_out else "",
        compose,
        lambda: ({}, get_net().state_dict()),
        (f"music.{kind}",),
        left_out,
        save,
    )


def read_chorale(work: Work) -> list[Chorale]:
    """Return the four voices of a work.

    Raises:
        InvalidInputError: fewer than four voices, or too short.
    """
    if work.piece is None:
        raise InvalidInputError("a tune has one voice, not four")
    frames = read_voices(get_piece(work)).frames
    frames = frames[: len(frames) // 4 * 4]
    sounding = (frames >= 0).all(1).mean() if len(frames) else 0.0
    if len(frames) < FEWEST_FRAMES or sounding < LEAST_SOUNDING:
        raise InvalidInputError("there are no four voices in it, or they are too short")
    return [describe(np.where(frames < 0, REST, frames).astype(np.int16))]
