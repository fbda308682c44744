"""Two users and an admin: nobody sees or touches what is another's."""

import pytest

API = "/api/v1"
MISSING = "0" * 26


@pytest.fixture
def ann(log_in):
    return log_in("ann")


@pytest.fixture
def bob(log_in):
    return log_in("bob")


@pytest.fixture
def secret(ann, upload):
    """An asset of Ann's."""
    return upload(ann, name="secret.png", tags="hidden,collection/mine")


def list_attempts(id):
    """Every way to reach an asset."""
    ids = {"ids": [id]}
    yield "GET", f"assets/{id}", None
    yield "PATCH", f"assets/{id}", {"title": "mine now"}
    for path in ("thumbnail", "files/main", "lineage", "code"):
        yield "GET", f"assets/{id}/{path}", None
    yield "POST", f"assets/{id}/reproduce", {}
    yield "GET", f"assets/bundle?id={id}", None
    for what, more in (
        ("trash", {}), ("restore", {}), ("purge", {}), ("tag", {"add_tags": ["x"]}),
        ("rate", {"rating": 1}),
    ):  # fmt: skip
        yield "POST", f"assets/{what}", {**ids, **more}
    yield "POST", "collections/x/add", ids
    yield "POST", "collections/x/remove", ids


def test_another_users_asset_is_not_there(ann, bob, secret):
    mine = ann.get(f"{API}/assets/{secret['id']}").json()
    for (method, path, body), (_, same, _) in zip(
        list_attempts(secret["id"]), list_attempts(MISSING), strict=True
    ):
        answer = bob.request(method, f"{API}/{path}", json=body)
        assert answer.status_code == 404, (method, path)
        absent = bob.request(method, f"{API}/{same}", json=body and {**body, **(
            {"ids": [MISSING]} if "ids" in body else {})})  # fmt: skip
        told = answer.json()["message"].replace(secret["id"], MISSING)
        assert (absent.status_code, absent.json()["message"]) == (404, told), path
    assert ann.get(f"{API}/assets/{secret['id']}").json() == mine


def test_lists_show_ones_own(ann, bob, secret, upload):
    upload(bob, name="mine.png", colour="blue")
    for params in ({}, {"text": "secret"}, {"tag": "hidden"}, {"colour": "red"}, {"kind": "image"}):
        items = bob.get(f"{API}/assets", params=params).json()["items"]
        assert "secret" not in [item["title"] for item in items]
        total = bob.get(f"{API}/assets/count", params=params).json()["count"]
        assert total == len(items)
    assert bob.get(f"{API}/tags").json() == {"items": []}
    assert bob.get(f"{API}/collections").json() == {"items": []}
    assert len(ann.get(f"{API}/collections").json()["items"]) == 1


def test_an_admin_sees_all(log_in, secret):
    admin = log_in("eve", admin=True)
    assert admin.get(f"{API}/assets/{secret['id']}").status_code == 200
    assert admin.get(f"{API}/assets/count").json() == {"count": 1}


def test_the_same_file_of_another_stays_another(bob, secret, upload):
    """Sending what Ann has already neither shows nor changes hers."""
    again = upload(bob, name="again.png")
    assert again["id"] != secret["id"]
    assert (again["user"], again["tags"], again["title"]) == ("bob", [], "again")
    assert again["files"] == secret["files"]


def test_a_prepared_bundle_is_its_users_own(ann, bob, secret):
    body = {"ids": [secret["id"]]}
    assert bob.post(f"{API}/assets/bundle/prepare", json=body).status_code == 404
    address = ann.post(f"{API}/assets/bundle/prepare", json=body).json()["address"]
    assert bob.get(address).status_code == 404
    assert ann.get(address).status_code == 200


def test_nobody_renames_anothers_collection(ann, bob, secret):
    for answer in (bob.post(f"{API}/collections/mine/rename", json={"name": "x"}),
                   bob.delete(f"{API}/collections/mine")):  # fmt: skip
        assert answer.json() == {"count": 0}
    assert [one["name"] for one in ann.get(f"{API}/collections").json()["items"]] == ["mine"]


def test_a_bundle_belongs_to_who_brings_it(ann, bob, secret):
    bundle = ann.get(f"{API}/assets/bundle", params={"id": secret["id"]}).content
    (got,) = bob.post(f"{API}/assets/bundle", files={"file": ("b.zip", bundle)}).json()["items"]
    assert got["user"] == "bob"
    assert got["id"] != secret["id"]
    assert bob.get(got["thumbnail"]).status_code == 200


def test_what_is_made_again_belongs_to_who_asked(studio, ann):
    (made,) = studio.for_user("ann").generate("sample.noise", seed=1, size=8)
    got = ann.post(f"{API}/assets/{made.id}/reproduce").json()
    assert got["verdict"] == "bit-equal"
    assert ann.get(f"{API}/assets/{got['asset']}").json()["user"] == "ann"


def test_jobs_are_hidden_too(studio, app, ann, bob, accounts):
    made = studio.for_user("ann").submit("sample.noise", seed=1, size=8)
    made.wait(60)
    assert ann.get(f"{API}/jobs/{made.id}").status_code == 200
    for path in ("", "/log", "/preview"):
        assert bob.get(f"{API}/jobs/{made.id}{path}").status_code == 404, path
