"""Says in the log what happens to jobs and workers."""

import json
import logging
from typing import Any

from studio.events import AssetAdded, JobChanged, WorkerChanged
from studio.observe.logs import EVENTS
from studio.observe.moments import Moment, find_resident
from studio.observe.tables import Tables

_BAD = ("failed", "dead")


class EventLog:
    """Turns events into records with fields: job, generator, worker, device, asset, error, ..."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._log = logging.getLogger(EVENTS)
        self._places: dict[str, dict[str, Any]] = {}  # running job -> worker and device

    def note(self, moment: Moment) -> None:
        """Log an event, if anybody listens."""
        if not self._log.isEnabledFor(logging.INFO):
            return
        fields: dict[str, Any] = {"time": moment.time}
        match moment.event:
            case JobChanged(job, status):
                fields |= {"job": job, **self._describe(moment, job, status)}
                level = logging.WARNING if status in _BAD else logging.INFO
                self._log.log(level, "job %s", status, extra={"fields": fields})
            case AssetAdded(asset, job):
                fields |= {"job": job, "asset": asset, **self._places.get(job, {})}
                self._log.debug("asset added", extra={"fields": fields})
            case WorkerChanged(worker, state):
                fields |= {"worker": worker, **_describe_state(moment, state)}
                self._log.info("worker %s", state.split()[0].strip(":"), extra={"fields": fields})

    def _describe(self, moment: Moment, job: str, status: str) -> dict[str, Any]:
        if moment.worker is not None:
            place = {"worker": moment.worker["id"], "device": moment.worker["device"]}
            self._places[job] = place
        else:
            place = self._places.pop(job, {})
        row = self._tables.find_job(job)
        if row is None:
            return place
        fields = {**place, "generator": row["generator"], "user": row["user"]}
        if status in _BAD and row["error"]:
            fields["error"] = json.loads(row["error"])
        return fields


def _describe_state(moment: Moment, state: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if moment.worker is not None:
        fields["device"] = moment.worker["device"]
        fields["environment"] = moment.worker["environment"]
    resident = find_resident(state)
    if resident:
        fields["resident"] = resident
    elif state.startswith("ended"):
        fields["reason"] = state.partition(": ")[2]
    return fields
