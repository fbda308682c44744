"""The queue in a browser: what runs, waits and failed, and what one can do about it."""

import re
import time

import pytest

from studio.database import Database

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

SLOW = {"steps": 5000, "delay": 0.1, "size": 32}
QUICK = {"steps": 1, "size": 16}
ITEM = "studio-queue .s-q-item"
MANY = 10_000


@pytest.fixture(autouse=True)
def empty(served):
    """Nothing runs when a test begins."""
    served.cancel_all()


def hold(served):
    """Keep the worker busy, so that what comes next waits."""
    job = served.submit("sample.noise", params=SLOW, seed=1)
    served.await_status(job, "running")
    return job


def test_running_job_moves_and_is_cancelled(served, room):
    job = hold(served)
    page = room("queue")
    card = page.locator(f"studio-queue article[data-job='{job}']")
    expect(card).to_contain_text("Noise")
    bar = card.get_by_role("progressbar")
    far = card.locator(".s-q-figures span").first
    before = far.inner_text()
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    expect(far).not_to_have_text(before)  # by events alone
    expect(card).to_contain_text("left")
    expect(card.locator("img")).to_be_visible()
    card.get_by_role("button", name="Cancel this job").click()
    expect(card).to_have_count(0)
    assert served.await_status(job, "cancelled")["done"] < SLOW["steps"]
    expect(page.get_by_text("The queue is empty")).to_be_visible()


WATCH_PLAYERS = """() => {
    const play = HTMLMediaElement.prototype.play;
    window.heard = [];
    HTMLMediaElement.prototype.play = function () {
        window.heard.push([this.currentTime, this.duration]);
        return play.call(this);
    };
}"""


def test_a_sound_is_heard_while_it_is_made(served, room):
    page = room("queue")
    page.evaluate(WATCH_PLAYERS)
    job = served.submit("trial.hum", params={"steps": 400, "delay": 0.4}, seed=1)
    button = page.locator(f"studio-queue article[data-job='{job}'] .s-q-preview button")
    button.click()
    expect(button).to_have_attribute("aria-label", "Stop")
    # It goes on where it was, with what was made in the meantime.
    page.wait_for_function("window.heard.length >= 2 && window.heard[1][0] > 0.4")
    button.click()
    expect(button).to_have_attribute("aria-label", "Hear it so far")


def test_pause_and_resume(served, room):
    hold(served)
    job = served.submit("sample.noise", params=QUICK, seed=2)
    page = room("queue")
    row = page.locator(f"{ITEM}[data-job='{job}']")
    row.get_by_role("button", name="Pause Noise").click()
    expect(row).to_contain_text("Paused")
    assert served.get(f"jobs/{job}")["paused"]
    row.get_by_role("button", name="Let Noise go on").click()
    expect(row).not_to_contain_text("Paused")
    assert not served.get(f"jobs/{job}")["paused"]


def test_order_and_priority(served, room):
    hold(served)
    jobs = [served.submit("sample.noise", params=QUICK, seed=seed) for seed in (3, 4, 5)]
    page = room("queue")
    rows = page.locator(ITEM)
    expect(rows).to_have_count(3)
    rows.nth(2).get_by_role("button", name="to the front").click()
    expect(rows.nth(0)).to_have_attribute("data-job", jobs[2])
    rows.nth(0).drag_to(rows.nth(2))
    expect(rows.nth(0)).to_have_attribute("data-job", jobs[0])
    expect(rows.nth(1)).to_have_attribute("data-job", jobs[2])
    rows.nth(2).get_by_label("Priority").select_option("interactive")
    expect(rows.nth(0)).to_have_attribute("data-job", jobs[1])
    assert served.get(f"jobs/{jobs[1]}")["priority"] == "interactive"


