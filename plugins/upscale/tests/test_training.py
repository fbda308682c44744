import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from studio_training import Settings
from studio_upscale import fit, ship, shipped
from studio_upscale.adversarial import SharpConfig, SharpTrainer
from studio_upscale.corpus import Corpus, Group, Views, build_group, take_view
from studio_upscale.degrade import degrade
from studio_upscale.equivariance import check_symmetric
from studio_upscale.leaves import FINE, LONGEST, SHORTEST, THICKEST, draw_leaves, draw_stroke
from studio_upscale.network import NetworkConfig, build_network, deepen
from studio_upscale.optimise import make_orthogonal
from studio_upscale.shipped import SHIFTS
from studio_upscale.synthetic import draw_picture
from studio_upscale.trainer import Teaching, build_enlarger, get_net
from studio_upscale.weights import load_network, save_network

from studio.errors import CheckpointError, InvalidInputError

SMALL = NetworkConfig(8, 1, 2)
CONFIG = Settings(steps=40, batch=4, rate=5e-3, warmup=4, ema=0.9, clip=0)


@pytest.fixture(scope="module")
def corpus():
    return Corpus([build_group("drawn", [draw_picture(n) for n in range(4)], 1, 2)], 2, 16)


def test_it_learns(corpus):
    trainer = build_enlarger(SMALL, CONFIG, corpus.draw)
    losses = [trainer.advance()["loss"] for _ in range(40)]
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[:8])


def test_going_on_is_bit_equal_to_not_stopping(corpus, tmp_path):
    whole, first, second = (build_enlarger(SMALL, CONFIG, corpus.draw) for _ in range(3))
    for _ in range(8):
        whole.advance()
    for _ in range(5):
        first.advance()
    first.save(tmp_path / "state")
    second.load(tmp_path / "state")
    for _ in range(3):
        second.advance()
    for a, b in ((whole.network, second.network), (whole.average, second.average)):
        for name, value in a.state_dict().items():
            assert torch.equal(value, b.state_dict()[name])


def test_another_net_s_training_is_refused(corpus, tmp_path):
    build_enlarger(SMALL, CONFIG, corpus.draw).save(tmp_path / "state")
    other = build_enlarger(NetworkConfig(16, 1, 2), CONFIG, corpus.draw)
    with pytest.raises(CheckpointError, match="start anew"):
        other.load(tmp_path / "state")


def test_batches_depend_on_seed_and_step_alone(corpus):
    low, high = corpus.draw(1, 7, 5)
    again, _ = corpus.draw(1, 7, 5)
    assert low.shape == (5, 16, 16, 3)
    assert high.shape == (5, 32, 32, 3)
    assert (low == again).all()
    assert (low != corpus.draw(1, 8, 5)[0]).any()
    # They belong together: shrinking the large one gives the small one, but for the border.
    shrunk = np.stack([np.asarray(Image.fromarray(h).reduce(2)) for h in high]).astype(int)
    assert np.abs(shrunk - low)[:, 2:-2, 2:-2].mean() < 12


def test_pictures_that_hold_no_patch_are_refused():
    small = build_group("small", [Image.new("RGB", (20, 20))], 1, 2)
    with pytest.raises(InvalidInputError, match="at least 32 x 32"):
        Corpus([small], 2, 16)


@pytest.mark.parametrize("damage", ["none", "light", "compressed", "strong", "noise", "jpeg"])
def test_damage(damage):
    high = np.stack([np.asarray(draw_picture(n).crop((0, 0, 64, 64))) for n in range(2)])
    made = [degrade(high, 4, damage, np.random.default_rng(5)) for _ in range(2)]
    assert made[0].shape == (2, 16, 16, 3)
    assert (made[0] == made[1]).all()
    plain = degrade(high, 4, "none", np.random.default_rng(5))
    assert (made[0] == plain).all() == (damage == "none")


def test_muon_s_matrices_are_nearly_orthogonal():
    for shape in ((8, 72), (48, 16)):
        values = torch.linalg.svdvals(make_orthogonal(torch.randn(shape)))
        assert values.min() > 0.3
        assert values.max() < 1.4


