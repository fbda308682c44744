"""The OpenAPI document is true: whatever is sent, no 5xx, and answers are as described."""

from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

API = "/api/v1"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDLESS = ("/events",)
"""A stream that never ends."""
LIBRARY = ("/assets", "/collections", "/tags")
"""Where ids are of assets: some of those sent are of some that are there."""
HEADERS = {"X-Studio": "1", "Host": "127.0.0.1:7860"}


@pytest.fixture
def operations(app, studio):
    """Every operation of ours, by its id."""
    studio.config = studio.config.model_copy(update={"schedules": False})
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", app, headers=HEADERS)
    found = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        path = operation.path.removeprefix(API)
        if path not in ENDLESS and operation.path.startswith(API):
            found[operation.definition.raw["operationId"]] = operation
    return found


def is_of_library(operation):
    return operation.path.removeprefix(API).startswith(LIBRARY)


def aim(case, ids):
    """Let a case be about assets that are there."""
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = ids[0]
    if isinstance(case.body, dict) and "ids" in case.body:
        case.body["ids"] = list(ids)
    return case


def bombard(operations, examples, ids=()):
    names = sorted(operations)
    cases = st.sampled_from(names).flatmap(lambda name: operations[name].as_strategy())

    @seed(20_260)
    @settings(
        max_examples=examples,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, is_aimed=st.booleans())
    def run(case, is_aimed):
        aimed = aim(case, ids) if ids and is_aimed else case
        aimed.call_and_validate(headers=HEADERS, checks=CHECKS)

    run()


def test_every_operation_is_described(client):
    document = client.get(f"{API}/openapi.json").json()
    ids = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            ids.append(operation["operationId"])
            assert operation.get("summary"), f"{method} {path}"
    assert len(ids) == len(set(ids))


def pick(operations, of_library):
    return {name: one for name, one in operations.items() if is_of_library(one) == of_library}


def test_what_is_sent_at_random_breaks_nothing(operations):
    chosen = pick(operations, of_library=False)
    assert {"submit_job", "check_job", "list_jobs", "start_run", "save_preset"} <= set(chosen)
    assert {"enable_plugin", "remove_checkpoint", "finish_job", "import_presets"} <= set(chosen)
    bombard(chosen, 60)


def test_what_is_sent_at_random_to_the_library_breaks_nothing(operations, client, upload):
    ids = [upload(client, colour=colour)["id"] for colour in ("red", "green")]
    chosen = pick(operations, of_library=True)
    paths = {one.path.removeprefix(API) for one in chosen.values()}
    assert {
        "/assets",
        "/assets/{id}",
        "/assets/bundle",
        "/collections/{name}/add",
        "/tags",
    } <= paths
    bombard(chosen, 60, ids)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    form=st.dictionaries(st.sampled_from(["name", "password", "next", "x"]), st.text(max_size=80)),
    text=st.text(max_size=40),
)
def test_what_is_sent_at_random_to_the_login_breaks_nothing(client, form, text):
    for answer in (
        client.post("/login", data={**form, "name": form.get("name", "") + "?"}),
        client.post("/login", content=text.encode()),
        client.get("/login", params={"next": text}),
        client.post("/logout", headers={"Cookie": f"studio_session={quote(text)}"}),
    ):
        assert answer.status_code < 500, (form, text)


@pytest.mark.slow
@pytest.mark.parametrize("of_library", [False, True])
def test_what_is_sent_at_random_for_long_breaks_nothing(operations, client, upload, of_library):
    ids = [upload(client, colour=colour)["id"] for colour in ("red", "green")]
    bombard(pick(operations, of_library), 1500, ids if of_library else ())
