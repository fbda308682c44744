"""Each check passes on a good generator and fails on one that breaks just that rule."""

import importlib
import os
import random
import time
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from PIL import Image
from pydantic import Field

from studio.codecs import Codecs, load_image
from studio.errors import InvalidInputError, JobCancelledError, PluginLoadError
from studio.generator import Artifact, Footprint, Generator, Input
from studio.media import MediaType
from studio.params import Params
from studio.testing import (
    CheckReport,
    CheckRow,
    check_generator,
    check_plugin,
    find_untranslated,
    make_sample,
)


class DotsParams(Params):
    size: int = Field(8, ge=4, le=64, description="side, pixels")
    tint: str = Field("red", max_length=20, description="colour")


class Dots(Generator):
    id = "test.dots"
    title = "Dots"
    summary = "One dot per seed"
    output = MediaType.IMAGE
    inputs = (Input("image", (MediaType.IMAGE,)),)
    Params = DotsParams

    def generate(self, params, job):
        source = load_image(job.inputs["image"][0].path)
        for index, seed in enumerate(job.seeds):
            job.step(2 * index + 1, 2 * len(job.seeds))
            yield Artifact(self.draw(params, seed, source), MediaType.IMAGE)
            job.step(2 * index + 2, 2 * len(job.seeds))

    def draw(self, params, seed, source):
        rng = random.Random(seed)
        picture = source.resize((params.size, params.size))
        picture.putpixel((rng.randrange(params.size), 0), tuple(rng.randbytes(3)))
        return picture


def find_failures(generator, **arguments):
    return {row.check: row.detail for row in check_generator(generator, **arguments).failures}


def test_a_good_generator_passes():
    report = check_generator(Dots)
    report.assert_ok()
    assert report.generator == "test.dots"
    names = [row.check for row in report.rows]
    assert len(names) == len(set(names)) == 22
    assert all(row.seconds >= 0 for row in report.rows)


def test_a_report_that_failed_raises_its_table():
    rows = (CheckRow("a.b", "runs", True), CheckRow("a.b", "closes", False, "it broke"))
    report = CheckReport("a.b", rows)
    with pytest.raises(AssertionError, match=r"FAIL a\.b: closes: it broke"):
        report.assert_ok()


class State(Dots):
    """Draws from a generator that outlives the job."""

    def __init__(self, checkpoint, device):
        super().__init__(checkpoint, device)
        self.rng = random.Random(0)

    def draw(self, params, seed, source):
        picture = super().draw(params, seed, source)
        picture.putpixel((0, 1), tuple(self.rng.randbytes(3)))
        return picture


class Unseeded(Dots):
    def draw(self, params, seed, source):
        return source.resize((8, 8))


class FalselyUnseeded(Dots):
    seeded = False


class FewYields(Dots):
    def generate(self, params, job):
        yield next(super().generate(params, job))


class ManyYields(Dots):
    def generate(self, params, job):
        yield from super().generate(params, job)
        yield Artifact(Image.new("L", (4, 4)), MediaType.IMAGE)


class OtherKind(Dots):
    output = MediaType.TEXT


class NoSteps(Dots):
    def generate(self, params, job):
        source = load_image(job.inputs["image"][0].path)
        for seed in job.seeds:
            yield Artifact(self.draw(params, seed, source), MediaType.IMAGE)


class BackwardSteps(Dots):
    def generate(self, params, job):
        for _ in job.seeds:
            yield from super().generate(params, _Narrow(job, _))


class _Narrow:
    """A job of one seed, with progress of its own."""

    def __init__(self, job, seed):
        self.seeds, self.inputs, self.step = (seed,), job.inputs, job.step


class UnfinishedSteps(Dots):
    def generate(self, params, job):
        source = load_image(job.inputs["image"][0].path)
        for index, seed in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            yield Artifact(self.draw(params, seed, source), MediaType.IMAGE)


