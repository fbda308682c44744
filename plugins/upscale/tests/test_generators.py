import json
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from studio_upscale.community import Community, load_model
from studio_upscale.evaluate import Evaluate
from studio_upscale.pixelart import PixelArt
from studio_upscale.spandrel_import import lend_torchvision, load_spandrel
from studio_upscale.srgan import Material, Srgan
from studio_upscale.synthetic import draw_picture
from studio_upscale.train import Train
from studio_upscale.weights import load_network

from studio import Studio
from studio.errors import CheckpointError, InvalidInputError
from studio.generator import Checkpoint, InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator

needs_spandrel = pytest.mark.skipif(
    find_spec("spandrel") is None, reason="spandrel is not installed"
)


def run(generator, params, inputs, tmp_path, checkpoint=None, seeds=(0,)):
    """Run a generator by hand; returns its artifacts and the steps it reported."""
    steps = []
    assets = {
        slot: [
            item
            if isinstance(item, InputAsset)
            else InputAsset("x", MediaType.IMAGE, item, {"main": item}, title=item.stem)
            for item in items
        ]
        for slot, items in inputs.items()
    }
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    job = JobContext(seeds, assets, scratch, lambda *step: steps.append(step), lambda: False)
    made = generator(checkpoint, "cpu").generate(generator.Params(**params), job)
    return list(made), steps


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    draw_picture(1).crop((0, 0, 64, 64)).save(path)
    return path


@pytest.fixture
def compact(tmp_path):
    """Weights of a real architecture of other people's, random."""
    from importlib import import_module

    from safetensors.torch import save_file

    load_spandrel()
    name = "spandrel.architectures.Compact.__arch.SRVGG"
    net = import_module(name).SRVGGNetCompact(
        num_in_ch=3, num_out_ch=3, num_feat=8, num_conv=2, upscale=4
    )
    save_file(net.state_dict(), tmp_path / "compact.safetensors")
    return tmp_path / "compact.safetensors"


@pytest.mark.parametrize("generator", [Srgan, Material, Evaluate])
def test_contract_of_those_with_weights(generator, tiny_checkpoint):
    check_generator(generator, checkpoint=tiny_checkpoint).assert_ok()


@pytest.mark.parametrize("generator", [PixelArt, Train])
def test_contract(generator):
    check_generator(generator).assert_ok()


@pytest.mark.parametrize("name", [item.name for item in Srgan.checkpoints])
def test_shipped_weights_beat_bicubic(name, tmp_path):
    folder = Path(__file__).parents[1] / "studio_upscale" / "checkpoints" / name
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
    }
    path = tmp_path / "drawn.png"
    draw_picture(4000).save(path)
    made, _ = run(Evaluate, {}, {"pictures": [path]}, tmp_path, Checkpoint(name, folder, ""))
    assert made[0].metrics["gain_db"] > (-1.5 if name == "sharp" else 0.5)


def test_all_shipped_weights_together_are_small():
    folder = Path(__file__).parents[1] / "studio_upscale" / "checkpoints"
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 4_000_000


@pytest.mark.parametrize("scale", [0, -1, 64])
def test_scales_that_make_no_sense_are_refused(scale):
    with pytest.raises(ValueError, match="scale"):
        Srgan.Params(scale=scale)


def hostile_pictures(folder):
    """Pictures of every awkward sort, by name, with the size each should come out with at x2."""
    grey = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    deep = Image.fromarray((np.arange(256, dtype=np.uint16) * 257).reshape(16, 16))
    frames = [Image.new("P", (12, 10), n) for n in range(3)]
    made = {
        "one.png": (Image.new("RGB", (1, 1)), {}),
        "long.png": (Image.new("RGB", (3, 2000), (9, 99, 9)), {}),
        "grey.png": (grey, {}),
        "palette.png": (grey.convert("P"), {"transparency": 3}),
        "ink.tif": (Image.new("CMYK", (10, 12), (10, 200, 30, 0)), {}),
        "deep.png": (deep, {}),
        "moving.gif": (frames[0], {"save_all": True, "append_images": frames[1:]}),
        "clear.png": (Image.new("RGBA", (8, 9), (255, 0, 0, 0)), {}),
        "alpha.png": (Image.merge("LA", (Image.new("L", (16, 16)), grey)), {}),
    }
    for name, (image, options) in made.items():
        image.save(folder / name, **options)
    return {name: image.size for name, (image, _) in made.items()}


def test_awkward_pictures(tmp_path, tiny_checkpoint):
    for name, (width, height) in hostile_pictures(tmp_path).items():
        made, steps = run(
            Srgan, {"scale": 2}, {"image": [tmp_path / name]}, tmp_path, tiny_checkpoint
        )
        assert made[0].payload.size == (2 * width, 2 * height), name
        assert steps[-1][0] == steps[-1][1]


def test_sixteen_bits_stay(tmp_path, tiny_checkpoint):
    hostile_pictures(tmp_path)
    made, _ = run(
        Srgan, {"scale": 2}, {"image": [tmp_path / "deep.png"]}, tmp_path, tiny_checkpoint
    )
    assert made[0].payload.mode == "I;16"


def test_too_large_a_result_is_refused(tmp_path, tiny_checkpoint):
    path = tmp_path / "long.png"
    Image.new("L", (3, 5000)).save(path)
    with pytest.raises(InvalidInputError, match="at most 3"):
        run(Srgan, {"scale": 4}, {"image": [path]}, tmp_path, tiny_checkpoint)


