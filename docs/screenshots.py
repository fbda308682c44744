"""Take a picture of every tab, light and dark, at three sizes, into docs/screenshots/.

It starts a studio on a new home, makes real textures in it, and looks at them with Chromium
(`STUDIO_CHROMIUM` names another one).
"""

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from studio import Asset, Studio

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "screenshots"
SAMPLES = {"cobble": "Stone paving", "planks": "Planks", "grass": "Meadow", "brick": "Brick wall"}
WAITING = ("flow.sprite", "flow.texture", "gan.texture", "music.lstm", "flow.texture")
TABS = ("create", "library", "pipelines", "train", "system")
SIZES = {"": (1280, 800, 120_000), "-1920": (1920, 1080, 120_000), "-1024": (1024, 768, 80_000)}
"""End of the name -> width and height of the window, and bytes that a picture may have."""

PATIENCE = 120_000
IS_COMPLETE = """() => !document.querySelector("[aria-busy=true]")
  && [...document.images].every((image) => image.complete || image.loading === "lazy")"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]


def make_home(home: Path) -> None:
    """Fill a library: textures of four surfaces, a material of each, a run, a training, an export.

    The last thing made is what the tab "Create" shows.
    """
    with Studio(home) as studio:
        pictures = {name: import_sample(studio, name) for name in SAMPLES}
        training = {"steps": 24, "channels": 16, "blocks": 2, "drawn": 4, "batch": 4}
        studio.generate("upscale.train", inputs={"pictures": [*pictures.values()]}, params=training)
        studio.run_pipeline(
            "material-from-photo",
            inputs={"photo": pictures["cobble"]},
            size=256,
            material="stone",
        )
        for name in SAMPLES:
            made = studio.generate(
                "textures.from_image",
                inputs={"image": pictures[name]},
                seed=3,
                count=3,
                width=256,
                height=256,
            )
            studio.assets.rate(made[0].id, 5)
            (material,) = studio.generate("textures.pbr", inputs={"albedo": made[0]})
            if name == "cobble":
                studio.generate("textures.export", inputs={"material": material}, engine="godot")


def import_sample(studio: Studio, name: str) -> Asset:
    """Take a sample of the page into a library."""
    picture = ROOT / "assets" / "ui" / f"sample-{name}.webp"
    return studio.assets.import_file(picture, title=SAMPLES[name], tags=("surface", name))


def fill_queue(url: str) -> None:
    """Let jobs wait, paused: a queue that looks like one, and stays as it is."""
    for seed, generator in enumerate(WAITING):
        post(url, "jobs", {"generator": generator, "seed": seed, "priority": "normal"})
    post(url, "jobs/pause", {"all": True})


def post(url: str, path: str, body: dict[str, object]) -> None:
    """Ask the server for something."""
    headers = {"Content-Type": "application/json", "X-Studio": "1"}
    request = urllib.request.Request(f"{url}api/v1/{path}", json.dumps(body).encode(), headers)
    urllib.request.urlopen(request, timeout=60).close()


def start_server(home: Path) -> tuple["subprocess.Popen[str]", str]:
    """Serve a home; return the process and the address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "studio.cli.main", "serve", "--no-open", "--port", "0"],
        env={**os.environ, "STUDIO_HOME": str(home), "STUDIO_LANGUAGE": "en"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://\S+", line)
        if found:
            return process, found[0]
    raise SystemExit("the server did not start")


def take(browser: Browser, url: str, scheme: str, ending: str, tabs: Sequence[str]) -> list[str]:
    """Look at tabs in one theme, at one size; return what the page complained of."""
    width, height, largest = SIZES[ending]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(f"error: {error.message}"))
    page.on(
        "console",
        lambda line: (
            line.type in ("error", "warning")
            and "GL Driver Message" not in line.text  # taking a picture of WebGL is slow
            and said.append(f"{line.type}: {line.text} ({line.location})")
        ),
    )
    page.goto(f"{url}#create", timeout=PATIENCE)
    page.wait_for_selector("html[data-studio-ready]", state="attached", timeout=PATIENCE)
    page.wait_for_selector(".s-fields .s-field", timeout=PATIENCE)
    for tab in tabs:
        page.evaluate("tab => { location.hash = tab; }", tab)
        page.wait_for_selector(f"#tab-{tab}", state="visible", timeout=PATIENCE)
        save(settle(page), OUT / f"{tab}-{scheme}{ending}.webp", largest)
    context.close()
    return said


def settle(page: Page) -> bytes:
    """Return a picture of the page once nothing in it moves any more."""
    before = b""
    for _ in range(40):
        page.wait_for_timeout(800)
        now = page.screenshot()
        if now == before and page.evaluate(IS_COMPLETE):
            return now
        before = now
    return before  # something in it never rests


def save(data: bytes, path: Path, largest: int) -> None:
    """Write a picture, as small as it must be."""
    picture = Image.open(io.BytesIO(data))
    for quality in (88, 80, 70, 60, 45, 30):
        picture.save(path, quality=quality, method=6)
        if path.stat().st_size <= largest:
            return
    raise SystemExit(f"{path}: {path.stat().st_size} bytes are too many")


def main() -> None:
    """Make the home, serve it, take the pictures."""
    OUT.mkdir(exist_ok=True)
    chromium = os.environ.get("STUDIO_CHROMIUM", "/usr/bin/chromium")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "home"
        if not (home / "studio.db").exists():
            make_home(home)
        process, url = start_server(home)
        said: set[str] = set()
        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
                for tabs in (TABS, ("queue",)):
                    if tabs != TABS:
                        fill_queue(url)
                    for ending, scheme in product(SIZES, ("light", "dark")):
                        said.update(take(browser, url, scheme, ending, tabs))
                browser.close()
        finally:
            process.terminate()
            process.wait(30)
        if said:
            raise SystemExit("the page complained:\n" + "\n".join(sorted(said)))


if __name__ == "__main__":
    main()