def test_a_row_that_is_held_is_not_drawn_anew(served, room):
    hold(served)
    jobs = [served.submit("sample.noise", params=QUICK, seed=seed) for seed in (6, 7)]
    page = room("queue")
    rows = page.locator(ITEM)
    expect(rows).to_have_count(2)
    rows.nth(1).hover()
    page.mouse.down()
    jobs.append(served.submit("sample.noise", params=QUICK, seed=8))
    expect(page.locator("studio-queue .s-q-count").last).to_have_text("3")
    expect(rows).to_have_count(2)
    rows.nth(0).hover()
    rows.nth(0).hover()  # one move begins the drag, the next one is over the other row
    page.mouse.up()
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_have_attribute("data-job", jobs[1])


def test_failed_job_says_why_and_is_retried(served, room):
    job = served.submit("trial.fails")
    served.await_status(job, "failed")
    page = room("queue?view=failed")
    row = page.locator(f"studio-queue .s-q-ended[data-job='{job}']")
    expect(row.locator(".s-q-reason")).to_have_text("picture is too small: 8 px")
    remedy = "What to do: give one of at least 64 px"
    expect(row.locator(".s-q-remedy")).to_have_text(remedy)
    row.get_by_role("button", name="Fails", exact=True).click()
    sheet = page.get_by_role("dialog", name="Job")
    expect(sheet).to_contain_text("Why it failed")
    expect(sheet.locator(".s-q-remedy")).to_have_text(remedy)
    expect(sheet.locator("pre")).to_contain_text("about to fail")
    expect(sheet).to_contain_text("took")
    began = served.get(f"jobs/{job}")["ended"]
    sheet.get_by_role("button", name="Retry").click()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    end = time.monotonic() + 60
    while served.get(f"jobs/{job}")["ended"] in (None, began):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert served.get(f"jobs/{job}")["status"] == "failed"


def test_batch_is_one_row(served, room):
    hold(served)
    calls = [{"generator": "sample.noise", "params": QUICK, "seed": seed} for seed in range(30, 42)]
    batch = served.post("batches", {"requests": calls, "priority": "normal"})
    page = room("queue")
    row = page.locator(ITEM)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Batch of 12 jobs")
    expect(row).to_contain_text("0/12")
    row.get_by_role("button", name="Cancel Batch of 12 jobs").click()
    expect(row).to_have_count(0)
    assert served.get(f"batches/{batch['id']}")["counts"]["cancelled"] == 12


def queue_many(served, count):
    """Queue jobs that are rows of their own, not one batch."""
    calls = [{"generator": "sample.noise", "params": {**QUICK, "size": 16 + n % 900}, "seed": n}
             for n in range(count)]  # fmt: skip
    served.post("batches", {"requests": calls, "priority": "normal"})
    database = Database(served.home / "studio.db")
    with database.transaction() as connection:
        connection.execute("UPDATE jobs SET batch = '' WHERE status = 'queued'")
    database.close()


def test_ten_thousand_jobs_stay_quick(served, room):
    hold(served)
    queue_many(served, MANY)
    page = room("queue")
    rows = page.locator(ITEM)
    expect(page.locator("studio-queue .s-q-title .s-q-count").last).to_have_text("10,000")
    assert rows.count() < 60  # only what is in sight is built
    scroll = page.locator("studio-queue .s-q-scroll")
    start = time.monotonic()
    scroll.evaluate("box => { box.scrollTop = box.scrollHeight; }")
    expect(rows.last.locator(".s-q-grip")).to_have_text(str(MANY))
    assert time.monotonic() - start < 30
    rows.last.get_by_role("button", name="to the front").click()
    scroll.evaluate("box => { box.scrollTop = 0; }")
    expect(rows.first).to_contain_text("Noise")
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel all jobs").click()
    expect(page.get_by_text("The queue is empty")).to_be_visible()
    assert served.get("jobs/counts")["queued"] == 0


def test_devices_show_what_is_resident(served, room):
    job = served.submit("sample.weights", seed=1)
    served.await_status(job, "done")
    hold(served)
    page = room("queue")
    side = page.get_by_role("complementary", name="Devices")
    expect(side).to_contain_text("sample.weights · tiny")
    expect(side).to_contain_text("Jobs done, last minute")
