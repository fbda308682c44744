"""The viewer in a real browser: each kind is shown, judged, sent on, trashed and brought back."""

import io
import json
import re
import runpy
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

mido = pytest.importorskip("mido")
sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.browser

FILES = runpy.run_path(str(Path(__file__).with_name("viewer_files.py")))["FILES"]
HOSTILE = "<img src=x onerror=alert(1)> 'q' 🧱 שלום"


def upload(served, name, data):
    """Send a file as a browser does; returns the asset."""
    edge = "a-line-that-no-file-has"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    request = urllib.request.Request(
        f"{served.url}api/v1/assets",
        head.encode() + data + f"\r\n--{edge}--\r\n".encode(),
        {"Content-Type": f"multipart/form-data; boundary={edge}", "X-Studio": "1"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["items"][0]


def make(served, generator, **call):
    job = served.await_status(served.submit(generator, **call), "done", "failed")
    assert job["status"] == "done", job["error"]
    return served.get(f"assets/{job['asset_ids'][0]}")


@pytest.fixture(scope="module")
def library(served):
    """name -> asset: a file of each kind, a noise, its negative, a material."""
    assets = {name: upload(served, *file) for name, file in FILES.items()}
    assets["noise"] = make(served, "sample.noise", seed=3)
    assets["negative"] = make(served, "sample.invert", inputs={"image": [assets["noise"]["id"]]})
    assets["material"] = make(served, "sample.material", seed=2)
    return assets


RESET = """() => {
  localStorage.clear();
  document.querySelector("#studio-create studio-viewer").removeAttribute("asset");
  document.querySelector("#studio-toasts")?.replaceChildren();
  location.hash = "create";
}"""


@pytest.fixture(scope="module")
def desk(served, keep_page):
    """A page for all tests that need no other, and what it complained of."""
    return keep_page(served, "#create")


@pytest.fixture
def opened(desk, library):
    """`opened("image")`: the viewer of an asset in the page; nothing is left of another test."""
    page, faults = desk
    page.evaluate(RESET)

    def open_asset(name, names=None):
        ids = [library[one]["id"] for one in names] if names else None
        page.evaluate(
            "([id, list]) => import('/static/core.js').then(({ show }) => show(id, { list }))",
            [library[name]["id"], ids],
        )
        viewer = page.locator("#studio-create studio-viewer")
        expect(viewer.locator(".s-v-title")).to_have_value(library[name]["title"])
        expect(viewer).not_to_have_attribute("aria-busy", "true")
        return viewer

    yield open_asset
    assert faults == []


def shoot(canvas):
    data = io.BytesIO(canvas.screenshot(animations="disabled"))
    return np.asarray(Image.open(data).convert("RGB"), np.int16)


def is_drawn(pixels):
    return pixels.std() > 5


def look(canvas, is_right=is_drawn):
    """Pixels of a canvas, as the screen has them, once it rests and is as it should be."""
    end = time.monotonic() + 60
    before = shoot(canvas)
    while True:
        canvas.page.wait_for_timeout(80)
        now = shoot(canvas)
        rests = now.shape == before.shape and (now == before).all()
        if (rests and is_right(now)) or time.monotonic() > end:
            return now
        before = now


def look_anew(canvas, old):
    """Pixels of a canvas that something changed."""
    now = look(canvas, lambda now: now.shape != old.shape or (now != old).any())
    assert now.shape != old.shape or (now != old).any(), "the picture is still the same"
    return now


def switch(viewer, name):
    viewer.get_by_role("radio", name=name, exact=True).check(force=True)


def await_change(canvas, old, least, share):
    """Pixels of a canvas once more than `share` of them differ by more than `least`."""

    def is_changed(now):
        return now.shape == old.shape and (np.abs(now - old) > least).mean() > share

    now = look(canvas, is_changed)
    assert is_changed(now)
    return now


class TestImage:
    def test_zooms_and_tells_colours(self, opened):
        viewer = opened("image")
        canvas, figures = viewer.locator(".s-v-picture canvas"), viewer.locator(".s-v-figures").last
        look(canvas)  # until the page stands, the fit is that of another place
        fitted = figures.inner_text()
        viewer.get_by_role("button", name="1:1").click()
        expect(figures).to_have_text("100 %")
        canvas.focus()
        canvas.press("+")
        expect(figures).to_have_text("125 %")
        canvas.press("f")
        expect(figures).to_have_text(fitted)
        box = canvas.bounding_box()
        canvas.page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2 + 1)
        expect(viewer.locator(".s-v-readout")).to_have_text("16, 16  #808040")
        canvas.page.mouse.wheel(0, -400)
        expect(figures).not_to_have_text(fitted)

    def test_small_pixels_stay_square(self, opened):
        """Magnified, a picture shows its own colours only, none in between."""
        seen = look(opened("image").locator(".s-v-picture canvas"))
        middle = seen[seen.shape[0] // 2, 8:-8]
        inside = middle[middle[:, 2] == 64]
        assert len(inside) > 200
        assert set(np.unique(inside[:, 0])) <= set(range(0, 256, 8))

    def test_tiles_change_the_picture_and_shift_it(self, opened):
        viewer = opened("image")
        canvas = viewer.locator(".s-v-picture canvas")
        seen = look(canvas)
        switch(viewer, "Tiles")
        seen = look_anew(canvas, seen)
        viewer.get_by_label("Copies").fill("8")
        seen = look_anew(canvas, seen)
        viewer.get_by_role("checkbox", name="Half shift").check()
        look_anew(canvas, seen)

    def test_before_and_after_slides_by_key_and_mouse(self, opened):
        viewer = opened("negative")
        switch(viewer, "Before / after")
        handle = viewer.get_by_role("slider", name="Before and after")
        canvas = viewer.locator(".s-v-picture canvas")
        halves = look(canvas)
        handle.focus()
        handle.press("End")
        expect(handle).to_have_attribute("aria-valuenow", "100")
        before = look_anew(canvas, halves)
        handle.press("Home")
        after = look_anew(canvas, before)
        middle = before.shape[0] // 2
        span = slice(before.shape[1] // 2 - 60, before.shape[1] // 2 - 30)
        total = before[middle, span] + after[middle, span]
        assert np.abs(total - 255).max() <= 4  # the negative of each other
        assert (halves != before).any() and (halves != after).any()
        handle.press("Shift+ArrowRight")
        expect(handle).to_have_attribute("aria-valuenow", "10")
        box, stage = handle.bounding_box(), viewer.locator(".s-v-stage").bounding_box()
        mouse = handle.page.mouse
        mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
        mouse.down()
        mouse.move(stage["x"] + stage["width"] * 0.75, box["y"] + 40, steps=3)
        mouse.up()
        expect(handle).to_have_attribute("aria-valuenow", "75")

    def test_strip_plays_as_a_flipbook(self, opened):
        viewer = opened("strip")
        switch(viewer, "Flipbook")
        frame = viewer.locator(".s-v-flip output").first
        viewer.get_by_role("button", name="Frame on").click()  # pauses as well
        expect(frame).to_have_text(re.compile("^[1-4] / 4$"))
        seen = frame.inner_text()
        viewer.get_by_role("button", name="Frame back").click()
        expect(frame).not_to_have_text(seen)


class TestMaterial:
    def test_is_lit_and_turns_and_changes(self, opened):
        viewer = opened("material")
        canvas = viewer.locator("canvas.s-v-lit")
        expect(viewer.locator(".s-v-veil")).to_have_count(0, timeout=60_000)
        sphere = look(canvas, lambda now: now.std() > 8)
        assert sphere.std() > 8, "the canvas is blank"
        height, width, _ = sphere.shape
        assert sphere[height // 2, width // 2].sum() > sphere[8, 8].sum() + 60
        for change in ("Cube", "Bright"):
            switch(viewer, change)
            sphere = await_change(canvas, sphere, 20, 0.05)
        viewer.get_by_role("checkbox", name="Base colour").uncheck()
        await_change(canvas, sphere, 6, 0.02)

    def test_shows_each_map(self, opened, library):
        viewer = opened("material")
        switch(viewer, "Maps")
        buttons = viewer.locator(".s-v-maps button")
        expect(buttons).to_have_count(len(library["material"]["files"]))
        canvas, seen = viewer.locator(".s-v-picture canvas"), None
        for place in range(2):
            buttons.nth(place).click()
            expect(canvas).to_have_attribute("aria-label", buttons.nth(place).inner_text())
            seen = look(canvas) if seen is None else look_anew(canvas, seen)

    def test_without_webgl_the_thumbnail_is_shown(self, room, library):
        page = room("queue")
        page.add_init_script(
            "const get = HTMLCanvasElement.prototype.getContext;"
            "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
            " return kind === 'webgl2' ? null : get.call(this, kind, ...rest); }"
        )
        page.reload()
        page.goto(f"{page.url.split('#')[0]}#library?open={library['material']['id']}")
        viewer = page.locator("studio-library studio-viewer")
        expect(viewer.get_by_text("This browser has no WebGL2")).to_be_visible()
        expect(viewer.locator("img.s-v-fallback")).to_be_visible()


class TestSound:
    def test_wave_is_drawn_marked_and_looped(self, opened):
        viewer = opened("audio")
        canvas = viewer.locator("canvas.s-v-wave")
        expect(canvas).to_have_attribute("aria-valuemax", "1.00")
        plain = look(canvas)
        assert plain.std() > 5
        box = canvas.bounding_box()
        mouse = canvas.page.mouse
        mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 40)
        mouse.down()
        mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 40, steps=4)
        mouse.up()
        expect(viewer.locator(".s-v-readout")).to_contain_text("Marked 0:00.2")
        expect(viewer.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
        canvas.focus()
        canvas.press("End")
        expect(canvas).to_have_attribute("aria-valuenow", "1.00")
        canvas.press("s")
        look_anew(canvas, plain)

    def test_roll_has_notes_and_plays(self, opened):
        viewer = opened("score")
        canvas = viewer.locator("canvas.s-v-roll")
        expect(canvas).to_have_attribute("data-notes", "16")
        assert look(canvas).std() > 5
        expect(viewer.locator(".s-v-legend")).to_contain_text("Lead")
        viewer.get_by_role("checkbox", name="Kit").uncheck()
        canvas.focus()
        canvas.press(" ")
        expect(viewer.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "true")
        expect(canvas).not_to_have_attribute("aria-valuenow", "0.00")
        canvas.press(" ")


class TestWords:
    def test_text_is_read_and_compared(self, opened, library):
        viewer = opened("text")
        expect(viewer.locator(".s-v-read strong")).to_have_text("hens")
        expect(viewer.locator(".s-v-read")).to_contain_text("<script>alert(1)</script>")
        switch(viewer, "Changes")
        viewer.get_by_label("Compare with").select_option(library["other"]["id"])
        expect(viewer.locator(".s-v-line.s-v-new")).to_have_count(3)
        expect(viewer.locator(".s-v-line.s-v-old mark").first).to_have_text("Blue")

    def test_report_is_a_table(self, opened):
        viewer = opened("report")
        expect(viewer.locator(".s-v-report table").last).to_contain_text("0.25")
        expect(viewer.locator(".s-v-report")).to_contain_text("<b>")

    def test_archive_lists_its_files_and_shows_a_picture(self, opened):
        viewer = opened("archive")
        expect(viewer.locator(".s-v-files")).to_contain_text("brick/readme.txt")
        picture = viewer.locator(".s-v-peek img")
        expect(picture).to_be_visible()
        assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 32


class TestAround:
    def test_keys_rate_and_step_through_a_list(self, opened, served, library):
        viewer = opened("image", ["image", "noise", "negative"])
        expect(viewer.locator(".s-v-steps")).to_contain_text("1 of 3")
        page = viewer.page
        page.keyboard.press("4")
        expect(viewer.get_by_role("button", name="4 of 5 stars")).to_have_attribute(
            "aria-pressed", "true"
        )
        page.keyboard.press("ArrowRight")
        expect(viewer.locator(".s-v-steps")).to_contain_text("2 of 3")
        expect(viewer.locator(".s-v-title")).to_have_value(library["noise"]["title"])
        end = time.monotonic() + 60
        while served.get(f"assets/{library['image']['id']}")["rating"] != 4:
            assert time.monotonic() < end, "it is on the page, but was not kept"
            time.sleep(0.1)
        assert served.get(f"assets/{library['noise']['id']}")["rating"] == 0

    def test_title_tags_and_notes_are_kept(self, opened, served, library):
        viewer = opened("other")
        viewer.get_by_label("Title").fill(HOSTILE)
        viewer.get_by_label("Title").press("Enter")
        viewer.get_by_label("Add a tag").fill("keep me")
        viewer.get_by_label("Add a tag").press("Enter")
        expect(viewer.locator(".s-v-tag")).to_have_text("keep me")
        viewer.get_by_role("textbox", name="Notes").fill("for the tower")
        viewer.get_by_label("Title").focus()
        wanted, end = [HOSTILE, ["keep me"], "for the tower"], time.monotonic() + 60
        while True:
            asset = served.get(f"assets/{library['other']['id']}")
            kept = [asset[k] for k in ("title", "tags", "notes")]
            if kept == wanted or time.monotonic() > end:
                break
            time.sleep(0.1)
        assert kept == wanted
        viewer.get_by_role("button", name="Take the tag keep me away").click()
        expect(viewer.locator(".s-v-tag")).to_have_count(0)

    def test_send_to_fills_the_form(self, opened, library):
        viewer = opened("image")
        viewer.get_by_role("button", name="Send to").click()
        viewer.get_by_role("menuitem", name="Invert").click()
        form = viewer.page.locator("#studio-create studio-slots")
        expect(form.locator(f"img[src*='{library['image']['id']}']").first).to_be_visible()

    def test_send_to_a_trainer_leads_to_its_pictures(self, opened, library):
        viewer = opened("image")
        viewer.get_by_role("button", name="Send to").click()
        viewer.get_by_role("menuitem", name="Train a colour").click()
        expect(viewer.page).to_have_url(re.compile(r"#train\?trainer=trial\.train"))
        expect(viewer.page.locator("studio-train .s-t-tile img")).to_have_attribute(
            "src", re.compile(library["image"]["id"])
        )

    def test_lineage_leads_to_the_parent(self, opened, library):
        viewer = opened("negative")
        viewer.locator(".s-v-lineage-strip .s-v-kin button").first.click()
        expect(viewer.locator(".s-v-title")).to_have_value(library["noise"]["title"])

    def test_imported_asset_says_why_it_cannot_be_repeated(self, opened):
        viewer = opened("image")
        press = viewer.get_by_role("button", name="More like this")
        expect(press).to_have_attribute("aria-disabled", "true")
        press.click(force=True)
        expect(viewer.page.locator("#studio-toasts")).to_contain_text("It was imported")

    def test_more_like_this_and_reproduce(self, opened, served):
        viewer = opened("noise")
        viewer.get_by_role("button", name="Reproduce").click()
        expect(viewer.locator(".s-v-notice")).to_contain_text(
            "every bit is the same", timeout=60_000
        )
        before = served.get("assets/count?generator=sample.noise")["count"]
        viewer.get_by_role("button", name="More like this").click()
        expect(viewer.locator(".s-v-steps")).to_contain_text("1 of 5", timeout=60_000)
        assert served.get("assets/count?generator=sample.noise")["count"] == before + 4

    def test_trash_can_be_undone(self, opened, served, library):
        viewer = opened("strip")
        viewer.get_by_role("button", name="Move to trash").click()
        expect(viewer.locator(".s-v-notice")).to_contain_text("This is in the trash")
        assert served.get(f"assets/{library['strip']['id']}")["trashed"]
        viewer.page.locator("#studio-toasts").get_by_role("button", name="Undo").click()
        expect(viewer.locator(".s-v-notice")).to_be_hidden()
        assert not served.get(f"assets/{library['strip']['id']}")["trashed"]

    def test_missing_asset_is_said(self, served, chromium):
        page = chromium.new_page()  # the refused request is in the console, as it should be
        page.goto(f"{served.url}#library?open=01aaaaaaaaaaaaaaaaaaaaaaaa")
        viewer = page.locator("studio-library studio-viewer")
        expect(viewer).to_contain_text("It is no longer here", timeout=60_000)
        page.close()

    def test_export_is_one_click(self, opened, served):
        if "textures.export" not in {one["id"] for one in served.get("generators")["items"]}:
            pytest.skip("no generator exports materials")
        viewer = opened("material")
        with viewer.page.expect_download(timeout=60_000) as download:
            viewer.get_by_role("button", name="Download for Godot").click()
        assert download.value.suggested_filename.endswith(".zip")


class TestKeys:
    """Comparing and lineage by keyboard alone."""

    def test_compare(self, desk, library):
        page, faults = desk
        ids = [library[name]["id"] for name in ("image", "noise", "negative")]
        page.evaluate("ids => { location.hash = `library?compare=${ids}`; }", ",".join(ids))
        panes = page.locator("studio-compare .s-lib-pane")
        expect(panes).to_have_count(3)
        page.get_by_role("button", name="Flip A / B").focus()
        for _ in range(4):  # Fit, 100 %, only what differs, the first picture
            page.keyboard.press("Tab")
        expect(panes.nth(0)).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(panes.nth(1)).to_be_focused()
        compare = page.locator("studio-compare")
        page.keyboard.press("+")
        expect(compare).to_have_class(re.compile("s-lib-zoomed"))
        page.keyboard.press("Shift+ArrowLeft")
        assert float(compare.evaluate("e => parseFloat(e.style.getPropertyValue('--x'))")) > 0
        page.keyboard.press("f")
        page.keyboard.press("c")
        expect(page.locator("studio-compare .s-lib-pane:visible")).to_have_count(1)
        expect(panes.nth(2)).to_be_focused()
        page.keyboard.press("Enter")
        viewer = page.locator("studio-library studio-viewer")
        expect(viewer.locator(".s-v-title")).to_have_value(library["negative"]["title"])
        page.keyboard.press("Escape")
        expect(compare).to_be_visible()
        page.keyboard.press("Escape")
        expect(compare).to_have_count(0)
        assert faults == []

    def test_lineage(self, desk, library):
        page, faults = desk
        noise, negative = (library[name]["id"] for name in ("noise", "negative"))
        page.evaluate("id => { location.hash = `library?lineage=${id}`; }", noise)
        here = page.locator(f"studio-lineage [data-id='{noise}']")
        expect(here).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(page.locator(f"studio-lineage [data-id='{negative}']")).to_be_focused()
        assert page.locator("studio-lineage .s-lib-node[tabindex='0']").count() == 1
        page.keyboard.press("Enter")
        viewer = page.locator("studio-library studio-viewer")
        expect(viewer.locator(".s-v-title")).to_have_value(library["negative"]["title"])
        page.keyboard.press("Escape")
        expect(page.locator("studio-lineage")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("studio-lineage")).to_have_count(0)
        assert faults == []
