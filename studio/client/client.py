"""`StudioClient`: a studio that runs somewhere else, with the methods of `Studio`."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from studio.client.assets import InputValues, RemoteAsset, RemoteLibrary
from studio.client.connection import Connection
from studio.client.events import RemoteEvent, iterate_events
from studio.client.jobs import RemoteBatch, RemoteJob, RemoteJobs, RemoteRun
from studio.errors import InvalidParamsError


@dataclass(frozen=True)
class RemoteEstimate:
    """What calls would take by themselves; as the server's `jobs/check` says.

    Attributes:
        jobs: how many.
        disk_bytes: None when nothing of a kind was made yet.
    """

    jobs: int
    seconds: float
    load_seconds: float
    peak_bytes: int
    disk_bytes: int | None


class StudioClient:
    """A server's home: generate, look, steer. Use it as a context manager, or call `close()`.

    Args:
        url: of the server.
        token: of a user, where the server has users.
        timeout: seconds for an answer; jobs may take as long as they like.
        connection: instead of all that.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:7860",
        token: str | None = None,
        *,
        timeout: float = 60.0,
        connection: Connection | None = None,
    ) -> None:
        self._connection = connection or Connection(url, token, timeout=timeout)
        self.assets = RemoteLibrary(self._connection)
        self.jobs = RemoteJobs(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what is queued on the server goes on."""
        self._connection.close()

    def generate(
        self,
        generator: str,
        *,
        seed: int | None = None,
        count: int = 1,
        inputs: InputValues | None = None,
        preset: str | None = None,
        params: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> list[RemoteAsset]:
        """Make assets and wait for them; as `Studio.generate`."""
        values = {**(params or {}), **named}
        return self.submit(
            generator, seed=seed, count=count, inputs=inputs, preset=preset, params=values
        ).result()

    def submit(  # noqa: PLR0913 - the whole of a request, by name
        self,
        generator: str,
        *,
        seed: int | None = None,
        count: int = 1,
        inputs: InputValues | None = None,
        preset: str | None = None,
        priority: str = "normal",
        reuse: bool = False,
        params: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> RemoteJob:
        """Queue a job; as `Studio.submit`.

        Args:
            generator: id.
            seed: the first seed.
            count: how many results.
            inputs: slot -> path (sent first), asset, id, or a list of them.
            preset: name of saved params.
            priority: "interactive", "normal" or "batch".
            reuse: take what the library has.
            params: of the generator,
            **named: the same by name.
        """
        return self.submit_once(
            secrets.token_urlsafe(16),
            generator=generator,
            params={**(params or {}), **named},
            inputs=inputs or {},
            seed=seed,
            count=count,
            preset=preset,
            priority=priority,
            reuse=reuse,
        )

    def submit_once(self, key: str, **request: Any) -> RemoteJob:
        """Queue a job unless it was queued under this key before: safe to repeat after a break.

        Args:
            key: any text of your own, e.g. a row's id.
            **request: the arguments of `submit` by name; the generator's params as `params`.
        """
        data = self._connection.post("jobs", self._resolve(request), key=key)
        return RemoteJob(data["id"], self._connection)

    def batch(
        self,
        requests: Iterable[Mapping[str, Any]],
        *,
        priority: str = "batch",
        tags: Sequence[str] = (),
    ) -> RemoteBatch:
        """Queue many calls as one; as `Studio.batch`."""
        calls = [self._resolve(request) for request in requests]
        body = {"requests": calls, "priority": priority, "tags": list(tags)}
        data = self._connection.post("batches", body, key=secrets.token_urlsafe(16))
        return RemoteBatch(data["id"], data["jobs"], self._connection)

    def dry_run(self, requests: Iterable[Mapping[str, Any]]) -> RemoteEstimate:
        """Say what calls would take, added up. Queues nothing.

        Raises:
            InvalidParamsError: a request is wrong; says every fault of it.
        """
        found = [self._estimate(request) for request in requests]
        sizes = [item["disk_bytes"] for item in found]
        return RemoteEstimate(
            jobs=len(found),
            seconds=sum(item["seconds"] for item in found),
            load_seconds=sum(item["load_seconds"] for item in found),
            peak_bytes=max((item["peak_bytes"] for item in found), default=0),
            disk_bytes=None if None in sizes else sum(sizes),
        )

    def check(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return `{errors, estimate}` of a call: every wrong field, or what it would take."""
        answer: dict[str, Any] = self._connection.post("jobs/check", self._resolve(request))
        return answer

    def run_pipeline(
        self,
        pipeline: str,
        *,
        inputs: InputValues | None = None,
        seed: int = 0,
        on_change: Callable[[dict[str, Any]], None] | None = None,
        params: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> dict[str, list[RemoteAsset]]:
        """Run a pipeline of the server to its end; return step -> assets.

        Args:
            pipeline: its name.
            inputs: as `submit`.
            seed: every seed of the run derives from it.
            on_change: told of the run's data whenever it got on.
            params: the pipeline's params,
            **named: the same by name.

        Raises:
            PipelineError: the recipe is wrong, or a step could not be done.
        """
        values = {**(params or {}), **named}
        run = self.start_run(pipeline, inputs=inputs, seed=seed, params=values)
        run.wait(on_change=on_change)
        return run.result()

    def start_run(
        self,
        pipeline: str,
        *,
        inputs: InputValues | None = None,
        seed: int = 0,
        params: Mapping[str, Any] | None = None,
    ) -> RemoteRun:
        """Begin a run of a pipeline; it goes on whatever becomes of this program."""
        body = {
            "inputs": self.assets.resolve(inputs or {}),
            "params": dict(params or {}),
            "seed": seed,
        }
        data = self._connection.post(f"pipelines/{quote(pipeline, safe='')}/runs", body)
        return RemoteRun(data["id"], self._connection)

    def run(self, run: str) -> RemoteRun:
        """Return a run by its id."""
        return RemoteRun(
            self._connection.get(f"runs/{quote(run, safe='')}")["id"], self._connection
        )

    def asset(self, asset: str) -> RemoteAsset:
        """Return an asset by its id."""
        return self.assets.get(asset)

    def events(self, after: str = "", patience: float | None = None) -> Iterator[RemoteEvent]:
        """Yield what happens on the server; a broken line is mended without a gap.

        A "reset" says that there is a gap after all: read anew what you keep.
        """
        return iterate_events(self._connection, after, patience)

    def generators(self, *, output: str = "", accepts: str = "") -> list[dict[str, Any]]:
        """List the generators, of an output kind, or that take a kind."""
        return self._list("generators", output=output, accepts=accepts)

    def generator(self, generator: str) -> dict[str, Any]:
        """Describe a generator; `params_schema` has its params."""
        found: dict[str, Any] = self._connection.get(f"generators/{quote(generator, safe='')}")
        return found

    def presets(self, generator: str = "") -> list[dict[str, Any]]:
        """List the presets."""
        return self._list("presets", generator=generator)

    def save_preset(
        self, generator: str, name: str, params: Mapping[str, Any], *, summary: str = ""
    ) -> dict[str, Any]:
        """Keep params under a name."""
        path = f"presets/{quote(generator, safe='')}/{quote(name, safe='')}"
        body = {"params": dict(params), "title": name, "summary": summary}
        found: dict[str, Any] = self._connection.put(path, body)
        return found

    def pipelines(self) -> list[dict[str, Any]]:
        """List the pipelines."""
        return self._list("pipelines")

    def checkpoints(self) -> list[dict[str, Any]]:
        """List the checkpoints."""
        return self._list("checkpoints")

    def status(self) -> dict[str, Any]:
        """Return `{version, user, is_admin, users}`."""
        found: dict[str, Any] = self._connection.get("status")
        return found

    def system(self) -> dict[str, Any]:
        """Describe devices, workers, queue, disk, plugins and licences."""
        found: dict[str, Any] = self._connection.get("system")
        return found

    def _list(self, path: str, **params: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._connection.get(path, params)["items"]
        return items

    def _resolve(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {**request, "inputs": self.assets.resolve(request.get("inputs") or {})}

    def _estimate(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.check(request)
        if answer["errors"]:
            faults = "; ".join(fault["message"] for fault in answer["errors"])
            raise InvalidParamsError("{faults}", faults=faults, field=answer["errors"][0]["field"])
        estimate: dict[str, Any] = answer["estimate"]
        return estimate
