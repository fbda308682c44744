"""The adapter, against a stand-in with audiocraft's interface."""

import struct
import sys
from pathlib import Path

import pytest

from studio.codecs.audio import AudioCodec
from studio.errors import ConfigError, InvalidInputError, JobCancelledError, PluginLoadError
from studio.generator import Checkpoint, InputAsset, JobContext
from studio.locks import load_lock
from studio.media import MediaType
from studio.testing import check_generator


@pytest.fixture
def sound(tmp_path):
    """A file of a quarter of a second."""
    body = b"".join(struct.pack("<h", 8000) for _ in range(200))
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, 1,
                       800, 1600, 2, 16)  # fmt: skip
    path = tmp_path / "sound.wav"
    path.write_bytes(head + struct.pack("<4sI", b"data", len(body)) + body)
    return path


@pytest.fixture
def weights(tmp_path):
    """`weights(name)`: a folder that looks like weights."""

    def make(name):
        folder = tmp_path / name.replace("/", "-")
        folder.mkdir()
        for file in ("state_dict.bin", "compression_state_dict.bin"):
            (folder / file).write_bytes(b"")
        return Checkpoint(name, folder, "0")

    return make


def make_inputs(paths):
    return {
        slot: [InputAsset("a", MediaType.AUDIO, path, {"main": path})]
        for slot, path in paths.items()
    }


@pytest.fixture
def run(tmp_path):
    """Run a generator and return its artifacts and the steps it told."""

    def run(generator, seeds=(1,), inputs=None, is_cancelled=lambda: False, **params):
        steps = []

        def report(done, total, preview):
            steps.append((done, total))

        job = JobContext(seeds, make_inputs(inputs or {}), tmp_path, report, is_cancelled)
        values = generator.Params(**{"checkpoint": "", "duration": 1.0, **params})
        return list(generator.generate(values, job)), steps

    return run


@pytest.mark.parametrize("name", ["MusicGen", "AudioGen"])
def test_the_contract_is_kept(plugin, name):
    report = check_generator(getattr(plugin, name))
    assert [row for row in report.rows if not row.passed] == []


def test_words_become_sound(plugin, run, tmp_path):
    made, steps = run(plugin.MusicGen(None, "cpu"), seeds=(5, 6), prompt="a march")
    assert [artifact.title for artifact in made] == ["a march", "a march"]
    samples, rate = made[0].payload
    assert (samples.shape, rate) == ((800, 1), 800)
    assert abs(samples).max() <= 1
    assert made[0].metrics["peak"] > 1
    assert made[0].licence == ""
    facts = AudioCodec().probe(AudioCodec().encode(made[0].payload, tmp_path))
    assert facts["seconds"] == 1.0
    assert steps[-1] == (200, 200)
    assert steps == sorted(steps)


def test_the_model_without_weights_is_the_same_every_time(plugin, run):
    import torch

    first = run(plugin.MusicGen(None, "cpu"), prompt="x")[0][0].payload[0]
    torch.manual_seed(123)
    second = run(plugin.MusicGen(None, "cpu"), prompt="x")[0][0].payload[0]
    assert (first == second).all()


def test_weights_of_the_publisher_bring_their_licence(plugin, run, weights):
    generator = plugin.AudioGen(weights("facebook/audiogen-medium"), "cpu")
    (artifact,), _ = run(generator, prompt="rain")
    assert artifact.licence == "CC-BY-NC-4.0"
    assert artifact.payload[1] == 400
    generator.close()


def test_a_sound_goes_on(plugin, run, sound):
    (artifact,), _ = run(plugin.MusicGen(None, "cpu"), inputs={"opening": sound}, prompt="on")
    samples, _ = artifact.payload
    assert len(set(samples[:200, 0])) == 1
    assert len(set(samples[200:, 0])) > 100
    short = plugin.AudioGen.Params.model_construct(prompt="", duration=0.2)
    job = JobContext((1,), make_inputs({"opening": sound}), sound.parent, print, lambda: False)
    with pytest.raises(InvalidInputError, match="ask for a longer duration"):
        plugin.AudioGen(None, "cpu").choose_way(short, job)


def test_a_melody_needs_weights_that_follow_one(plugin, run, sound, weights):
    melodic = plugin.MusicGen(weights("facebook/musicgen-melody"), "cpu")
    assert run(melodic, inputs={"melody": sound}, prompt="x")[0]
    with pytest.raises(InvalidInputError, match="take facebook/musicgen-melody"):
        run(plugin.MusicGen(None, "cpu"), inputs={"melody": sound}, prompt="x")
    with pytest.raises(InvalidInputError, match="not both"):
        run(melodic, inputs={"melody": sound, "opening": sound}, prompt="x")


def test_a_cancel_stops_within_a_token(plugin, run):
    asked = []

    def is_cancelled():
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(JobCancelledError):
        run(plugin.MusicGen(None, "cpu"), is_cancelled=is_cancelled, prompt="x", duration=20)
    assert len(asked) == 4


def test_weights_that_are_none(plugin, weights):
    broken = weights("own/model")
    (broken.path / "compression_state_dict.bin").unlink()
    with pytest.raises(InvalidInputError, match=r"has no compression_state_dict\.bin"):
        plugin.MusicGen(broken, "cpu")


def test_without_audiocraft_it_says_what_to_do(plugin, monkeypatch):
    monkeypatch.setitem(sys.modules, "audiocraft.models", None)
    with pytest.raises(ConfigError, match="studio plugin env audiocraft"):
        plugin.MusicGen(None, "cpu")
    monkeypatch.setattr(plugin, "find_spec", lambda name: None)
    with pytest.raises(PluginLoadError, match="an environment of its own"):
        plugin.register_generators(lambda generator: None)


def test_both_are_registered_and_import_nothing_heavy(plugin):
    found = []
    plugin.register_generators(found.append)
    assert [generator.id for generator in found] == ["audiocraft.musicgen", "audiocraft.audiogen"]
    sizes = [
        plugin.MusicGen.footprint(plugin.MusicGen.Params(checkpoint=name)).device_bytes
        for name in ("", "facebook/musicgen-small", "facebook/musicgen-large")
    ]
    assert sizes == sorted(sizes)


def test_the_lock_is_one():
    lock = Path(__file__).parents[1] / "requirements.lock"
    pins = {pin.name: pin.version for pin in load_lock(lock)}
    assert pins["audiocraft"] == "1.3.0"
    assert pins["torch"] == "2.1.0"
