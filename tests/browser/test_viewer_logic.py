"""What the viewer computes without a page: MIDI, diffs, spectra, zips, frames, colours, shapes."""

import base64
import colorsys
import difflib
import io
import json
import random
import shutil
import subprocess
import zipfile
from importlib.resources import files

import numpy as np
import pytest

mido = pytest.importorskip("mido")

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node to run JavaScript")

SCRIPT = """
import { readFileSync } from "node:fs";
const { modules, given, body } = JSON.parse(readFileSync(0, "utf8"));
const found = {};
for (const source of modules) {
  Object.assign(found, await import("data:text/javascript;base64," + source));
}
const run = new (async () => {}).constructor("m", "given", body);
console.log(JSON.stringify(await run(found, given)));
"""


def run_js(modules, body, given=None):
    """What `body` returns; in it `m` holds all exports and `given` the JSON value."""
    folder = files("studio.data.assets.ui")
    sources = [
        base64.b64encode((folder / f"viewer-{name}.js").read_bytes()).decode() for name in modules
    ]
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", SCRIPT],
        input=json.dumps({"modules": sources, "given": given, "body": body}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def parse_midi(data):
    return run_js(
        ["midi"],
        "return m.parseMidi(Buffer.from(given, 'base64'))",
        base64.b64encode(data).decode(),
    )


def write_midi(*tracks, **settings):
    score = mido.MidiFile(**settings)
    for messages in tracks:
        score.tracks.append(mido.MidiTrack(messages))
    data = io.BytesIO()
    score.save(file=data)
    return data.getvalue()


class TestMidi:
    def test_times_follow_tempo_changes(self):
        data = write_midi(
            [
                mido.MetaMessage("set_tempo", tempo=500_000),
                mido.MetaMessage("set_tempo", tempo=1_000_000, time=480),
            ],
            [
                mido.MetaMessage("track_name", name="Flute"),
                mido.Message("program_change", program=73),
                mido.Message("note_on", note=60, velocity=127),
                mido.Message("note_off", note=60, time=480),
                mido.Message("note_on", note=64, velocity=64),
                mido.Message("note_on", note=64, velocity=0, time=480),
            ],
            ticks_per_beat=480,
        )
        music = parse_midi(data)
        times = [(note["pitch"], note["start"], note["end"]) for note in music["notes"]]
        assert times == [(60, 0, 0.5), (64, 0.5, 1.5)]
        assert music["notes"][0]["velocity"] == 1
        assert music["notes"][0]["program"] == 73
        assert music["seconds"] == 1.5
        assert [voice["name"] for voice in music["voices"]] == ["Flute"]

    def test_agrees_with_mido(self):
        chance = random.Random(5)
        tracks = []
        for channel in (0, 3, 9):
            messages = []
            for _ in range(40):
                note, length = chance.randrange(30, 90), chance.randrange(1, 900)
                messages.append(
                    mido.Message(
                        "note_on", channel=channel, note=note, velocity=80,
                        time=chance.randrange(0, 300),
                    )
                )  # fmt: skip
                messages.append(mido.Message("control_change", channel=channel, control=7, value=9))
                messages.append(mido.Message("note_off", channel=channel, note=note, time=length))
                if channel == 0 and chance.random() < 0.2:
                    tempo = chance.randrange(200_000, 900_000)
                    messages.append(mido.MetaMessage("set_tempo", tempo=tempo))
            tracks.append(messages)
        data = write_midi(*tracks, ticks_per_beat=96)
        now, starts = 0.0, []
        for message in mido.MidiFile(file=io.BytesIO(data)):
            now += message.time
            if message.type == "note_on" and message.velocity:
                starts.append((now, message.note))
        music = parse_midi(data)
        found = [(note["start"], note["pitch"]) for note in music["notes"]]
        np.testing.assert_allclose(found, sorted(starts), atol=1e-6)
        assert {note["drum"] for note in music["notes"]} == {True, False}
        assert len(music["voices"]) == 3

    def test_bars_follow_the_meter(self):
        data = write_midi(
            [
                mido.MetaMessage("time_signature", numerator=3, denominator=4),
                mido.Message("note_on", note=60, velocity=9),
                mido.Message("note_off", note=60, time=480 * 6),
            ],
            ticks_per_beat=480,
        )
        assert parse_midi(data)["bars"] == [0, 1.5, 3]

    def test_hanging_note_ends_with_its_track(self):
        data = write_midi(
            [mido.Message("note_on", note=60, velocity=9), mido.MetaMessage("marker", time=960)]
        )
        assert parse_midi(data)["notes"][0]["end"] == 1

    @pytest.mark.parametrize("data", [b"", b"RIFF" + bytes(40), b"MThd\x00\x00"])
    def test_refuses_what_is_no_midi(self, data):
        body = "try { m.parseMidi(Buffer.from(given, 'base64')) } catch (e) { return e.message }"
        assert "MIDI" in run_js(["midi"], body, base64.b64encode(data).decode())


class TestDiff:
    def test_edits_lead_from_one_to_the_other_and_are_few(self):
        chance = random.Random(2)
        pairs = []
        for _ in range(60):
            before = [chance.choice("abcd") for _ in range(chance.randrange(0, 25))]
            after = [c for c in before if chance.random() < 0.7]
            after.insert(chance.randrange(len(after) + 1), "x")
            pairs.append((before, after))
        found = run_js(["diff"], "return given.map(([a, b]) => m.diffLists(a, b))", pairs)
        for (before, after), edits in zip(pairs, found, strict=True):
            assert [e["value"] for e in edits if e["type"] != "new"] == before
            assert [e["value"] for e in edits if e["type"] != "old"] == after
            matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
            kept = sum(block.size for block in matcher.get_matching_blocks())
            assert sum(e["type"] == "same" for e in edits) >= kept

    def test_lines_are_numbered_and_words_marked(self):
        rows = run_js(
            ["diff"],
            "return m.diffTexts(...given)",
            ["one\ntwo red hens\nend", "one\ntwo blue hens\nend"],
        )
        assert [(r["type"], r["old"], r["new"]) for r in rows] == [
            ("same", 1, 1), ("old", 2, 0), ("new", 0, 2), ("same", 3, 3),
        ]  # fmt: skip
        changed = [[p["text"] for p in row["parts"] if p["isChanged"]] for row in rows[1:3]]
        assert changed == [["red"], ["blue"]]

    def test_texts_that_share_nothing_do_not_take_for_ever(self):
        body = """
        const lines = (word) => Array.from({ length: 6000 }, (_, i) => word + i);
        return m.diffLists(lines("a"), lines("b")).length;
        """
        assert run_js(["diff"], body) == 12_000


class TestSound:
    def test_spectrum_agrees_with_numpy(self):
        samples = np.random.default_rng(1).normal(0, 0.2, 512)
        found = run_js(
            ["sound"],
            "return [...m.buildSpectrum(512)(Float32Array.from(given), 0)]",
            samples.tolist(),
        )
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
        wanted = 4 * np.abs(np.fft.rfft(samples * window))[:256] / 512
        np.testing.assert_allclose(found, wanted, atol=1e-5)

    def test_full_sine_is_at_the_top_of_the_scale(self):
        body = """
        const turn = (2 * Math.PI * 32) / 1024;
        const wave = Float32Array.from({ length: 1024 }, (_, i) => Math.sin(turn * i));
        const tones = m.buildSpectrum(1024)(wave, 0);
        return [m.toLevel(tones[32]), m.toLevel(tones[200])];
        """
        top, far = run_js(["sound"], body)
        assert top == pytest.approx(1, abs=0.01)
        assert far == 0

    def test_peaks_miss_no_sample(self):
        body = "return [...m.findPeaks(Float32Array.from(given), 0, given.length, 10)]"
        samples = [0.0] * 1000
        samples[777], samples[123] = 0.5, -0.25
        peaks = np.array(run_js(["sound"], body, samples)).reshape(10, 2)
        assert peaks[7].tolist() == [0, 0.5]
        assert peaks[1].tolist() == [-0.25, 0]


@pytest.mark.parametrize("comment", [b"", b"studio" * 3000])
def test_zip_is_listed_and_unpacked(comment):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/brick ü.txt", "bricks " * 500)
        archive.writestr("b.bin", bytes(range(256)), zipfile.ZIP_STORED)
        archive.comment = comment
    body = """
    const bytes = new Uint8Array(Buffer.from(given, "base64"));
    const read = m.readBytes(bytes);
    const entries = await m.listEntries(read, bytes.length);
    const texts = await Promise.all(entries.map((entry) => m.readEntry(read, entry)));
    const start = (text) => Buffer.from(text).toString("latin1").slice(0, 14);
    return entries.map((entry, i) => [entry.name, entry.size, start(texts[i])]);
    """
    found = run_js(["zip"], body, base64.b64encode(data.getvalue()).decode())
    assert found == [
        ["a/brick ü.txt", 3500, "bricks bricks "],
        ["b.bin", 256, bytes(range(14)).decode("latin1")],
    ]


def test_colours_agree_with_colorsys():
    chance = random.Random(3)
    colours = [[chance.randrange(256) for _ in range(3)] for _ in range(50)] + [[9, 9, 9]]
    found = run_js(["colour"], "return given.map((c) => [m.toHex(c), m.toHsl(c)])", colours)
    for colour, (name, hsl) in zip(colours, found, strict=True):
        assert name == "#{:02x}{:02x}{:02x}".format(*colour)
        hue, light, saturation = colorsys.rgb_to_hls(*(c / 255 for c in colour))
        wanted = (hue * 360 % 360, saturation * 100, light * 100)
        off = [abs(a - b) for a, b in zip(hsl, wanted, strict=True)]
        assert min(off[0], 360 - off[0]) < 1
        assert max(off[1:]) < 1


class TestFrames:
    def test_ping_pong_shows_the_ends_once(self):
        body = "return Array.from({ length: 9 }, (_, i) => m.frameAt(i, 4, true))"
        assert run_js(["frames"], body) == [0, 1, 2, 3, 2, 1, 0, 1, 2]

    def test_grid_is_cut_row_by_row(self):
        body = "return m.cutGrid([64, 32], { columns: 4, rows: 2, count: 6 })"
        boxes = run_js(["frames"], body)
        assert [(b["x"], b["y"]) for b in boxes] == [
            (0, 0),
            (16, 0),
            (32, 0),
            (48, 0),
            (0, 16),
            (16, 16),
        ]
        assert {(b["width"], b["height"]) for b in boxes} == {(16, 16)}

    def test_what_a_sheet_is(self):
        image = {"width": 256, "height": 32, "files": {}, "facts": {}, "tags": [], "title": "run"}
        square = {**image, "height": 256}
        told = {**square, "facts": {"columns": 4, "rows": 4, "fps": 24}}
        named = {**square, "title": "Knight sprite"}
        body = "return given.map((asset) => m.findSheet(asset))"
        strip, none, known, guessed = run_js(["frames"], body, [image, square, told, named])
        assert (strip["columns"], strip["rows"]) == (8, 1)
        assert none is None
        assert (known["count"], known["fps"]) == (16, 24)
        assert guessed["count"] == 16

    def test_frames_of_a_json(self):
        box = {"x": 1, "y": 2, "w": 3, "h": 4}
        sheet = {"frames": {"b": {"frame": box}, "a": {"frame": box, "duration": 250}}}
        first, second = run_js(["frames"], "return m.cutJson(given)", sheet)
        assert (first["seconds"], second["seconds"]) == (0.25, 0)


@pytest.mark.parametrize(
    "shape", ["buildSphere(24, 12)", "buildRoundedBox([0.8, 0.8, 0.8], 0.07, 8)"]
)
def test_shapes_are_sound(shape):
    """Normals and tangents are unit and square, faces look outwards, no tile is mirrored."""
    body = f"const mesh = m.{shape}; return [[...mesh.vertices], [...mesh.indices]]"
    vertices, indices = run_js(["mesh"], body)
    rows = np.array(vertices).reshape(-1, 11)
    place, normal, tangent, tile = rows[:, :3], rows[:, 3:6], rows[:, 6:9], rows[:, 9:]
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(tangent, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose((normal * tangent).sum(1), 0, atol=1e-5)
    a, b, c = np.array(indices).reshape(-1, 3).T
    out = np.cross(place[b] - place[a], place[c] - place[a])
    real = np.linalg.norm(out, axis=1) > 1e-6  # the poles have flat triangles
    assert ((out * (normal[a] + normal[b] + normal[c])).sum(1)[real] > 0).all()
    first, second = tile[b] - tile[a], tile[c] - tile[a]
    assert (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] > -1e-9).all()


class TestPages:
    MOMENTS = (
        (0.0, 0, 0.2, 0.1, 0.2, 1),
        (1.0, 0, 0.6, 0.1, 0.2, 1),
        (2.0, 0, 0.2, 0.5, 0.6, 2),
        (3.0, 1, 0.3, 0.1, 0.2, 3),
    )

    def test_pages_are_in_order(self):
        files = {
            name: {"suffix": suffix}
            for name, suffix in {
                "main": ".mid", "page10": ".svg", "page2": ".svg", "cover": ".png", "x": ".json",
            }.items()
        }  # fmt: skip
        body = "return m.findPages({ main: 'main', files: given })"
        assert run_js(["pages"], body, files) == ["page2", "page10"]

    def test_the_band_walks_and_jumps(self):
        body = "return [-1, 0, 0.5, 1.5, 2, 9].map((at) => m.findPlace(given, at))"
        before, first, between, last_of_system, second, end = run_js(["pages"], body, self.MOMENTS)
        assert before is None and first["x"] == 0.2
        assert between["x"] == pytest.approx(0.4)
        assert last_of_system["x"] == 0.6  # the next note stands on another system
        assert (second["top"], second["bar"]) == (0.5, 2)
        assert (end["page"], end["bar"]) == (1, 3)

    def test_a_click_finds_its_moment(self):
        body = "return given.at.map((at) => m.findSeconds(given.moments, ...at))"
        at = [[0, 0.55, 0.15], [0, 0.9, 0.55], [1, 0, 0], [2, 0, 0]]
        given = {"moments": self.MOMENTS, "at": at}
        assert run_js(["pages"], body, given) == [1.0, 2.0, 3.0, None]

    def test_other_json_is_no_map(self):
        body = "return given.map((one) => m.readMoments(one).length)"
        values = [{"moments": self.MOMENTS}, {"moments": [[1, "x"]]}, {"a": 1}, None, 3]
        assert run_js(["pages"], body, values) == [4, 0, 0, 0, 0]
