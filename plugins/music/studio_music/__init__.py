"""Symbolic music, from composing to sound: a plugin of Studio."""

from collections.abc import Callable

from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio_music.accompany import Accompany
from studio_music.adaptive import Adaptive
from studio_music.analyse import Analyse
from studio_music.compare import Compare
from studio_music.composers import Lstm, Transformer
from studio_music.evaluate import Evaluate
from studio_music.gan import Gan
from studio_music.groove import Groove
from studio_music.markov import Markov
from studio_music.musicgen import Musicgen
from studio_music.render import Render
from studio_music.score import Score
from studio_music.train import Train
from studio_music.vae import Vae

GENERATORS: tuple[type[Generator], ...] = (
    Transformer,
    Lstm,
    Markov,
    Vae,
    Groove,
    Gan,
    Train,
    Compare,
    Accompany,
    Evaluate,
    Score,
    Render,
    Analyse,
    Adaptive,
    Musicgen,
)


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer them all."""
    for generator in GENERATORS:
        register(generator)
