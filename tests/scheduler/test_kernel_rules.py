"""A Hypothesis machine: the kernel against a plain model of what may and must happen."""

import math

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from studio.scheduler import messages as m
from studio.scheduler.costs import Cost
from studio.scheduler.kernel import decide
from studio.scheduler.state import State

BYPASS = 4
MODELS = {
    "a": Cost(weights=3, each=1, seconds=2.0, load_seconds=3.0, wake_seconds=1.0),
    "b": Cost(weights=4, each=1, seconds=5.0, load_seconds=4.0, wake_seconds=1.0, tile=0.5),
    "c": Cost(weights=5, each=2, seconds=1.0, load_seconds=5.0, wake_seconds=1.0, offload=0.4),
    "d": Cost(weights=9, each=1, seconds=1.0, load_seconds=9.0, wake_seconds=2.0),
    "huge": Cost(weights=50, each=1, seconds=1.0, load_seconds=9.0),
}


def describe(state):
    """Everything in a state that decisions may depend on, as plain values."""
    return (
        state.now,
        dict(state.jobs),
        {name: repr(worker) for name, worker in state.workers.items()},
        dict(state.costs),
        dict(state.plans),
        dict(state.preempts),
        {
            (name, rank): {
                user: (item.deficit, item.count, list(item.passed), item.round)
                for user, item in queue.users.items()
            }
            for name, lane in state.lanes.items()
            for rank, queue in enumerate(lane.classes)
        },
        {name: lane.batch_credit for name, lane in state.lanes.items()},
    )


