"""Environments made for real: offline from wheels written here, and from the index where asked."""

import hashlib
import importlib.metadata
import importlib.util
import json
import sys
import zipfile
from pathlib import Path

import pytest

from studio import Studio, environments
from studio.app.doctor import check_home
from studio.config import load_config
from studio.environments import (
    EnvironmentOrder,
    find_environments,
    find_order,
    list_environments,
    make_environment,
    remove_environment,
)
from studio.errors import ConfigError
from studio.locks import find_core_pins

PLUGIN = """
from studio.generator import Artifact, Generator
from studio.hookspecs import hookimpl
from studio.media import MediaType
from studio.params import Params

class Say(Generator):
    id = "{name}.say"
    title = "Say"
    output = MediaType.TEXT
    Params = Params
    def __init__(self, checkpoint, device):
        import {module}
        self.version = {module}.__version__
    def generate(self, params, job):
        for done, seed in enumerate(job.seeds, 1):
            job.step(done, len(job.seeds))
            yield Artifact(f"{{self.version}} {{seed}}", MediaType.TEXT)

@hookimpl
def register_generators(register):
    register(Say)
"""


def write_wheel(folder, name, version, files):
    """Write a wheel by hand; return its requirement with its hash."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    path = folder / f"{module}-{version}-py3-none-any.whl"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(file, text)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} --hash=sha256:{digest}"


def write_plugin(folder, name, module):
    """Write the wheel of a plugin that says the version of a library."""
    files = {
        f"{name}_plugin.py": PLUGIN.format(name=name, module=module),
        f"{name}_plugin-1.0.dist-info/entry_points.txt": f"[studio]\n{name} = {name}_plugin\n",
    }
    return write_wheel(folder, f"{name}-plugin", "1.0", files)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Wheels of two contradicting libraries, two plugins, and stand-ins for what a worker needs."""
    folder = tmp_path_factory.mktemp("wheels")
    shared = tmp_path_factory.mktemp("shared")
    pins = []
    for pin in find_core_pins([]):
        distribution = importlib.metadata.distribution(pin.name)
        tops = {Path(file).parts[0] for file in distribution.files}
        for top in tops - {"..", "__pycache__"}:
            if not (shared / top).exists():
                (shared / top).symlink_to(distribution.locate_file(top))
        pins.append(write_wheel(folder, pin.name, distribution.version, {}))
    (folder / "core.txt").write_text("\n".join(pins))
    for version in ("1", "2"):
        files = {"pinned.py": f"__version__ = 'pinned {version}'\n", "core.pth": f"{shared}\n"}
        pinned = write_wheel(folder, "pinned", version, files)
        name = {"1": "old", "2": "new"}[version]
        lines = [f"--no-index --find-links {folder}", pinned, *pins]
        (folder / f"{name}.txt").write_text(
            "\n".join([*lines, write_plugin(folder, name, "pinned")])
        )
    return folder


@pytest.fixture
def config(tmp_path):
    return load_config(environ={}, home=tmp_path / "home", worker_threads=1)


def test_two_plugins_that_contradict_each_other_in_one_batch(wheels, config):
    seen = []
    for name in ("old", "new"):
        order = EnvironmentOrder(name, str(wheels / f"{name}.txt"))
        assert make_environment(config, order, lambda *told: seen.append(told)) == []
    assert seen[-1][1] == seen[-1][2] == 9
    assert {name for name, _, _ in seen} >= {"pydantic", "pluggy"}
    with Studio(config.home, workers="process", cpu_workers=1, devices=("cpu",)) as studio:
        spec = studio.registry.get("old.say")
        assert (spec.environment, spec.plugin) == ("old", "old-plugin")
        batch = studio.batch(
            [
                {"generator": f"{name}.say", "seed": seed}
                for seed in (1, 2)
                for name in ("old", "new")
            ]
        )
        texts = [asset.path.read_text().strip() for asset in batch.result()]
        assert texts == ["pinned 1 1", "pinned 2 1", "pinned 1 2", "pinned 2 2"]


