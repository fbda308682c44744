"""A small file of each kind, for the tests of the viewer: FILES, name -> (file name, bytes)."""

import io
import json
import wave
import zipfile

import mido
import numpy as np
from PIL import Image


def png(array):
    data = io.BytesIO()
    Image.fromarray(array).save(data, "png")
    return data.getvalue()


def draw_ramp():
    """32 x 32: red rises to the right, green downwards; the edges do not meet."""
    rows, columns = np.mgrid[0:32, 0:32].astype(np.uint8) * 8
    return png(np.dstack((columns, rows, np.full_like(rows, 64))))


def write_wave():
    data = io.BytesIO()
    tone = np.sin(np.arange(22050) * 2 * np.pi * 440 / 22050) * 16000
    with wave.open(data, "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(tone.astype("<i2").tobytes())
    return data.getvalue()


def write_midi():
    score, data = mido.MidiFile(), io.BytesIO()
    for name, channel in (("Lead", 0), ("Kit", 9)):
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        for step in range(8):
            note = {"note": 36 + 5 * step, "channel": channel}
            track += [
                mido.Message("note_on", velocity=90, **note),
                mido.Message("note_off", time=240, **note),
            ]
        score.tracks.append(track)
    score.save(file=data)
    return data.getvalue()


def write_zip():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("brick/readme.txt", "hello")
        archive.writestr("brick/preview.png", draw_ramp())
    return data.getvalue()


FIGURES = {"fid": 12.5, "runs": [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}], "x": "<b>"}
FILES = {
    "image": ("ramp.png", draw_ramp()),
    "strip": ("strip.png", png(np.arange(64 * 16 * 3, dtype=np.uint8).reshape(16, 64, 3))),
    "audio": ("tone.wav", write_wave()),
    "score": ("tune.mid", write_midi()),
    "text": ("one.md", b"# Mill\n\nRed **hens** sleep.\n\n<script>alert(1)</script>\n"),
    "other": ("two.md", b"# Mill\n\nBlue hens sleep.\n"),
    "report": ("figures.json", json.dumps(FIGURES).encode()),
    "archive": ("pack.zip", write_zip()),
}
