import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from studio_textures.mincut import Sides, cut_mask, cut_path
from studio_textures.patch_search import Choice, PatchSearch
from studio_textures.period import find_period, fit_period, whole_periods
from studio_textures.quality import measure_seams
from studio_textures.quilting import QuiltSettings, quilt, typical_crop
from studio_textures.repair import repair
from studio_textures.torus_canvas import TorusCanvas


def blobs(size=96, seed=0, channels=3):
    noise = np.random.default_rng(seed).standard_normal((size, size, channels))
    smooth = ndimage.gaussian_filter(noise, (2, 2, 0), mode="nearest")
    return (0.5 + 0.2 * smooth / smooth.std()).clip(0, 1).astype(np.float32)


def pixel_art(size=48, seed=0):
    rng = np.random.default_rng(seed)
    palette = rng.random((6, 3)).astype(np.float32)
    return palette[rng.integers(6, size=(size, size))]


def colours(img):
    return {tuple(c) for c in img.reshape(-1, img.shape[-1]).tolist()}


def bricks(period=20, size=100):
    y, x = np.mgrid[:size, :size]
    shift = (y // period) % 2 * period
    joint = (y % period < 3) | ((x + shift) % (2 * period) < 3)
    noise = np.random.default_rng(3).standard_normal((size, size, 3)) * 0.02
    return (np.where(joint, 0.8, 0.4)[..., None] + noise).clip(0, 1).astype(np.float32)


@pytest.mark.parametrize("size", [(96, 96), (64, 130)])
def test_quilting_gives_the_size_asked_for_without_a_seam(size):
    out = quilt(blobs(), size, np.random.default_rng(1))
    assert out.shape == (*size, 3)
    assert out.dtype == np.float32
    assert measure_seams(out).worst < 1.3
    assert measure_seams(blobs()).worst > 1.5


def test_same_seed_same_picture_other_seed_another():
    first, again, other = (quilt(blobs(), (64, 64), np.random.default_rng(s)) for s in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.01


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.integers(24, 72), st.integers(24, 72))
def test_quilted_pixel_art_uses_only_the_exemplars_colours(seed, height, width):
    art = pixel_art()
    out = quilt(art, (height, width), np.random.default_rng(seed))
    assert out.shape == (height, width, 3)
    assert colours(out) <= colours(art)


def test_alpha_is_quilted_with_the_colour():
    art = np.concatenate([pixel_art(), (pixel_art(seed=1)[..., :1] > 0.5)], axis=-1)
    out = quilt(art.astype(np.float32), (40, 40), np.random.default_rng(0))
    assert colours(out) <= colours(art.astype(np.float32))


def test_tiny_exemplar_and_tiny_output_still_work():
    assert quilt(blobs(16), (12, 12), np.random.default_rng(0)).shape == (12, 12, 3)


def test_courses_of_bricks_stay_regular():
    out = quilt(bricks(), (128, 128), np.random.default_rng(2))
    period = find_period(out, 0)
    assert period == pytest.approx(128 / 3, abs=0.6)  # 3.2 double courses of 40 px become 3
    rows = np.sort(out.mean(axis=(1, 2)))
    assert rows[-8] > 0.68  # bed joints run through in one piece


def test_cuts_are_least_visible_paths():
    error = np.ones((6, 5), np.float32)
    path = [2, 3, 3, 4, 3, 2]
    error[np.arange(6), path] = 0.0
    assert cut_path(error).tolist() == path


def test_cut_mask_keeps_what_lies_inside_all_cuts():
    mask = cut_mask(np.ones((12, 12), np.float32), Sides(3, 3, 3, 3))
    assert mask[4:-4, 4:-4].all()
    assert cut_mask(np.ones((12, 12), np.float32), Sides()).all()


def test_search_finds_the_place_a_patch_was_taken_from():
    exemplar = blobs()
    target = exemplar[31:47, 20:36]
    place = PatchSearch(exemplar, 16).find(
        target, np.ones((16, 16), np.float32), Choice(0.0, 0.0), np.random.default_rng(0)
    )
    assert place == (31, 20)


def test_search_of_a_large_exemplar_is_refined_to_the_pixel():
    exemplar = np.pad(blobs(120), ((0, 0), (0, 420), (0, 0)), mode="symmetric")
    search = PatchSearch(exemplar, 32)
    assert search.factor == 2
    weight = np.zeros((32, 32), np.float32)
    weight[:, :12] = 1.0
    found = search.find(exemplar[41:73, 57:89], weight, Choice(0.0, 0.0), np.random.default_rng(0))
    np.testing.assert_allclose(
        exemplar[found[0] : found[0] + 32, found[1] : found[1] + 12], exemplar[41:73, 57:69]
    )


def test_a_picture_as_it_is_has_cuts_at_its_border_only():
    canvas = TorusCanvas(blobs(64), 64, 64)
    canvas.source[:] = np.indices((64, 64))
    cost = canvas.cut_cost()
    assert cost[:-1, :-1].max() == 0.0
    assert cost[-1].min() > 0.0 and cost[:, -1].min() > 0.0
    np.testing.assert_array_equal(
        canvas.cut_cost((60, 50), 16), np.roll(cost, (4, 14), (0, 1))[:16, :16]
    )


def test_repair_covers_what_does_not_fit_and_nothing_else():
    exemplar = np.tile(bricks(period=8, size=32), (3, 3, 1))
    canvas = TorusCanvas(exemplar, 64, 64)
    canvas.source[:] = np.indices((64, 64))
    canvas.paste((20, 20), (5, 3), 12, Sides())  # out of step with the bricks around
    before = canvas.cut_cost().sum()
    helped = repair(canvas, PatchSearch(exemplar, 28), 10, Choice(), np.random.default_rng(0))
    assert helped > 0
    assert canvas.cut_cost().sum() < 0.3 * before


def test_period_is_found_and_fitted():
    wall = bricks(period=20, size=110)
    assert find_period(wall, 0) == pytest.approx(40, abs=0.3)  # a running bond is two courses
    assert find_period(blobs(), 0) is None
    fitted = fit_period(wall, 128, 128)
    assert find_period(fitted, 0) == pytest.approx(128 / 3, abs=0.4)
    whole = whole_periods(wall)
    assert whole.shape == wall.shape
    assert find_period(whole, 0) == pytest.approx(55, abs=0.5)


def test_large_exemplars_are_cropped_to_a_typical_part():
    img = np.zeros((64, 200, 1), np.float32)
    img[:, ::2] = 1.0
    crop = typical_crop(img, 48, np.random.default_rng(0))
    assert crop.shape == (48, 48, 1)
    assert crop.mean() == pytest.approx(0.5)


def test_patch_size_is_made_legal():
    out = quilt(blobs(32), (32, 32), np.random.default_rng(0), QuiltSettings(patch=500))
    assert out.shape == (32, 32, 3)


def test_every_patch_is_reported_and_raising_cancels():
    seen = []
    quilt(blobs(), (96, 96), np.random.default_rng(0), on_step=lambda *step: seen.append(step))
    done = [step[0] for step in seen]
    assert done == sorted(done)
    assert seen[-1][0] <= seen[-1][1]
    assert any(step[2] is not None and step[2].shape == (96, 96, 3) for step in seen)

    def stop(done, total, preview):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        quilt(blobs(), (96, 96), np.random.default_rng(0), on_step=stop)
