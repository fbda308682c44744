import numpy as np
import pytest
from PIL import Image

from studio.codecs.report import ReportCodec, load_json
from studio.errors import InvalidInputError

CODEC = ReportCodec()
VALUE = {"b": [1, 2.5, None], "a": {"ratio": np.float32(0.5), "table": np.eye(2)}, "ok": True}


def test_round_trip(tmp_path, recipe):
    files = CODEC.encode(VALUE, tmp_path)
    read = load_json(files["main"])
    assert list(read) == ["b", "a", "ok"]
    assert read["a"] == {"ratio": 0.5, "table": [[1.0, 0.0], [0.0, 1.0]]}
    assert CODEC.probe(files) == {"figures": 9, "pictures": 0}
    marked = CODEC.embed_recipe(files, recipe)
    assert CODEC.extract_recipe(marked["main"]) == recipe
    assert CODEC.hash_payload(marked) == CODEC.hash_payload(files)


def test_hash_is_of_the_value(tmp_path):
    one, two, three = tmp_path / "1.json", tmp_path / "2.json", tmp_path / "3.json"
    one.write_text('{"a": 1, "b": [1, 2]}')
    two.write_text('{ "b":[1,2],\n"a":1}')
    three.write_text('{"a": 1, "b": [2, 1]}')
    digests = [CODEC.hash_payload({"main": path}) for path in (one, two, three)]
    assert digests[0] == digests[1] != digests[2]


def test_pictures_beside_it(tmp_path):
    chart, figures = tmp_path / "chart.png", tmp_path / "figures.json"
    Image.new("RGB", (400, 200), (200, 10, 10)).save(chart)
    figures.write_text("[]")
    files = CODEC.encode({"main": figures, "chart": chart}, tmp_path / "out")
    assert CODEC.probe(files)["pictures"] == 1
    assert CODEC.make_thumbnail(files).getpixel((5, 5)) == (200, 10, 10)
    digest = CODEC.hash_payload(files)
    Image.new("RGB", (400, 200), (200, 10, 11)).save(files["chart"])
    assert CODEC.hash_payload(files) != digest
    files["chart"].write_bytes(b"oops")
    with pytest.raises(InvalidInputError):
        CODEC.probe(files)


@pytest.mark.parametrize("payload", [float("nan"), {"a": object()}, {(1, 2): 3}, "\ud800"])
def test_refuses_what_is_no_json(payload, tmp_path):
    with pytest.raises(InvalidInputError, match="plain JSON"):
        CODEC.encode(payload, tmp_path)


@pytest.mark.parametrize("data", [b"{", b"NaN", b"\xff", b"[" * 200_000, b"hello"])
def test_refuses_damaged_files(data, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(InvalidInputError, match="not valid JSON"):
        CODEC.probe({"main": path})


@pytest.mark.parametrize("payload", [{}, [], 3, "words " * 100, {"k" * 90: {"deep": [1e-9] * 99}}])
def test_thumbnail_of_any_report(payload, tmp_path):
    assert CODEC.make_thumbnail(CODEC.encode(payload, tmp_path)).size == (256, 192)
