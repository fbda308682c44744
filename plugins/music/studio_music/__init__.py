"""Symbolic music, from composing to sound: a plugin of Studio."""

from collections.abc import Callable

from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio_music.composers import Lstm, Transformer
from studio_music.markov import Markov

GENERATORS: tuple[type[Generator], ...] = (
    Transformer,
    Lstm,
    Markov,
)


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer them all."""
    for generator in GENERATORS:
        register(generator)
