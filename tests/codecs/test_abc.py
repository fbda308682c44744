import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio import Studio
from studio.codecs.abc_text import hash_abc, load_abc, read_abc
from studio.codecs.score import ScoreCodec
from studio.errors import InvalidInputError

CODEC = ScoreCodec()

JIG = """%abc-2.1
X:1
T:The test
R:jig
M:6/8
L:1/8
Q:3/8=100
K:Dmix
|:A|"D"d2 e fge|d>e d (3cBA ^G|{g}[DFA]3- [DFA]2 z|1 d3-d2:|2 d6|]
w: some words

X:2
K:C
CDE
"""


def read(music, head="M:4/4\nL:1/8\nK:C"):
    found = read_abc(f"X:1\n{head}\n{music}\n")
    return [(note.start, note.end - note.start, note.pitch) for note in found.notes]


def test_a_jig(tmp_path):
    path = tmp_path / "a.abc"
    path.write_text(JIG)
    facts = {"tracks": 1, "notes": 18, "seconds": 6.0, "ticks_per_beat": 480, "bpm": 150.0}
    assert CODEC.probe({"main": path}) == facts
    assert CODEC.make_thumbnail({"main": path}).size == (256, 192)


def test_the_recipe_lies_beside(tmp_path, recipe):
    path = tmp_path / "main.abc"
    path.write_text(JIG)
    marked = CODEC.embed_recipe({"main": path}, recipe)
    assert list(marked) == ["main", "recipe"] and path.read_text() == JIG
    assert CODEC.extract_recipe(path) == recipe


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("C,Cc c'", [(0, 0.5, 48), (0.5, 0.5, 60), (1, 0.5, 72), (1.5, 0.5, 84)]),
        ("C2 C/ C// C3/2", [(0, 1, 60), (1, 0.25, 60), (1.25, 0.125, 60), (1.375, 0.75, 60)]),
        ("^C C|C _B", [(0, 0.5, 61), (0.5, 0.5, 61), (1, 0.5, 60), (1.5, 0.5, 70)]),
        ("C>D E<<F", [(0, 0.75, 60), (0.75, 0.25, 62), (1, 0.125, 64), (1.125, 0.875, 65)]),
        ("(3CDE F", [(0, 1 / 3, 60), (1 / 3, 1 / 3, 62), (2 / 3, 1 / 3, 64), (1, 0.5, 65)]),
        ("[CE]2-[CE] z C", [(0, 1.5, 60), (0, 1.5, 64), (2, 0.5, 60)]),
        ("Z2 C", [(8, 0.5, 60)]),
        ("C [K:D] F [L:1/4] F", [(0, 0.5, 60), (0.5, 0.5, 66), (1, 1, 66)]),
        ("C2 D2 & E4 | F", [(0, 1, 60), (0, 2, 64), (1, 1, 62), (2, 0.5, 65)]),
        ("C % D\nE", [(0, 0.5, 60), (0.5, 0.5, 64)]),
    ],
)
def test_notes(music, expected):
    found = read(music)
    assert [pitch for *_, pitch in found] == [pitch for *_, pitch in expected]
    for one, two in zip(found, expected, strict=True):
        assert one == pytest.approx(two)


@pytest.mark.parametrize(
    ("key", "pitches"),
    [
        ("C", [65, 71]), ("G", [66, 71]), ("Bb", [65, 70]), ("Ddor", [65, 71]), ("Em", [66, 71]),
        ("F#m", [66, 71]), ("A mixolydian", [66, 71]), ("HP", [66, 71]), ("none", [65, 71]),
        ("C ^f _b", [66, 70]), ("CM", [65, 71]),
    ],
)  # fmt: skip
def test_keys(key, pitches):
    assert [pitch for *_, pitch in read("FB", f"L:1/8\nK:{key}")] == pitches


def test_the_unit_follows_the_metre():
    assert read("C", "M:2/4\nK:C")[0][1] == 0.25
    assert read("C", "M:3/4\nK:C")[0][1] == 0.5


def test_voices_have_keys_and_times_of_their_own():
    head = "M:4/4\nL:1/4\nV:1\nV:2 bass\nK:G"
    music = read_abc(f"X:1\n{head}\n[V:1] F G|\n[V:2] F,2|\n[V:1] A\n")
    found = [(note.start, note.pitch, note.voice) for note in music.notes]
    assert found == [(0, 54, 1), (0, 66, 0), (1, 67, 0), (2, 69, 0)]
    assert music.tracks == 2 and music.beats == 3


def test_the_hash_is_of_the_music():
    tune = load_text(JIG)
    same = [tune.replace("The test", "Other"), tune.replace("some", "no"), tune + "% end\n"]
    assert {hash_abc(other) for other in same} == {hash_abc(tune)}
    others = [tune.replace("K:Dmix", "K:D"), tune.replace("d6", "d5"), tune.replace("=100", "=90")]
    assert len({hash_abc(other) for other in [tune, *others]}) == 4


def load_text(text):
    return text[text.index("X:1") : text.index("X:2")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hello", "no ABC"),
        ("X:1\nT:no key\nabc\n", "no ABC"),
        ("X:1\nK:C\nC99999\n", "quarters"),
        ("X:1\nK:C\nC0\n", "quarters"),
        ("X:1\nK:C\nC1/0\n", "damaged"),
        ("X:1\nL:0\nK:C\nC\n", "quarters"),
        ("X:1\nL:much\nK:C\nC\n", "damaged"),
        ("X:1\nM:0/4\nK:C\nC\n", "metre"),
        ("X:1\nM:4/5\nK:C\nC\n", "metre"),
        ("X:1\nK:C\nC123456789\n", "length"),
        ("X:1\nK:C\n" + "C" * (256 << 10), "longer"),
        ("X:1\nM:4/4\nK:C\n" + "Z200 " * 3000, "seconds"),
    ],
)
def test_damaged_files(text, fault, tmp_path):
    path = tmp_path / "a.abc"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=fault):
        CODEC.probe({"main": path})


def test_latin_letters_and_returns(tmp_path):
    path = tmp_path / "a.abc"
    path.write_bytes(b"X:1\r\nT:Caf\xe9\r\nK:C\r\nCDE|\r\n")
    assert len(read_abc(load_abc(path)).notes) == 3


@given(st.text(alphabet="XKMLQV:CDEFGabcz|[](){}<>-'^_=,/0123456789\n \"!&%", max_size=200))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(text):
    try:
        music = read_abc("X:1\nK:C\n" + text)
    except (ValueError, ZeroDivisionError):
        return
    assert all(0 <= n.start < n.end <= music.beats and 0 <= n.pitch <= 127 for n in music.notes)


def test_a_studio_takes_it(tmp_path):
    path = tmp_path / "jig.abc"
    path.write_text(JIG)
    with Studio(tmp_path / "home") as studio:
        asset = studio.assets.import_file(path)
        assert asset.kind == "score" and asset.path.suffix == ".abc"
        (found,) = studio.assets.search(kind="score")
        assert found.id == asset.id