def test_luma_is_learnt_by_its_square(corpus):
    trainer = build_enlarger(SMALL, CONFIG, corpus.draw, "luma")
    losses = [trainer.advance()["loss"] for _ in range(40)]
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[:8])


def test_the_baseline_learns_and_comes_back(tmp_path):
    """FSRCNN(56, 12, 4): about 12 thousand parameters."""
    groups = [build_group("drawn", [draw_picture(n) for n in range(3)], 1, 4)]
    trainer = build_enlarger(fit.GOALS["fsrcnn"].network, CONFIG, Corpus(groups, 4, 16).draw)
    losses = [trainer.advance()["loss"] for _ in range(25)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert sum(value.numel() for value in trainer.network.parameters()) == 12_809
    save_network(get_net(trainer), tmp_path, {}, "")
    again = load_network(tmp_path)
    x = torch.rand(1, 3, 11, 8)
    assert again(x).shape == (1, 3, 44, 32)
    assert torch.allclose(again(x), trainer.average(x), atol=2e-3)


def test_sharpening_moves_the_net_and_is_repeatable(corpus):
    corpus = Corpus(corpus.groups, 2, 16)
    made = []
    for _ in range(2):
        trainer = SharpTrainer(build_network(SMALL, 0), SharpConfig(batch=2), corpus.draw)
        losses = [trainer.advance() for _ in range(3)]
        assert all(np.isfinite(list(row.values())).all() for row in losses)
        made.append(trainer.average.state_dict())
    start = build_network(SMALL, 0).state_dict()
    for name, value in made[0].items():
        assert torch.equal(value, made[1][name])
    assert not torch.equal(made[0]["tail.weight"], start["tail.weight"])


def test_sharpening_that_was_stopped_goes_on_bit_equal(corpus, tmp_path):
    def begin(seed):
        return SharpTrainer(build_network(SMALL, seed), SharpConfig(batch=2), corpus.draw)

    whole, first, second = begin(0), begin(0), begin(9)
    for _ in range(5):
        whole.advance()
    for _ in range(3):
        first.advance()
    first.save(tmp_path / "state")
    second.load(tmp_path / "state")
    assert second.step == 3
    assert [first.advance() for _ in range(2)] == [second.advance() for _ in range(2)]
    for name in ("network", "average", "critic"):
        one, two = (getattr(t, name).state_dict() for t in (whole, second))
        assert [key for key in one if not torch.equal(one[key], two[key])] == []


def test_dead_leaves_cover_one_another():
    photos = [draw_picture(0), draw_picture(5)]
    first, again, other = (np.asarray(draw_leaves(n, photos)).astype(int) for n in (1, 1, 2))
    assert first.shape == (256, 256, 3)
    assert (first == again).all()
    assert (first != other).mean() > 0.5
    # Flat inside of shapes, steep at their borders.
    steps = np.abs(np.diff(first, axis=1)).max(2)
    assert np.median(steps) < 12
    assert (steps > 40).mean() > 0.02


def test_strokes_are_long_and_thin():
    rng = np.random.default_rng(0)
    for _ in range(40):
        one, other = np.split(draw_stroke(rng), 2)
        middle, wide = (one + other[::-1]) / 2, np.linalg.norm(one - other[::-1], axis=1)
        length = np.linalg.norm(np.diff(middle, axis=0), axis=1).sum()
        assert FINE * SHORTEST * 0.9 < length < FINE * LONGEST * 1.1
        assert wide.max() < FINE * 2 * THICKEST * 1.01
        assert int(wide.argmin()) in (0, len(wide) - 1), "thinnest at an end"
    photos = [draw_picture(0), draw_picture(5)]
    plain, stroked = (np.asarray(draw_leaves(1, photos, share)) for share in (0, 0.5))
    assert (plain != stroked).any()
    assert (plain == np.asarray(draw_leaves(1, photos))).all()


def test_contrasts_are_taken_in_turn():
    picture = draw_picture(1)
    group = build_group("photos", [picture], 1, 4, Views((1.0, 1.0, 0.5), contrasts=(1.0, 2.0)))
    plain, strong, small = (pair.high.astype(int) for pair in group.pairs)
    assert (plain == np.asarray(picture)).all()
    assert ((strong == 0) | (strong == 255)).mean() > ((plain == 0) | (plain == 255)).mean()
    assert strong.std() > 1.1 * plain.std()
    assert small.shape[0] == 128


@pytest.mark.parametrize(("size", "least"), [((96, 96), 2), ((96, 200), 20), ((300, 260), 38)])
def test_views_are_whole_and_different(size, least):
    """Of white, no empty corner of a turned picture is seen; of noise, few are alike."""
    rng = np.random.default_rng(3)
    white = Image.new("RGB", size, "white")
    noise = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8))
    for _ in range(60):
        pair = take_view(white, 4, 16, rng)
        assert (pair.low.shape, pair.high.shape) == ((16, 16, 3), (64, 64, 3))
        assert pair.high.min() == pair.low.min() == 255
    seen = {take_view(noise, 4, 16, rng).high.tobytes() for _ in range(40)}
    assert len(seen) >= least


