"""The library in a real browser: find, choose, put in order, compare, import."""

import base64
import io
import json
import re
import zipfile
from urllib.parse import quote

import pytest
from PIL import Image

from studio.database import Database
from studio.media import MediaType
from studio.recipe import Recipe
from studio.store import NewAsset, Store

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

PATIENCE = 60_000
HOSTILE = "\"><img src=x onerror=alert(1)> 'q' 🧱 שלום {count}"
MANY = 5000
FAMILY = 200
TILE = "studio-library .s-lib-tile"

pytestmark = pytest.mark.browser


def draw(colour, size=(48, 48)):
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "png")
    return data.getvalue()


class Filler:
    """Puts assets straight into a home."""

    def __init__(self, home):
        home.mkdir()
        self.home, self.database = home, Database(home / "studio.db")
        self.store, self.number = Store(self.database, home), 0

    def add(self, title, colour="red", kind=MediaType.IMAGE, params=None, **rest):
        self.number += 1
        path = self.home / f"{self.number}.{'txt' if kind is MediaType.TEXT else 'png'}"
        path.write_bytes(
            draw(colour, (40 + self.number, 40)) if path.suffix == ".png" else b"words"
        )
        recipe = Recipe(
            generator="demo.paint", plugin="demo", plugin_version="1", params=params or {},
            seed=self.number,
        )  # fmt: skip
        return self.store.add(
            NewAsset(
                kind=kind, files={"main": path}, payload_hash=f"{self.number:064x}", title=title,
                recipe=recipe, **rest,
            )
        )  # fmt: skip

    def add_many(self, count):
        path = self.home / "one.png"
        path.write_bytes(draw("grey"))
        blobs = self.store.stage({"main": path})
        with self.database.transaction(durable=False) as connection:
            for i in range(count):
                new = NewAsset(
                    kind=MediaType.IMAGE, files={"main": path}, payload_hash=f"{i:064x}a"[-64:],
                    title=f"gravel {i}", tags=("bulk",),
                )  # fmt: skip
                self.store.insert(connection, new, blobs)


SCROLL = """async (last) => {
  const library = document.querySelector("studio-library");
  const box = library.querySelector(".s-lib-grid");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  let most = 0;
  for (const end = performance.now() + 60000; performance.now() < end;) {
    box.scrollTop += 4000;
    await frame();
    await frame();
    most = Math.max(most, library.querySelectorAll("*").length);
    const titles = [...library.querySelectorAll(".s-lib-tile-title")];
    if (titles.some((title) => title.textContent === last)) return most;
  }
  return 0;
}"""
"""Scroll to a title; the most elements that were there on the way, 0 if it never came."""


def find(server, words):
    return server.get(f"assets?text={quote(words)}")["items"]


@pytest.fixture(scope="module")
def server(tmp_path_factory, serve_home, plugin_path):
    fill = Filler(tmp_path_factory.mktemp("library") / "home")
    fill.add_many(MANY)
    for i, rating in enumerate([0, 3, 5]):
        asset = fill.add(
            f"brick wall {i}", params={"prompt": "bricks", "width": 64 + i, "mortar": 2}
        )
        fill.store.rate(asset.id, rating)
    fill.add("brick scan", kind=MediaType.TEXT)
    fill.add(HOSTILE, "blue", tags=("odd & <b>tag</b>",))
    parent = fill.add("moss parent", "green")
    child = fill.add("moss child", "lime", parents=(("image", parent.id),))
    fill.add("moss sheet", "olive", parents=(("pictures", child.id), ("pictures", parent.id)))
    for i in range(3):
        fill.add(f"slate {i}", "navy")
    for i in range(7):
        fill.add(f"tile {i}", "tan", params={"glaze": i, "size": 3})
    trunk = fill.add("tree trunk", "brown")
    for i in range(FAMILY // 10):
        branch = fill.add(f"tree branch {i}", "green", parents=(("image", trunk.id),))
        for k in range(9):
            fill.add(f"tree leaf {i} {k}", "lime", parents=(("image", branch.id),))
    fill.database.close()
    return serve_home(fill.home, plugin_path)


@pytest.fixture(scope="module")
def opened(server, chromium):
    """One page for all tests: loading it takes longer than most of them. And what it complained."""
    expect.set_options(timeout=PATIENCE)
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(error.message))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.goto(f"{server.url}#library?text=brick", timeout=3 * PATIENCE)
    yield page, faults
    context.close()


