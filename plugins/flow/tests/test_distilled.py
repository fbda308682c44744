from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from studio_flow.learn_distilled import DistilLesson, freeze_blocks
from studio_flow.learn_textures import TextureLesson
from studio_flow.model import TEXTURE, load_flow, save_flow
from studio_flow.network import build_network, list_distilled
from studio_flow.paint import Order, Painter
from studio_flow.sampling import Style
from studio_flow.tiles import load_tiles
from studio_flow.wishes import Wish
from studio_training import Settings, Trainer

SHORT = Style(steps=4)


@pytest.fixture
def short_flow(texture_flow):
    """A flow whose distilled net is another one in all that distillation may change."""
    distilled = deepcopy(texture_flow.network)
    state = distilled.state_dict()
    for name in list_distilled(distilled):
        state[name].mul_(1.1)
    return replace(texture_flow, distilled=distilled)


def count_calls(network):
    calls = []
    network.register_forward_hook(lambda *_: calls.append(1))
    return calls


def paint(flow, style, seed=3):
    order = Order(0, Wish(), 64, 64, "small", style)
    (image,) = Painter(flow).paint_new(order, [seed], lambda preview, pictures: None)
    return image


def test_four_plain_steps_ask_the_distilled_net_four_times(short_flow):
    usual, short = (count_calls(net) for net in (short_flow.network, short_flow.distilled))
    paint(short_flow, SHORT)
    assert (len(usual), len(short)) == (0, 4)
    for other in (Style(), Style(steps=4, guidance=3), Style(steps=4, method="heun")):
        paint(short_flow, other)
    assert len(short) == 4
    assert usual


def test_a_picture_drawn_over_asks_the_usual_net(short_flow, texture_flow):
    from studio_flow.paint import Source

    picture = paint(short_flow, SHORT)
    calls = count_calls(short_flow.distilled)
    order = Order(0, Wish(), 64, 64, "small", SHORT)
    Painter(short_flow).paint_over(order, 0, Source(picture, 0.5), lambda preview, pictures: None)
    assert not calls


def test_it_is_kept_with_the_weights(short_flow, tmp_path):
    save_flow(tmp_path, short_flow, TEXTURE, "# card\n", ["flow.texture"])
    again = load_flow(tmp_path, TEXTURE)
    kept, changed = again.network.state_dict(), again.distilled.state_dict()
    learnt = set(list_distilled(again.network))
    for name, value in short_flow.distilled.state_dict().items():
        assert torch.allclose(changed[name], value, rtol=1e-3, atol=1e-3)
        shared = changed[name].data_ptr() == kept[name].data_ptr()
        assert shared == (name not in learnt)
    assert 0 < len(learnt) < len(kept)
    assert paint(again, SHORT).tobytes() == paint(again, SHORT).tobytes()
    assert paint(again, SHORT).tobytes() != paint(again, Style()).tobytes()


def test_it_learns_the_way_of_its_teacher(texture_flow, tile_folder):
    """From other weights back to the teacher's two guided steps in one."""
    teacher = texture_flow.network
    tiles = load_tiles(tile_folder, 32)
    lesson = DistilLesson(TextureLesson(tiles, texture_flow.autoencoder, 8), teacher)
    trainer = Trainer(
        lambda: freeze_blocks(build_network(teacher.config)),
        Settings(60, 8, 3e-3, warmup=2, ema=0),
        lesson,
    )
    trainer.restart(teacher.state_dict())
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    losses = [trainer.advance()["loss"] for _ in range(60)]
    assert sum(losses[-15:]) < 0.8 * sum(losses[:15]), losses
    after = trainer.network.state_dict()
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed <= set(list_distilled(trainer.network))
    assert len(changed) > 0.8 * len(list_distilled(trainer.network))


def test_without_guidance_a_tiny_step_is_the_teachers(texture_flow, tile_folder, monkeypatch):
    """Where two steps are nearly one, a net that is its teacher has nothing to learn."""
    tiles = load_tiles(tile_folder, 32)
    lesson = DistilLesson(TextureLesson(tiles, texture_flow.autoencoder, 4), texture_flow.network)
    monkeypatch.setattr("studio_flow.learn_distilled.TEACHER", Style(steps=8, guidance=1))
    lot = lesson._lesson.draw(torch.Generator().manual_seed(0))
    lesson._times = [0.5, 0.5001, 0.5002]
    rng = torch.Generator().manual_seed(1)
    assert float(lesson.compare(texture_flow.network, lot, 0, rng)) < 1e-4
    lesson._times = [0.2, 0.5, 0.8]
    assert float(lesson.compare(texture_flow.network, lot, 0, rng)) > 1e-3
