"""Training in a browser: from pictures to a checkpoint in use."""

import re

import pytest
from PIL import Image

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser


@pytest.fixture
def pictures(tmp_path):
    """A folder: two pictures, one of them twice, and a file that is none."""
    folder = tmp_path / "shots"
    folder.mkdir()
    Image.new("RGB", (128, 100), "red").save(folder / "red.png")
    Image.new("RGB", (128, 100), "red").save(folder / "red again.png")
    Image.new("RGB", (40, 40), "blue").save(folder / "blue.png")
    (folder / "broken.png").write_bytes(b"no picture at all")
    return folder


def fill_in(page, pictures):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a folder").click()
    chooser.value.set_files(str(pictures))
    report = page.locator("studio-train .s-t-report")
    expect(report).to_contain_text("2 pictures")
    expect(report).to_contain_text("1 were given twice")
    expect(report).to_contain_text("1 are smaller than 96 px")
    expect(report).to_contain_text("broken.png")
    page.get_by_label("Licence of the pictures").fill("CC0-1.0")


def test_training_makes_a_checkpoint_that_is_used(served, room, pictures):
    page = room("train")
    page.get_by_role("button", name="Train with Train a colour").click()
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()
    fill_in(page, pictures)
    delay = page.locator("#train-delay input[type=number]")
    delay.fill("0.1")
    delay.press("Tab")
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"#train\?job="))
    expect(page.locator("studio-train .s-t-line").first).to_be_visible()
    expect(page.get_by_role("img", name="Samples of the newest step")).to_be_visible()
    use = page.get_by_role("button", name="Use it at once")
    expect(use).to_be_visible()
    (made,) = served.get("assets?kind=checkpoint")["items"]
    assert {"training", "dataset/shots", "licence/cc0-1.0"} <= {tag.lower() for tag in made["tags"]}
    use.click()
    expect(page).to_have_url(re.compile("#create"))
    expect(page.locator("#field-weights input").first).to_have_value(
        f"{made['title']} · {made['id'][-6:]}"
    )
    draft = page.evaluate("() => JSON.parse(localStorage['studio-draft:sample.weights']).params")
    assert draft["weights"] == made["id"]


def test_training_is_stopped_and_keeps_what_it_learnt(served, room):
    noise = served.submit("sample.noise", params={"size": 128}, seed=9)
    (picture,) = served.await_status(noise, "done")["asset_ids"]
    params = {"steps": 900, "delay": 0.05}
    job = served.submit("trial.train", params=params, inputs={"pictures": [picture]}, seed=1)
    served.await_status(job, "running")
    page = room(f"train?job={job}")
    expect(page.locator("studio-train .s-t-line").first).to_be_visible()
    page.get_by_role("button", name="Stop and keep").click()
    expect(page.get_by_role("region", name="Checkpoint")).to_be_visible()
    found = served.await_status(job, "done")
    asset = served.get(f"assets/{found['asset_ids'][0]}")
    assert 0 < asset["params"]["stop_after"] < 900  # what would make it again
    assert found["params"]["stop_after"] == 0


@pytest.fixture
def scenes(tmp_path):
    """A folder of pictures that are large enough and have something to learn in them."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    for number in range(3):
        picture = Image.radial_gradient("L").rotate(number * 30).resize((160, 160))
        Image.merge("RGB", (picture, picture.transpose(2), picture)).save(
            folder / f"scene {number}.png"
        )
    return folder


def set_number(page, name, value):
    box = page.locator(f"#train-{name} input[type=number]")
    box.fill(str(value))
    box.press("Tab")


def test_a_real_trainer_learns_is_stopped_and_used(served, room, scenes):
    """`upscale.train` itself, a tiny network: curve, samples, stop and keep, checkpoint, use."""
    if not any(one["id"] == "upscale.train" for one in served.get("generators")["items"]):
        pytest.skip("the upscale plugin is not installed")
    page = room("train?trainer=upscale.train")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a folder").click()
    chooser.value.set_files(str(scenes))
    expect(page.locator("studio-train .s-t-report")).to_contain_text("3 pictures")
    page.get_by_label("Licence of the pictures").fill("CC0-1.0")
    page.locator("#studio-train-form .s-more > button").click()
    tiny = {"channels": 8, "blocks": 1, "scale": 2, "drawn": 4, "steps": 4000, "batch": 2,
            "patch": 16}  # fmt: skip
    for name, value in tiny.items():
        set_number(page, name, value)
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"#train\?job="))
    job = page.url.rpartition("job=")[2]
    curve = page.locator("studio-train .s-t-line").first
    expect(curve).to_be_visible()
    expect(page.get_by_role("img", name="Samples of the newest step")).to_be_visible()
    expect(curve).not_to_have_attribute("d", curve.get_attribute("d"))  # it is live
    page.get_by_role("button", name="Stop and keep").click()
    expect(page.get_by_role("region", name="Checkpoint")).to_be_visible()
    found = served.await_status(job, "done")
    (made,) = found["asset_ids"]
    assert 0 < served.get(f"assets/{made}")["params"]["stop_after"] < 4000
    (known,) = [one for one in served.get("checkpoints")["items"] if one["name"] == made]
    assert "upscale.srgan" in known["generators"] and not known["problem"]
    page.get_by_role("button", name=re.compile("^Use it")).first.click()
    expect(page).to_have_url(re.compile("#create"))
    expect(page.locator("#field-checkpoint input").first).to_have_value(re.compile(made[-6:]))
    page = room(f"train?trainer=upscale.train&from={job}&start={made}")
    start = page.locator("#train-start input").first
    expect(start).to_have_value(re.compile(made[-6:]))
    start.click()
    expect(page.get_by_role("option", name="quality")).to_be_visible()