class Uncancellable(Dots):
    def generate(self, params, job):
        source = load_image(job.inputs["image"][0].path)
        for index, seed in enumerate(job.seeds, 1):
            try:
                job.step(index, len(job.seeds))
            except JobCancelledError:
                job.log.info("no")
            yield Artifact(self.draw(params, seed, source), MediaType.IMAGE)


class WrapsCancel(Dots):
    def generate(self, params, job):
        try:
            yield from super().generate(params, job)
        except JobCancelledError as error:
            raise RuntimeError("stopped") from error


class BareOpen(Dots):
    def generate(self, params, job):
        Image.open(job.inputs["image"][0].path).load()
        yield from super().generate(params, job)


class Mute(Dots):
    def generate(self, params, job):
        try:
            load_image(job.inputs["image"][0].path)
        except InvalidInputError:
            raise InvalidInputError("") from None
        yield from super().generate(params, job)


class ReadsTitles(Dots):
    def generate(self, params, job):
        self.word = job.inputs["image"][0].title
        yield from super().generate(params, job)

    def draw(self, params, seed, source):
        picture = super().draw(params, seed, source)
        picture.putpixel((0, 1), tuple(random.Random(self.word).randbytes(3)))
        return picture


class BreaksAtClose(Dots):
    def close(self):
        raise RuntimeError("no")


class SecretCheckpoint(Dots):
    @classmethod
    def checkpoint(cls, params):
        return "" if params.tint else "x"


class OddFootprint(Dots):
    @classmethod
    def footprint(cls, params):
        return Footprint(host_bytes=-1)


class NoSummary(Dots):
    summary = " "


class UnboundedParams(DotsParams):
    count: int = Field(1, description="how many")


class Unbounded(Dots):
    Params = UnboundedParams


class LateDefaultParams(DotsParams):
    words: list[str] = Field(default_factory=lambda: ["a"], description="words")


class LateDefault(Dots):
    Params = LateDefaultParams


class PermissiveParams(DotsParams):
    model_config: ClassVar = {"extra": "ignore"}


class Permissive(Dots):
    Params = PermissiveParams


class WrongDefaultParams(DotsParams):
    size: int = Field(2, ge=4, le=64, description="side, pixels")


class WrongDefault(Dots):
    Params = WrongDefaultParams
    testing_params: ClassVar = {"size": 4}


