from pathlib import Path

from click.testing import CliRunner

from studio.cli.main import SUMMARIES
from studio.cli.reference import build_reference, write_reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == build_reference(), (
        "run `python -m studio.cli.reference docs/cli.md`"
    )


def test_every_command_is_in_it(tmp_path):
    CliRunner().invoke(write_reference, [str(tmp_path / "cli.md")], catch_exceptions=False)
    text = (tmp_path / "cli.md").read_text()
    for name in SUMMARIES:
        assert f"`studio {name}`" in text
    assert "#### `studio assets reproduce`" in text
