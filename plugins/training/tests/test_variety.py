import numpy as np
import pytest
from PIL import Image
from studio_training.variety import (
    find_likest,
    find_spectra,
    measure_repetition,
    measure_sameness,
    measure_variety,
    take_evenly,
)


def draw(seed, side=128):
    """Blobs of a few pixels, on a torus."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (side // 4, side // 4, 3), np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.NEAREST)


def roll(image, down, across):
    return Image.fromarray(np.roll(np.asarray(image), (down, across), (0, 1)))


def lay_twice(image):
    return Image.fromarray(np.tile(np.asarray(image), (2, 2, 1)))


def test_one_layout_for_every_seed_is_found_wherever_it_lies():
    layout = draw(0)
    rolled = [roll(layout, 14 * n, 6 * n) for n in range(4)]
    assert measure_sameness(rolled) > 0.99
    assert measure_sameness([draw(seed) for seed in range(4)]) < 0.3


def test_other_colours_and_contrast_are_no_other_layout():
    pixels = np.asarray(draw(0).convert("L"), np.float32)
    dark, red = np.repeat(pixels[..., None] * 0.3, 3, 2), pixels[..., None] * (0.9, 0.2, 0.1)
    both = [Image.fromarray(np.asarray(part).astype(np.uint8)) for part in (dark, red)]
    assert measure_sameness(both) > 0.98


@pytest.mark.parametrize("side", [64, 100, 256])
def test_a_tile_laid_twice_repeats_itself(side):
    tile = draw(1, side)
    assert measure_repetition(lay_twice(tile)) > 0.99
    assert measure_repetition(tile) < 0.4


def test_all_that_is_flat_is_one_layout():
    flat = [Image.new("RGB", (32, 32), colour) for colour in ("red", "navy", "white")]
    assert measure_repetition(flat[0]) == measure_sameness(flat) == 1
    assert measure_sameness([flat[0], draw(0)]) == pytest.approx(0, abs=1e-9)


def test_figures_of_classes_are_averaged_and_single_pictures_left_out():
    pictures = [draw(0), roll(draw(0), 8, 8), draw(1), draw(2), draw(3)]
    figures = measure_variety(pictures, ["a", "a", "b", "b", "c"])
    same, other = measure_sameness(pictures[:2]), measure_sameness(pictures[2:4])
    assert figures["sameness"] == pytest.approx((same + other) / 2)
    assert set(measure_variety(pictures[:1], ["a"])) == {"repetition"}
    assert set(measure_variety(pictures, [""] * 5)) == {"repetition"}, "classes nobody knows"


def test_one_picture_has_no_sameness():
    with pytest.raises(ValueError, match="two"):
        measure_sameness([draw(0)])


def test_of_many_pictures_some_are_compared():
    pictures = [Image.new("L", (1, 1), n) for n in range(200)]
    taken = [image.getpixel((0, 0)) for image in take_evenly(pictures)]
    assert len(taken) == 64 and taken[0] == 0 and taken[-1] == 199
    assert take_evenly(pictures[:3]) == pictures[:3]


def test_the_likest_is_found_after_a_roll():
    others = find_spectra([draw(seed) for seed in range(5)], 32)
    row, likeness = find_likest(others, find_spectra([roll(draw(3), 40, 8)], 32)[0])
    assert (row, round(likeness, 2)) == (3, 1.0)
