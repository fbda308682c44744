"""A job table in a fresh home, and workers and a host that do as their job tells them."""

import time

import pytest

from studio.database import Database
from studio.errors import StoreError, StudioError
from studio.events import EventBus
from studio.recipe import Recipe
from studio.scheduler.job import JobRequest, Priority
from studio.scheduler.jobs import JobTable
from studio.scheduler.runtime import Scheduler
from studio.worker import protocol


def build_request(seeds=(0,), *, act="answer", generator="fake.make", resident="", **fields):
    """A request whose param `act` says how the fake worker takes it."""
    params = {"act": act, **fields.pop("params", {})}
    recipe = Recipe(generator=generator, plugin="fake", plugin_version="1", params=params)
    return JobRequest(
        recipe=recipe,
        seeds=tuple(seeds),
        entry_point="fake",
        resident=resident or generator,
        **fields,
    )


class FakeWorker:
    """Answers at once. Acts: answer, few, fail, die, die_once, memory, wait, deaf, slip."""

    def __init__(self, id, environment, device, on_event, world):
        self.id, self.environment, self.device = id, environment, device
        self._on_event, self._world = on_event, world
        self.orders, self.running = [], None
        self.is_alive = False

    def start(self):
        if self.environment in self._world.broken_environments:
            raise OSError("no such interpreter")
        self.is_alive = True
        self.emit(protocol.Hello(pid=1, device=self.device, versions={}))

    def emit(self, event):
        self._on_event(self.id, event)

    def send(self, order):
        self.orders.append(order)
        if not self.is_alive:
            return
        match order:
            case protocol.Run():
                self._world.runs.append(order)
                self._run(order)
            case protocol.Cancel() if self.running == order.job:
                if self._world.act_of(order.job) != "deaf":
                    self.running = None
                    self.emit(protocol.Cancelled(job=order.job))
            case protocol.Evict():
                self.emit(protocol.Evicted(resident=order.resident))
            case protocol.Exit():
                self._exit("closed", 0)
            case _:
                pass

    def kill(self, reason, *, out_of_memory=False):
        self._exit(reason, -9, out_of_memory)

    def close(self, timeout=5):
        self._exit("closed", 0)

    def answer(self, order, upto=None):
        for seed, position in list(zip(order.seeds, order.positions, strict=True))[:upto]:
            self.emit(protocol.Output(job=order.job, position=position, seed=seed, artifacts=[]))

    def finish(self, order):
        self.running = None
        self.emit(protocol.Done(job=order.job, seconds=0.01, peak_bytes=1 << 20))

    def _exit(self, reason, code, out_of_memory=False):
        if self.is_alive:
            self.is_alive = False
            self.emit(protocol.Exited(reason=reason, code=code, out_of_memory=out_of_memory))

    def _run(self, order):
        act = order.recipe.params["act"]
        self._world.acts[order.job] = act
        self.running = order.job
        self.emit(protocol.Loaded(job=order.job, resident=order.resident, seconds=0.0))
        tries = sum(run.job == order.job for run in self._world.runs)
        if act == "die" or (act == "die_once" and tries == 1):
            self.answer(order, 1 if act == "die_once" else 0)
            self._exit("crashed with signal 11 (SIGSEGV)", -11)
        elif act == "fail":
            error = StudioError("it broke").to_dict()
            self.emit(protocol.Failed(job=order.job, error=error, traceback="line 1"))
            self.running = None
        elif act == "memory" and len(order.seeds) > 1:
            error = {"type": "OutOfMemoryError", "template": "out of memory", "values": {}}
            self.emit(protocol.Failed(job=order.job, error=error))
            self.running = None
        elif act in ("wait", "deaf"):
            self.answer(order, 1 if len(order.seeds) > 1 else 0)
            self.emit(protocol.Step(job=order.job, done=1, total=2))
        else:
            self.answer(order, len(order.seeds) - 1 if act == "few" else None)
            self.finish(order)


class FakeHost:
    """Commits an output as the asset "<job>-<position>"."""

    def __init__(self, database, jobs):
        self._database, self._jobs = database, jobs
        self.workers, self.runs, self.ended, self.acts = [], [], [], {}
        self.broken_environments, self.refusals, self.events = set(), {}, []
        self.bus = EventBus()
        self.groups = []
        self.full_disk = self.no_inputs = None

    def act_of(self, job):
        return self.acts.get(job)

    def build_worker(self, name, environment, device, on_event):
        worker = FakeWorker(name, environment, device, on_event, self)
        self.workers.append(worker)
        return worker

    def build_order(self, lease):
        if self.no_inputs is not None:
            raise self.no_inputs
        request = lease.request
        return protocol.Run(
            job=lease.job,
            entry_point=request.entry_point,
            resident=request.resident,
            checkpoint=None,
            recipe=request.recipe,
            seeds=[request.seeds[position] for position in lease.positions],
            positions=list(lease.positions),
            inputs={},
            scratch="/nowhere",
            kept="/nowhere",
            log="/nowhere",
        )

    def commit_many(self, arrivals):
        self.groups.append(len(arrivals))
        if self.full_disk is not None and not isinstance(self.full_disk, StudioError):
            raise self.full_disk
        return [self._commit(*arrival) for arrival in arrivals]

    def _commit(self, lease, output, device):
        if self.full_disk is not None:
            return self.full_disk
        try:
            with self._database.transaction() as connection:
                asset = f"{lease.job}-{output.position}"
                return self._jobs.book_output(connection, lease, output.position, [asset])
        except StudioError as error:
            return error

    def end(self, lease):
        self.ended.append((lease.job, lease.token))

    def emit(self, event):
        self.events.append(event)
        self.bus.emit(event)


class Home:
    """A database, its job table, and schedulers on it."""

    def __init__(self, config):
        self.config = config
        self.database = Database(config.database_path)
        self.jobs = JobTable(self.database)
        self.host = FakeHost(self.database, self.jobs)
        self.schedulers = []

    def start(self, slots=None, host=None, **settings):
        config = self.config.model_copy(update=settings)
        scheduler = Scheduler(
            config, self.database, self.jobs, host or self.host, slots or {"cpu": 1}
        )
        self.schedulers.append(scheduler)
        scheduler.start()
        return scheduler

    def submit(self, *requests, **settings):
        ids = self.jobs.submit(requests, **settings)
        for scheduler in self.schedulers:
            scheduler.wake()
        return ids

    def cancel(self, *jobs):
        self.jobs.cancel(jobs)
        for scheduler in self.schedulers:
            scheduler.wake()

    def wait(self, job, *statuses, timeout=60):
        end = time.monotonic() + timeout
        while True:
            record = self.jobs.get(job)
            if (record.status in statuses) if statuses else record.status.is_final:
                return record
            assert time.monotonic() < end, f"{job} is still {record.status}"
            time.sleep(0.002)

    def wait_until(self, is_so, timeout=60):
        end = time.monotonic() + timeout
        while not is_so():
            assert time.monotonic() < end, self.jobs.find()
            time.sleep(0.002)

    def close(self):
        for scheduler in self.schedulers:
            scheduler.stop()
        self.database.close()


@pytest.fixture
def home(config):
    home = Home(config)
    yield home
    home.close()


@pytest.fixture
def jobs(home):
    return home.jobs


@pytest.fixture
def request_of():
    return build_request


__all__ = ["Priority", "StoreError"]
