"""Pipelines in a browser: fill in, watch, look at the board, write one's own."""

import re

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

RECIPE = """title = "Two noises"
summary = "Noise and its negative"

[params.size]
type = "integer"
default = 16
minimum = 8
maximum = 64
unit = "px"

[[steps]]
name = "noise"
generator = "sample.noise"
count = 3
params = { size = "${size}", steps = 4, delay = 0.05 }

[[steps]]
name = "negative"
generator = "sample.invert"
foreach = "noise"
inputs = { image = "$each" }
"""


@pytest.fixture(scope="module")
def recipe(served):
    """A pipeline of the user's own."""
    folder = served.home / "pipelines"
    folder.mkdir(exist_ok=True)
    (folder / "two-noises.toml").write_text(RECIPE)


def test_run_is_watched_and_survives_a_restart(served, room, recipe):
    page = room("pipelines")
    page.get_by_role("button", name="Use Two noises").click()
    size = page.locator("#pipeline-size input[type=number]")
    expect(size).to_have_value("16")
    size.fill("24")
    size.press("Tab")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(re.compile(r"#pipelines\?run="))
    steps = page.locator("studio-pipelines .s-p-step")
    expect(steps.nth(0)).to_have_attribute("data-status", "done")
    expect(steps.nth(1)).to_have_attribute("data-status", "done")
    expect(steps.nth(1)).to_contain_text("3 of 3")
    tiles = page.get_by_role("region", name="negative").locator(".s-p-tile")
    expect(tiles).to_have_count(3)
    (run,) = [one for one in served.get("runs")["items"] if one["params"]["size"] == 24]
    address = page.url
    page.goto("about:blank")  # else the page complains, rightly, while nobody serves it
    served.restart()
    page.goto(address)
    expect(tiles).to_have_count(3)
    page.get_by_role("button", name="All pipelines").click()
    expect(page.locator(f"studio-pipelines [data-run='{run['id']}']")).to_contain_text("6 results")


def test_a_run_that_ended_unseen_is_shown_as_it_is(served, room, recipe):
    run = served.post("pipelines/two-noises/runs", {"params": {"size": 20}, "seed": 7})["id"]
    page = room(f"pipelines?run={run}")
    steps = page.locator("studio-pipelines .s-p-step")
    expect(steps).to_have_count(2)
    page.evaluate("() => { location.hash = 'queue'; }")
    expect(page.locator("studio-queue")).to_be_visible()
    served.await_run(run)
    page.evaluate("run => { location.hash = `pipelines?run=${run}`; }", run)
    expect(steps.nth(1)).to_have_attribute("data-status", "done")


def test_wrong_recipe_names_the_line_and_is_not_saved(served, room, recipe):
    page = room("pipelines?edit=two-noises")
    area = page.get_by_label("The pipeline as TOML")
    expect(area).to_have_value(RECIPE)
    expect(page.get_by_text("This pipeline is fine.")).to_be_visible()
    save = page.get_by_role("button", name="Save as own")
    expect(save).to_be_enabled()
    area.fill(RECIPE.replace("sample.invert", "sample.inverse"))
    fault = page.locator("studio-pipelines .s-p-fault")
    expect(fault).to_contain_text("sample.inver")
    expect(fault).to_contain_text("Line 19")
    expect(save).to_be_disabled()
    area.fill(RECIPE.replace('title = "Two noises"', "title = "))
    expect(fault).to_contain_text("Line 1")


def test_own_pipeline_is_saved(served, room, recipe):
    page = room("pipelines?edit=two-noises")
    area = page.get_by_label("The pipeline as TOML")
    expect(area).to_have_value(RECIPE)
    area.fill(RECIPE.replace("Two noises", "Three noises"))
    page.get_by_label("Name", exact=True).fill("three-noises")
    page.get_by_role("button", name="Save as own").click()
    expect(page.get_by_role("heading", name="Three noises")).to_be_visible()
    assert served.get("pipelines/three-noises")["title"] == "Three noises"
    assert (served.home / "pipelines" / "three-noises.toml").exists()