@pytest.fixture
def visit(opened):
    """`visit(address)`: the page at #library..., read anew; any script error fails."""
    page, faults = opened

    def go(address="library"):
        page.wait_for_function("document.querySelector('studio-library')?.source?.isFresh")
        page.evaluate(
            """async address => {
            location.hash = address;
            await new Promise(done => setTimeout(done, 100));
            await document.querySelector("studio-library").reload(); }""",
            address,
        )
        return page

    yield go
    assert faults == []


def tiles(page):
    return page.locator(TILE)


def drop(page, files):
    """Drop files, {name: bytes}, on the library."""
    coded = {name: base64.b64encode(data).decode() for name, data in files.items()}
    transfer = page.evaluate_handle(
        """files => { const all = new DataTransfer();
        for (const [name, data] of Object.entries(files))
          all.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name));
        return all; }""",
        coded,
    )
    page.dispatch_event("studio-library", "dragover", {"dataTransfer": transfer})
    page.dispatch_event("studio-library", "drop", {"dataTransfer": transfer})


def test_words_find_and_the_address_keeps_them(visit):
    page = visit("library?text=brick")
    expect(tiles(page)).to_have_count(4)
    page.get_by_label("Search the library").fill("bri wal")
    expect(tiles(page)).to_have_count(3)
    expect(page.locator(".s-lib-count")).to_have_text("3 found")
    assert "text=bri+wal" in page.url
    page.reload()
    expect(tiles(page)).to_have_count(3)
    expect(page.get_by_label("Search the library")).to_have_value("bri wal")


def test_nothing_found_says_what_to_leave_out(visit):
    page = visit("library?text=brick&rating=5&tag=never")
    expect(page.get_by_role("heading", name="Nothing is like this")).to_be_visible()
    page.get_by_role("button", name="Without #never").click()
    expect(tiles(page)).to_have_count(1)


def test_kind_and_rating_narrow(visit):
    page = visit("library?text=brick")
    expect(tiles(page)).to_have_count(4)
    page.get_by_role("navigation", name="Places").get_by_role("button", name="Images").click()
    expect(tiles(page)).to_have_count(3)
    page.get_by_role("button", name="Rating").first.click()
    page.get_by_role("button", name="★★★ and up", exact=True).click()
    expect(tiles(page)).to_have_count(2)
    page.get_by_role("button", name="Remove filter Images").click()
    expect(tiles(page)).to_have_count(2)
    assert "rating=3" in page.url
    assert "kind" not in page.url


def test_several_are_chosen_and_tagged(visit, server):
    page = visit("library?text=slate")
    expect(tiles(page)).to_have_count(3)
    tiles(page).nth(0).click()
    tiles(page).nth(2).click(modifiers=["Control"])
    expect(page.locator(".s-lib-bulk-count")).to_have_text("2 chosen")
    page.keyboard.press("t")
    page.get_by_placeholder("Tag, or a new one").fill("keeper")
    page.keyboard.press("Enter")
    expect(page.locator(".studio-toast").last).to_contain_text("keeper")
    tagged = [one["title"] for one in find(server, "slate") if "keeper" in one["tags"]]
    assert sorted(tagged) == ["slate 0", "slate 2"]


def test_keys_walk_choose_and_rate(visit, server):
    page = visit("library?text=slate")
    tiles(page).nth(0).click()
    page.keyboard.press("ArrowRight")
    expect(tiles(page).nth(1)).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(f"{TILE}[aria-selected=true]")).to_have_count(2)
    page.keyboard.press("4")
    expect(tiles(page).nth(2).locator(".s-lib-tile-rated")).to_have_text("★★★★")
    assert [one["rating"] for one in find(server, "slate")] == [0, 4, 4]
    page.keyboard.press("Escape")
    expect(page.locator(f"{TILE}[aria-selected=true]")).to_have_count(0)
    page.keyboard.press("Control+a")
    expect(page.locator(f"{TILE}[aria-selected=true]")).to_have_count(3)


def test_a_box_chooses_what_it_touches(visit):
    page = visit("library?text=slate")
    first, second = tiles(page).nth(0).bounding_box(), tiles(page).nth(1).bounding_box()
    page.mouse.move(second["x"] + 30, second["y"] + second["height"] + 40)
    page.mouse.down()
    page.mouse.move(first["x"] + 30, first["y"] + 30, steps=5)
    page.mouse.up()
    expect(page.locator(f"{TILE}[aria-selected=true]")).to_have_count(2)


