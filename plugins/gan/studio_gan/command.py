"""What the command lines of trainings have in common."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from studio_training import Settings


def build_parser(
    text: str, *, steps: int, batch: int, rate: float, ema: float, is_latent: bool = True
) -> argparse.ArgumentParser:
    """Build a parser of what every training is told.

    Args:
        text: the module's own.
        steps: unless told otherwise, as the next three.
        batch: examples in a step.
        rate: learning rate.
        ema: weight of the past in the running average.
        is_latent: an autoencoder must be given.
    """
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("data", type=Path, help="the folder of pictures")
    parser.add_argument("folder", type=Path, help="for the state and the curve")
    parser.add_argument(
        "--autoencoder",
        type=Path,
        required=is_latent,
        help="state of its training, or flow.texture's checkpoint",
    )
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument("--ema", type=float, default=ema)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def read_plan(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    """Read the command line; what is learnt is learnt on one thread, and tells how it goes."""
    plan = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    return plan


def get_settings(plan: argparse.Namespace) -> Settings:
    """Return how a plan says to learn."""
    return Settings(
        steps=plan.steps,
        batch=plan.batch,
        rate=plan.rate,
        warmup=min(100, plan.steps // 20),
        ema=plan.ema,
        seed=plan.seed,
    )
