import logging
from dataclasses import dataclass, field

import pytest
import torch
from studio_training import Settings, Trainer
from torch import nn

from studio.errors import JobCancelledError
from studio.generator import JobContext


@dataclass
class Seen:
    steps: list = field(default_factory=list)
    previews: int = 0


class Wave(nn.Module):
    """Learns a sine; with dropout, so that its rng counts."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(1, 16), nn.Tanh(), nn.Dropout(0.1), nn.BatchNorm1d(16), nn.Linear(16, 1)
        )

    def forward(self, x):
        return self.net(x)


def wave_loss(network, rng):
    x = torch.rand(32, 1, generator=rng) * 6
    error = (network(x) - torch.sin(x)).square().mean()
    return {"loss": error, "root": error.sqrt()}


@pytest.fixture
def make_trainer():
    def make(steps=40, loss=wave_loss, **settings):
        chosen = {"rate": 1e-2, "warmup": 5, "ema": 0.9, **settings}
        return Trainer(Wave, Settings(steps, **chosen), loss)

    return make


@pytest.fixture
def make_job(tmp_path):
    """Jobs of one id: what one keeps, the next finds."""

    def make(seeds=(7,), inputs=None, cancel_at=None):
        seen = Seen()

        def report(done, total, preview):
            seen.steps.append((done, total))
            seen.previews += preview is not None

        def is_cancelled():
            return cancel_at is not None and len(seen.steps) >= cancel_at

        scratch = tmp_path / f"scratch{len(list(tmp_path.iterdir()))}"
        scratch.mkdir()
        job = JobContext(seeds, inputs or {}, scratch, report, is_cancelled)
        job.kept, job.logs = tmp_path / "kept", tmp_path / "logs"
        job.log = logging.getLogger("test")
        return job, seen

    return make


@pytest.fixture
def cancelled():
    return JobCancelledError
