"""Training as a job: what Studio's trainers share. Torch is imported on first use, not here."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from studio_training.card import Card, write_card
    from studio_training.run import Outcome, fit, learn
    from studio_training.settings import Precision, Settings, get_rate
    from studio_training.state import load_state, save_state
    from studio_training.story import Learner, Run
    from studio_training.trainer import DivergedError, Trainer, build_optimiser, follow, mix_seed
    from studio_training.weights import load_weights, save_weights

__all__ = [
    "Card",
    "DivergedError",
    "Learner",
    "Outcome",
    "Precision",
    "Run",
    "Settings",
    "Trainer",
    "build_optimiser",
    "fit",
    "follow",
    "get_rate",
    "learn",
    "load_state",
    "load_weights",
    "mix_seed",
    "save_state",
    "save_weights",
    "write_card",
]

_HOMES: Final = {
    "card": ("Card", "write_card"),
    "run": ("Outcome", "fit", "learn"),
    "settings": ("Precision", "Settings", "get_rate"),
    "state": ("load_state", "save_state"),
    "story": ("Learner", "Run"),
    "trainer": ("DivergedError", "Trainer", "build_optimiser", "follow", "mix_seed"),
    "weights": ("load_weights", "save_weights"),
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module, when it is asked for (PEP 562)."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"studio_training.{module}"), name)
    raise AttributeError(f"module 'studio_training' has no attribute {name!r}")
