import numpy as np
import pytest
from scipy import ndimage
from studio_textures.courses import find_wall, scale_wall
from studio_textures.masonry import fit_wall, lay_wall, render_wall
from studio_textures.quality import find_quiet_origin, measure_seams


def blobs(size=160, seed=0):
    noise = np.random.default_rng(seed).standard_normal((size, size, 3))
    smooth = ndimage.gaussian_filter(noise, (2, 2, 0), mode="nearest")
    return (0.5 + 0.2 * smooth / smooth.std()).clip(0, 1).astype(np.float32)


def lay(img, size, seed=0):
    fitted = fit_wall(find_wall(img), size)
    return lay_wall(*fitted, size, np.random.default_rng(seed)), fitted


def test_bricks_are_found(wall):
    seen = find_wall(wall)
    assert not seen.upright
    assert seen.is_even
    assert seen.pitch == pytest.approx(20, abs=0.3)
    assert seen.length == pytest.approx(40, abs=0.6)
    assert len(seen.bricks) > 30
    assert seen.bond[7:9].sum() > 0.6  # a running bond: half a brick


def test_courses_may_run_down_the_picture_and_joints_may_be_dark(wall):
    assert find_wall(wall.transpose(1, 0, 2)).upright
    assert find_wall(1.0 - wall).pitch == pytest.approx(20, abs=0.3)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_no_wall_is_not_taken_for_one(seed):
    assert find_wall(blobs(seed=seed)) is None
    stripes = np.repeat(blobs(seed=seed)[:, :1], 160, axis=1)
    assert find_wall(stripes) is None  # planks without ends
    assert find_wall(np.full((64, 64, 3), 0.4, np.float32)) is None
    assert find_wall(blobs(16)) is None


def test_scaling_moves_the_bricks_with_the_picture(wall):
    seen = scale_wall(find_wall(wall), 1.1, 0.9)
    again = find_wall(seen.image)
    assert again.pitch == pytest.approx(seen.pitch, rel=0.02)
    assert again.length == pytest.approx(seen.length, rel=0.02)


@pytest.mark.parametrize("size", [(160, 200), (256, 256)])
def test_a_new_wall_has_whole_bricks_and_no_seam(wall, size):
    canvas, (fitted, courses) = lay(wall, size)
    out = render_wall(canvas, fitted.upright)
    assert out.shape == (*size, 3)
    assert courses % 2 == 0  # or the running bond would not close
    assert measure_seams(np.roll(out, find_quiet_origin(out), (0, 1))).worst < 1.3
    twice = np.tile(out, (2, 2, 1))
    seen = find_wall(twice)
    lengths = np.array([brick.length for brick in seen.bricks])
    assert np.abs(lengths - fitted.length).max() < 3.0  # none cut in two, none run together
    assert seen.bond[7:9].sum() > 0.8
    assert len(lengths) > 2.8 * size[0] * size[1] / (fitted.pitch * fitted.length)


def test_cuts_hide_in_the_mortar(wall):
    canvas, _ = lay(wall, (160, 200))
    assert canvas.cut_cost().mean() < 0.02
    assert (canvas.source >= 0).all()


def test_seeds_lay_other_bricks_and_the_same_seed_the_same(wall):
    first, again, other = (lay(wall, (160, 160), seed)[0].render() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.01


def test_a_result_too_small_for_the_bricks_is_refused(wall):
    assert fit_wall(find_wall(wall), (24, 24)) is None


def test_stopping_is_possible_after_every_course(wall):
    seen = []

    def stop(done, total, _):
        seen.append((done, total))
        if len(seen) == 3:
            raise InterruptedError

    fitted = fit_wall(find_wall(wall), (160, 160))
    with pytest.raises(InterruptedError):
        lay_wall(*fitted, (160, 160), np.random.default_rng(0), stop)
    assert seen == [(1, 24), (2, 24), (3, 24)]
