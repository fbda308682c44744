import json

import numpy as np
import pytest

from studio.codecs.checkpoint import CheckpointCodec
from studio.errors import InvalidInputError

CODEC = CheckpointCodec()


def weights(path, tensors, metadata=None, rest=b""):
    """Write a .safetensors file of float32 arrays."""
    header, body = {}, b""
    for name, array in tensors.items():
        data = np.asarray(array, "<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(np.shape(array)),
            "data_offsets": [len(body), len(body) + len(data)],
        }
        body += data
    if metadata:
        header["__metadata__"] = metadata
    return raw(path, header, body + rest)


def raw(path, header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


TENSORS = {"b.weight": np.ones((4, 3)), "a": np.float32(2), "none": np.zeros((0, 5))}


def test_round_trip(tmp_path, recipe):
    files = CODEC.encode(weights(tmp_path / "w.safetensors", TENSORS), tmp_path / "out")
    assert files == {"main": tmp_path / "out" / "main.safetensors"}
    facts = CODEC.probe(files)
    assert facts.pop("bytes") == files["main"].stat().st_size
    assert facts == {"tensors": 3, "parameters": 13, "dtypes": ["F32"], "files": 1}
    marked = CODEC.embed_recipe(files, recipe)
    assert CODEC.extract_recipe(marked["main"]) == recipe
    assert CODEC.hash_payload(marked) == CODEC.hash_payload(files)
    assert CODEC.make_thumbnail(marked).size == (256, 192)


def test_reads_what_torch_would_write(tmp_path):
    """Order of tensors and metadata do not count; names and values do."""
    one = weights(tmp_path / "1.safetensors", TENSORS, {"format": "pt"})
    two = weights(tmp_path / "2.safetensors", dict(reversed(TENSORS.items())))
    three = weights(tmp_path / "3.safetensors", {**TENSORS, "a": np.float32(3)})
    digests = [CODEC.hash_payload({"main": path}) for path in (one, two, three)]
    assert digests[0] == digests[1] != digests[2]


def test_folders_keep_their_names(tmp_path, recipe):
    source = tmp_path / "model"
    (source / "unet").mkdir(parents=True)
    weights(source / "unet" / "w.safetensors", TENSORS)
    (source / "config.json").write_text("{}")
    files = CODEC.encode(source, tmp_path / "out")
    assert list(files) == ["unet/w.safetensors", "config.json"]
    assert files["unet/w.safetensors"] == tmp_path / "out" / "unet" / "w.safetensors"
    assert CODEC.probe(files)["files"] == 2
    named = {"unet/w": source / "unet" / "w.safetensors", "config": source / "config.json"}
    again = CODEC.encode(named, tmp_path / "two")
    assert again["unet/w"].name == "w.safetensors"
    CODEC.embed_recipe(again, recipe)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}},
        {"a": {"dtype": "F32", "shape": [1]}},
        {"a": 3},
        {},
        [],
        b"not json",
        b"\xff\xff",
    ],
)
def test_headers_that_contradict_the_file(header, tmp_path):
    path = raw(tmp_path / "w.safetensors", header, b"1234")
    with pytest.raises(InvalidInputError):
        CODEC.probe({"main": path})


@pytest.mark.parametrize("data", [b"", b"123", b"\xff" * 40, b"\2\0\0\0\0\0\0\0{}rest"])
def test_no_safetensors(data, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(data)
    with pytest.raises(InvalidInputError):
        CODEC.probe({"main": path})


def test_pickles_and_strange_payloads_are_refused(tmp_path):
    pickle = tmp_path / "model.pt"
    pickle.write_bytes(b"x")
    good = weights(tmp_path / "w.safetensors", TENSORS)
    (tmp_path / "empty").mkdir()
    text = tmp_path / "a.txt"
    text.write_text("x")
    for payload, fault in (
        (pickle, "pickle"),
        ({"../x": good}, "cannot be called"),
        ({"recipe": good}, "cannot be called"),
        (tmp_path / "empty", "no file"),
        (text, "needs a .safetensors"),
        (3, "not int"),
        ({}, "no file"),
    ):
        with pytest.raises(InvalidInputError, match=fault):
            CODEC.encode(payload, tmp_path / "out")


def test_overlapping_tensors(tmp_path):
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    with pytest.raises(InvalidInputError, match="where the one before"):
        CODEC.probe({"main": raw(tmp_path / "w.safetensors", {"a": entry, "b": entry}, b"1234")})
    with pytest.raises(InvalidInputError, match="bytes long"):
        CODEC.probe({"main": weights(tmp_path / "x.safetensors", TENSORS, rest=b"more")})
