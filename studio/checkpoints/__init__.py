"""Checkpoints: weights by name, wherever they are, resolved in one place."""

from studio.checkpoints.book import CheckpointBook, Verification
from studio.checkpoints.found import CheckpointInfo

__all__ = ["CheckpointBook", "CheckpointInfo", "Verification"]
