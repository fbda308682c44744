import builtins
import struct
import sys

import numpy as np
import pytest

from studio.codecs.audio import AudioCodec
from studio.codecs.optional import find_library, load_library
from studio.codecs.sounds import open_sound
from studio.errors import InvalidInputError, StudioError

CODEC = AudioCodec()
RATE = 8000
TONE = (np.sin(np.arange(RATE) / 9) * 0.5).astype(np.float32)


def wav(form, body, *chunks):
    data = b"".join(
        struct.pack("<4sI", kind, len(content)) + content + b"\0" * (len(content) % 2)
        for kind, content in ((b"fmt ", form), *chunks, (b"data", body))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(data)) + b"WAVE" + data


def form(encoding, channels, bits, rate=RATE):
    align = channels * bits // 8
    return struct.pack("<HHIIHH", encoding, channels, rate, rate * align, align, bits)


def read(path):
    return np.concatenate(list(open_sound(path).blocks))


def test_round_trip(tmp_path, recipe):
    stereo = np.stack((TONE, -TONE / 2), 1)
    files = CODEC.encode((stereo, RATE), tmp_path)
    data = files["main"].read_bytes()
    assert CODEC.encode((stereo, RATE), tmp_path)["main"].read_bytes() == data
    assert np.abs(read(files["main"]) - stereo).max() < 1e-4
    facts = CODEC.probe(files)
    assert facts == {"seconds": 1.0, "sample_rate": RATE, "channels": 2, "peak": facts["peak"]}
    assert facts["peak"] == pytest.approx(0.5, abs=1e-3)
    digest = CODEC.hash_payload(files)
    for _ in range(2):
        assert CODEC.embed_recipe(files, recipe) == files
    assert CODEC.extract_recipe(files["main"]) == recipe
    assert CODEC.hash_payload(files) == digest
    assert CODEC.make_thumbnail(files).size == (256, 192)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_compressed_files_carry_recipes(suffix, tmp_path, recipe):
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.int16(TONE * 32767), RATE)
    digest = CODEC.hash_payload({"main": path})
    assert CODEC.probe({"main": path})["sample_rate"] == RATE
    assert CODEC.embed_recipe({"main": path}, recipe) == {"main": path}
    assert CODEC.extract_recipe(path) == recipe
    assert CODEC.hash_payload({"main": path}) == digest
    if suffix == "flac":
        files = CODEC.encode((np.int16(TONE * 32767), RATE), tmp_path)
        assert CODEC.hash_payload(files) == digest
    path.write_bytes(path.read_bytes()[: 200 if suffix == "mp3" else 60])
    with pytest.raises(InvalidInputError):
        CODEC.probe({"main": path})


@pytest.mark.parametrize(
    ("head", "body", "values"),
    [
        (form(1, 1, 8), bytes([0, 128, 255]), [-1, 0, 127 / 128]),
        (form(1, 1, 16), struct.pack("<3h", -32768, 0, 16384), [-1, 0, 0.5]),
        (form(1, 1, 24), b"\0\0\x80\0\0\0\0\0\x40", [-1, 0, 0.5]),
        (form(1, 1, 32), struct.pack("<2i", -(2**31), 2**30), [-1, 0.5]),
        (form(3, 1, 32), struct.pack("<3f", -1, 0.5, float("nan")), [-1, 0.5, 0]),
        (form(3, 1, 64), struct.pack("<2d", -1, float("inf")), [-1, 1]),
        (
            form(0xFFFE, 1, 16) + struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14),
            struct.pack("<h", 16384),
            [0.5],
        ),
    ],
)
def test_every_plain_encoding(head, body, values, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(head, body, (b"LIST", b"odd")))
    assert read(path)[:, 0].tolist() == pytest.approx(values)


def test_other_encodings_go_through_the_library(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, RATE, subtype="ULAW")
    assert CODEC.probe({"main": path})["seconds"] == 1.0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0WAVE",
        b"hello, this is text",
        wav(form(1, 1, 16), b""),
        wav(form(1, 0, 16), b"1234"),
        wav(form(1, 1, 16, rate=0), b"1234"),
        wav(form(1, 1, 16), b"1" * 5000)[:400],
        wav(form(1, 40, 16), bytes(800)),
        wav(form(1, 1, 16)[:10], b"1234"),
        wav(form(99, 1, 16), b"1234"),
    ],
)
def test_damaged_files(data, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    for call in (CODEC.probe, CODEC.hash_payload, CODEC.make_thumbnail):
        with pytest.raises(InvalidInputError):
            call({"main": path})


@pytest.mark.parametrize(
    "payload",
    [
        TONE,
        (TONE, 0),
        (TONE.reshape(2, -1), RATE),
        (np.zeros(0), RATE),
        (np.zeros((2, 2, 2)), RATE),
        (np.full(9, np.nan), RATE),
        (np.full(9, 3000.0), RATE),
        (np.zeros(9, np.int64), RATE),
        "a song",
    ],
)
def test_refuses_odd_payloads(payload, tmp_path):
    with pytest.raises(InvalidInputError):
        CODEC.encode(payload, tmp_path)


@pytest.mark.parametrize("length", [1, 5, 399, 401, 70_000])
def test_waveform_of_any_length(length, tmp_path):
    files = CODEC.encode((np.resize(TONE, (length, 1)), RATE), tmp_path)
    assert CODEC.make_thumbnail(files).size == (256, 192)


def test_waveform_shows_where_the_sound_is(tmp_path):
    late = np.concatenate((np.zeros(RATE), TONE))
    picture = CODEC.make_thumbnail(CODEC.encode((late, RATE), tmp_path)).convert("L")
    quiet = sum(picture.crop((20, 30, 120, 60)).tobytes())
    loud = sum(picture.crop((136, 30, 236, 60)).tobytes())
    assert loud > 1.5 * quiet


def test_works_without_the_extra(tmp_path, monkeypatch, recipe):
    real = builtins.__import__

    def refuse(name, *rest):
        if name.partition(".")[0] in ("mutagen", "soundfile"):
            raise ImportError(name)
        return real(name, *rest)

    for name in [name for name in sys.modules if name.startswith(("mutagen", "soundfile"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("studio.codecs.optional.import_module", refuse)
    files = CODEC.embed_recipe(CODEC.encode((TONE, RATE), tmp_path), recipe)
    assert list(files) == ["main", "recipe"]
    assert CODEC.extract_recipe(files["main"]) == recipe
    assert CODEC.probe(files)["channels"] == 1
    (tmp_path / "a.flac").write_bytes(b"fLaC")
    with pytest.raises(StudioError, match=r"pip install 'generative-media-studio\[audio\]'"):
        CODEC.probe({"main": tmp_path / "a.flac"})


def test_missing_libraries():
    assert find_library("json") is not None
    assert find_library("no_such_library") is None
    with pytest.raises(StudioError, match="pip install"):
        load_library("no_such_library", "audio")
