import json
from functools import partial

import numpy as np
import pytest
from PIL import Image as Pictures
from studio_gan import digits
from studio_gan.image import Image, Texture
from studio_gan.train import Train

from studio.errors import CheckpointError, InvalidInputError, InvalidParamsError
from studio.generator import Checkpoint
from studio.testing import check_generator

TINY = {"size": 16, "channels": 4, "latent": 4, "batch": 2}


def pixels(asset):
    with Pictures.open(asset.path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("generator", [Image, Texture])
def test_drawing_keeps_the_contract(generator, make_checkpoint):
    place = Checkpoint("mine", make_checkpoint(), "")
    check_generator(generator, checkpoint=place, params={"checkpoint": "mine"}).assert_ok()


def test_training_keeps_the_contract(folder):
    check_generator(Train, params={"folder": str(folder)}).assert_ok()


def test_from_a_folder_to_a_texture(studio, folder, tmp_path):
    (made,) = studio.generate("gan.train", folder=str(folder), steps=3, seed=1, **TINY)
    saved = {path.name.rpartition("_")[2] for path in made.save(tmp_path / "out")}
    assert {"config.json", "README.md", "samples.png"} < saved, "no ending twice"
    assert made.metrics["diversity"] > 0
    assert {"model.safetensors", "config.json", "README.md", "samples.png"} <= set(made.files)
    config = json.loads(made.files["config.json"].read_text())
    assert config["classes"] == ["brick", "moss"]
    (drawn,) = studio.generate(
        "gan.texture", checkpoint=made.id, size=40, height=24, seed=4, **{"class": "moss"}
    )
    assert pixels(drawn).shape == (24, 40, 3)
    assert drawn.metrics["seam_ratio"] > 0


def test_pausing_and_going_on_equals_no_pause(studio, folder):
    def train(**params):
        return studio.generate("gan.train", folder=str(folder), seed=1, **TINY, **params)[0]

    whole, first = train(steps=6), train(steps=6, stop_after=2)
    assert "training.safetensors" in first.files
    second = train(steps=6, start=first.id)
    assert "training.safetensors" not in second.files
    name = "model.safetensors"
    assert second.files[name].read_bytes() == whole.files[name].read_bytes()


@pytest.fixture
def draw(studio, make_checkpoint):
    def draw(id="gan.image", family="spatial", seed=1, count=1, **params):
        place = str(make_checkpoint(family))
        return studio.generate(id, checkpoint=place, seed=seed, count=count, **params)

    return draw


def test_a_loop_of_frames_leads_back(draw):
    frames = [pixels(asset).astype(int) for asset in draw(frames=8, to_seed=9)]
    assert len(frames) == 8
    steps = [np.abs(a - b).mean() for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert min(steps) > 0
    assert steps[-1] <= max(steps[:-1]) + 1e-9
    single = pixels(draw()[0])
    assert np.array_equal(frames[0], single)


def test_styles_and_classes_mix(draw):
    plain = pixels(draw(**{"class": "brick"})[0])
    assert not np.array_equal(plain, pixels(draw(**{"class": "wet moss"})[0]))
    mixed = draw(mix_class="wet_moss", class_share=0.5, **{"class": "brick"})[0]
    assert mixed.record.info["class"] == "brick and wet_moss"
    assert not np.array_equal(plain, pixels(mixed))
    styled = pixels(draw(style_seed=5, **{"class": "brick"})[0])
    assert not np.array_equal(plain, styled)
    unmixed = pixels(draw(style_seed=5, style_share=0.0, **{"class": "brick"})[0])
    assert np.array_equal(plain, unmixed)


def test_a_size_that_the_field_does_not_divide_still_tiles(draw):
    for size in (37, 50):
        picture = pixels(draw("gan.texture", size=size)[0])
        assert picture.shape == (size, size, 3)


def test_what_cannot_be_drawn_is_refused(draw, studio):
    with pytest.raises(InvalidParamsError, match=r"class: 'lava' .* it knows brick, wet_moss"):
        draw(**{"class": "lava"})
    with pytest.raises(InvalidParamsError, match="16 px squares only"):
        draw(family="dcgan", size=32)
    with pytest.raises(CheckpointError, match="do not tile"):
        draw("gan.texture", family="dcgan")
    with pytest.raises(CheckpointError, match=r"needs weights: make some with gan\.train"):
        studio.generate("gan.image", checkpoint="", seed=1)


@pytest.mark.parametrize("name", ["", "any", "Any"])
def test_any_class_is_left_to_the_seed(draw, name):
    kinds = {draw(seed=seed, **{"class": name})[0].record.info["class"] for seed in range(2)}
    assert kinds == {"brick", "wet_moss"}


@pytest.mark.parametrize("damage", ["family", "cut", "shape", "missing"])
def test_a_damaged_checkpoint_is_refused(draw, make_checkpoint, studio, damage):
    place = make_checkpoint()
    config = json.loads((place / "config.json").read_text())
    weights = place / "model.safetensors"
    if damage == "family":
        config["family"] = "biggan"
    if damage == "shape":
        config["channels"] = 5
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:100])
    if damage == "missing":
        (place / "config.json").unlink()
    else:
        (place / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError):
        Image(Checkpoint("x", place, ""), "cpu")


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"folder": "/nowhere"}, InvalidInputError, "there is no folder"),
        ({}, InvalidInputError, "nothing was given"),
        ({"size": 30}, InvalidParamsError, "size: 30 does not fit"),
    ],
)
def test_bad_wishes_are_refused(studio, folder, params, error, words):
    given = {"folder": str(folder)} if "size" in params else {}
    with pytest.raises(error, match=words):
        studio.generate("gan.train", seed=1, steps=2, **{**TINY, **given, **params})


