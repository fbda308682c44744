import json

import numpy as np
import pytest
import torch
from PIL import Image as Pictures
from studio_gan.pairs import build_pair_draw, cut_windows, find_pairs, load_pairs, to_pixels
from studio_gan.translate import Translate
from studio_gan.translate_learner import TranslateLearner, measure_translators
from studio_gan.translate_train import TranslateTrain
from studio_gan.translate_weights import load_translators, save_translators
from studio_gan.translator import Translator, TranslatorConfig, build_translators, set_edge
from studio_training import DivergedError, Settings

from studio.errors import CheckpointError, InvalidInputError, InvalidParamsError
from studio.generator import Checkpoint
from studio.testing import check_generator

TINY = {"size": 32, "whole": 32, "channels": 4, "blocks": 1, "batch": 2}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Twelve grey pictures, and the same in red where they are bright."""
    home = tmp_path_factory.mktemp("pairs")
    for number in range(12):
        rng = np.random.default_rng(number)
        grey = rng.integers(0, 256, (4, 4), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
        coloured = np.stack([grey, grey // 4, 255 - grey], 2)
        for name, pixels in (("before", grey), ("after", coloured)):
            place = home / name / "some" / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Pictures.fromarray(pixels).save(place)
    return home / "before", home / "after"


@pytest.fixture
def make_learner(folders):
    def make(mode="paired", steps=20, rate=2e-3, seed=0):
        is_paired = mode == "paired"
        pairs = load_pairs(*find_pairs(*map(str, folders)), 32, is_paired)
        config = TranslatorConfig(mode, 1, 3, 4, 1)
        draw = build_pair_draw(pairs, 16, True, is_paired)
        settings = Settings(steps, batch=2, rate=rate, warmup=0, ema=0.9, clip=0.0, seed=seed)
        return TranslateLearner(config, settings, 10.0, draw), pairs

    return make


def test_a_tile_becomes_a_tile():
    torch.manual_seed(0)
    net = Translator(3, 1, TranslatorConfig(channels=4, blocks=1)).eval()
    net.edge = "circular"
    pictures = torch.rand(1, 3, 16, 24)
    with torch.no_grad():
        one, other = net(pictures), net(pictures.roll((4, 8), (2, 3)))
        odd = net(pictures[:, :, :13, :22])
    assert one.shape == (1, 1, 16, 24)
    assert torch.allclose(one.roll((4, 8), (2, 3)), other, atol=1e-5)
    assert odd.shape == (1, 1, 13, 22)


def test_windows_reach_around():
    pixels = torch.arange(32).view(2, 1, 4, 4)
    windows = cut_windows(pixels, torch.tensor([[3, 2], [0, 0]]), 3)
    assert torch.equal(windows[0, 0], pixels[0, 0].roll((1, 2), (0, 1))[:3, :3])
    assert torch.equal(windows[1, 0], pixels[1, 0, :3, :3])


def test_sixteen_bits_become_eight():
    deep = Pictures.fromarray(np.array([[0, 32768], [65535, 16384]], dtype=np.uint16))
    assert to_pixels(deep, 1)[0].tolist() == [[0, 127], [255, 63]]


def test_pairs_stay_pairs(folders):
    pairs = load_pairs(*find_pairs(*map(str, folders)), 32, True)
    assert (pairs.source.shape[1], pairs.target.shape[1]) == (1, 3)
    assert len(pairs.held_out[0]) == 1
    draw = build_pair_draw(pairs, 16, True, True)
    source, target = draw(torch.Generator().manual_seed(0), 8)
    assert torch.allclose(source[:, 0], target[:, 0], atol=0.02), "red is the grey picture"


def test_pairs_are_learnt(make_learner):
    learner, pairs = make_learner(steps=60)
    for _ in range(60):
        learner.advance()
    held_out = tuple(some.float() / 127.5 - 1 for some in pairs.held_out)
    figures = measure_translators(learner.average, held_out, True)
    assert figures["held_out_error"] < 0.8 * figures["error_of_mean"]


@pytest.fixture
def make_night():
    """Learners of tiles and of other tiles, dark and blue; and how far the first are from it."""
    rng = torch.Generator().manual_seed(0)
    days = 0.5 + 0.5 * torch.rand(64, 3, 8, 8, generator=rng)
    days = days.repeat_interleave(4, 2).repeat_interleave(4, 3)
    nights = days * torch.tensor([0.2, 0.3, 0.5])[:, None, None]
    source, target, given, wanted = (
        some * 2 - 1 for some in (days[:28], nights[28:56], days[56:], nights[56:])
    )

    def draw(rng, count):
        rows = torch.randint(28, (2, count), generator=rng)
        return source[rows[0]], target[rows[1]]

    def make(steps):
        config = TranslatorConfig("unpaired", 3, 3, 4, 1, is_residual=True)
        settings = Settings(steps, batch=4, rate=5e-3, warmup=0, ema=0.9, clip=0.0, seed=1)
        return TranslateLearner(config, settings, 10.0, draw)

    def measure(learner):
        with torch.no_grad():
            made = learner.average["there"](given)
        return float((made - wanted).abs().mean())

    return make, measure, (source, target)


def test_a_new_translation_without_pairs_changes_nothing(make_night):
    make, _, (source, _) = make_night
    with torch.no_grad():
        assert torch.allclose(make(1).average["there"](source), source, atol=1e-6)


def test_without_pairs_night_is_learnt(make_night):
    """By the game alone, which does not begin with the colours here."""
    make, measure, _ = make_night
    learner = make(40)
    before = measure(learner)
    for _ in range(40):
        learner.advance()
    assert measure(learner) < 0.35 * before


def test_it_begins_with_the_colours_of_the_other_side(make_night):
    make, measure, (source, target) = make_night
    learner = make(1)
    before = measure(learner)
    learner.settle(source, target)
    assert measure(learner) < 0.25 * before
    with torch.no_grad():
        made = learner.average["there"](source)
        again = learner.average["back"](made)
    assert torch.allclose(made.mean((0, 2, 3)), target.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(made.std((0, 2, 3)), target.std((0, 2, 3)), rtol=0.02)
    assert torch.allclose(again, source, atol=0.05), "it comes back"


def test_one_colour_only_stays_finite():
    net = Translator(1, 1, TranslatorConfig("unpaired", 1, 1, 4, 1, is_residual=True))
    net.settle(torch.full((3, 1, 8, 8), 0.5), torch.full((3, 1, 8, 8), -0.5))
    with torch.no_grad():
        made = net(torch.full((1, 1, 8, 8), 0.5))
    assert torch.allclose(made, torch.full((1, 1, 8, 8), -0.5), atol=1e-5)


@pytest.mark.parametrize("mode", ["paired", "unpaired"])
def test_going_on_is_bit_equal(make_learner, tmp_path, mode):
    (whole, _), (first, _), (second, _) = (make_learner(mode) for _ in range(3))
    for _ in range(4):
        whole.advance()
    for _ in range(2):
        first.advance()
    first.save(tmp_path / "state")
    second.load(tmp_path / "state")
    for _ in range(2):
        second.advance()
    one, two = whole.average.state_dict(), second.average.state_dict()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


def test_a_loss_that_is_not_finite_ends_it(make_learner):
    learner, _ = make_learner()
    with torch.no_grad():
        learner.translators["there"].leave.bias.fill_(float("nan"))
    with pytest.raises(DivergedError, match="not finite at step 0"):
        learner.advance()


def test_training_keeps_the_contract(folders):
    source, target = map(str, folders)
    check_generator(TranslateTrain, params={"source": source, "target": target}).assert_ok()


def test_translating_keeps_the_contract(tmp_path):
    config = TranslatorConfig(channels=4, blocks=1)
    save_translators(build_translators(config), config, tmp_path / "weights", {}, "# card")
    place = Checkpoint("mine", tmp_path / "weights", "")
    check_generator(Translate, checkpoint=place, params={"checkpoint": "mine"}).assert_ok()


def test_from_two_folders_to_a_picture(studio, folders):
    source, target = map(str, folders)

    def train(**params):
        return studio.generate(
            "gan.translate_train", source=source, target=target, seed=1, steps=4, **TINY, **params
        )[0]

    made, paused = train(), train(stop_after=2)
    assert {"samples.png", "README.md"} <= set(made.files)
    resumed = train(start=paused.id)
    name = "model.safetensors"
    assert resumed.files[name].read_bytes() == made.files[name].read_bytes()
    picture = studio.assets.import_file(folders[0] / "some" / "0.png")
    (drawn,) = studio.generate("gan.translate", inputs={"image": [picture.id]}, checkpoint=made.id)
    with Pictures.open(drawn.path) as image:
        assert (image.size, image.mode) == ((32, 32), "RGB")
    with pytest.raises(InvalidParamsError, match="one way only"):
        studio.generate(
            "gan.translate", inputs={"image": [picture.id]}, checkpoint=made.id, back=True
        )


def test_without_pairs_it_goes_both_ways(tmp_path):
    config = TranslatorConfig("unpaired", 1, 3, 4, 1, False)
    save_translators(build_translators(config), config, tmp_path, {}, "# card")
    nets, read = load_translators(tmp_path)
    assert read == config
    set_edge(nets, "replicate")
    assert nets["back"](torch.rand(1, 3, 8, 8)).shape == (1, 1, 8, 8)


def test_translations_of_before_still_load(tmp_path):
    config = TranslatorConfig(channels=4, blocks=1)
    save_translators(build_translators(config), config, tmp_path, {}, "# card")
    facts = json.loads((tmp_path / "config.json").read_text())
    del facts["is_residual"]
    (tmp_path / "config.json").write_text(json.dumps(facts))
    assert load_translators(tmp_path)[1] == config


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"source": ""}, InvalidInputError, "source: there is no folder"),
        ({"target": "/nowhere"}, InvalidInputError, "target: there is no folder"),
        ({"whole": 32, "size": 64}, InvalidParamsError, "less than the windows"),
    ],
)
def test_bad_wishes_are_refused(studio, folders, params, error, words):
    given = {"source": str(folders[0]), "target": str(folders[1]), **TINY, "steps": 1, **params}
    with pytest.raises(error, match=words):
        studio.generate("gan.translate_train", seed=1, **given)


def test_files_without_a_partner_are_listed(folders, tmp_path):
    sources, targets = find_pairs(*map(str, folders))
    broken = tmp_path / "torn.png"
    broken.write_bytes(b"\x89PNG\r\n")
    pairs = load_pairs({**sources, "x": broken}, {**targets, "y": broken}, 32, True)
    assert pairs.info["unpaired_files"] == ["x", "y"]
    assert [name for name, _ in pairs.info["broken"]] == ["x", "y"]
    with pytest.raises(InvalidInputError, match="too few to learn a translation"):
        load_pairs(dict(list(sources.items())[:2]), targets, 32, True)


@pytest.mark.parametrize("change", [{"mode": "other"}, {"channels": 10**6}, {"channels": 5}])
def test_a_tampered_checkpoint_is_refused(tmp_path, change):
    config = TranslatorConfig(channels=4, blocks=1)
    save_translators(build_translators(config), config, tmp_path, {}, "# card")
    facts = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**facts, **change}))
    with pytest.raises(CheckpointError):
        load_translators(tmp_path)
