"""Plugins and the machine in a browser."""

import json
import struct

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser


def test_broken_plugin_says_why_and_the_others_work(room):
    page = room("system")
    broken = page.locator("studio-system [data-plugin='broken']")
    expect(broken).to_contain_text("Failed to load")
    expect(broken).to_contain_text("No module named 'a_library_that_is_not_here'")
    expect(broken).to_contain_text("pip install --force-reinstall broken-plugin")
    expect(page.locator("studio-system [data-plugin='sample']")).to_contain_text("sample.noise")


def test_a_generator_of_a_plugin_opens_its_form(room):
    page = room("system")
    page.locator("studio-system").get_by_role("button", name="sample.invert").click()
    card = page.locator("studio-chooser [data-key='sample.invert']")
    expect(card).to_have_attribute("aria-checked", "true")
    page.evaluate("() => { location.hash = 'system'; }")
    page.locator("studio-system").get_by_role("button", name="trial.train").click()
    expect(page.get_by_role("heading", name="Train a colour")).to_be_visible()


def test_machine_and_doctor(served, room):
    page = room("system?view=machine")
    expect(page.get_by_role("region", name="cpu")).to_contain_text("in use")
    expect(page.get_by_role("region", name="Disk")).to_contain_text("Library")
    page.get_by_role("tab", name="Doctor").click()
    row = page.locator("studio-system tr", has_text="plugin broken")
    expect(row).to_contain_text("pip install --force-reinstall broken-plugin")
    page.get_by_role("tab", name="About").click()
    expect(page.locator("studio-system")).to_contain_text(served.get("status")["version"])


def test_checkpoint_is_added_and_removed(served, room, tmp_path):
    path = tmp_path / "mine.safetensors"
    head = json.dumps({"w": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"x")
    page = room("system?view=checkpoints")
    field = page.get_by_label("Path of a file or folder, or a hub id")
    field.fill(str(tmp_path / "missing.safetensors"))
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("studio-system").get_by_role("alert")).to_contain_text("missing")
    field.fill(str(path))
    page.get_by_role("button", name="Add", exact=True).click()
    row = page.locator("studio-system tr", has_text="mine")
    expect(row).to_be_visible()
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    assert path.exists()  # it was never ours
