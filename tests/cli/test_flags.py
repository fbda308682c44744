from hypothesis import given
from hypothesis import strategies as st

from studio.cli.flags import Flags, find_language, take_flags

WORDS = st.lists(st.text("abc-=", max_size=6).filter(lambda word: word != "--"), max_size=6)


def test_flags_stand_anywhere():
    flags, rest = take_flags(["assets", "--json", "list", "--home", "h", "--language=es", "x"])
    assert flags == Flags("h", "es", True)
    assert rest == ["assets", "list", "x"]


def test_nothing_is_taken_after_two_dashes():
    assert take_flags(["a", "--", "--json"]) == (Flags(), ["a", "--", "--json"])


def test_faults():
    assert take_flags(["--home"])[0].fault == "--home"
    assert take_flags(["--home="])[0].fault == "--home"
    assert take_flags(["--language", "xx"])[0] == Flags(fault="--language")


@given(WORDS, WORDS)
def test_other_words_are_left_as_they_are(before, after):
    flags, rest = take_flags([*before, "--json", *after])
    assert flags == Flags(json=True)
    assert rest == [*before, *after]


def test_language_flag_beats_variable_beats_file(tmp_path):
    (tmp_path / "config.toml").write_text('language = "es"')
    home = str(tmp_path)
    assert find_language(Flags(home=home), {}) == "es"
    assert find_language(Flags(home=home), {"STUDIO_LANGUAGE": "en"}) == "en"
    assert find_language(Flags(home=home, language="es"), {"STUDIO_LANGUAGE": "en"}) == "es"
    assert find_language(Flags(), {"STUDIO_HOME": home}) == "es"
    assert find_language(Flags(home=home), {"STUDIO_LANGUAGE": "xx"}) == "en"
    (tmp_path / "config.toml").write_text("language = ")
    assert find_language(Flags(home=home), {}) == "en"
