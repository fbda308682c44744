import numpy as np
import pytest
from PIL import Image

from studio.codecs.optional import load_library
from studio.codecs.video import VideoCodec
from studio.errors import InvalidInputError, StudioError

pytest.importorskip("imageio_ffmpeg")
CODEC = VideoCodec()
COUNT = 9


def frame(index, size=(33, 21)):
    """Left half black, right half brighter with time; odd sides."""
    image = Image.new("RGB", size)
    image.paste((20 * index, 25 * index, 10), (size[0] // 2, 0, *size))
    return image


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return CODEC.encode(([frame(i) for i in range(COUNT)], 12), tmp_path_factory.mktemp("clip"))


def test_round_trip(clip, tmp_path, recipe):
    files = CODEC.encode(clip["main"], tmp_path)
    facts = {"width": 34, "height": 22, "frames": COUNT, "fps": 12.0, "seconds": 0.75}
    assert CODEC.probe(files) == facts
    digest = CODEC.hash_payload(files)
    assert CODEC.embed_recipe(files, recipe) == files
    assert CODEC.extract_recipe(files["main"]) == recipe
    assert CODEC.hash_payload(files) == digest == CODEC.hash_payload(clip)
    assert CODEC.extract_recipe(clip["main"]) is None


def test_thumbnail_is_the_middle_frame(clip):
    picture = CODEC.make_thumbnail(clip)
    assert picture.size == (34, 22)
    red, green, _ = picture.getpixel((28, 11))
    assert (red, green) == (pytest.approx(80, abs=12), pytest.approx(100, abs=12))
    assert max(picture.getpixel((4, 11))) < 20


def test_arrays_give_the_same_bytes(clip, tmp_path):
    frames = np.stack([np.asarray(frame(i)) for i in range(COUNT)])
    again = CODEC.encode((frames, 12.0), tmp_path)
    assert again["main"].read_bytes() == clip["main"].read_bytes()
    other = CODEC.encode((frames[::-1], 12.0), tmp_path)
    assert CODEC.hash_payload(other) != CODEC.hash_payload(clip)


@pytest.mark.parametrize(
    "payload",
    [
        ([frame(0)], 0),
        ([frame(0)], float("nan")),
        ([frame(0)], "fast"),
        ([], 12),
        (3, 12),
        ([frame(0), frame(1, (8, 8))], 12),
        (["no picture"], 12),
        "a film",
    ],
)
def test_refuses_odd_payloads(payload, tmp_path):
    with pytest.raises(InvalidInputError):
        CODEC.encode(payload, tmp_path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.95])
def test_cut_short(share, clip, tmp_path):
    data = clip["main"].read_bytes()
    path = tmp_path / "a.mp4"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InvalidInputError, match=r"cut short|not a video"):
        CODEC.probe({"main": path})
        CODEC.hash_payload({"main": path})


@pytest.mark.parametrize("data", [b"", b"#EXTM3U\n/etc/passwd\n", b"ffconcat version 1.0\n", b"x"])
def test_playlists_and_text_are_never_given_to_ffmpeg(data, tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    for call in (CODEC.probe, CODEC.hash_payload, CODEC.make_thumbnail):
        with pytest.raises(InvalidInputError, match=r"not a video|empty"):
            call({"main": path})


def test_gif(tmp_path, recipe):
    path = tmp_path / "main.gif"
    frames = [frame(i) for i in range(COUNT)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80, loop=0)
    facts = CODEC.probe({"main": path})
    assert facts == {"width": 33, "height": 21, "frames": COUNT, "fps": 12.5, "seconds": 0.72}
    assert CODEC.make_thumbnail({"main": path}).getpixel((28, 11))[0] == pytest.approx(80, abs=3)
    assert len(CODEC.hash_payload({"main": path})) == 64
    assert "recipe" in CODEC.embed_recipe({"main": path}, recipe)
    assert CODEC.extract_recipe(path) == recipe


def test_without_the_extra(clip, monkeypatch):
    def refuse(name):
        raise ImportError(name)

    monkeypatch.setattr("studio.codecs.optional.import_module", refuse)
    with pytest.raises(StudioError, match=r"generative-media-studio\[video\]"):
        CODEC.probe(clip)
    with pytest.raises(StudioError, match="imageio_ffmpeg"):
        load_library("imageio_ffmpeg", "video")
