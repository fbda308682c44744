"""A plugin with the cheapest possible generator, made in a folder."""

SOURCE = """
import time
from pydantic import Field
from studio import Artifact, Generator, MediaType, Params, hookimpl


class TextParams(Params):
    delay: float = Field(0.0, ge=0, le=60, description="seconds per seed")


class Text(Generator):
    id = "durable.text"
    title = "Text"
    summary = "A few lines, always the same for a seed"
    output = MediaType.TEXT
    Params = TextParams

    def generate(self, params, job):
        for index, seed in enumerate(job.seeds):
            time.sleep(params.delay)
            job.step(index + 1, len(job.seeds))
            yield Artifact(f"{seed}\\n" * 500, MediaType.TEXT, title=f"text {seed}")


@hookimpl
def register_generators(register):
    register(Text)
"""


def install(folder):
    """Write the plugin into `folder`, which belongs on the path."""
    info = folder / "durable_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "durable_plugin.py").write_text(SOURCE, encoding="utf-8")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: durable-plugin\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text("[studio]\ndurable = durable_plugin\n", encoding="utf-8")
    return folder
