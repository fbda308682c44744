import numpy as np
import pytest
from PIL import Image
from studio_flow.assess import Assessor, cut_cells
from studio_flow.figures import compare_sets, find_nearest, measure_frechet, measure_kid

from studio.errors import InvalidInputError


def draw(seed, count=400, shift=0.0, spread=1.0, size=6):
    return np.random.default_rng(seed).normal(shift, spread, (count, size))


def test_frechet_of_gaussians_is_known():
    """|shift|^2 + sum (s1 - s2)^2 for diagonal covariances."""
    far = measure_frechet(draw(0, 20000), draw(1, 20000, shift=1.0, spread=2.0))
    assert far == pytest.approx(6 * 1 + 6 * 1, rel=0.03)
    assert measure_frechet(draw(0), draw(0)) == pytest.approx(0, abs=1e-6)


def test_kid_is_near_zero_for_equals_and_grows():
    same = measure_kid(draw(0), draw(1))
    assert abs(same) < 0.05
    assert measure_kid(draw(0), draw(1, shift=0.5)) > same + 0.1


def test_few_of_the_real_ones_are_precise_but_miss_much():
    real = draw(0)
    narrow = compare_sets(real[:40] * 0.3, real)
    wide = compare_sets(draw(1), real)
    assert narrow["precision"] > 0.9
    assert narrow["recall"] < wide["recall"]
    assert narrow["diversity"] < 0.5 < wide["diversity"]
    away = compare_sets(draw(2, shift=20.0), real)
    assert away["precision"] == away["recall"] == 0.0


def test_too_few_pictures_have_no_figures():
    assert compare_sets(draw(0, 1), draw(1)) == {}
    assert "recall" not in compare_sets(draw(0, 3), draw(1))


def test_the_nearest_is_found():
    real = draw(0, 50)
    index, far = find_nearest(real[[7, 3]] + 1e-3, real)
    assert index.tolist() == [7, 3]
    assert (far < 0.01).all()


def test_cells_of_a_sheet():
    sheet = Image.new("RGBA", (64, 32))
    sheet.paste((255, 0, 0, 255), (32, 0, 48, 16))
    assert len(cut_cells(sheet, 16)) == 1
    assert len(cut_cells(sheet, 0)) == 1
    with pytest.raises(InvalidInputError, match="cell"):
        cut_cells(sheet, 40)


def test_a_judge_looks(judge_place):
    assessor = Assessor(judge_place)
    images = [Image.new("RGB", (n, n), (n, 80, 120)) for n in (64, 128, 200, 90, 70)]
    seen = assessor.look(images)
    assert seen.likely.sum(1) == pytest.approx(1, abs=1e-5)
    figures = assessor.compare(seen, ["brick", "grass", "", "wood", "unheard of"])
    assert figures["ceiling"] == 0.5
    assert figures["of_ceiling"] == pytest.approx(figures["accuracy"] * 2)
    assert figures["accuracy"] in {0, 1 / 3, 2 / 3, 1}
    assert figures["nearest"] > 0
    assert "accuracy" not in assessor.compare(seen, [""] * 5)
