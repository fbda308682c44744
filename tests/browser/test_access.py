"""Who may come in, whether everybody can use it, and what outlives the server."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

TABS = ("create", "library", "queue", "pipelines", "train", "system")

pytestmark = pytest.mark.browser


IS_THERE = """(tab) => {
  const place = document.getElementById(`tab-${tab}`);
  const moves = document.getAnimations().some((one) => one.playState === "running"
    && one.effect?.getTiming().iterations !== Infinity);
  return place.innerText.trim() && !place.querySelector("[aria-busy=true]") && !moves;
}"""
"""A tab shows something, and nothing in it fades in any more: colours are as they will be."""


def find_axe():
    """axe-core comes with a package of test tools."""
    spec = find_spec("axe_playwright_python")
    return Path(spec.origin).with_name("axe.min.js") if spec and spec.origin else None


def list_violations(page):
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=str(find_axe()))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        (one["id"], one["nodes"][0]["html"][:160])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.skipif(find_axe() is None, reason="axe-playwright-python is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(served, open_page, scheme):
    page = open_page(served, color_scheme=scheme)
    found = {}
    for tab in TABS:
        page.evaluate("tab => { location.hash = tab; }", tab)
        page.wait_for_selector(f"#tab-{tab}", state="visible")
        page.wait_for_function(IS_THERE, arg=tab)
        found[tab] = list_violations(page)
    assert found == {tab: [] for tab in TABS}


def test_two_browsers_see_the_same_job(served, open_page):
    first = open_page(served, "#queue")
    second = open_page(served, "#create")
    job = served.submit("sample.noise", params={"steps": 5000, "delay": 0.05}, seed=5)
    served.await_status(job, "running")
    expect(first.locator("studio-running .s-is-busy")).to_be_visible()
    expect(second.locator("studio-running .s-is-busy")).to_be_visible()
    served.cancel_all()
    expect(second.locator("studio-running .s-is-busy")).to_have_count(0)


def test_a_killed_server_goes_on_with_the_same_jobs(served, open_page):
    requests = [
        {"generator": "sample.noise", "seed": seed, "params": {"steps": 20, "delay": 0.05}}
        for seed in range(6)
    ]
    jobs = served.post("batches", {"requests": requests})["jobs"]
    served.await_status(jobs[0], "running", "done")
    served.stop(signal.SIGKILL)
    served.start()
    page = open_page(served, "#queue")
    for job in jobs:
        served.await_status(job, "done")
    page.reload()
    assets = [served.get(f"jobs/{job}")["asset_ids"] for job in jobs]
    assert all(len(ids) == 1 for ids in assets) and len({ids[0] for ids in assets}) == 6


@pytest.fixture
def guarded(tmp_path_factory, sample_path, serve_home):
    """A server with one user."""
    home = tmp_path_factory.mktemp("guarded") / "home"
    command = [sys.executable, "-m", "studio.cli.main", "user", "add", "ann", "--admin"]
    subprocess.run(
        [*command, "--password-stdin"],
        env={**os.environ, "STUDIO_HOME": str(home)},
        input=b"correct horse\n",
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return serve_home(home, sample_path, is_cold=True)


def test_login_and_logout(guarded, chromium):
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(guarded.url)
    assert "/login" in page.url
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong horse")
    page.get_by_role("button").last.click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button").last.click()
    page.wait_for_selector("html[data-studio-ready]", state="attached", timeout=60_000)
    expect(page.locator("studio-user")).to_contain_text("ann")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login**")
    context.close()


def test_a_brick_material_for_godot_in_five_clicks(serve_home, open_page, tmp_path_factory):
    server = serve_home(tmp_path_factory.mktemp("clicks") / "home")
    page = open_page(server)
    for name in ("width", "height"):  # a small one, to be quick; the clicks are the same
        box = page.locator(f"#field-{name} input[type=number]")
        box.fill("128")
        box.press("Tab")
    page.wait_for_function(
        "() => JSON.parse(localStorage['studio-draft:textures.from_image'] ?? '{}')"
        ".params?.height === 128"
    )
    viewer = page.locator("studio-viewer:visible")
    page.locator(".s-generate:visible").click()  # 1: the form holds a sample brick wall
    expect(viewer.get_by_role("button", name="Send to")).to_be_visible(timeout=150_000)
    viewer.get_by_role("button", name="Send to").click()  # 2
    page.get_by_role("menuitem", name="PBR material").click()  # 3
    page.wait_for_selector("#field-material")
    expect(page.locator("studio-submit .s-generate")).to_be_enabled()
    page.locator(".s-generate:visible").click()  # 4
    godot = viewer.get_by_role("button", name="Godot")
    expect(godot).to_be_visible(timeout=90_000)
    with page.expect_download(timeout=60_000) as download:
        godot.click()  # 5
    assert download.value.suggested_filename.endswith(".zip")