@pytest.mark.parametrize(
    ("generator", "check", "words"),
    [
        (State, "a seed gives the same alone", "take all randomness from the seed"),
        (Unseeded, "seeds make a difference", "seeded = False"),
        (FalselyUnseeded, "seeds make a difference", "`seeded` is False"),
        (FewYields, "one result per seed", "yielded 1 times for 3 seeds"),
        (ManyYields, "one result per seed", "yielded 4 times for 3 seeds"),
        (OtherKind, "one result per seed", "`output` says text"),
        (NoSteps, "progress reaches its total", "never called job.step"),
        (BackwardSteps, "progress reaches its total", "from 2 to 1 of 2"),
        (UnfinishedSteps, "progress reaches its total", "ended at 2 of 3"),
        (Uncancellable, "stops when cancelled", "it went on and yielded 3"),
        (WrapsCancel, "stops when cancelled", "raised RuntimeError"),
        (BareOpen, "broken input files are told", "UnidentifiedImageError"),
        (Mute, "broken input files are told", "without a message"),
        (ReadsTitles, "titles of inputs make no difference", "reads_titles"),
        (BreaksAtClose, "closes", "RuntimeError: no"),
        (SecretCheckpoint, "checkpoint() reads only checkpoint_from", "'tint'"),
        (OddFootprint, "footprint() is in bytes", "Footprint"),
        (NoSummary, "class is complete", "`summary` is empty"),
        (Unbounded, "params are described and bounded", "'count' has no bounds"),
        (LateDefault, "defaults are valid", "'words' is not in the schema"),
        (Permissive, "unknown params are refused", "no_such_param"),
        (WrongDefault, "defaults are valid", "greater than or equal to 4, not 2"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_each_fault_is_found(generator, check, words):
    failures = find_failures(generator)
    assert words in failures[check]


def test_nothing_runs_when_the_class_is_wrong():
    class Nameless(Dots):
        id = "Nameless"

    report = check_generator(Nameless)
    assert [row.check for row in report.rows] == ["class is complete", "params survive JSON"]
    assert "its id must be" in report.failures[0].detail


def test_nothing_follows_a_run_that_fails():
    class Broken(Dots):
        def generate(self, params, job):
            raise SystemExit(3)

    report = check_generator(Broken)
    assert report.rows[-1].check == "runs"
    assert "sys.exit(3)" in report.rows[-1].detail


@pytest.mark.parametrize("way", ["open", "os.open", "mkdir", "rename", "link", "thread"])
def test_writing_outside_scratch_is_found(tmp_path, way):
    class Writes(Dots):
        def draw(self, params, seed, source):
            target = tmp_path / f"{way}{seed}"
            if way == "open":
                target.write_text("x")
            elif way == "os.open":
                os.close(os.open(target, os.O_CREAT | os.O_RDWR))
            elif way == "mkdir":
                target.mkdir(exist_ok=True)
            elif way == "rename":
                os.rename(self.own_file, target)
            elif way == "link":
                target.unlink(missing_ok=True)
                os.symlink("/", target)
            else:
                import threading

                thread = threading.Thread(target=target.write_text, args=("x",))
                thread.start()
                thread.join()
            return super().draw(params, seed, source)

        def generate(self, params, job):
            for seed in job.seeds:
                self.own_file = job.scratch / "own"
                self.own_file.write_text("x")
                yield from super().generate(params, _Narrow(job, seed))

    assert str(tmp_path) in find_failures(Writes)["writes only in scratch"]


def test_scratch_and_reading_are_free(tmp_path):
    (tmp_path / "data").write_text("x")

    class Reads(Dots):
        def generate(self, params, job):
            (tmp_path / "data").read_text()
            (job.scratch / "deep").mkdir(exist_ok=True)
            (job.scratch / "deep" / "file").write_text("x")
            (job.scratch / "deep" / "file").unlink()
            yield from super().generate(params, job)

    check_generator(Reads).assert_ok()


def test_given_params_inputs_and_checkpoint_are_used(tmp_path):
    path = tmp_path / "mine.png"
    Image.new("RGB", (5, 7)).save(path)
    weights = make_sample(MediaType.CHECKPOINT, tmp_path).path
    seen = []

    class Sees(Dots):
        def __init__(self, checkpoint, device):
            super().__init__(checkpoint, device)
            seen.append(checkpoint.path)

        def generate(self, params, job):
            seen.append((params.size, job.inputs["image"][0].title))
            yield from super().generate(params, job)

    check_generator(
        Sees, params={"size": 16}, inputs={"image": path}, checkpoint=weights
    ).assert_ok()
    assert seen[:2] == [weights, (16, "mine")]


def test_checkpoints_that_are_nowhere_are_asked_for():
    class WeightsParams(DotsParams):
        weights: str = Field("big", description="which")

    class Weights(Dots):
        Params = WeightsParams
        checkpoint_from = ("weights",)

    assert "checkpoint 'big' is not bundled" in find_failures(Weights)["runs"]


def test_seeds_must_be_several():
    with pytest.raises(ValueError, match="two or more"):
        check_generator(Dots, seeds=(1, 1))


@pytest.mark.parametrize("kind", list(MediaType))
def test_samples_are_real(kind, tmp_path):
    first, second = (make_sample(kind, tmp_path, variant=number) for number in (0, 1))
    assert first.payload_hash != second.payload_hash
    assert Codecs().get(kind).make_thumbnail(first.files) is not None


def test_plugins_are_checked_from_outside(sample_path, use_plugins):
    use_plugins(sample_path)
    rows = check_plugin("sample")
    assert rows[0] == CheckRow("sample", "imports", True, "sample-plugin")
    failed = {(row.generator, row.check) for row in rows if not row.passed}
    assert failed <= {  # the sample plugin opens pictures the short way
        ("sample.blend", "broken input files are told"),
        ("sample.invert", "broken input files are told"),
    }
    assert rows[1].check == "imports no framework"
    names = [row.check for row in rows if row.generator == "sample.words"]
    assert len(names) == len(set(names)) == 22


HOSTILE = """
import os, sys, time
from pathlib import Path
from typing import ClassVar
from studio.generator import Artifact, Generator
from studio.hookspecs import hookimpl
from studio.media import MediaType
from studio.params import Params

class Base(Generator):
    summary = "Hostile"
    output = MediaType.TEXT
    Params = Params

    def generate(self, params, job):
        for done, seed in enumerate(job.seeds, 1):
            job.step(done, len(job.seeds))
            self.act()
            yield Artifact(str(seed), MediaType.TEXT)

class Crashes(Base):
    id = title = "hostile.crashes"
    def act(self):
        os.abort()

class Hangs(Base):
    id = title = "hostile.hangs"
    def act(self):
        Path(MARKS, str(os.getpid())).touch()
        time.sleep(60)

class Litters(Base):
    id = title = "hostile.litters"
    def act(self):
        os.system("echo > litter")

@hookimpl
def register_generators(register):
    for generator in (Crashes, Hangs, Litters):
        register(generator)
"""


@pytest.fixture
def marks(tmp_path, monkeypatch):
    """A folder in which a process says that it hangs: while it lives, an hour passes at each look.

    So what does not hang, but is slow, has all the time it needs.
    """
    folder = tmp_path / "marks"
    folder.mkdir()
    passed = [0]

    def look():
        passed[0] += 3600 * sum(Path("/proc", mark.name).exists() for mark in folder.iterdir())
        return time.monotonic() + passed[0]

    clock = SimpleNamespace(monotonic=look, sleep=time.sleep)
    monkeypatch.setattr("studio.testing.plugin.time", clock)
    return folder


def test_crashes_and_hangs_are_told_and_the_rest_goes_on(make_plugin, use_plugins, marks):
    use_plugins(make_plugin("hostile", HOSTILE.replace("MARKS", repr(str(marks)))))
    rows = check_plugin("hostile-plugin", timeout=250)
    last = {row.generator: row for row in rows}
    assert (last["hostile.crashes"].check, last["hostile.crashes"].passed) == ("runs", False)
    assert "SIGABRT" in last["hostile.crashes"].detail
    assert last["hostile.hangs"].detail == "took longer than 250 s"
    litter = {row.check: row for row in rows if row.generator == "hostile.litters"}
    assert Path(litter["writes only in scratch"].detail.split(";")[0][6:]).name == "litter"


def test_plugins_that_cannot_be_imported_are_one_row(make_plugin, use_plugins):
    use_plugins(make_plugin("bad", "raise RuntimeError('not today')"))
    (row,) = check_plugin("bad")
    assert (row.generator, row.check, row.passed) == ("bad", "imports", False)
    assert "not today" in row.detail


def test_unknown_plugins_are_told():
    with pytest.raises(PluginLoadError, match="no plugin 'nobody' is installed"):
        check_plugin("nobody")


def test_texts_without_a_translation_are_found(tmp_path, monkeypatch):
    package = tmp_path / "mossy"
    (package / "translations").mkdir(parents=True)
    (package / "translations" / "es.json").write_text(
        '{"Dots": "Puntos", "side, pixels": "lado", "{n} too many; take fewer": "sobran; quite"}'
    )
    (package / "__init__.py").write_text(
        "from studio.errors import InvalidInputError\n"
        "def check(n):\n"
        "    if n < 0:\n"
        "        raise ValueError('for developers')\n"
        "    raise InvalidInputError('{n} too many; take fewer', n=n)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    mossy = importlib.import_module("mossy")
    mossy.register_generators = lambda register: register(Dots)
    missing = find_untranslated(mossy)
    assert "Dots" not in missing and "for developers" not in missing
    assert "One dot per seed" in missing
    assert "{n} too many; take fewer" in missing, "its translation lost a value"