def test_a_view_s_small_picture_is_its_reduction_border_and_all():
    photo = draw_picture(2).resize((400, 300))
    pair = take_view(photo, 4, 16, np.random.default_rng(0))
    inner = np.asarray(Image.fromarray(pair.high).resize((16, 16), Image.Resampling.BICUBIC))
    far = np.abs(inner.astype(int) - pair.low)
    assert far[3:-3, 3:-3].max() <= 1
    assert far.max() > 1, "at its border it has seen what lies beyond"


def test_groups_of_whole_pictures_are_drawn_from(corpus):
    photos = tuple(draw_picture(n) for n in range(3))
    fresh = Corpus([Group("views", (), 1, photos)], 2, 16)
    low, high = fresh.draw(0, 0, 6)
    assert (low.shape, high.shape) == ((6, 16, 16, 3), (6, 32, 32, 3))
    assert (low == fresh.draw(0, 0, 6)[0]).all()
    both = Corpus([*corpus.groups, Group("views", (), 1, photos)], 2, 16)
    assert len(both.groups) == 2
    with pytest.raises(InvalidInputError, match="at least 32"):
        Corpus([Group("views", (), 1, (photos[0].resize((43, 90)),))], 2, 16)


def test_every_way_to_begin_a_reduction_is_taken():
    assert len(set(SHIFTS)) == 16
    noise = np.random.default_rng(0).integers(0, 256, (72, 72, 3), np.uint8)
    picture = Image.fromarray(noise)
    group = build_group("shifted", [picture], 1, 4, Views([1.0] * 16, SHIFTS))
    assert len({pair.high[:40, :40].tobytes() for pair in group.pairs}) == 16
    for pair, (left, top) in zip(group.pairs, SHIFTS, strict=True):
        assert (pair.high[0, 0] == np.asarray(picture)[top, left]).all()


def test_negatives(corpus):
    plain, half = corpus, Corpus(corpus.groups, 2, 16, inverted=0.5)
    bright = Corpus(
        [build_group("bright", [Image.new("RGB", (64, 64), (250, 250, 250))], 1, 2)], 2, 16
    )
    assert all((bright.draw(0, step, 4)[0] == 250).all() for step in range(3))
    negative = Corpus(bright.groups, 2, 16, inverted=0.5)
    drawn = [negative.draw(0, step, 8) for step in range(8)]
    shown = np.concatenate([low[:, 0, 0, 0] for low, _ in drawn])
    assert 0.3 < (shown == 5).mean() < 0.7
    assert all((low[:, 0, 0] == high[:, 0, 0]).all() for low, high in drawn)
    assert any((plain.draw(0, n, 4)[0] != half.draw(0, n, 4)[0]).any() for n in range(3))


def test_cards_say_what_was_learnt_from():
    plain = ship.describe_data({"patch": 32, "mix": "plain"}, 4)
    assert "1,100 material albedos" in plain
    assert "dead leaves" not in plain
    large = ship.describe_data({"patch": 80, "mix": "leaves"}, 4)
    assert "1,100" not in large
    assert "160 pictures of dead leaves cut out" in large
    photos = ship.describe_data({"patch": 40, "mix": "fresh"}, 4)
    assert "400 pictures of dead leaves and strokes cut out" in photos
    assert "1,100" not in photos
    assert "every patch is another view" in photos
    assert "30% of the patches are negatives" in photos


