"""The client does what `Studio` does, over a real server."""

import itertools
import threading

import pytest
from PIL import Image

from studio import MediaType
from studio.client import StudioClient, UnreachableError
from studio.errors import (
    AssetNotFoundError,
    InvalidInputError,
    InvalidParamsError,
    JobCancelledError,
    StudioError,
    UnknownGeneratorError,
)

NAMES = [
    "a \"quoted\" 'name'",
    "🧱 emoji 🎨",
    "‮שלום עולם",
    "<script>alert(1)</script>",
    "{a} %s \\n",
]


def test_generate_and_read(client, tmp_path):
    first, second = client.generate("sample.noise", seed=3, count=2, size=8)
    assert (first.seed, second.seed) == (3, 4)
    assert first.kind is MediaType.IMAGE
    assert first.params["size"] == 8
    assert first.image().size == (8, 8)
    assert 0 < first.metrics["contrast"] <= 1
    (path,) = first.save(tmp_path / "out")
    with Image.open(path) as picture:
        assert picture.tobytes() == first.image().tobytes()
    assert path.suffix == ".png"
    assert [p.name for p in (tmp_path / "out").iterdir()] == [path.name]
    again = client.submit("sample.noise", seed=3, params={"size": 8}, reuse=True).result()
    assert again[0].id == first.id
    assert client.asset(first.id).data == first.data


def test_a_texture_has_maps(client, tmp_path):
    (texture,) = client.generate("sample.material", seed=1, size=8)
    assert set(texture.files) >= {"albedo", "height"}
    assert texture.image("height").size == (8, 8)
    assert len(texture.save(tmp_path)) == len(texture.files)
    with pytest.raises(InvalidInputError, match="no file 'specular'"):
        texture.open("specular")


def test_inputs_are_sent(client, tmp_path):
    path = tmp_path / "red.png"
    Image.new("RGB", (6, 4), "red").save(path)
    imported = client.assets.import_file(path, title="Red", tags=["mine"])
    for given in (path, str(path), imported, imported.id, [imported]):
        (asset,) = client.generate("sample.invert", inputs={"image": given})
        assert asset.image().getpixel((0, 0)) == (0, 255, 255)
    edges = asset.lineage()["edges"]
    assert (edges[0]["parent"], edges[0]["child"]) == (imported.id, asset.id)
    with pytest.raises(InvalidInputError):
        client.submit("sample.invert", inputs={"image": tmp_path / "missing.png"})
    with pytest.raises(InvalidInputError) as caught:
        client.submit("sample.invert", inputs={"image": "0" * 26})
    assert caught.value.values["field"] == "image"


def test_errors_are_those_of_the_host(client):
    with pytest.raises(UnknownGeneratorError, match="did you mean"):
        client.generate("sample.noize")
    with pytest.raises(InvalidParamsError, match="must be at most 1024") as caught:
        client.generate("sample.noise", size=4096)
    assert caught.value.values["field"] == "size"
    with pytest.raises(AssetNotFoundError):
        client.asset("0" * 26)
    with pytest.raises(StudioError, match="no pipeline"):
        client.start_run("no-such-thing")
    with pytest.raises(StudioError, match="there is no"):
        client.jobs.get("../../status")


def test_the_library(client, tmp_path):
    before = client.assets.count(kind="image")
    assets = [client.generate("sample.noise", seed=n, size=4)[0] for n in range(3)]
    client.assets.tag(assets[0].id, add=["wall"])
    assert client.assets.rate(assets[0].id, 5).rating == 5
    client.assets.note(assets[1].id, "rough")
    assert [a.id for a in client.assets.search(tags=["wall"])] == [assets[0].id]
    assert [a.id for a in client.assets.search("rough")] == [assets[1].id]
    found = itertools.islice(client.assets.search(limit=1), 3)
    assert [a.id for a in found] == [a.id for a in reversed(assets)]
    assert client.assets.count(kind="image") == before + 3
    assert client.assets.trash([assets[2].id]) == 1
    assert client.assets.count(kind="image") == before + 2
    assert client.asset(assets[2].id).trashed
    assert client.assets.restore([assets[2].id]) == 1
    bundle = client.assets.export([assets[0].id], tmp_path / "b.zip")
    assert bundle.read_bytes()[:2] == b"PK"
    assert client.assets.import_bundle(bundle)