class KernelMachine(RuleBasedStateMachine):
    """The model: sets of queued and running jobs, and bytes on devices, kept by actions alone."""

    environments = ("main",)

    @initialize(
        devices=st.integers(1, 3),
        slots=st.integers(1, 2),
        host=st.sampled_from([0, 6]),
        with_cpu=st.booleans(),
    )
    def begin(self, devices, slots, host, with_cpu):
        names = [m.Device(f"gpu:{i}", "gpu", 12 + i, slots) for i in range(devices)]
        if with_cpu:
            names.append(m.Device("cpu", "cpu", 10, 2))
        limits = m.Limits(
            tuple(names), host_bytes=host, max_bypass=BYPASS, quantum=10.0, max_residents=3
        )
        self.state = State(limits)
        self.state.costs.update(MODELS)
        self.now = 0.0
        self.made = 0
        self.workers = {}  # id -> dict(environment, device, ready, job, stopping)
        self.queued = {}  # id -> Waiting
        self.running = {}  # id -> (Waiting, worker)
        self.ended = set()
        self.memory = {}  # worker -> {resident: bytes}
        self.active = {}  # worker -> bytes
        self.parked = {}
        self.overtaken = {}
        self.tries = {}
        self.starving = self.again = None

    # What the world does.

    def tell(self, event):
        twin, before = self.state.fork(), describe(self.state)
        on_twin = decide(twin, event)
        assert describe(self.state) == before, "a fork shares something"
        actions = decide(self.state, event)
        assert actions == on_twin, "the same event gave other actions"
        assert describe(twin) == describe(self.state)
        for action in actions:
            getattr(self, "on_" + type(action).__name__)(action)
        if self.again is not None:  # only when all of one decision is done
            job, self.again = self.again, None
            self.queue([job])

    @rule(
        models=st.lists(st.sampled_from(sorted(MODELS)), min_size=1, max_size=6),
        rank=st.sampled_from([0, 1, 1, 2, 2]),
        user=st.sampled_from(["ada", "bob"]),
        seeds=st.integers(1, 4),
        lane=st.sampled_from(["gpu", "gpu", "cpu"]),
        data=st.data(),
    )
    def submit(self, models, rank, user, seeds, lane, data):
        jobs = []
        for model in models:
            self.made += 1
            environment = data.draw(st.sampled_from(self.environments))
            jobs.append(
                m.Waiting(
                    f"j{self.made}",
                    self.made,
                    rank,
                    user,
                    environment,
                    f"{environment}:{model}",
                    model,
                    seeds,
                    lane,
                )
            )
        self.queue(jobs)

    def queue(self, jobs):
        for job in jobs:
            self.queued[job.id] = job
            self.overtaken.setdefault(job.id, 0)
        self.tell(m.Queued(self.now, tuple(jobs)))

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def withdraw(self, data):
        job = data.draw(st.sampled_from(sorted(self.queued)))
        del self.queued[job]
        self.ended.add(job)
        self.tell(m.Withdrawn(self.now, (job,)))

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def move_first(self, data):
        job = self.queued[data.draw(st.sampled_from(sorted(self.queued)))]
        first = min(item.order for item in self.queued.values()) - 1
        moved = m.Waiting(
            job.id, first, job.rank, job.user, job.environment, job.resident, job.shape,
            job.seeds, job.lane,
        )  # fmt: skip
        self.overtaken[job.id] = 0
        self.queue([moved])

    @rule(seconds=st.sampled_from([0.1, 1.0, 20.0, 400.0]))
    def pass_time(self, seconds):
        self.now += seconds
        self.tell(m.Tick(self.now))

    @precondition(lambda self: any(not w["ready"] for w in self.workers.values()))
    @rule()
    def get_ready(self):
        for name, worker in list(self.workers.items()):
            if not worker["ready"]:
                worker["ready"] = True
                self.tell(m.WorkerReady(self.now, name))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), seconds=st.sampled_from([0.5, 3.0]))
    def load(self, data, seconds):
        _, name = self.running[data.draw(st.sampled_from(sorted(self.running)))]
        self.now += seconds
        self.tell(m.Loaded(self.now, name))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), seconds=st.sampled_from([0.5, 5.0]), drops=st.booleans())
    def end(self, data, seconds, drops):
        job, name = self.running.pop(data.draw(st.sampled_from(sorted(self.running))))
        self.now += seconds
        self.leave(name)
        worker = self.workers[name]
        if worker["preempted"] and drops:
            self.tell(m.Ended(self.now, name, is_final=False))
            self.queue([job])
        else:
            self.ended.add(job.id)
            self.tell(m.Ended(self.now, name))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def starve(self, data):
        job, name = self.running.pop(data.draw(st.sampled_from(sorted(self.running))))
        self.tries[job.id] = self.tries.get(job.id, 0) + 1
        assert self.tries[job.id] <= 3
        self.leave(name)
        self.starving = job
        self.tell(m.Starved(self.now, name))
        assert self.starving is None, "a starved job was forgotten"

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def lose_worker(self, data):
        name = data.draw(st.sampled_from(sorted(self.workers)))
        job = self.workers.pop(name)["job"]
        self.memory.pop(name), self.active.pop(name), self.parked.pop(name)
        waiting = self.running.pop(job)[0] if job in self.running else None
        self.tell(m.WorkerGone(self.now, name))
        if waiting is not None:
            self.queue([waiting])

    def leave(self, name):
        self.workers[name]["job"] = None
        self.active[name] = 0
        worker = self.state.workers[name]
        if (
            worker.running.is_loading
            and worker.residents[worker.running.job.resident].loaded == math.inf
        ):
            self.memory[name].pop(worker.running.job.resident)  # never got there

    # What the kernel asks for, and when it may.

    def on_StartWorker(self, action):
        assert action.worker not in self.workers
        device = next(d for d in self.state.limits.devices if d.name == action.device)
        on_it = sum(worker["device"] == device for worker in self.workers.values())
        assert on_it < device.slots
        self.workers[action.worker] = {
            "environment": action.environment,
            "device": device,
            "ready": False,
            "job": None,
            "stopping": False,
            "preempted": False,
        }
        self.memory[action.worker], self.active[action.worker] = {}, 0
        self.parked[action.worker] = {}

    def on_StopWorker(self, action):
        worker = self.workers[action.worker]
        assert worker["job"] is None and worker["ready"] and not worker["stopping"]
        worker["stopping"] = True

    def on_Evict(self, action):
        if action.resident in self.memory[action.worker]:
            assert self.workers[action.worker]["job"] is None, "evicted under a running job"
            size = self.memory[action.worker].pop(action.resident)
            if action.is_kept:
                self.parked[action.worker][action.resident] = size
        else:
            del self.parked[action.worker][action.resident]

    def on_Assign(self, action):
        job = self.queued.pop(action.job)
        worker = self.workers[action.worker]
        assert worker["ready"] and worker["job"] is None and not worker["stopping"]
        assert worker["environment"] == job.environment
        lanes = {device.lane for device in self.state.limits.devices}
        assert worker["device"].lane == (job.lane if job.lane in lanes else "gpu")
        worker["job"], worker["preempted"] = job.id, False
        self.running[job.id] = (job, action.worker)
        cost = self.state.costs[job.shape]
        parked = self.parked[action.worker].pop(job.resident, None)
        size = cost.get_weights(action.modes) if parked is None else parked
        self.memory[action.worker].setdefault(job.resident, size)
        self.active[action.worker] = cost.get_active(action.batch, action.modes)
        for other in self.queued.values():
            if (other.lane, other.rank, other.user) == (job.lane, job.rank, job.user):
                self.overtaken[other.id] += other.order < job.order

    def on_Preempt(self, action):
        job, name = self.running[action.job]
        assert name == action.worker and job.rank != m.Rank.INTERACTIVE
        assert not self.workers[name]["preempted"]
        assert any(item.rank == m.Rank.INTERACTIVE for item in self.queued.values())
        self.workers[name]["preempted"] = True

    def on_Retry(self, action):
        job, self.starving = self.starving, None
        assert job.id == action.job and action.rungs
        self.again = job

    def on_Refuse(self, action):
        if self.starving is not None and self.starving.id == action.job:
            self.starving = None
        else:
            del self.queued[action.job]
        assert action.need > 0
        self.ended.add(action.job)

    # What is always so.

    @invariant()
    def no_job_is_lost_or_held_twice(self):
        if not hasattr(self, "state"):
            return
        assert set(self.state.jobs) == set(self.queued)
        held = [w.running.job.id for w in self.state.workers.values() if w.running]
        assert sorted(held) == sorted(self.running)
        assert len(self.queued) + len(self.running) + len(self.ended) == self.made
        for lane in self.state.lanes.values():
            for queue in lane.classes:
                assert queue.size == sum(user.count for user in queue.users.values())

    @invariant()
    def the_ledger_is_right(self):
        if not hasattr(self, "state"):
            return
        for device in self.state.limits.devices:
            names = [n for n, w in self.workers.items() if w["device"] == device]
            used = sum(sum(self.memory[n].values()) + self.active[n] for n in names)
            assert self.state.get_used(device) == used
            is_last = any(
                w.running and self.state.plans.get(w.running.job.id)
                for w in self.state.iterate_workers(device)
            )
            grew = any(self.tries.values())  # a corrected cost changes what runs are charged
            assert used <= device.capacity or is_last or grew
        parked = sum(sum(items.values()) for items in self.parked.values())
        assert self.state.get_parked() == parked <= self.state.limits.host_bytes

    @invariant()
    def nobody_is_overtaken_too_often_or_served_too_much(self):
        if not hasattr(self, "state"):
            return
        if len(self.environments) == 1 and not self.tries:
            waiting = [self.overtaken[job] for job in self.queued]
            assert max(waiting, default=0) <= BYPASS
        for lane in self.state.lanes.values():
            for queue in lane.classes:
                for user in queue.users.values():
                    assert user.deficit <= self.state.limits.quantum + 1e-6


class EnvironmentMachine(KernelMachine):
    """The same with two environments that want the same devices."""

    environments = ("main", "old")


SUPPRESSED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@pytest.mark.parametrize("machine", [KernelMachine, EnvironmentMachine])
def test_schedules(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            derandomize=True,
            phases=[Phase.generate],  # shrinking by hand: `-m slow` does it
            suppress_health_check=SUPPRESSED,
        ),
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("machine", [KernelMachine, EnvironmentMachine])
def test_ten_thousand_schedules(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5_000,
            stateful_step_count=50,
            database=None,
            suppress_health_check=SUPPRESSED,
        ),
    )
