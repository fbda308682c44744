from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.motion import Steadier, find_motion, measure_flicker, move
from studio_upscale.synthetic import draw_picture
from studio_upscale.video import Film, Video
from studio_upscale.weights import load_network

from studio.codecs.video import VideoCodec
from studio.errors import InvalidInputError, JobCancelledError
from studio.generator import InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator

pytest.importorskip("imageio_ffmpeg", reason="video needs imageio-ffmpeg")


def make_frames(count=5, side=48, step=1):
    """A window that glides over a drawn picture."""
    picture = np.asarray(draw_picture(11).resize((128, 128), Image.Resampling.BICUBIC))
    return [picture[20 : 20 + side, 10 + step * n : 10 + step * n + side] for n in range(count)]


def write(frames, folder, fps=10):
    return VideoCodec().encode((frames, fps), folder)["main"]


def build_job(path, tmp_path, steps, is_cancelled=lambda: False):
    asset = InputAsset("x", MediaType.VIDEO, path, {"main": path}, title="clip")
    return JobContext((0,), {"video": [asset]}, tmp_path, lambda *s: steps.append(s), is_cancelled)


def test_contract(tiny_checkpoint):
    check_generator(Video, checkpoint=tiny_checkpoint).assert_ok()


def test_frames_come_back(tmp_path):
    frames = make_frames()
    film = Film(write(frames, tmp_path))
    assert (film.size, film.count, film.fps) == ((48, 48), 5, 10.0)
    decoded = list(film)
    assert len(decoded) == 5
    assert (
        np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(decoded, frames, strict=True)])
        < 6
    )


def test_a_moving_gif(tmp_path):
    frames = [Image.fromarray(frame) for frame in make_frames(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=50)
    film = Film(tmp_path / "a.gif")
    assert len(list(film)) == film.count == 3
    assert film.fps == pytest.approx(20)


def test_every_frame_is_enlarged(tmp_path, tiny_checkpoint):
    steps, path = [], write(make_frames(3), tmp_path)
    job = build_job(path, tmp_path, steps)
    (made,) = Video(tiny_checkpoint, "cpu").generate(Video.Params(scale=2), job)
    frames = list(made.payload[0])
    assert [frame.shape for frame in frames] == [(96, 96, 3)] * 3
    assert steps[-1][0] == steps[-1][1]


def test_it_can_be_cancelled_between_frames(tmp_path, tiny_checkpoint):
    steps, path = [], write(make_frames(4), tmp_path)
    job = build_job(path, tmp_path, steps, lambda: len(steps) >= 2)
    (made,) = Video(tiny_checkpoint, "cpu").generate(Video.Params(), job)
    with pytest.raises(JobCancelledError):
        list(made.payload[0])


def test_too_large_is_refused(tmp_path, tiny_checkpoint):
    frames = [np.zeros((2, 1100, 3), np.uint8)] * 2
    job = build_job(write(frames, tmp_path), tmp_path, [])
    with pytest.raises(InvalidInputError, match="above 4096"):
        next(Video(tiny_checkpoint, "cpu").generate(Video.Params(scale=4), job))


def test_a_picture_is_no_video(tmp_path):
    draw_picture(1).save(tmp_path / "a.png")
    with pytest.raises(InvalidInputError):
        Film(Path(tmp_path / "a.png"))


@pytest.mark.parametrize("shift", [(0, 0), (2, -3), (-5, 4)])
def test_motion_is_found(shift):
    rng = np.random.default_rng(0)
    scene = ndimage.gaussian_filter(rng.standard_normal((120, 120)), 2.5) * 400 + 128
    scene = scene.astype(np.float32)
    before, now = (
        scene[20:100, 20:100],
        scene[20 + shift[0] : 100 + shift[0], 20 + shift[1] : 100 + shift[1]],
    )
    motion = find_motion(now, before)
    inner = motion[:, 16:-16, 16:-16]
    assert np.abs(inner - np.array(shift)[:, None, None]).mean() < 0.3
    assert (
        np.abs(move(before[..., None], motion)[16:-16, 16:-16, 0] - now[16:-16, 16:-16]).mean() < 2
    )


@pytest.mark.parametrize(("step", "flicker"), [(0, 0.75), (4, 1.0)])
def test_a_steady_video_flickers_less(fast, step, flicker):
    network, rng = load_network(fast.path), np.random.default_rng(0)
    true = make_frames(5, 96, step)
    small = [
        np.asarray(Image.fromarray(frame).resize((24, 24), Image.Resampling.BICUBIC))
        for frame in true
    ]
    small = [np.clip(f + rng.normal(0, 3, f.shape), 0, 255).astype(np.uint8) for f in small]
    figures = []
    for strength in (0.0, 0.6):
        steadier = Steadier(strength)
        made = [steadier.steady(f, enlarge(network, f, 4, Style())) for f in small]
        pairs = zip(made, true, strict=True)
        error = float(np.mean([(a.astype(float) - b) ** 2 for a, b in pairs]))
        figures.append((measure_flicker(made, true), error))
    plain, steady = figures
    assert steady[0] < flicker * plain[0]
    assert steady[1] < 1.05 * plain[1]


def test_a_cut_is_not_smeared():
    first, second = (np.full((32, 32, 3), value, np.uint8) for value in (20, 220))
    steadier = Steadier(0.9)
    steadier.steady(first, first)
    assert np.abs(steadier.steady(second, second).astype(int) - 220).max() <= 1
