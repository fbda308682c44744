import json
import logging


def read_levels(home):
    lines = (home / "logs" / "studio.log").read_text().splitlines()
    return {json.loads(line)["level"] for line in lines}


def test_messages_are_shown_and_kept(run, home):
    before = list(logging.getLogger("studio").handlers)  # of a studio another test left open
    outcome = run("generate", "sample.noise", "--size", "8", "--log-level", "debug")
    assert "INFO studio.jobs: job done" in outcome.err
    assert "studio.jobs" not in outcome.out
    assert read_levels(home) == {"info", "debug"}
    assert logging.getLogger("studio").handlers == before


def test_quiet_by_default(run, home):
    assert "studio.jobs" not in run("generate", "sample.noise", "--size", "8").err
    assert read_levels(home) == {"info"}


def test_an_unknown_level(run):
    assert "--log-level: " in run("doctor", "--log-level", "loud", code=2).err
