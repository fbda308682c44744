import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from studio_flow.model import SPRITE, TEXTURE, load_flow
from studio_flow.sprites import find_kind, load_sprites, split_sprites
from studio_flow.tiles import Drawer, load_tiles, split_tiles, turn_hue
from studio_flow.train import Train
from studio_training import load_weights

from studio.errors import InvalidInputError, InvalidParamsError
from studio.testing import check_generator

TINY = {"side": 64, "batch": 2, "width": "small", "steps": 3}


@pytest.fixture(autouse=True)
def tiny_nets(monkeypatch, texture_place):
    """The shipped autoencoder takes seconds, and so does a net of a million weights."""
    monkeypatch.setattr("studio_flow.plan.get_shipped", lambda name: texture_place)
    monkeypatch.setattr("studio_flow.plan.WIDTHS", {"small": ((16, 24, 32), (1, 1, 1))})


def unpack(artifact, folder):
    folder.mkdir()
    for name, path in artifact.payload.items():
        shutil.copy(path, folder / name)
    return folder


def test_contract(tile_folder):
    params = {"folder": str(tile_folder), "side": 64, "batch": 2, "steps": 2}
    check_generator(Train, params=params, seeds=(1, 2)).assert_ok()


def test_tiles_are_read_once_and_what_is_broken_is_left_out(tile_folder):
    tiles = load_tiles(tile_folder, 32)
    assert tiles.classes == ("brick", "grass")
    assert len(tiles.names) == 17
    assert tiles.broken == ("broken.png",)
    assert tiles.get_floats().abs().max() <= 1
    assert tiles.reduce(16).pixels.shape == (17, 16, 16, 3)


def test_held_out_tiles_stay_held_out(tile_folder):
    learnt, held = split_tiles(load_tiles(tile_folder, 32))
    assert set(learnt.names) | set(held.names) == set(load_tiles(tile_folder, 32).names)
    assert not set(learnt.names) & set(held.names)
    assert {name.split("/")[0] for name in held.names} == {"brick", "grass"}
    again = split_tiles(load_tiles(tile_folder, 32))[1]
    assert again.names == held.names


def test_bricks_are_not_turned_unless_asked(tile_folder):
    tiles = load_tiles(tile_folder, 32)
    brick = tiles.select([row for row, kind in enumerate(tiles.kinds.tolist()) if kind == 0])
    lines = brick.pixels.clone()
    lines[:] = (torch.arange(32) % 4 == 0)[None, :, None, None] * 255
    striped = type(brick)(brick.classes, lines, brick.kinds, brick.names)

    def is_turned(augment):
        rng = torch.Generator().manual_seed(0)
        pictures, _ = Drawer(striped, augment=augment).draw(12, rng)
        across = (pictures - pictures.roll(1, 3)).abs().mean((1, 2, 3))
        return bool((across > 0.05).any())

    assert not is_turned("auto")
    assert not is_turned("roll")
    assert is_turned("all")


def test_rare_classes_are_drawn_more_often(tile_folder):
    tiles = load_tiles(tile_folder, 32)
    few = tiles.select([*range(9), 9])  # nine bricks, one grass
    rng = torch.Generator().manual_seed(0)
    _, kinds = Drawer(few, balance=1.0).draw(400, rng)
    assert 0.4 < float((kinds == 1).float().mean()) < 0.6


def test_turning_hues_keeps_grey():
    matrix = turn_hue(torch.tensor([0.0, 1.0, 2.5]), torch.tensor([1.0, 1.0, 0.5]))
    assert torch.allclose(matrix[0], torch.eye(3), atol=1e-6)
    assert torch.allclose(matrix @ torch.ones(3), torch.ones(3, 3), atol=1e-6)


def test_training_textures_and_going_on(tile_folder, texture_place, tmp_path, run):
    """Pausing after two of three steps and going on gives the weights of no pause, bit by bit."""
    params = {**TINY, "folder": str(tile_folder)}
    (whole,), steps = run(Train, params, seeds=(4,))
    assert steps[-1][0] == steps[-1][1]
    assert whole.info["classes"] == ["brick", "grass"]
    assert any("only" in warning for warning in whole.info["warnings"])
    straight = unpack(whole, tmp_path / "straight")
    shutil.rmtree(tmp_path / "scratch")
    (half,), _ = run(Train, {**params, "stop_after": 2}, seeds=(4,))
    paused = unpack(half, tmp_path / "paused")
    assert (paused / "training.safetensors").exists()
    shutil.rmtree(tmp_path / "scratch")
    (rest,), _ = run(Train, params, paused, seeds=(4,))
    resumed = unpack(rest, tmp_path / "resumed")
    assert (resumed / "model.safetensors").read_bytes() == (
        straight / "model.safetensors"
    ).read_bytes()
    flow = load_flow(resumed, TEXTURE)
    assert flow.classes == ("brick", "grass")
    config, tensors = load_weights(resumed)
    assert config["data"]["broken"]
    assert config["data"]["duplicates"]
    assert all(torch.isfinite(value).all() for value in tensors.values())