def test_compare_writes_bold_what_differs(visit, server):
    ids = ",".join(one["id"] for one in find(server, "brick wall")[:2])
    page = visit(f"library?compare={ids}")
    table = page.get_by_role("table", name="What is the same and what is not")
    expect(table.locator("tr", has_text="width").locator("b")).to_have_text(["66", "65"])
    expect(table.locator("tr", has_text="mortar")).to_have_count(0)
    page.get_by_label("Only what differs").uncheck()
    expect(table.locator("tr", has_text="mortar")).to_have_count(1)
    expect(table.locator("tr", has_text="mortar").locator("b")).to_have_count(0)
    view = page.locator(".s-lib-pane-view").first
    view.hover()
    page.mouse.wheel(0, -400)
    panes = page.locator(".s-lib-pane-view > img").all()
    moved = [pane.evaluate("e => getComputedStyle(e).transform") for pane in panes]
    assert moved[0] == moved[1] != "none"
    page.keyboard.press("f")
    expect(page.locator(".s-lib-pane:visible")).to_have_count(1)


def test_lineage_draws_edges_and_opens(visit, server):
    parent = find(server, "moss parent")[0]["id"]
    page = visit(f"library?lineage={parent}")
    edges = page.locator("studio-lineage g[data-parent]")
    expect(edges).to_have_count(3)
    slots = sorted(edge.text_content() for edge in edges.all())
    assert slots == ["image", "pictures", "pictures"]
    page.get_by_role("button", name=re.compile("moss child")).click()
    expect(page).to_have_url(re.compile("open="))


def test_two_to_six_are_compared(visit, server):
    page = visit("library?text=tile")
    expect(tiles(page)).to_have_count(7)
    compare = page.get_by_role("toolbar", name="With the chosen assets").get_by_role(
        "button", name="Compare"
    )
    tiles(page).nth(0).click()
    expect(compare).to_be_hidden()
    for place in range(1, 6):
        tiles(page).nth(place).click(modifiers=["Control"])
        expect(compare).to_be_visible()
    tiles(page).nth(6).click(modifiers=["Control"])
    expect(compare).to_be_hidden()
    tiles(page).nth(6).click(modifiers=["Control"])
    compare.click()
    expect(page.locator(".s-lib-pane:visible")).to_have_count(6)
    table = page.get_by_role("table", name="What is the same and what is not")
    expect(table.locator("tr", has_text="glaze").locator("b")).to_have_count(6)
    expect(table.locator("tr", has_text="size")).to_have_count(0)
    boxes = [pane.bounding_box() for pane in page.locator(".s-lib-pane").all()]
    assert all(box["width"] > 150 and box["x"] >= 0 and box["x"] + box["width"] <= 1280
               for box in boxes)  # fmt: skip


def test_a_family_of_two_hundred_is_drawn(visit, server):
    trunk = find(server, "tree trunk")[0]["id"]
    page = visit(f"library?lineage={trunk}")
    nodes = page.locator("studio-lineage .s-lib-node")
    expect(nodes).to_have_count(FAMILY + 1)
    expect(page.locator("studio-lineage g[data-parent]")).to_have_count(FAMILY)
    places = {node.get_attribute("style") for node in nodes.all()}
    assert len(places) == FAMILY + 1, "no two in one place"
    page.get_by_role("button", name="Larger").click()
    page.locator(".s-lib-node.s-lib-here").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".s-lib-node:focus")).to_contain_text("tree branch")


def test_what_is_chosen_is_exported_as_a_bundle(visit, server):
    page = visit("library?text=moss sheet")
    tiles(page).first.click()
    with page.expect_download() as waiting:
        page.get_by_role("toolbar", name="With the chosen assets").get_by_role(
            "button", name="Export"
        ).click()
    with zipfile.ZipFile(waiting.value.path()) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
    titles = {one["title"] for one in manifest["assets"]}
    assert titles == {"moss parent", "moss child", "moss sheet"}


def test_a_thousand_chosen_are_one_bundle(visit, server):
    page = visit("library?tag=bulk")
    ids = [one["id"] for one in server.get("assets?tag=bulk&limit=1000")["items"]]
    with page.expect_download() as waiting:
        page.evaluate(
            "ids => document.querySelector('studio-library').actions.exportBundle(ids)", ids
        )
    with zipfile.ZipFile(waiting.value.path()) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
    assert len(manifest["assets"]) == len(ids) == 1000