@pytest.mark.parametrize("name", NAMES)
def test_strange_names_come_back_as_they_are(client, tmp_path, name):
    path = tmp_path / "plain.png"
    # Another picture each time: the same one again would be the asset that is there already.
    Image.new("RGB", (4, 4), (len(name), ord(name[0]) % 256, ord(name[1]) % 256)).save(path)
    asset = client.assets.import_file(path, title=name, tags=["odd"])
    assert client.asset(asset.id).title == name
    (made,) = client.generate("sample.noise", seed=1, size=4, prompt=name)
    assert made.params["prompt"] == name
    assert all(file.parent == tmp_path / "out" for file in asset.save(tmp_path / "out"))
    with pytest.raises(UnknownGeneratorError) as caught:
        client.generate(name)
    assert name in str(caught.value)


def test_jobs_wait_cancel_and_go_on(client):
    job = client.submit("sample.noise", seed=1, size=4, steps=500, delay=0.05)
    with pytest.raises(TimeoutError):
        job.wait(0.2)
    assert job.cancel()
    assert job.wait(60) == "cancelled"
    with pytest.raises(JobCancelledError):
        job.result()
    assert not job.cancel()
    assert client.jobs.count()["cancelled"] >= 1
    assert client.jobs.list(statuses=["cancelled"], limit=1)[0]["id"] == job.id
    same = [
        client.submit_once("k", generator="sample.noise", seed=2, params={"size": 4}).id
        for _ in range(2)
    ]
    assert same[0] == same[1]
    assert client.jobs.get(same[0]).wait(60) == "done"
    assert "made noise" in client.jobs.get(same[0]).read_log()


def test_a_batch(client):
    requests = [{"generator": "sample.noise", "params": {"size": 4}, "seeds": [5, 6, 7]}]
    estimate = client.dry_run(requests)
    assert (estimate.jobs, estimate.seconds > 0) == (1, True)
    batch = client.batch(requests, tags=["many"])
    assert {asset.seed for asset in batch.result(60)} == {5, 6, 7}
    assert batch.wait() == {"done": len(batch.job_ids)}
    assert client.assets.count(tags=["many"]) == 3
    with pytest.raises(InvalidParamsError, match=r"size.*colour"):
        client.dry_run([{"generator": "sample.noise", "params": {"size": 0, "colour": "x"}}])


def test_a_pipeline(client, server):
    toml = '[[steps]]\nname = "make"\ngenerator = "sample.noise"\ncount = 2\nparams = {size = 4}\n'
    server.studio.pipelines.save("two", toml, server.studio)
    seen = []
    steps = client.run_pipeline("two", seed=9, on_change=seen.append)
    assert [len(assets) for assets in steps.values()] == [2]
    assert seen[-1]["status"] == "done"
    assert "two" in [pipeline["name"] for pipeline in client.pipelines()]


def test_events_go_on_after_the_server_came_back(client, server):
    """No gap within one server; "reset" after another one, for then nobody knows."""
    seen, is_ready = [], threading.Event()

    def listen():
        for event in client.events(patience=120):
            seen.append(event)
            if event.kind in ("job", "asset"):
                is_ready.set()
            if event.kind == "reset":
                return

    thread = threading.Thread(target=listen)
    thread.start()
    while not is_ready.is_set():  # the first events are only those after we listen
        client.generate("sample.noise", size=4)
        is_ready.wait(1)
    (asset,) = client.generate("sample.noise", seed=77, size=4)
    for _ in itertools.takewhile(
        lambda _: not any(event.kind == "asset" and event.data["id"] == asset.id for event in seen),
        range(1200),
    ):
        threading.Event().wait(0.05)  # fmt: skip
    kinds = [event.kind for event in seen if event.data.get("job") == asset.data["job"]]
    assert kinds == ["asset"]
    server.stop()
    server.start()
    thread.join(120)
    assert seen[-1].kind == "reset"


def test_what_there_is(client):
    assert "sample.noise" in [found["id"] for found in client.generators(output="image")]
    takers = [found["id"] for found in client.generators(accepts="image")]
    assert "sample.invert" in takers
    assert "sample.noise" not in takers
    schema = client.generator("sample.noise")["params_schema"]
    assert schema["properties"]["size"]["maximum"] == 1024
    saved = client.save_preset("sample.noise", "Tiny grey", {"size": 2, "colour": "grey"})
    assert client.presets("sample.noise") == [saved]
    (asset,) = client.generate("sample.noise", preset=saved["name"])
    assert asset.params["colour"] == "grey"
    assert client.status()["is_admin"]
    assert client.system()["disk"]["assets"] >= 1
    assert "tiny" in [item["name"].split("/")[-1] for item in client.checkpoints()]


def test_nobody_there():
    with StudioClient("http://127.0.0.1:9", timeout=1) as client, pytest.raises(UnreachableError):
        client.status()
    with StudioClient("http://127.0.0.1:9") as client, pytest.raises(UnreachableError):
        next(client.events(patience=0.1))
