import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from studio_upscale.metrics import (
    get_luma,
    measure_patch_swd,
    measure_psnr,
    measure_spectrum_error,
    measure_ssim,
    reduce_bicubic,
)
from studio_upscale.synthetic import draw_picture

DATA = os.environ.get("STUDIO_DATA")


def test_luma_of_black_and_white():
    assert get_luma(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)).tolist() == [[16, 235]]


def test_psnr_of_a_known_error():
    true = np.full((32, 32, 3), 100, np.uint8)
    made = true + np.uint8(10)
    assert measure_psnr(made, true, 4) == pytest.approx(20 * np.log10(255 / 8), abs=0.01)
    assert measure_psnr(true, true, 4) == float("inf")
    made = true.copy()
    made[:4] = made[:, -4:] = 0  # only the border is wrong
    assert measure_psnr(made, true, 4) == float("inf")


def test_ssim_is_one_for_the_same_and_less_for_noise():
    true = np.asarray(draw_picture(0))
    rng = np.random.default_rng(0)
    noisy = np.clip(true + rng.normal(0, 20, true.shape), 0, 255).astype(np.uint8)
    assert measure_ssim(true, true, 4) == pytest.approx(1)
    assert 0.2 < measure_ssim(noisy, true, 4) < 0.9


def test_blur_is_seen_by_both_texture_figures():
    rng = np.random.default_rng(1)
    true = rng.integers(0, 256, (96, 96, 3)).astype(np.uint8)
    image = Image.fromarray(true)
    soft, softer = (np.asarray(image.filter(ImageFilter.GaussianBlur(r))) for r in (0.6, 1.5))
    for measure in (measure_patch_swd, measure_spectrum_error):
        assert measure(true, true) == pytest.approx(0)
        assert 0 < measure(soft, true) < measure(softer, true)
    moved = np.roll(true, 13, axis=1)
    assert measure_patch_swd(moved, true) < 0.3 * measure_patch_swd(soft, true)


@pytest.mark.skipif(not DATA, reason="needs Set5; set STUDIO_DATA to the folder of data")
def test_bicubic_on_set5_is_the_published_figure():
    psnr, ssim = [], []
    for path in sorted((Path(DATA or "") / "sr-test" / "Set5" / "HR").iterdir()):
        high, low = reduce_bicubic(Image.open(path), 4)
        made = np.asarray(low.resize(high.size, Image.Resampling.BICUBIC))
        psnr.append(measure_psnr(made, np.asarray(high), 4))
        ssim.append(measure_ssim(made, np.asarray(high), 4))
    assert f"{np.mean(psnr):.2f} {np.mean(ssim):.3f}" == "28.42 0.810"