def test_cards_say_who_taught():
    taught = {"patch": 40, "mix": "fresh", "teachers": ["fresh", "views"], "taught": 0.8}
    told = ship.describe_data(taught, 4)
    assert "80% of what it learns is the mean answer of 2 nets" in told and "fresh, views" in told


def test_a_net_learns_from_others(corpus, tmp_path):
    teachers = [build_network(SMALL, seed) for seed in (1, 2)]
    low, high = (torch.rand(2, 3, side, side) for side in (8, 16))
    blended = Teaching(teachers, 0.75).blend(low, high)
    with torch.no_grad():
        mean = (teachers[0](low) + teachers[1](low)) / 2
    assert torch.allclose(blended, 0.25 * high + 0.75 * mean, atol=1e-6)
    assert not blended.requires_grad
    assert Teaching().blend(low, high) is high
    trainer = build_enlarger(SMALL, CONFIG, corpus.draw, teaching=Teaching(teachers[:1], 1.0))
    losses = [trainer.advance()["loss"] for _ in range(40)]
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[:8])


def test_teachers_of_the_command_are_in_the_card(data, tmp_path):
    facts = {"training": {"mix": "leaves"}}
    save_network(build_network(fit.GOALS["fast"].network, 1), tmp_path / "teacher", facts, "")
    options = ["--steps", "2", "--batch", "1", "--patch", "16", "--taught", "0.5"]
    teacher = str(tmp_path / "teacher")
    arguments = [str(data), str(tmp_path / "run"), *options, "--teacher", teacher]
    done = CliRunner().invoke(fit.main, [*arguments, "--start", teacher])
    assert done.exit_code == 0, done.output
    facts = json.loads((tmp_path / "run" / "000002" / "config.json").read_text("utf-8"))
    assert (facts["training"]["teachers"], facts["training"]["taught"]) == (["leaves"], 0.5)


@pytest.mark.parametrize(
    ("config", "options", "fault"),
    [
        (NetworkConfig(8, 1), [], "belong together"),
        (None, ["--taught", "0.5"], "belong together"),
        (NetworkConfig(8, 1), ["--taught", "80"], "--taught"),
        (NetworkConfig(8, 1, 2), ["--taught", "0.5"], "enlarges 4 times"),
    ],
)
def test_teachers_that_cannot_teach(data, tmp_path, config, options, fault):
    if config:
        save_network(build_network(config, 1), tmp_path / "teacher", {}, "")
        options = [*options, "--teacher", str(tmp_path / "teacher")]
    done = CliRunner().invoke(fit.main, [str(data), str(tmp_path / "run"), *options])
    assert done.exit_code == 2 and fault in done.output
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("is_equivariant", [False, True])
def test_a_deeper_net_begins_where_the_shallow_one_was(is_equivariant):
    config = NetworkConfig(8, 2, equivariant=is_equivariant)
    net, x = build_network(config, 0), torch.rand(1, 3, 12, 9)
    deep = deepen(net, 5)
    assert deep.config == replace(config, blocks=5)
    with torch.no_grad():
        assert torch.allclose(deep(x), net(x), atol=1e-6)
    check_symmetric(deep, deep.config.layers)
    assert deepen(net, 2) is net and deepen(net, 1) is net
    again = deepen(net, 5).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in deep.state_dict().items())


def test_shipped_weights_from_pictures_to_card(data, tmp_path):
    run, place = tmp_path / "run", tmp_path / "place"
    fit.fit(fit.Plan("fast", data, run, Settings(steps=3, batch=1, clip=0), "luma", 16))
    assert {path.name for path in run.iterdir()} >= {"000002", "000003", "state.safetensors"}
    made = (run / "000003" / "model.safetensors").read_bytes()
    fit.fit(fit.Plan("fast", data, run, Settings(steps=3, batch=1, clip=0), "luma", 16))
    assert (run / "000003" / "model.safetensors").read_bytes() == made
    options = ["--data", str(data), "--place", str(place), "--command", "first\nsecond"]
    done = CliRunner().invoke(ship.main, [str(run), "fast", *options])
    assert done.exit_code == 0, done.output
    assert (place / "fast" / "model.safetensors").read_bytes() == made
    card = (place / "fast" / "README.md").read_text(encoding="utf-8")
    for words in ("| step | 3 |", "| loss | luma |", "first\nsecond", "held-out Kodak"):
        assert words in card
    assert '"cpu_seconds"' in (run / "curve.jsonl").read_text(encoding="utf-8")


