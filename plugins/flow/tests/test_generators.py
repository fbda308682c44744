import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from studio_flow import GENERATORS
from studio_flow.evaluate import Evaluate
from studio_flow.sprite import Sprite
from studio_flow.texture import Texture

from studio.errors import CheckpointError, InvalidInputError, InvalidParamsError
from studio.testing import check_generator

QUICK = {"size": 64, "num_inference_steps": 2, "features": "small"}


@pytest.fixture
def picture(draw_tile, tmp_path):
    path = tmp_path / "tile.png"
    draw_tile(5).save(path)
    return path


@pytest.fixture
def mask(tmp_path):
    path = tmp_path / "mask.png"
    image = Image.new("L", (64, 64))
    image.paste(255, (16, 16, 48, 48))
    image.save(path)
    return path


def test_contract_of_textures(texture_place):
    check_generator(Texture, checkpoint=texture_place).assert_ok()


def test_contract_of_sprites(sprite_place):
    check_generator(Sprite, checkpoint=sprite_place).assert_ok()


def test_contract_of_evaluation(judge_place):
    check_generator(Evaluate, checkpoint=judge_place).assert_ok()


def test_ids():
    assert [g.id for g in GENERATORS] == [
        "flow.texture",
        "flow.sprite",
        "flow.train",
        "eval.images",
    ]


def test_a_texture_of_any_size(texture_place, run):
    params = {**QUICK, "class": "brick", "size": 100, "height": 50, "features": "medium"}
    (made,), steps = run(Texture, params, texture_place)
    assert made.payload.size == (100, 50)
    assert made.info["class"] == "brick"
    assert set(made.metrics) == {"seam_x", "seam_y", "seam_ratio"}
    assert steps[-1][0] == steps[-1][1] == 2


def test_words(texture_place, run):
    (made,), _ = run(Texture, {**QUICK, "prompt": "dark red shiny wood"}, texture_place)
    assert made.info["class"] == "wood"
    assert made.info["words_unknown"] == ["shiny"]
    assert made.info["words_used"] == ["dark", "red"]
    red, green, blue = np.asarray(made.payload, float).mean((0, 1))
    assert red > green
    assert red > blue


def test_a_palette_is_met(texture_place, run):
    params = {**QUICK, "class": "grass", "palette": "#204080, #305090"}
    (made,), _ = run(Texture, params, texture_place)
    assert np.asarray(made.payload, float).mean((0, 1)) == pytest.approx([0x28, 0x48, 0x88], abs=3)


def test_a_style_seed_makes_a_set(texture_place, run):
    params = {**QUICK, "class": "grass", "style_seed": 5}
    made, _ = run(Texture, params, texture_place, seeds=(1, 2))
    first, second = (np.asarray(one.payload, float) for one in made)
    assert first.mean((0, 1)) == pytest.approx(second.mean((0, 1)), abs=3)
    assert np.abs(first - second).mean() > 1


def test_refining_changes_only_detail(texture_place, run):
    params = {**QUICK, "class": "grass", "features": "medium"}
    (plain,), _ = run(Texture, params, texture_place)
    (fine,), steps = run(Texture, {**params, "refine": 0.2}, texture_place)
    assert steps[-1][1] == 5
    assert not np.array_equal(np.asarray(plain.payload), np.asarray(fine.payload))


def test_more_strength_changes_more(texture_place, run, picture):
    made = []
    for strength in (0.05, 0.1, 0.9):
        params = {**QUICK, "class": "wood", "strength": strength}
        (one,), _ = run(Texture, params, texture_place, {"image": [picture]})
        made.append(np.asarray(one.payload, float))
    assert 0 < np.abs(made[1] - made[0]).mean() < np.abs(made[2] - made[0]).mean()


def test_outside_the_mask_nothing_changes(texture_place, run, picture, mask):
    inputs = {"image": [picture], "mask": [mask]}
    (made,), _ = run(Texture, {**QUICK, "class": "wood", "size": 512}, texture_place, inputs)
    assert made.payload.size == (64, 64)
    before, after = np.asarray(Image.open(picture)), np.asarray(made.payload)
    free = np.asarray(Image.open(mask)) > 0
    assert (before[~free] == after[~free]).all()
    assert (before[free] != after[free]).mean() > 0.5


