import pytest
from PIL import Image

from studio.codecs.colours import COLOURS, find_colours, get_colour, name_colour
from studio.errors import InvalidParamsError

NAMED = {
    (255, 0, 0): "red", (255, 140, 0): "orange", (250, 220, 30): "yellow", (40, 160, 60): "green",
    (0, 160, 160): "teal", (30, 60, 200): "blue", (120, 40, 200): "purple", (255, 120, 180): "pink",
    (110, 70, 40): "brown", (250, 250, 250): "white", (128, 128, 128): "grey",
    (10, 10, 10): "black",
    (255, 182, 193): "pink", (150, 75, 55): "red", (210, 180, 140): "brown",
}  # fmt: skip


@pytest.mark.parametrize(("colour", "name"), NAMED.items())
def test_colours_have_the_names_people_give_them(colour, name):
    assert name_colour(*colour) == name
    assert find_colours(Image.new("RGB", (40, 30), colour)) == [name]


def test_every_colour_has_one_of_the_names():
    steps = range(0, 256, 15)
    assert {name_colour(r, g, b) for r in steps for g in steps for b in steps} == set(COLOURS)


def test_the_largest_goes_first_and_specks_do_not_count():
    picture = Image.new("RGB", (100, 100), "white")
    picture.paste((255, 0, 0), (0, 0, 30, 100))
    picture.paste((0, 0, 255), (0, 0, 5, 5))
    assert find_colours(picture) == ["white", "red"]
    assert find_colours(picture, centre=True) == ["white"]


def test_what_cannot_be_seen_has_no_colour():
    assert find_colours(Image.new("RGBA", (8, 8), (255, 0, 0, 0))) == []
    assert find_colours(Image.new("L", (1, 1), 255)) == ["white"]


def test_what_is_asked_for():
    assert get_colour(" Gray ") == "grey"
    assert get_colour("#FF0000") == get_colour("ff0000") == "red"
    for wrong in ("", "loud", "#ff", "#gggggg"):
        with pytest.raises(InvalidParamsError, match="#rrggbb"):
            get_colour(wrong)
