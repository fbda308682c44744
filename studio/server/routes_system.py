"""`/system` and `/status`: what is installed and how it fares, and who asks."""

from dataclasses import asdict

from fastapi import APIRouter, Request

import studio as package
from studio.app.doctor import collect_findings
from studio.app.studio import Studio
from studio.observe.overview import JobView, Overview, WorkerView
from studio.plugins import PluginInfo
from studio.server.access import CurrentVisitor, Visitor, get_door
from studio.server.models_system import (
    DeviceData,
    DiskData,
    FindingData,
    LicenceData,
    PluginView,
    QueueData,
    RatesData,
    RunningData,
    StatusView,
    SystemView,
    WorkerData,
)
from studio.server.replies import LIST

router = APIRouter(tags=["system"])


@router.get("/status", operation_id="get_status", summary="Who am I, and where?", responses=LIST)
def get_status(visitor: CurrentVisitor, request: Request) -> StatusView:
    """Return version and user."""
    door = get_door(request)
    return StatusView(
        version=package.__version__,
        user=visitor.name,
        is_admin=visitor.is_admin,
        users=door.accounts.has_users(),
        largest_upload=door.settings.largest_upload,
    )


@router.get("/system", operation_id="get_system", summary="Describe the system.", responses=LIST)
def get_system(visitor: CurrentVisitor) -> SystemView:
    """Describe devices, workers, queue, disk, plugins and licences."""
    studio = visitor.home
    seen = studio.monitor.read()
    return SystemView(
        version=package.__version__,
        home=seen.home if visitor.is_admin else "",
        time=seen.time,
        pid=seen.pid,
        uptime=seen.uptime,
        devices=[DeviceData(**asdict(device)) for device in seen.devices],
        workers=[build_worker(visitor, worker) for worker in seen.workers],
        running=[build_running(visitor, job) for job in seen.running],
        queue=[QueueData(**asdict(row)) for row in seen.queue if visitor.owner in (None, row.user)],
        jobs=count_jobs(visitor, seen),
        rates=RatesData(**asdict(seen.rates)),
        disk=DiskData(**asdict(seen.disk)),
        deaths=list(seen.deaths),
        plugins=[build_plugin(plugin) for plugin in list_plugins(studio)],
        licences=[
            LicenceData(
                checkpoint=info.name, licence=info.licence, generators=list(info.generators)
            )
            for info in studio.checkpoints.list()
        ],
        doctor=[
            FindingData(
                name=finding.name,
                state=finding.state,
                detail=finding.detail if visitor.is_admin else "",
                remedy=finding.remedy,
            )
            for finding in collect_findings(studio)
        ],
    )


def list_plugins(studio: Studio) -> list[PluginInfo]:
    """List the plugins of workers and of the host."""
    return [*studio.strikes.mark(studio.registry.plugins), *studio.plugins.plugins]


def build_plugin(plugin: PluginInfo) -> PluginView:
    """Describe a plugin."""
    return PluginView(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        environment=plugin.environment,
        status=plugin.status,
        cause=plugin.cause,
        generators=list(plugin.generators),
    )


def count_jobs(visitor: Visitor, seen: Overview) -> dict[str, int]:
    """Count jobs by status, as far as the visitor may see them."""
    if visitor.is_admin:
        return seen.jobs
    counts = visitor.home.jobs.count(user=visitor.name)
    return {str(status): count for status, count in counts.items()}


def build_worker(visitor: Visitor, worker: WorkerView) -> WorkerData:
    """Describe a worker."""
    return WorkerData(
        id=worker.id,
        environment=worker.environment,
        device=worker.device,
        residents=list(worker.residents),
        memory=worker.memory,
        job=build_running(visitor, worker.job) if worker.job else None,
    )


def build_running(visitor: Visitor, job: JobView) -> RunningData:
    """Describe a running job; of another user's only that there is one."""
    data = RunningData(**asdict(job))
    if visitor.owner not in (None, job.user):
        return data.model_copy(update={"id": "", "user": ""})
    return data