@pytest.mark.parametrize(
    ("slots", "message"),
    [
        ({"mask": "mask"}, "no image"),
        ({"image": "picture", "mask": "wide"}, "same size"),
        ({"image": "picture", "mask": "black"}, "black"),
    ],
)
def test_wrong_masks(texture_place, run, picture, mask, tmp_path, slots, message):
    paths = {"picture": picture, "mask": mask}
    for name, size in (("wide", (80, 64)), ("black", (64, 64))):
        paths[name] = tmp_path / f"{name}.png"
        Image.new("L", size).save(paths[name])
    inputs = {slot: [paths[name]] for slot, name in slots.items()}
    with pytest.raises(InvalidInputError, match=message):
        run(Texture, QUICK, texture_place, inputs)


def test_unknown_classes_name_the_known(texture_place, sprite_place, judge_place, run, picture):
    with pytest.raises(InvalidParamsError, match="brick, grass, wood"):
        run(Texture, {**QUICK, "class": "lava"}, texture_place)
    with pytest.raises(InvalidParamsError, match="monster, wall"):
        run(Sprite, {"kind": "lava"}, sprite_place)
    with pytest.raises(InvalidInputError, match="brick, grass, wood"):
        run(Evaluate, {"wanted": "lava"}, judge_place, {"pictures": [picture]})


def test_weights_of_something_else(sprite_place, texture_place, run):
    with pytest.raises(CheckpointError, match="flow-sprite"):
        run(Texture, QUICK, sprite_place)
    with pytest.raises(CheckpointError, match="flow-texture"):
        run(Evaluate, {}, texture_place)


@pytest.mark.parametrize(
    "change",
    [
        {"network": {"widths": [9999999, 2], "blocks": [1, 1]}},
        {"network": {"no such": 1}},
        {"classes": ["one"]},
        {"network": None},
    ],
)
def test_tampered_weights(texture_place, run, tmp_path, change):
    for file in texture_place.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(CheckpointError, match="do not fit"):
        run(Texture, QUICK, tmp_path)


def test_a_sheet_of_sprites(sprite_place, run):
    params = {"kind": "monster", "size": 16, "sprites": 4, "colours": 3, "num_inference_steps": 2}
    ((sheet, slices),), steps = run(Sprite, params, sprite_place)
    assert sheet.payload.size == (32, 32)
    assert sheet.metrics["colours"] <= 3
    assert steps[-1][0] == steps[-1][1] == 8
    with zipfile.ZipFile(slices.payload) as archive:
        assert set(archive.namelist()) == {
            "sheet.png", "sheet.json", "sheet.tres", "sheet.png.meta",
        }  # fmt: skip


def test_symmetry_and_outline(sprite_place, run):
    params = {
        "kind": "wall", "size": 32, "sprites": 2, "symmetric": True, "outline": True,
        "num_inference_steps": 2,
    }  # fmt: skip
    ((sheet, _),), _ = run(Sprite, params, sprite_place)
    left = np.asarray(sheet.payload.crop((0, 0, 32, 32)))
    assert (left[..., 3] == left[:, ::-1, 3]).mean() > 0.95


def test_frames_loop_and_differ_little(sprite_place, run):
    params = {
        "kind": "monster", "size": 16, "sprites": 1, "frames": 6, "motion": 0.05, "colours": 0,
        "num_inference_steps": 3,
    }  # fmt: skip
    ((sheet, _),), _ = run(Sprite, params, sprite_place)
    assert sheet.payload.size == (96, 16)
    frames = [np.asarray(sheet.payload.crop((16 * n, 0, 16 * n + 16, 16)), float) for n in range(6)]
    steps = [np.abs(frames[n] - frames[(n + 1) % 6]).mean() for n in range(6)]
    assert steps[-1] <= max(steps[:-1]) * 2 + 1


def test_variations_of_a_sprite(draw_sprite, sprite_place, run, tmp_path):
    path = tmp_path / "mine.png"
    draw_sprite(3, 32).save(path)
    given, far = np.asarray(Image.open(path), float), []
    for strength in (0.1, 1.0):
        params = {
            "kind": "monster", "sprites": 1, "strength": strength, "num_inference_steps": 3,
            "guidance_scale": 1,
        }  # fmt: skip
        ((sheet, _),), _ = run(Sprite, params, sprite_place, {"image": [path]})
        far.append(np.abs(np.asarray(sheet.payload, float) - given).mean())
    assert far[0] < far[1]


def test_a_report(draw_tile, judge_place, run, tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(5)]
    for number, path in enumerate(paths):
        draw_tile(number, 128).save(path)
    (made,), _ = run(Evaluate, {"wanted": "wood"}, judge_place, {"pictures": paths})
    judged = {"accuracy", "ceiling", "frechet", "kid", "recall", "nearest"}
    assert {*judged, "seam_ratio", "repetition", "sameness"} <= set(made.metrics)
    assert len(made.payload["rows"]) == 5
    json.dumps(made.payload, allow_nan=False)
