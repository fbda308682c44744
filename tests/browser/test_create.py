"""The tab "Create" in a real browser: from the first visit to a result, and what can go wrong."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

ROOT = Path(__file__).parents[2]
SPANISH = json.loads((files("studio.translations") / "es.json").read_text(encoding="utf-8"))
IMAGE = re.compile(f"^(Image|{SPANISH['Image']})$")
TILES = "studio-jobs .s-film-tile"
ROWS = "studio-jobs .s-job"

pytestmark = pytest.mark.browser


@pytest.fixture
def create(open_page, sample_server):
    """`create(generator="sample.noise", **context)`: the form of a generator."""

    def go(generator="sample.noise", **options):
        page = open_page(sample_server, "#create", **options)
        choose(page, generator)
        return page

    return go


def choose(page, generator):
    page.wait_for_selector("studio-chooser .s-card")
    card = page.locator(f'studio-chooser [data-key="{generator}"]')
    if not card.count():
        page.locator("studio-chooser").get_by_role("tab", name=IMAGE).click()
    if card.get_attribute("aria-checked") != "true":
        card.click()
    expect(page.locator("studio-submit .s-generate")).to_be_enabled()
    page.wait_for_function(
        "id => document.querySelector('studio-form')?.getAttribute('data').includes(id)",
        arg=json.dumps(generator),
    )


def fill(page, name, text):
    control = page.locator(f"#field-{name}").locator("textarea, input").first
    control.fill(text)
    control.blur()


def generate(page):
    page.locator("studio-submit .s-generate").click()


def await_draft(page, generator, name, value):
    """Wait until the page has taken in what was typed."""
    page.wait_for_function(
        "([id, name, value]) => "
        "JSON.parse(localStorage[`studio-draft:${id}`] ?? '{}').params?.[name] === value",
        arg=[generator, name, value],
    )


def make_slow(page, steps=1000):
    fill(page, "steps", str(steps))
    fill(page, "delay", "0.1")
    await_draft(page, "sample.noise", "steps", steps)
    await_draft(page, "sample.noise", "delay", 0.1)


def test_first_visit_to_result(open_page, sample_server):
    page = open_page(sample_server)
    expect(page.get_by_role("tab", name="Create")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("Your results appear here")).to_be_visible()
    choose(page, "sample.noise")
    page.keyboard.press("Control+Enter")
    expect(page.locator(TILES)).not_to_have_count(0)
    (job,) = sample_server.get("jobs")["items"]
    assert job["status"] == "done"
    asset = job["asset_ids"][0]
    expect(page.locator("#studio-create studio-viewer")).to_have_attribute("asset", asset)
    page.reload()
    expect(page.locator("#studio-create studio-viewer")).to_have_attribute("asset", asset)


def test_refresh_in_the_middle_of_a_job(create):
    page = create()
    make_slow(page)
    generate(page)
    row = page.locator(f'{ROWS}[data-status="running"]')
    expect(row.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"[1-9]"))
    expect(page.locator("studio-running")).to_contain_text("1 running")
    job = row.get_attribute("data-job")
    page.reload()
    again = page.locator(f'{ROWS}[data-job="{job}"]')
    expect(again.get_by_role("progressbar")).to_have_attribute(
        "aria-valuenow", re.compile(r"[1-9]")
    )
    again.get_by_role("button", name="Cancel").click()
    expect(again).to_have_count(0)


def test_cancel_by_key(create, sample_server):
    page = create()
    make_slow(page)
    generate(page)
    expect(page.locator(f'{ROWS}[data-status="running"]')).to_have_count(1)
    job = page.locator(ROWS).get_attribute("data-job")
    page.locator("studio-chooser [aria-checked=true]").focus()
    page.keyboard.press("Escape")
    expect(page.locator(ROWS)).to_have_count(0)
    assert sample_server.get(f"jobs/{job}")["status"] == "cancelled"


def test_bad_input_is_said_beside_its_field(create, sample_server):
    page = create()
    before = sample_server.get("jobs/counts")
    fill(page, "prompt", "x" * 2001)
    fault = page.locator("#field-prompt .s-fault")
    expect(fault).to_be_visible()
    expect(page.locator("#field-prompt textarea")).to_have_attribute("aria-invalid", "true")
    generate(page)
    expect(page.locator("#field-prompt textarea")).to_be_focused()
    assert sample_server.get("jobs/counts") == before
    fill(page, "prompt", "a red thing")
    expect(fault).to_have_count(0)


def test_what_is_said_below_a_choice_covers_nothing(create):
    page = create("sample.weights")
    box = page.locator("#field-weights")
    box.locator("input").first.fill("nobody has these")
    box.locator("input").first.press("Tab")
    fault = box.locator(".s-fault")
    expect(fault).to_be_visible()
    frame, said = box.bounding_box(), fault.bounding_box()
    assert said["y"] + said["height"] <= frame["y"] + frame["height"] + 1


def test_a_missing_input_is_said_at_its_slot(create):
    page = create("sample.blend")
    slot = page.locator("#slot-second")
    expect(slot.locator(".s-fault")).to_have_count(0)
    generate(page)
    expect(slot.locator(".s-fault")).to_be_visible()


def test_drafts_stay_when_looking_elsewhere(create):
    page = create()
    fill(page, "prompt", "kept « text »")
    choose(page, "sample.weights")
    page.wait_for_selector("#field-weights")
    choose(page, "sample.noise")
    expect(page.locator("#field-prompt textarea")).to_have_value("kept « text »")
    expect(page.locator("studio-history")).to_have_count(1)
    page.reload()
    expect(page.locator("#field-prompt textarea")).to_have_value("kept « text »")


def test_a_sweep_gives_a_labelled_sheet(create):
    page = create()
    page.get_by_role("button", name="Sweep").click()
    page.get_by_label("Rows: setting").select_option("colour")
    for name in ("Grey", "Green", "Blue"):
        page.locator("studio-sweep").get_by_role("button", name=name).click()
    expect(page.locator(".s-generate")).to_contain_text("Generate 2")
    generate(page)
    sheet = page.get_by_label("Contact sheet")
    expect(sheet.locator("tbody th")).to_have_text(["rgb", "red"])
    expect(sheet.locator(".s-film-tile")).to_have_count(2)


def test_an_order_fills_the_form(create):
    page = create()
    page.evaluate(
        """() => import('/static/core.js').then(({ order }) => order({ action: 'create',
        generator: 'sample.noise', params: { prompt: 'ordered', size: 48 }, seed: 77 }))"""
    )
    expect(page.locator("#field-prompt textarea")).to_have_value("ordered")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("77")


def test_presets_are_saved_and_taken(create):
    page = create()
    fill(page, "prompt", "of a preset")
    page.get_by_role("button", name="Presets: more").click()
    page.get_by_role("menuitem", name="Save these settings…").click()
    page.get_by_label("Name").fill('Quoted "name" 🧱')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Preset", exact=True)).to_contain_text('Quoted "name" 🧱')
    fill(page, "prompt", "changed")
    page.get_by_label("Preset", exact=True).select_option("")
    page.get_by_label("Preset", exact=True).select_option(label='Quoted "name" 🧱')
    expect(page.locator("#field-prompt textarea")).to_have_value("of a preset")


def test_a_preset_is_shared_as_text_and_pasted(create, open_page, sample_server):
    page = create()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fill(page, "prompt", "to be shared")
    page.get_by_role("button", name="Presets: more").click()
    page.get_by_role("menuitem", name="Copy as text to share").click()
    expect(page.locator(".studio-toast").last).to_contain_text("Copied")
    text = page.evaluate("() => navigator.clipboard.readText()").replace("mine", "pasted", 1)
    text = text.replace('"Mine"', '"Pasted one"')

    page = create("sample.invert")
    page.get_by_role("button", name="Presets: more").click()
    page.get_by_role("menuitem", name="Add from text…").click()
    dialog = page.get_by_role("dialog", name="Add a preset from text")
    box = dialog.get_by_label("Text of a preset")
    box.fill(text.replace("generator", "generater"))
    expect(dialog.locator(".s-fault")).to_contain_text("'generator'")
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    box.fill(text)
    expect(dialog.locator(".s-fault")).to_have_count(0)
    dialog.get_by_role("button", name="Add “Pasted one”").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#field-prompt textarea")).to_have_value("to be shared")
    assert {"pasted"} <= {one["name"] for one in sample_server.get("presets")["items"]}


PASTE = """([name, colour, size]) => {
  const put = (parts) => {
    const type = name.endsWith("png") ? "image/png" : "text/plain";
    const data = new DataTransfer();
    data.items.add(new File(parts, name, { type }));
    const options = { clipboardData: data, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new ClipboardEvent("paste", options));
  };
  if (size) return put([new Uint8Array(size)]);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 40;
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 40, 40);
  canvas.toBlob((blob) => put([blob]));
}"""
"""Paste a picture of a colour, or a file of so many zeros."""


def test_a_picture_is_pasted_into_the_form(create):
    page = create("sample.invert")
    slot = page.locator("studio-slot").first
    page.evaluate(PASTE, ["image.png", "teal", 0])
    expect(slot.locator(".s-slot-name")).to_contain_text("40 × 40")
    generate(page)
    expect(page.locator(TILES).first).to_be_visible()


def test_an_upload_that_is_refused_says_so_beside_the_slot(create, sample_server):
    page = create("sample.invert")
    slot = page.locator("studio-slot").first
    count = sample_server.get("assets/count")["count"]
    page.evaluate(PASTE, ["huge.png", "", 9 << 20])
    expect(slot.locator(".s-fault")).to_contain_text("too large; at most 8 MiB")
    page.evaluate(PASTE, ["words.txt", "", 3])
    expect(slot.locator(".s-fault")).not_to_contain_text("too large")
    page.evaluate(PASTE, ["broken.png", "", 3])
    expect(slot.locator(".s-fault")).to_contain_text("broken.png")
    assert sample_server.get("assets/count")["count"] <= count + 1  # the text is a good asset
    page.evaluate(PASTE, ["image.png", "olive", 0])
    expect(slot.locator(".s-slot-name")).to_contain_text("40 × 40")
    expect(slot.locator(".s-fault")).to_have_count(0)


def test_the_theme_follows_the_system_until_it_is_switched(open_page, sample_server):
    page = open_page(sample_server, color_scheme="dark")
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    page.get_by_role("button", name="Light theme").click()
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bdark\b"))
    page.reload()
    expect(page.get_by_role("button", name="Dark theme")).to_be_visible()
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bdark\b"))


def test_the_address_names_the_tab(open_page, sample_server):
    page = open_page(sample_server, "#queue")
    expect(page.get_by_role("tab", name="Queue")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="System").click()
    page.wait_for_function("location.hash === '#system'")
    page.go_back()
    expect(page.get_by_role("tab", name="Queue")).to_have_attribute("aria-selected", "true")


def test_help_lists_the_keys(open_page, sample_server):
    page = open_page(sample_server)
    page.wait_for_selector("studio-header button")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Generate")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_spanish(create):
    page = create(locale="es-ES")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    for text in ("Create", "Library", "Queue"):
        said = SPANISH.get(text, text)
        expect(page.get_by_role("tab", name=said, exact=True)).to_be_visible()
    expect(page.locator(".s-generate")).to_contain_text(SPANISH.get("Generate", "Generate"))
    fill(page, "prompt", "x" * 2001)
    expect(page.locator("#field-prompt .s-fault")).to_be_visible()
