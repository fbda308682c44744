"""Pipeline runs as rows of the home."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from studio.database import Database, Row
from studio.errors import StudioError
from studio.ids import IdSource
from studio.pipelines import Pipeline

_SCHEMA = """
CREATE TABLE runs(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    user TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    recipe TEXT NOT NULL,
    inputs TEXT NOT NULL,
    params TEXT NOT NULL,
    seed INTEGER NOT NULL,
    created REAL NOT NULL,
    ended REAL,
    steps TEXT NOT NULL,
    error TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_revision ON runs(revision);
CREATE INDEX runs_by_status ON runs(status, seq);
CREATE INDEX runs_by_user ON runs(user, seq);
"""
_NEW_REVISION = "revision = (SELECT max(revision) FROM runs) + 1"


class RunStatus(StrEnum):
    """Where a run stands. A failed one keeps all that was made."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Nothing will change any more."""
        return self is not RunStatus.RUNNING


@dataclass(frozen=True)
class StepRecord:
    """A step of a run.

    Attributes:
        status: "waiting", "running", "done", "failed" (some of its calls did) or "skipped".
        done, total: calls ended, and planned.
        assets: ids, of what was made so far.
        note: why it was skipped, or what failed first.
    """

    name: str
    generator: str
    status: str = "waiting"
    done: int = 0
    total: int = 0
    assets: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class RunOrder:
    """What to run: a recipe, assets by input, params, a seed, and whose it is."""

    recipe: Pipeline
    inputs: dict[str, list[str]]
    params: dict[str, Any]
    seed: int
    user: str


@dataclass(frozen=True)
class RunRecord:
    """A row of the table of runs. Times are unix seconds; `error` as `StudioError.to_dict`."""

    id: str
    status: RunStatus
    order: RunOrder
    created: float
    ended: float | None
    steps: tuple[StepRecord, ...]
    error: dict[str, Any] | None = None
    cancel_requested: bool = field(default=False)

    @property
    def pipeline(self) -> str:
        """Name of the recipe."""
        return self.order.recipe.name


class RunTable:
    """The rows; safe from any thread and process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = IdSource()
        database.migrate("runs", (_SCHEMA,))

    def insert(self, order: RunOrder) -> RunRecord:
        """Begin a run; it is on disk when this returns."""
        steps = tuple(StepRecord(step.name, step.generator) for step in order.recipe.steps)
        record = RunRecord(self._ids.new_id(), RunStatus.RUNNING, order, time.time(), None, steps)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO runs(revision, id, status, user, pipeline, recipe, inputs, params, "
                "seed, created, steps) VALUES((SELECT coalesce(max(revision), 0) FROM runs) + 1, "
                "?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.id,
                    str(record.status),
                    order.user,
                    order.recipe.name,
                    order.recipe.model_dump_json(),
                    json.dumps(order.inputs),
                    json.dumps(order.params),
                    order.seed,
                    record.created,
                    _dump_steps(steps),
                ),
            )
        return record

    def get(self, run: str) -> RunRecord:
        """Return a run by its id.

        Raises:
            StudioError: there is none.
        """
        rows = self._database.query("SELECT * FROM runs WHERE id = ?", (run,))
        if not rows:
            raise StudioError("run '{run}': there is none", run=run)
        return _build_record(rows[0])

    def find(
        self, *, user: str = "", status: str = "", before: str = "", limit: int = 100
    ) -> list[RunRecord]:
        """Return runs, newest first; page on with `before=` the last id seen."""
        clauses, bindings = ["1"], list[Any]()
        for column, value in (("user", user), ("status", status)):
            if value:
                clauses.append(f"{column} = ?")
                bindings.append(value)
        if before:
            clauses.append("seq < (SELECT seq FROM runs WHERE id = ?)")
            bindings.append(before)
        rows = self._database.query(
            f"SELECT * FROM runs WHERE {' AND '.join(clauses)} ORDER BY seq DESC LIMIT ?",
            [*bindings, limit],
        )
        return [_build_record(row) for row in rows]

    def save_steps(self, run: str, steps: Sequence[StepRecord]) -> None:
        """Write how far a run is; may be lost in a crash."""
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                f"UPDATE runs SET steps = ?, {_NEW_REVISION} WHERE id = ?",
                (_dump_steps(steps), run),
            )

    def end(
        self,
        run: str,
        status: RunStatus,
        steps: Sequence[StepRecord],
        error: dict[str, Any] | None = None,
    ) -> None:
        """Mark a run ended."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET status = ?, ended = ?, steps = ?, error = ?, "
                f"{_NEW_REVISION} WHERE id = ?",
                (str(status), time.time(), _dump_steps(steps), _dump_error(error), run),
            )

    def ask_to_cancel(self, run: str) -> bool:
        """Ask whoever runs it to stop; False if it has ended."""
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE runs SET cancel_requested = 1, {_NEW_REVISION} "
                "WHERE id = ? AND status = 'running'",
                (run,),
            )
            return bool(connection.changes())

    def find_cancelled(self) -> list[str]:
        """Return the running runs that shall stop."""
        rows = self._database.query(
            "SELECT id FROM runs WHERE status = 'running' AND cancel_requested"
        )
        return [row["id"] for row in rows]


def close_steps(steps: Sequence[StepRecord], status: str) -> tuple[StepRecord, ...]:
    """Return steps of a run that ended early: what had not ended will not."""
    return tuple(
        replace(step, status=status) if step.status in ("waiting", "running") else step
        for step in steps
    )


def _dump_steps(steps: Sequence[StepRecord]) -> str:
    return json.dumps([asdict(step) for step in steps])


def _dump_error(error: dict[str, Any] | None) -> str | None:
    return json.dumps(error) if error else None


def _build_record(row: Row) -> RunRecord:
    steps = [StepRecord(**{**step, "assets": tuple(step["assets"])})
             for step in json.loads(row["steps"])]  # fmt: skip
    order = RunOrder(
        recipe=Pipeline.model_validate_json(row["recipe"]),
        inputs=json.loads(row["inputs"]),
        params=json.loads(row["params"]),
        seed=row["seed"],
        user=row["user"],
    )
    return RunRecord(
        id=row["id"],
        status=RunStatus(row["status"]),
        order=order,
        created=row["created"],
        ended=row["ended"],
        steps=tuple(steps),
        error=json.loads(row["error"]) if row["error"] else None,
        cancel_requested=bool(row["cancel_requested"]),
    )