def test_distilling_and_going_on(tile_folder, texture_place, tmp_path, run):
    """The usual net stays, the short one changes, and a pause leaves no mark."""
    params = {**TINY, "folder": str(tile_folder), "distil": True}
    (whole,), steps = run(Train, params, texture_place, seeds=(4,))
    assert isinstance(steps[-1][2], Image.Image)
    straight = load_flow(unpack(whole, tmp_path / "straight"), TEXTURE)
    taught = load_flow(texture_place, TEXTURE)
    assert straight.classes == taught.classes
    kept, short = straight.network.state_dict(), straight.distilled.state_dict()
    assert all(
        torch.equal(kept[name], value) for name, value in taught.network.state_dict().items()
    )
    assert any(not torch.equal(kept[name], value) for name, value in short.items())
    assert straight.facts["distillation"]["training"]["step"] == 3
    shutil.rmtree(tmp_path / "scratch")
    (half,), _ = run(Train, {**params, "stop_after": 2}, texture_place, seeds=(4,))
    paused = unpack(half, tmp_path / "paused")
    assert (paused / "distilling.safetensors").exists()
    shutil.rmtree(tmp_path / "scratch")
    (rest,), _ = run(Train, params, paused, seeds=(4,))
    resumed = load_flow(unpack(rest, tmp_path / "resumed"), TEXTURE)
    for name, value in resumed.distilled.state_dict().items():
        assert torch.equal(value, short[name])


def test_what_cannot_be_distilled(tile_folder, sprite_folder, texture_place, run):
    params = {**TINY, "distil": True}
    with pytest.raises(InvalidParamsError, match="only textures"):
        run(Train, {**params, "what": "sprites", "folder": str(sprite_folder)}, texture_place)
    with pytest.raises(InvalidParamsError, match="in start"):
        run(Train, {**params, "folder": str(tile_folder)})
    for name in ("brick", "grass"):
        (tile_folder / name).rename(tile_folder / f"my {name}")
    with pytest.raises(InvalidInputError, match="after some of brick, grass, wood"):
        run(Train, {**params, "folder": str(tile_folder)}, texture_place)


def test_training_sprites(sprite_folder, tmp_path, run):
    params = {**TINY, "what": "sprites", "folder": str(sprite_folder), "steps": 2}
    (made,), _ = run(Train, params)
    flow = load_flow(unpack(made, tmp_path / "out"), SPRITE)
    assert flow.classes == ("monster", "wall")
    assert flow.network.config.channels == 4


def test_turning_bricks_is_warned_of(tile_folder, run):
    params = {**TINY, "folder": str(tile_folder), "augment": "all", "steps": 1}
    (made,), _ = run(Train, params)
    assert any("brick" in warning for warning in made.info["warnings"])


def test_nothing_to_learn_from(tmp_path, run):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="no usable image"):
        run(Train, {**TINY, "folder": str(tmp_path / "empty")})
    with pytest.raises(InvalidInputError, match="no folder"):
        run(Train, {**TINY, "folder": str(tmp_path / "missing")})


@pytest.mark.parametrize(
    ("name", "coverage", "kind"),
    [
        ("crawl_monster/orc", 0.4, "monster"),
        ("crawl_player_part/hand_axe", 0.2, "held"),
        ("crawl_item/weapon_dagger", 0.2, "weapon"),
        ("crawl_item/rock", 0.2, "item"),
        ("kenney_roguelike16/cave_0001", 1.0, "tile"),
        ("kenney_roguelike16/cave_0001", 0.5, "prop"),
        ("kenney_rpgurban16/tile_0023", 0.5, "character"),
        ("kenney_rpgurban16/tile_0001", 0.5, "prop"),
        ("superpowers_item/ninja_sword", 0.5, "weapon"),
        ("monster/mine", 0.5, "monster"),
        ("anything/else", 0.5, "item"),
    ],
)
def test_kinds_by_name(name, coverage, kind):
    assert find_kind(name, coverage) == kind


def test_sprites_have_no_colour_where_they_are_clear(sprite_folder):
    sprites = load_sprites(sprite_folder)
    clear = sprites.pixels[..., 3] == 0
    assert not sprites.pixels[clear].any()
    assert set(sprites.sides.tolist()) == {16, 32}
    learnt, held = split_sprites(sprites)
    assert len(learnt) + len(held) == len(sprites)
    assert np.isfinite(sprites.get_floats(torch.tensor([0]), 16).numpy()).all()


def test_a_folder_around_all_changes_no_kind(sprite_folder, tmp_path):
    outer = tmp_path / "unpacked" / "sprites"
    outer.parent.mkdir()
    sprite_folder.rename(outer)
    plain, nested = load_sprites(outer), load_sprites(outer.parent)
    assert plain.names == nested.names
    assert torch.equal(plain.kinds, nested.kinds)


def test_the_shipped_weights_say_what_they_are():
    from studio_flow.shelf import PLACE, list_shipped

    for item in list_shipped("texture", "sprite", "judge", "judge-sprite"):
        folder = PLACE / item.name
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert config["architecture"].startswith("flow-")
        assert "CC0" in card
        assert "python -m studio_flow" in card
