import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_upscale.pixels import plan_factors, scale_pixels

from studio.errors import InvalidParamsError

A, B = (0, 0, 0), (255, 255, 255)


def art(rows):
    return np.array([[B if c == "#" else A for c in row] for row in rows], np.uint8)


def show(picture):
    return ["".join("#" if pixel[0] > 127 else "." for pixel in row) for row in picture]


def test_scale2x_smooths_a_stair():
    made = scale_pixels(art(["#....", "##...", "###..", "####."]), 2, "scale", False)
    assert show(made) == [
        "##........",
        "###.......",
        "###.......",
        "#####.....",
        "#####.....",
        "#######...",
        "#######...",
        "########..",
    ]


def test_a_straight_edge_stays():
    for factor in (2, 3, 4):
        for method in ("scale", "xbr"):
            if method == "xbr" and factor == 3:
                continue
            straight = art(["....", "....", "####", "####"])
            made = scale_pixels(straight, factor, method, False)
            assert (made == scale_pixels(straight, factor, "nearest", False)).all()


@settings(max_examples=20)
@given(st.integers(0, 99), st.sampled_from([2, 3, 4, 6]), st.booleans())
def test_scale_makes_no_new_colour_and_knows_no_direction(seed, factor, wraps):
    picture = np.random.default_rng(seed).integers(0, 4, (7, 9, 4)).astype(np.uint8) * 80
    made = scale_pixels(picture, factor, "scale", wraps)
    assert made.shape == (7 * factor, 9 * factor, 4)
    assert set(map(tuple, made.reshape(-1, 4))) <= set(map(tuple, picture.reshape(-1, 4)))
    turned = scale_pixels(np.rot90(picture), factor, "scale", wraps)
    assert (turned == np.rot90(made)).all()


@settings(max_examples=10)
@given(st.integers(0, 99))
def test_xbr_knows_no_direction_and_wraps(seed):
    picture = np.random.default_rng(seed).integers(0, 4, (8, 8, 3)).astype(np.uint8) * 80
    made = scale_pixels(picture, 2, "xbr", True)
    moved = scale_pixels(np.roll(picture, (3, 2), (0, 1)), 2, "xbr", True)
    assert (moved == np.roll(made, (6, 4), (0, 1))).all()
    mirrored = scale_pixels(picture[:, ::-1], 2, "xbr", True)
    same = np.all(mirrored == made[:, ::-1])
    assert same or np.mean(mirrored == made[:, ::-1]) > 0.9  # ties go to the upright neighbour


def test_what_is_transparent_gives_no_colour():
    picture = np.zeros((6, 6, 4), np.uint8)
    for i in range(6):
        picture[i, : i + 1] = (200, 100, 50, 255)
    made = scale_pixels(picture, 2, "xbr", False)
    half = made[(made[..., 3] > 0) & (made[..., 3] < 255)]
    assert len(half)
    assert (half[:, :3] == (200, 100, 50)).all()


def test_factors():
    assert sorted(plan_factors(12, "scale")) == [2, 2, 3]
    assert plan_factors(1, "xbr") == []
    for factor, method in ((5, "scale"), (3, "xbr"), (7, "xbr")):
        with pytest.raises(InvalidParamsError, match="choose another, or method nearest"):
            plan_factors(factor, method)
