"""What ships draws a new layout with each seed, and all over a large picture."""

import pytest
from studio_training.variety import measure_repetition, measure_sameness

from studio import Studio

MATERIALS = ("rock", "gravel", "bark")
"""Without joints, which are laid by the seed."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Studio(tmp_path_factory.mktemp("home"), workers="inline") as studio:
        yield studio


def draw(studio, generator, name, size, count):
    params = {"class": name, "size": size}
    made = studio.generate(generator, params=params, seed=3, count=count)
    return [asset.image().convert("RGB") for asset in made]


@pytest.mark.parametrize("generator", ["gan.texture", "gan.vae"])
@pytest.mark.parametrize("name", MATERIALS)
def test_seeds_are_layouts(studio, generator, name):
    assert measure_sameness(draw(studio, generator, name, 128, 4)) < 0.5


@pytest.mark.parametrize("generator", ["gan.texture", "gan.vae"])
@pytest.mark.parametrize("name", MATERIALS)
def test_a_large_picture_is_not_a_tile_again_and_again(studio, generator, name):
    (large,) = draw(studio, generator, name, 256, 1)
    assert measure_repetition(large) < 0.6
