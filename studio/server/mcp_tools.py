"""What an assistant may do here, as tools of the Model Context Protocol."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
from anyio import to_thread
from mcp.server.fastmcp import Context, FastMCP, Image
from mcp.server.transport_security import TransportSecuritySettings

from studio.app.asset import Asset
from studio.app.job import check_done
from studio.app.library import get_kind
from studio.app.submission import Tray
from studio.scheduler.job import Priority
from studio.server.access import Visitor
from studio.server.calls import build_ask, resolve_inputs
from studio.server.models_jobs import CallBody
from studio.server.routes_generators import build_generator
from studio.server.routes_pipelines import find_recipe
from studio.server.routes_runs import build_run, check_run
from studio.store import SearchQuery

Talk = Context[Any, Any, Any]
FindVisitor = Callable[[Talk], Visitor]

_LOOK = 0.2  # seconds between looks at a job
_MOST_PICTURES = 8
_ABOUT = (
    "Studio makes images, textures, music, text and video on this machine. List the generators, "
    "describe the one you want, then generate; what is made stays in the library under its id."
)


def build_mcp(find_visitor: FindVisitor) -> FastMCP[Any]:
    """Build the server; `find_visitor` says who talks to it."""
    server: FastMCP[Any] = FastMCP(
        "studio",
        instructions=_ABOUT,
        stateless_http=True,
        # The gate of our own server has looked at host and origin already.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    tools = Tools(find_visitor)
    for tool in (
        tools.list_generators,
        tools.describe_generator,
        tools.generate,
        tools.get_asset,
        tools.search_library,
        tools.run_pipeline,
        tools.queue_status,
    ):
        server.add_tool(tool, structured_output=False)
    return server


@dataclass(frozen=True)
class Tools:
    """The tools; their docstrings are what the assistant reads."""

    find_visitor: FindVisitor

    async def list_generators(self, context: Talk, output: str = "") -> str:
        """List what can be made: id, title, what it makes and takes. `output`: e.g. "image"."""
        visitor = self.find_visitor(context)
        kind = get_kind(output) if output else None
        return dump(
            [
                {
                    "id": spec.id,
                    "title": spec.title,
                    "summary": spec.summary,
                    "output": spec.output,
                    "inputs": {slot.name: list(slot.kinds) for slot in spec.inputs},
                }
                for spec in visitor.home.registry.find(output=kind)
            ]
        )

    async def describe_generator(self, context: Talk, generator: str) -> str:
        """Describe a generator: the JSON Schema of its params, its inputs, its presets."""
        visitor = self.find_visitor(context)
        spec = visitor.home.registry.get(generator)
        view = build_generator(spec, visitor.translator).model_dump(mode="json")
        presets = await to_thread.run_sync(visitor.home.presets.find, generator)
        return dump({**view, "presets": [preset.name for preset in presets]})

    async def generate(  # noqa: PLR0913, PLR0917 - the whole of a request, by name
        self,
        context: Talk,
        generator: str,
        params: dict[str, Any] | None = None,
        inputs: dict[str, list[str]] | None = None,
        seed: int | None = None,
        count: int = 1,
        preset: str | None = None,
    ) -> list[Any]:
        """Make assets, wait for them, and return their ids and small pictures of them.

        `params` as `describe_generator` says; `inputs`: slot -> ids of assets in the library.
        """
        visitor = self.find_visitor(context)
        body = CallBody(
            generator=generator,
            params=params or {},
            inputs={slot: list(ids) for slot, ids in (inputs or {}).items()},
            seed=seed,
            count=count,
            seeds=None,
            preset=preset,
        )
        tray = Tray(Priority.INTERACTIVE)
        (job,) = await to_thread.run_sync(
            lambda: visitor.studio.submit_asks([build_ask(visitor, body)], tray)
        )
        await follow(context, lambda: look_at_job(visitor, job))
        record = visitor.home.get_job(job)
        check_done(record)
        return await show_assets(visitor, visitor.studio.get_assets(record.asset_ids))

    async def get_asset(self, context: Talk, asset: str) -> list[Any]:
        """Return what is known of an asset, and a small picture of it."""
        visitor = self.find_visitor(context)
        return await show_assets(visitor, [visitor.check_asset(asset)])

    async def search_library(
        self, context: Talk, text: str = "", kind: str = "", limit: int = 20
    ) -> str:
        """Look for assets by words and kind ("image", "texture", ...); newest first."""
        visitor = self.find_visitor(context)
        query = SearchQuery(
            text=text,
            kind=get_kind(kind) if kind else None,
            user=visitor.owner,
            limit=min(max(limit, 1), 100),
        )
        page = await to_thread.run_sync(visitor.home.assets.store.search, query)
        return dump([describe(Asset(record, visitor.studio)) for record in page.records])

    async def run_pipeline(
        self,
        context: Talk,
        pipeline: str,
        inputs: dict[str, list[str]] | None = None,
        params: dict[str, Any] | None = None,
        seed: int = 0,
    ) -> str:
        """Run a saved pipeline to its end; return the ids of what each step made.

        `inputs`: input -> ids of assets. The same seed again makes nothing anew.
        """
        visitor = self.find_visitor(context)
        assets, faults = resolve_inputs(visitor, dict(inputs or {}))
        for fault in faults:
            raise fault.error
        record = await to_thread.run_sync(
            lambda: visitor.home.runs.start(
                find_recipe(visitor, pipeline),
                inputs=assets,
                params=params or {},
                seed=seed,
                user=visitor.name,
            )
        )
        await follow(context, lambda: look_at_run(visitor, record.id))
        view = build_run(visitor, check_run(visitor, record.id))
        keep = {"id", "status", "steps", "error"}
        return view.model_dump_json(include=keep)

    async def queue_status(self, context: Talk) -> str:
        """Tell how many jobs stand where, and which are running."""
        visitor = self.find_visitor(context)
        book, user = visitor.home.jobs, visitor.owner or ""
        counts = await to_thread.run_sync(lambda: book.count(user=user))
        running = [
            {"id": record.id, "generator": record.request.recipe.generator,
             "done": record.done, "total": record.total}
            for record in book.list(statuses=["running"], user=user)  # type: ignore[list-item]
        ]  # fmt: skip
        return dump({"counts": counts, "running": running})


async def follow(context: Talk, look: Callable[[], Awaitable[tuple[bool, int, int]]]) -> None:
    """Wait until something ended, and say how far it is."""
    told = (0, 0)
    while True:
        is_ended, done, total = await look()
        if total and (done, total) != told:
            told = (done, total)
            await context.report_progress(done, total)
        if is_ended:
            return
        await anyio.sleep(_LOOK)


async def look_at_job(visitor: Visitor, job: str) -> tuple[bool, int, int]:
    """Return whether a job ended, steps done and in all."""

    def look() -> tuple[bool, int, int]:
        visitor.home.ensure_scheduler()
        record = visitor.home.get_job(job)
        progress = visitor.home.jobs.get_progress(record)
        return record.status.is_final, progress.done, progress.total

    return await to_thread.run_sync(look)


async def look_at_run(visitor: Visitor, run: str) -> tuple[bool, int, int]:
    """Return whether a run ended, calls done and in all."""

    def look() -> tuple[bool, int, int]:
        record = visitor.home.runs.get(run)
        steps = record.steps
        return record.status.is_final, sum(s.done for s in steps), sum(s.total for s in steps)

    return await to_thread.run_sync(look)


async def show_assets(visitor: Visitor, assets: Sequence[Asset]) -> list[Any]:
    """Return facts as JSON, then small pictures."""

    def show() -> list[Any]:
        content: list[Any] = [dump([describe(asset) for asset in assets])]
        store = visitor.home.assets.store
        for asset in assets[:_MOST_PICTURES]:
            path = store.find_thumbnail(asset.id)
            if path is not None:
                content.append(Image(data=path.read_bytes(), format=path.suffix.lstrip(".")))
        return content

    return await to_thread.run_sync(show)


def describe(asset: Asset) -> Mapping[str, Any]:
    """Describe an asset in short."""
    return {
        "id": asset.id,
        "kind": asset.kind,
        "title": asset.title,
        "generator": asset.record.generator,
        "seed": asset.seed,
        "params": asset.params,
        "metrics": asset.metrics,
        "files": list(asset.files),
    }


def dump(data: Any) -> str:
    """Write JSON."""
    return json.dumps(data, ensure_ascii=False, default=str)
