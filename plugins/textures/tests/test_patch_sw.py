import numpy as np
import pytest
import torch
from scipy import ndimage
from studio_textures.patch_sw import SettingsSW, _resize_torus, synthesise
from studio_textures.quality import measure_seams

QUICK = SettingsSW(patch=5, projections=24, patches=1024, steps=80, smallest=16)


def blobs(size=64, seed=0):
    noise = np.random.default_rng(seed).standard_normal((size, size, 3))
    smooth = ndimage.gaussian_filter(noise, (2, 2, 0), mode="nearest")
    picture = 0.5 + 0.2 * smooth / smooth.std()
    picture[..., 2] *= 0.5
    return picture.clip(0, 1).astype(np.float32)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def result():
    return synthesise(blobs(), (48, 72), generator(), QUICK)


def test_the_result_has_the_exemplars_colours_and_contrast(result):
    assert result.shape == (48, 72, 3)
    assert result.dtype == np.float32
    assert (result >= 0).all() and (result <= 1).all()
    np.testing.assert_allclose(result.mean((0, 1)), blobs().mean((0, 1)), atol=0.03)
    np.testing.assert_allclose(result.std((0, 1)), blobs().std((0, 1)), rtol=0.25)


def test_the_result_is_seamless(result):
    assert measure_seams(result).worst < 1.3


def test_it_is_as_smooth_as_the_exemplar_and_not_noise(result):
    def step(img):
        return np.abs(np.diff(img, axis=0)).mean()

    assert step(result) < 1.6 * step(blobs())


def test_same_seed_same_picture_other_seed_another(result):
    again = synthesise(blobs(), (48, 72), generator(), QUICK)
    other = synthesise(blobs(), (48, 72), generator(1), QUICK)
    np.testing.assert_array_equal(again, result)
    assert np.abs(other - result).mean() > 0.02


def test_a_start_keeps_its_layout():
    start = np.roll(blobs(), (9, 4), axis=(0, 1))
    out = synthesise(blobs(), (64, 64), generator(), start=start)
    assert np.corrcoef(start.ravel(), out.ravel())[0, 1] > 0.9
    assert measure_seams(out).worst < measure_seams(start).worst


def test_progress_is_reported_and_raising_cancels():
    seen = []

    def on_step(done, total, preview):
        seen.append((done, total, preview.shape[-1]))
        if len(seen) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        synthesise(blobs(), (32, 32), generator(), QUICK, on_step=on_step)
    assert [s[0] for s in seen] == [10, 20]
    assert seen[0][1] % QUICK.steps == 0 and seen[0][2] == 3


def test_the_last_report_is_complete():
    seen = []
    settings = SettingsSW(patch=3, projections=4, steps=7, scales=2, smallest=8)
    synthesise(blobs(), (24, 24), generator(), settings, on_step=lambda *a: seen.append(a[:2]))
    assert seen[-1] == (14, 14)


@pytest.mark.parametrize("size", [(36, 24), (17, 40), (24, 24)])
def test_resampling_a_torus_commutes_with_shifting_it(size):
    img = torch.rand((1, 2, 24, 24), generator=generator())
    img = _resize_torus(_resize_torus(img, (12, 12)), (24, 24))
    shifted = torch.roll(img, 12, dims=3)
    half = size[1] // 2
    torch.testing.assert_close(
        _resize_torus(shifted, size), torch.roll(_resize_torus(img, size), half, dims=3)
    )
    torch.testing.assert_close(_resize_torus(img, size).mean(), img.mean())