def test_the_mean_of_two_phases_ships(data, tmp_path):
    run, place = tmp_path / "run", tmp_path / "place"
    nets = [build_network(fit.GOALS["fast"].network, seed) for seed in (0, 1)]
    for number, net in enumerate(nets):
        save_network(net, run / f"00000{number}", {"training": {"step": number}}, "")
    other = ["--mean", str(run / "000000"), "--data", str(data), "--place", str(place)]
    done = CliRunner().invoke(ship.main, [str(run), "fast", *other])
    assert done.exit_code == 0, done.output
    first, second = (net.state_dict()["head.weight"] for net in nets)
    made = load_network(place / "fast").state_dict()["head.weight"]
    assert torch.allclose(made, (first + second) / 2, atol=1e-3)
    save_network(build_network(SMALL, 0), tmp_path / "small", {}, "")
    other[1] = str(tmp_path / "small")
    done = CliRunner().invoke(ship.main, [str(run), "fast", *other])
    assert done.exit_code == 2 and "different nets" in done.output


def test_minutes_are_those_of_the_curve(tmp_path):
    assert fit.sum_minutes(tmp_path) == 0
    rows = (
        '{"step": 200, "cpu_seconds": 90.0}',
        '{"step": 300}',
        '{"step": 400, "cpu_seconds": 30}',
    )
    (tmp_path / "curve.jsonl").write_text("\n".join(rows), encoding="utf-8")
    assert (fit.sum_minutes(tmp_path), fit.sum_minutes(tmp_path, 300)) == (2, 1.5)


def test_groups_of_the_mixes(data):
    some = replace(shipped.MIXES["leaves"], leaf_count=1)
    groups = {group.name: group for group in shipped.build_groups(data, 4, 2, some)}
    assert {name: len(group.pairs) for name, group in groups.items()} == {
        "photos": 7,
        "views": 0,
        "albedos": 1,
        "normals": 0,
        "drawn": 2,
        "leaves": 1,
        "brick": 1,
    }
    assert groups["brick"].pairs[0].high.shape == (512, 512, 3), "laid twice each way"
    fresh = replace(shipped.MIXES["fresh"], leaf_count=1)
    groups = {group.name: group for group in shipped.build_groups(data, 4, 2, fresh)}
    assert (len(groups["views"].images), len(groups["photos"].pairs)) == (1, 0)
    assert "brick" not in groups
    for mix in shipped.MIXES.values():
        shares = (mix.photos, mix.albedos, mix.normals, mix.drawn, mix.leaves, mix.classes)
        assert mix.fresh + sum(shares) == pytest.approx(1)


def test_weights_on_disk(tiny, tmp_path):
    save_network(tiny, tmp_path, {"note": 1}, "# Card\n")
    again = load_network(tmp_path / "model.safetensors")
    assert again.config == tiny.config
    x = torch.rand(1, 3, 9, 9)
    assert torch.allclose(again(x), tiny(x), atol=1e-3)
    first = (tmp_path / "model.safetensors").read_bytes()
    save_network(tiny, tmp_path, {"note": 1}, "# Card\n")
    assert (tmp_path / "model.safetensors").read_bytes() == first


SIZES = {"architecture": "studio-residual", "channels": 16, "blocks": 1, "scale": 4, "colours": 3}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{}", "other architectures run in upscale.community"),
        ("not json", "other architectures run in upscale.community"),
        (json.dumps({**SIZES, "channels": 99_999}), "out of range"),
        (json.dumps({**SIZES, "scale": 4, "fold": 2}), "out of range"),
        (json.dumps(SIZES), "do not fit"),
        (json.dumps({**SIZES, "architecture": "vit"}), "architecture vit is not known here"),
    ],
)
def test_wrong_checkpoints_are_refused(tiny, tmp_path, config, message):
    save_network(tiny, tmp_path, {}, "")
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(CheckpointError, match=message):
        load_network(tmp_path)