def test_three_pictures_are_too_few(studio, folder):
    for path in sorted((folder / "brick").iterdir()):
        path.unlink()
    for path in sorted((folder / "moss").iterdir())[3:]:
        path.unlink()
    with pytest.raises(InvalidInputError, match="too few to learn from"):
        studio.generate("gan.train", folder=str(folder), seed=1, steps=2, **TINY)


def test_an_empty_folder_is_refused(studio, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(InvalidInputError, match="no usable image to learn from"):
        studio.generate("gan.train", folder=str(tmp_path), seed=1, steps=2, **TINY)


def test_one_class_is_no_class(studio, folder):
    (made,) = studio.generate(
        "gan.train", folder=str(folder / "moss"), seed=1, steps=1, family="dcgan", **TINY
    )
    assert json.loads(made.files["config.json"].read_text())["classes"] == []
    (drawn,) = studio.generate("gan.image", checkpoint=made.id, seed=1)
    assert pixels(drawn).shape == (16, 16, 3)
    with pytest.raises(InvalidParamsError, match="it knows no classes"):
        studio.generate("gan.image", checkpoint=made.id, seed=1, **{"class": "moss"})


def test_turning_bricks_is_warned_of(studio, folder):
    (made,) = studio.generate(
        "gan.train", folder=str(folder), turn="always", steps=1, seed=1, **TINY
    )
    assert "brick: has courses or a grain" in made.record.info["data"]["warnings"][0]


def test_odd_pictures_are_read_and_broken_ones_listed(studio, folder):
    rng = np.random.default_rng(0)
    grey = Pictures.fromarray(rng.integers(0, 256, (9, 30), dtype=np.uint8))
    grey.save(folder / "moss" / "grey.png")
    alpha = Pictures.fromarray(rng.integers(0, 256, (12, 12, 4), dtype=np.uint8))
    alpha.save(folder / "moss" / "alpha.png")
    alpha.convert("RGB").convert("CMYK").save(folder / "moss" / "cmyk.jpg")
    (folder / "moss" / "torn.png").write_bytes(b"\x89PNG\r\n")
    (made,) = studio.generate("gan.train", folder=str(folder), steps=1, seed=1, **TINY)
    data = made.record.info["data"]
    assert data["examples"] == 19
    assert [name for name, _ in data["broken"]] == ["moss/torn.png"]


def test_digits_are_a_grey_set_of_ten_classes(monkeypatch, studio):
    datasets = pytest.importorskip("sklearn.datasets")
    assert len(datasets.load_digits().target) == digits.ALL
    monkeypatch.setattr(digits, "write_digits", partial(digits.write_digits, count=50))
    (made,) = studio.generate(
        "gan.train",
        examples="digits",
        family="dcgan",
        size=28,
        channels=4,
        latent=4,
        steps=1,
        seed=1,
    )
    config = json.loads(made.files["config.json"].read_text())
    assert (config["colours"], len(config["classes"])) == (1, 10)
