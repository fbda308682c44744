"""What the routes of the system give."""

from typing import Any

from pydantic import BaseModel


class StatusView(BaseModel):
    """Who asks, and which Studio answers.

    `users`: people have to log in; `largest_upload`: bytes one request may bring.
    """

    version: str
    user: str
    is_admin: bool
    users: bool
    largest_upload: int


class PluginView(BaseModel):
    """A plugin and how it fares: "ok", "failed" or "suspended", and why."""

    name: str
    distribution: str
    version: str
    environment: str
    status: str
    cause: str
    generators: list[str]


class DeviceData(BaseModel):
    """A device. `used`, `total`: bytes, null where unknown."""

    name: str
    title: str
    used: int | None
    total: int | None


class RunningData(BaseModel):
    """A running job; `id` is "" where it is another user's."""

    id: str
    generator: str
    user: str
    priority: str
    done: int
    total: int
    seconds: float
    eta: float | None


class WorkerData(BaseModel):
    """A worker: what is resident in its memory, and what it does."""

    id: str
    environment: str
    device: str
    residents: list[str]
    memory: int | None
    job: RunningData | None


class QueueData(BaseModel):
    """Jobs of a class and user that wait. `oldest`: seconds the first of them has waited."""

    priority: str
    user: str
    waiting: int
    paused: int
    oldest: float


class DiskData(BaseModel):
    """Assets in the library, the bytes of their files, and of the disk they are on."""

    assets: int
    library: int
    free: int
    total: int


class RatesData(BaseModel):
    """Jobs that ended in the last minute, assets made in the last hour."""

    done_per_minute: int
    failed_per_minute: int
    assets_per_hour: int


class FindingData(BaseModel):
    """A line of `studio doctor`: "ok", "missing" or "broken", and what mends it."""

    name: str
    state: str
    detail: str
    remedy: str


class LicenceData(BaseModel):
    """A checkpoint that is here, and its licence; "" where nobody says."""

    checkpoint: str
    licence: str
    generators: list[str]


class SystemView(BaseModel):
    """The home at one moment. `pid`: the process that schedules, null if nobody does."""

    version: str
    home: str
    time: float
    pid: int | None
    uptime: float
    devices: list[DeviceData]
    workers: list[WorkerData]
    running: list[RunningData]
    queue: list[QueueData]
    jobs: dict[str, int]
    rates: RatesData
    disk: DiskData
    deaths: list[dict[str, Any]]
    plugins: list[PluginView]
    licences: list[LicenceData]
    doctor: list[FindingData]
