"""A plugin with the cheapest possible generator, made in a temporary folder."""

import os
import sys
from pathlib import Path

SOURCE = """
from studio import Artifact, Generator, MediaType, Params, hookimpl


class Text(Generator):
    id = "trivial.text"
    title = "Trivial"
    summary = "One line of text"
    output = MediaType.TEXT
    Params = Params

    def generate(self, params, job):
        for index, seed in enumerate(job.seeds):
            job.step(index + 1, len(job.seeds))
            yield Artifact(f"{seed}\\n", MediaType.TEXT, title=f"text {seed}")


@hookimpl
def register_generators(register):
    register(Text)
"""


def install_trivial(folder: Path) -> None:
    """Write the plugin into `folder` and make this process and its workers see it."""
    info = folder / "trivial_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "trivial_plugin.py").write_text(SOURCE, encoding="utf-8")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: trivial-plugin\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text("[studio]\ntrivial = trivial_plugin\n", encoding="utf-8")
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
