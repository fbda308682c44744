"""The tools for assistants, with the protocol's own client: in this process and over HTTP."""

import json

import anyio
import pytest

pytest.importorskip("mcp")

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.memory import create_connected_server_and_client_session

from studio.cli.main import cli
from studio.server.access import Visitor
from studio.server.accounts import Accounts
from studio.server.app import build_app
from studio.server.mcp_tools import build_mcp
from studio.server.settings import ServerSettings
from studio.translation import Translator

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
CALL = {"generator": "sample.noise", "params": {"size": 4}, "seed": 7}


def talk(studio, conversation, name="local", is_admin=True):
    """Run `conversation(session)` against the tools, as a user."""
    visitor = Visitor(name, is_admin, Translator("en"), studio)

    async def run():
        server = build_mcp(lambda context: visitor)
        async with create_connected_server_and_client_session(server._mcp_server) as session:
            return await conversation(session)

    return anyio.run(run)


async def call(session, tool, **arguments):
    answer = await session.call_tool(tool, arguments)
    assert not answer.isError, answer.content
    return answer.content


def test_an_assistant_makes_and_finds_something(studio):
    async def converse(session):
        tools = {tool.name for tool in (await session.list_tools()).tools}
        (listed,) = await call(session, "list_generators", output="image")
        (described,) = await call(session, "describe_generator", generator="sample.noise")
        made = await call(session, "generate", **CALL)
        (facts,) = json.loads(made[0].text)
        got = await call(session, "get_asset", asset=facts["id"])
        (found,) = await call(session, "search_library", text="noise")
        (queue,) = await call(session, "queue_status")
        return tools, listed.text, described.text, made, facts, got, found.text, queue.text

    tools, listed, described, made, facts, got, found, queue = talk(studio, converse)
    assert tools == {
        "list_generators",
        "describe_generator",
        "generate",
        "get_asset",
        "search_library",
        "run_pipeline",
        "queue_status",
    }
    assert "sample.noise" in [item["id"] for item in json.loads(listed)]
    assert json.loads(described)["params_schema"]["properties"]["size"]["maximum"] == 1024
    assert (facts["seed"], facts["params"]["size"]) == (7, 4)
    assert made[1].type == got[1].type == "image"
    assert facts["id"] in [item["id"] for item in json.loads(found)]
    assert json.loads(queue)["counts"] == {"done": 1}


def test_a_pipeline_and_its_end(studio):
    toml = '[[steps]]\nname = "make"\ngenerator = "sample.noise"\ncount = 2\nparams = {size = 4}\n'
    studio.pipelines.save("two", toml, studio)

    async def converse(session):
        return await call(session, "run_pipeline", pipeline="two", seed=1)

    (text,) = talk(studio, converse)
    run = json.loads(text.text)
    assert run["status"] == "done"
    assert len(run["steps"][0]["assets"]) == 2


def test_what_is_wrong_is_said(studio, tmp_path):
    path = tmp_path / "secret.png"
    path.write_text("x")

    async def converse(session):
        return [
            await session.call_tool(tool, arguments)
            for tool, arguments in (
                ("generate", {**CALL, "params": {"size": 0}}),
                ("generate", {"generator": "sample.noize"}),
                ("generate", {"generator": "sample.invert", "inputs": {"image": [str(path)]}}),
                ("get_asset", {"asset": "../studio.db"}),
                ("run_pipeline", {"pipeline": str(path)}),
                ("list_generators", {"output": "smell"}),
            )
        ]

    answers = talk(studio, converse)
    assert all(answer.isError for answer in answers)
    assert "must be at least 1" in answers[0].content[0].text
    assert "sample.noise" in answers[1].content[0].text


def test_another_user_sees_nothing(studio):
    asset = studio.for_user("ann").generate("sample.noise", size=4)[0].id

    async def converse(session):
        got = await session.call_tool("get_asset", {"asset": asset})
        found = await call(session, "search_library")
        return got.isError, json.loads(found[0].text)

    assert talk(studio, converse, "bob", is_admin=False) == (True, [])


def test_over_http_with_the_servers_own_login(studio):
    accounts = Accounts(studio.assets.store.database)

    async def converse(headers):
        app = build_app(studio, ServerSettings(mcp=True))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, headers=headers) as http,
            streamable_http_client("http://127.0.0.1:7860/mcp", http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            made = await session.call_tool("generate", CALL)
            return json.loads(made.content[0].text)[0]["id"]

    accounts.add_user("ann", "correct horse", is_admin=False)
    token = accounts.add_token("ann")[1]
    asset = anyio.run(converse, {"Authorization": f"Bearer {token}"})
    assert studio.asset(asset).record.user == "ann"
    with pytest.raises(BaseExceptionGroup):
        anyio.run(converse, {})


def test_without_the_library_it_says_what_to_install(home, monkeypatch, capsys):
    monkeypatch.setattr("studio.cli.mcp.find_spec", lambda name: None)
    assert cli.run(["--home", str(home), "mcp"]) != 0
    assert "pip install 'generative-media-studio[ui,mcp]'" in capsys.readouterr().err