def test_what_no_codec_opens_is_refused(tmp_path, tiny_checkpoint):
    path = tmp_path / "tower.png"
    Image.new("L", (3, 20_000)).save(path)
    with pytest.raises(InvalidInputError):
        run(Srgan, {"scale": 2}, {"image": [path]}, tmp_path, tiny_checkpoint)


def test_memory_mode_makes_smaller_windows_and_the_same_picture(tmp_path, tiny_checkpoint):
    path = tmp_path / "wide.png"
    draw_picture(2).resize((150, 90)).save(path)
    source = InputAsset("x", MediaType.IMAGE, path, {"main": path})
    made = []
    for modes in ((), ("tile",)):
        steps = []
        job = JobContext(
            (0,), {"image": [source]}, tmp_path, lambda *s, to=steps: to.append(s), lambda: False
        )
        job.memory_modes = modes
        (artifact,) = Srgan(tiny_checkpoint, "cpu").generate(Srgan.Params(), job)
        made.append((np.asarray(artifact.payload).astype(int), len(steps)))
    assert np.abs(made[0][0] - made[1][0]).max() <= 1
    assert made[1][1] > made[0][1]


def test_training_can_pause(tmp_path, picture):
    params = {**Train.testing_params, "steps": 6}
    inputs = {"pictures": [picture]}
    (tmp_path / "whole").mkdir()
    (tmp_path / "rest").mkdir()
    whole, _ = run(Train, params, inputs, tmp_path / "whole", seeds=(5,))
    whole = load_network(whole[0].payload["model.safetensors"])
    half, _ = run(Train, {**params, "stop_after": 4}, inputs, tmp_path, seeds=(5,))
    assert half[0].info["step"] == 4
    folder = next(iter(half[0].payload.values())).parent
    folder = folder.rename(tmp_path / "half")
    start = Checkpoint("half", folder, "")
    going_on = {**params, "start": "half"}
    rest, steps = run(Train, going_on, inputs, tmp_path / "rest", start, seeds=(5,))
    rest = load_network(rest[0].payload["model.safetensors"])
    assert len(steps) == 3
    for name, value in whole.state_dict().items():
        assert torch.equal(value, rest.state_dict()[name])


def test_training_goes_on_from_other_weights(tmp_path, picture, tiny_checkpoint):
    params = {**Train.testing_params, "start": "tiny", "patch": 8}
    made, _ = run(Train, params, {"pictures": [picture]}, tmp_path, tiny_checkpoint)
    assert load_network(made[0].payload["model.safetensors"]).config.scale == 4
    assert json.loads(made[0].payload["config.json"].read_text())["training"]["step"] == 3


@pytest.mark.parametrize(
    ("params", "message"),
    [({"drawn": 0}, "needs pictures"), ({"folder": "/no/such/place"}, "no folder")],
)
def test_training_on_nothing_is_refused(tmp_path, params, message):
    with pytest.raises(InvalidInputError, match=message):
        run(Train, {**Train.testing_params, **params}, {}, tmp_path)


def test_without_spandrel_the_command_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "spandrel", None)
    with pytest.raises(CheckpointError, match="pip install --no-deps spandrel einops"):
        load_spandrel()


def test_what_is_lent_is_taken_back(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torchvision", None)  # as if it could not be imported
    monkeypatch.delitem(sys.modules, "spandrel", raising=False)
    with lend_torchvision():
        from torchvision.transforms.functional import normalize

        with pytest.raises(CheckpointError, match="needs torchvision"):
            normalize(1)
    assert "torchvision" not in sys.modules


@needs_spandrel
def test_community_weights_run_through_the_queue(compact, tmp_path, picture):
    with Studio(home=tmp_path / "home", workers="inline") as studio:
        (made,) = studio.generate(
            "upscale.community", inputs={"image": picture}, checkpoint=str(compact)
        )
        assert made.image().size == (256, 256)
        trap = tmp_path / "trap.pth"
        trap.write_bytes(b"\x80\x02cos\nsystem\nq\x00X\x01\x00\x00\x00aq\x01\x85q\x02R.")
        with pytest.raises(CheckpointError):
            studio.generate("upscale.community", inputs={"image": picture}, checkpoint=str(trap))
        with pytest.raises(CheckpointError, match="no checkpoint of upscale"):
            studio.generate("upscale.srgan", inputs={"image": picture}, checkpoint=str(compact))


@needs_spandrel
class TestCommunity:
    def test_contract(self, compact):
        check_generator(Community, checkpoint=Checkpoint("x", compact, "")).assert_ok()

    def test_windows_make_no_difference(self, compact, tmp_path, picture):
        made = [
            run(
                Community,
                {"tile": tile},
                {"image": [picture]},
                tmp_path,
                Checkpoint("x", compact, ""),
            )[0][0]
            for tile in (32, 192)
        ]
        a, b = (np.asarray(artifact.payload).astype(int) for artifact in made)
        assert np.abs(a - b).max() <= 1
        assert made[0].info["architecture"] == "Compact"

    def test_a_pickle_with_code_is_refused_and_does_not_run(self, tmp_path):
        import pickle

        trace = tmp_path / "trace"

        class Trap:
            def __reduce__(self):
                return (os.mkdir, (str(trace),))

        (tmp_path / "trap.pth").write_bytes(pickle.dumps(Trap(), protocol=2))
        with pytest.raises(CheckpointError, match="no architecture that spandrel knows"):
            load_model(tmp_path / "trap.pth")
        assert not trace.exists()

    def test_other_tensors_are_refused(self, tmp_path):
        from safetensors.torch import save_file

        save_file({"a": torch.zeros(3)}, tmp_path / "a.safetensors")
        with pytest.raises(CheckpointError, match="no architecture that spandrel knows"):
            load_model(tmp_path / "a.safetensors")
