"""Previews that a worker writes: small, few, and sounds too."""

import wave

import numpy as np
import pytest

from studio.worker import progress as progress_module
from studio.worker.preview_sound import MOST_BYTES
from studio.worker.progress import Progress


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Report a preview, a second after the last; return its file."""
    monkeypatch.setattr(progress_module.time, "monotonic", iter(range(10_000)).__next__)
    events = []
    progress = Progress("job", tmp_path, events.append)

    def run(preview):
        progress.report(1, 100, preview)
        return events[-1].preview

    return run


def read(path):
    with wave.open(path) as file:
        return file.getnchannels(), file.getframerate(), file.getnframes()


def test_a_sound_so_far_is_a_preview(report, tmp_path):
    sound = np.sin(np.arange(32000) / 20)
    paths = [report((sound[: 2000 * (n + 1)], 16000)) for n in range(16)]
    assert read(paths[-1]) == (1, 16000, 32000)
    with wave.open(paths[-1]) as file:
        heard = np.frombuffer(file.readframes(32000), "<i2") / 32767
    assert np.abs(heard - sound).max() < 1e-4
    kept = sorted((tmp_path / "previews").iterdir())
    assert [str(path) for path in kept] == paths[-8:], "the older ones are gone"


def test_a_long_sound_stays_small(report):
    stereo = np.zeros((48000 * 200, 2), np.float32)
    path = report((stereo, 48000))
    channels, rate, frames = read(path)
    assert (channels, rate) == (1, 6000) and frames == 200 * 6000
    assert 2 * frames <= MOST_BYTES


def test_what_is_no_sound_costs_nothing(report):
    assert report(("no", "sound")) is None
    assert report((np.zeros(0), 8000)) is not None