def test_an_environment_is_made_again_gone_on_with_and_removed(wheels, config, monkeypatch):
    order = EnvironmentOrder("old", str(wheels / "old.txt"))
    real = environments._Pip.install

    def interrupt(pip, order, core):
        real(pip, order, core)
        raise KeyboardInterrupt

    monkeypatch.setattr(environments._Pip, "install", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_environment(config, order)
    (found,) = list_environments(config)
    assert (found.name, found.is_complete, found.is_own) == ("old", False, True)
    assert find_environments(config) == {}
    states = {finding.name: (finding.state, finding.remedy) for finding in check_home(config)}
    assert states["environment old"] == ("broken", "studio plugin env old")

    monkeypatch.undo()
    mark = found.python.parents[1] / "mark"
    mark.touch()
    assert find_order(config, "old") == order
    make_environment(config, find_order(config, "old"))
    assert mark.exists()  # the venv was not made anew
    (found,) = list_environments(config)
    assert found.is_complete
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    assert find_environments(config) == {"old": str(found.python)}
    states = {finding.name: finding.state for finding in check_home(config)}
    assert states["environment old"] == "ok"

    remove_environment(config, "old")
    assert list_environments(config) == []
    assert find_order(config, "old") is None
    with pytest.raises(ConfigError, match="no environment 'old'"):
        remove_environment(config, "old")


def test_a_file_with_another_hash_is_refused(wheels, config, tmp_path):
    lock = tmp_path / "lock.txt"
    text = (wheels / "old.txt").read_text().splitlines()
    text[1] = text[1][:-4] + "0000"
    lock.write_text("\n".join(text))
    with pytest.raises(ConfigError, match="does not have the hash") as raised:
        make_environment(config, EnvironmentOrder("old", str(lock)))
    log = Path(raised.value.values["log"])
    assert "DO NOT MATCH" in log.read_text()
    assert find_environments(config) == {}


def test_a_package_that_is_not_to_be_had(wheels, config, tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(
        (wheels / "old.txt").read_text() + "\nnowhere-at-all==1 --hash=sha256:" + "0" * 64
    )
    with pytest.raises(ConfigError, match="not to be had"):
        make_environment(config, EnvironmentOrder("old", str(lock)))


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (EnvironmentOrder("Main"), "no name for an environment"),
        (EnvironmentOrder("main"), "no name for an environment"),
        (EnvironmentOrder("../up"), "no name for an environment"),
        (EnvironmentOrder("taken"), "take that out first"),
        (EnvironmentOrder("fine", "/no/lock.txt"), "give a requirements file"),
        (EnvironmentOrder("fine", python="/no/python"), "name a Python with --python"),
        (EnvironmentOrder("fine", plugins=("/no/plugin",)), "name a plugin's folder or wheel"),
    ],
)
def test_what_cannot_be_made_is_told_before_anything_is_done(config, order, words):
    known = config.model_copy(update={"environments": {"taken": sys.executable}})
    with pytest.raises(ConfigError, match=words):
        make_environment(known, order)
    assert list_environments(config) == []


def test_an_older_python_is_refused(config, tmp_path):
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\necho 3 9\n")
    old.chmod(0o755)
    with pytest.raises(ConfigError, match=r"is Python 3\.9; a worker needs 3\.11"):
        make_environment(config, EnvironmentOrder("fine", python=str(old)))


def test_environments_of_the_settings_are_listed_too(config, tmp_path):
    named = {"gone": str(tmp_path / "none"), "other": sys.executable}
    known = config.model_copy(update={"environments": named})
    found = {item.name: item for item in list_environments(known)}
    assert not found["gone"].is_complete
    assert found["other"].is_complete
    assert not found["other"].is_own
    (config.home / "environments").mkdir()
    (config.home / "environments" / "odd.json").write_text("[1]")
    (config.home / "environments" / "half.json").write_text(json.dumps({"order": 5}))
    assert {item.name for item in list_environments(config)} == {"half", "odd"}
    assert find_order(config, "half") is None


NUMPY = {
    "old": ("numpy", "1.26.4"),
    "new": ("numpy", "2.2.6"),
}


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(600)
def test_real_numpy_1_and_2_in_one_batch(config, tmp_path):
    locks = Path(__file__).parent / "sample" / "locks"
    if importlib.util.find_spec("pip") is None:
        pytest.skip("needs pip")
    for name, (module, version) in NUMPY.items():
        lock = locks / f"numpy-{version}.txt"
        write_plugin(tmp_path, name, module)
        wheel = tmp_path / f"{name}_plugin-1.0-py3-none-any.whl"
        try:
            make_environment(config, EnvironmentOrder(name, str(lock), plugins=(str(wheel),)))
        except ConfigError as error:
            if "cannot be reached" in str(error) or "not to be had" in str(error):
                pytest.skip(f"the package index cannot be reached: {error}")
            raise
    with Studio(config.home, workers="process", devices=("cpu",)) as studio:
        batch = studio.batch([{"generator": f"{name}.say", "seed": 1} for name in NUMPY])
        texts = [asset.path.read_text().strip() for asset in batch.result()]
    assert texts == ["1.26.4 1", "2.2.6 1"]
