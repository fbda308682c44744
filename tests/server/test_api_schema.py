"""The OpenAPI document is true: whatever is sent, no 5xx, and answers are as described."""

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
OTHERS = ("/assets", "/collections", "/tags", "/login", "/upkeep")
"""Tested with the files."""
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
        if path not in ENDLESS and not path.startswith(OTHERS) and path.startswith("/"):
            if operation.path.startswith(API):
                found[operation.definition.raw["operationId"]] = operation
    return found


def bombard(operations, examples):
    names = sorted(operations)
    cases = st.sampled_from(names).flatmap(lambda name: operations[name].as_strategy())

    @seed(20_260)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def run(case):
        case.call_and_validate(headers=HEADERS, checks=CHECKS)

    run()


def test_every_operation_is_described(client):
    document = client.get(f"{API}/openapi.json").json()
    ids = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            ids.append(operation["operationId"])
            assert operation.get("summary"), f"{method} {path}"
    assert len(ids) == len(set(ids))


def test_what_is_sent_at_random_breaks_nothing(operations):
    assert {"submit_job", "check_job", "list_jobs", "start_run", "save_preset"} <= set(operations)
    bombard(operations, 60)


@pytest.mark.slow
def test_what_is_sent_at_random_for_long_breaks_nothing(operations):
    bombard(operations, 3000)