def test_a_picture_is_pasted_into_the_library(visit, server):
    page = visit()
    page.evaluate(
        """bytes => { const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], "pasted agate.png"));
        document.body.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: data, bubbles: true })); }""",
        list(draw("purple", (33, 44))),
    )
    expect(page.locator(TILE, has_text="pasted agate")).to_have_count(1)
    assert len(find(server, "agate")) == 1


def test_a_dropped_broken_file_says_why(visit, server):
    page = visit()
    drop(page, {"zebra.png": draw("black"), "broken.png": b"not a picture"})
    queue = page.get_by_role("region", name="Import")
    expect(queue.locator("strong")).to_have_text("1 imported, 1 refused")
    why = queue.locator("li", has_text="broken.png").locator(".s-lib-import-note").inner_text()
    assert "broken.png" in why or "picture" in why
    expect(page.locator(TILE, has_text="zebra")).to_have_count(1)
    assert len(find(server, "zebra")) == 1


def test_maps_become_one_texture(visit, server):
    page = visit()
    drop(page, {"quartz_Color.png": draw("white"), "quartz_Roughness.png": draw("grey")})
    queue = page.get_by_role("region", name="Import")
    expect(queue.locator("li")).to_contain_text("Texture of 2 maps")
    assert [one["kind"] for one in find(server, "quartz")] == ["texture"]


def test_trash_can_be_undone(visit, server):
    page = visit("library?text=brick scan")
    tiles(page).first.click()
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="Nothing is like this")).to_be_visible()
    assert find(server, "brick scan") == []
    page.locator(".studio-toast").get_by_role("button", name="Undo").last.click()
    expect(tiles(page)).to_have_count(1)
    assert len(find(server, "brick scan")) == 1


def test_a_collection_gathers_and_is_deleted(visit, server):
    page = visit("library?text=moss")
    tiles(page).first.click()
    page.get_by_role("button", name="Collection").last.click()
    page.get_by_role("button", name="New collection").last.click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Forest Level")
    page.keyboard.press("Enter")
    place = page.locator("[data-collection='forest level']")
    expect(place).to_contain_text("1")
    place.hover()
    expect(place.locator(".s-lib-entry-text")).to_have_text("Forest Level")
    place.get_by_role("button", name="Collection Forest Level").click()
    page.get_by_role("button", name="Delete, keep the assets").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(place).to_have_count(0)
    assert len(find(server, "moss")) == 3


def test_five_thousand_scroll_in_a_bounded_page(visit):
    page = visit("library?tag=bulk")
    box = page.locator(".s-lib-grid")
    expect(page.locator(".s-lib-count")).to_have_text("5,000 found")
    most = page.evaluate(SCROLL, "gravel 0")
    assert 0 < most < 1500
    box.evaluate("e => { e.scrollTop = 0; }")
    expect(tiles(page).first).to_contain_text(f"gravel {MANY - 1}")


def test_a_hostile_title_is_text(visit):
    page = visit("library?text=🧱 שלום")
    expect(tiles(page).first.locator(".s-lib-tile-title")).to_have_text(HOSTILE)
    tiles(page).first.hover()
    expect(page.locator(".s-lib-tile-tag")).to_have_text("odd & <b>tag</b>")
    assert page.locator("img[src=x]").count() == 0


def test_it_is_all_there_after_a_restart(visit, server):
    page = visit("library?text=brick&rating=5")
    expect(tiles(page)).to_have_count(1)
    server.restart()
    page.reload()
    expect(tiles(page)).to_have_count(1)
    expect(tiles(page).locator(".s-lib-tile-rated")).to_have_text("★★★★★")


def test_an_opened_asset_stays_when_create_shows_another(visit, server):
    wall, other = (one["id"] for one in find(server, "slate")[:2])
    page = visit(f"library?open={wall}")
    viewer = page.locator("studio-library studio-viewer")
    expect(viewer.locator(".s-v-title")).to_be_visible()
    page.evaluate("id => import('/static/core.js').then(({ show }) => show(id))", other)
    expect(page.locator("#studio-create studio-viewer")).to_have_attribute("asset", other)
    expect(viewer).to_have_attribute("asset", wall)
    expect(page).to_have_url(re.compile(wall))
