"""The kernel's rules, one small story each."""

from dataclasses import replace

import pytest

from studio.scheduler import messages as m
from studio.scheduler.costs import Cost
from studio.scheduler.kernel import decide
from studio.scheduler.state import State

INTERACTIVE, NORMAL, BATCH = m.Rank


def cost(weights=4, seconds=10.0, load=4.0, **fields):
    return Cost(weights=weights, each=1, seconds=seconds, load_seconds=load, **fields)


def job(name, order, rank=NORMAL, *, model="a", user="ada", lane="gpu", **fields):
    return m.Waiting(name, order, rank, user, "main", model, model, lane=lane, **fields)


class Room:
    """A kernel with its workers up; `log` is every action since the last `clear`."""

    def __init__(self, *devices, models=None, **limits):
        devices = devices or (m.Device("gpu:0", "gpu", 10),)
        self.state = State(m.Limits(devices, **limits))
        self.state.costs.update(models or {name: cost() for name in "abcdef"})
        self.now = 0.0
        self.log = []

    def tell(self, kind, *args, **fields):
        actions = decide(self.state, kind(self.now, *args, **fields))
        self.log += actions
        for action in actions:
            if isinstance(action, m.StartWorker):
                self.tell(m.WorkerReady, action.worker)
        return actions

    def queue(self, *jobs):
        return self.tell(m.Queued, jobs)

    def running(self):
        return {
            worker.running.job.id: worker.id
            for worker in self.state.workers.values()
            if worker.running
        }

    def finish(self, name, seconds=10.0):
        worker = self.running()[name]
        if self.state.workers[worker].running.is_loading:
            self.tell(m.Loaded, worker)
        self.now += seconds
        return self.tell(m.Ended, worker)

    def run_all(self, seconds=10.0):
        """Let jobs run one after another; returns their order."""
        order = []
        while running := self.running():
            name = next(iter(running))
            order.append(name)
            self.finish(name, seconds)
        return order

    def take(self, kind):
        return [action for action in self.log if isinstance(action, kind)]


def test_a_worker_is_started_for_the_first_job_and_gets_it():
    room = Room()
    room.queue(job("j", 1))
    assert [type(action).__name__ for action in room.log] == ["StartWorker", "Assign"]


def test_classes_go_in_order_and_users_of_a_class_too():
    room = Room()
    room.queue(job("first", 0))
    room.queue(job("batch", 1, BATCH), job("normal", 2), job("interactive", 3, INTERACTIVE))
    room.state.workers[room.running()["first"]].running.is_guarded = True
    assert room.run_all(1.0) == ["first", "interactive", "normal", "batch"]


def test_batch_gets_its_share_of_a_device_that_normal_jobs_would_fill():
    room = Room(models={"a": cost(load=0.0)}, batch_share=0.25)
    room.queue(
        *[job(f"n{i}", i) for i in range(60)], *[job(f"b{i}", 99 + i, BATCH) for i in range(60)]
    )
    order = room.run_all()[:60]
    assert 13 <= sum(name[0] == "b" for name in order) <= 17


def test_what_is_resident_goes_first_but_only_so_often():
    room = Room(max_bypass=3, max_age=(1e9, 1e9, 1e9))
    room.queue(job("a0", 0))
    room.queue(job("b", 1, model="b"), *[job(f"a{i}", 1 + i) for i in range(1, 6)])
    assert room.run_all() == ["a0", "a1", "a2", "a3", "b", "a4", "a5"]


def test_what_is_resident_goes_first_but_only_so_long():
    room = Room(max_age=(5, 5, 5), age_per_load=0.0, age_per_wait=0.0)
    room.queue(job("a0", 0))
    room.queue(job("b", 1, model="b"), *[job(f"a{i}", 1 + i) for i in range(1, 4)])
    assert room.run_all() == ["a0", "a1", "b", "a2", "a3"]


def test_equal_users_get_equal_seconds_though_one_came_first():
    room = Room(models={"a": cost(load=0.0)}, quantum=20.0)
    room.queue(*[job(f"ada{i}", i) for i in range(30)])
    room.queue(*[job(f"bob{i}", 100 + i, user="bob") for i in range(30)])
    order = room.run_all()[:40]
    assert 18 <= sum(name.startswith("bob") for name in order) <= 22


def test_who_sends_long_jobs_gets_fewer_of_them():
    models = {"a": cost(load=0.0, seconds=30.0), "b": cost(load=0.0, seconds=10.0)}
    room = Room(models=models, quantum=30.0)
    room.queue(*[job(f"long{i}", i) for i in range(20)])
    room.queue(*[job(f"short{i}", 50 + i, model="b", user="bob") for i in range(60)])
    served = {"long": 0.0, "short": 0.0}
    for _ in range(40):
        (name,) = room.running()
        kind = name.rstrip("0123456789")
        served[kind] += (seconds := 30.0 if kind == "long" else 10.0)
        room.finish(name, seconds)
    assert served["long"] == pytest.approx(served["short"], abs=60)


def test_the_one_wanted_latest_in_the_queue_is_evicted():
    room = Room(max_bypass=0, hold=0.0)
    room.queue(
        job("a", 0),
        job("b", 1, model="b"),
        job("c", 2, model="c"),
        job("a2", 3),
        job("b2", 4, model="b"),
    )
    room.finish("a")
    room.finish("b")
    assert room.take(m.Evict) == [m.Evict("w1", "b")]
    assert list(room.state.workers["w1"].residents) == ["a", "c"]


def test_what_nobody_wants_is_evicted_before_what_somebody_wants():
    room = Room(max_bypass=0, hold=0.0)
    room.queue(job("b", 0, model="b"), job("a", 1), job("c", 2, model="c"), job("a2", 3))
    room.finish("b")
    room.finish("a")
    assert room.take(m.Evict) == [m.Evict("w1", "b")]


def test_of_what_nobody_wants_the_cheap_and_stale_goes_first():
    models = {"dear": cost(load=40.0), "cheap": cost(load=1.0), "new": cost()}
    room = Room(models=models)
    room.queue(job("1", 1, model="cheap"), job("2", 2, model="dear"))
    room.run_all(1.0)
    room.queue(job("3", 3, model="new"))
    assert room.take(m.Evict) == [m.Evict("w1", "cheap")]


def test_evicted_instances_stay_in_host_memory_up_to_its_cap():
    room = Room(max_bypass=0, hold=0.0, host_bytes=4)
    names = "abc"
    room.queue(*[job(f"{i}", i, model=names[i % 3]) for i in range(6)])
    room.run_all()
    kept = [action for action in room.take(m.Evict) if action.is_kept]
    assert kept and room.state.get_parked() <= 4


def test_what_was_just_loaded_and_is_wanted_is_not_thrown_out():
    room = Room(m.Device("gpu:0", "gpu", 10), max_bypass=32, hold=5.0)
    room.queue(job("a1", 0), job("b1", 1, model="b"), job("a2", 2), job("b2", 3, model="b"))
    room.queue(job("c1", 4, model="c"))
    assert room.run_all(1.0).index("c1") == 4


def test_an_interactive_job_stops_a_long_batch_job_which_comes_back():
    room = Room()
    room.queue(job("long", 1, BATCH, seeds=8))
    room.now += 5
    assert room.queue(job("now", 2, INTERACTIVE)) == [m.Preempt("long", "w1")]
    assert room.queue(job("more", 3, INTERACTIVE)) == []  # one at a time is enough
    room.tell(m.Ended, "w1", is_final=False)
    room.queue(job("long", 1, BATCH, seeds=7))
    assert room.run_all() == ["now", "more", "long"]


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_a_job_that_is_almost_done_is_left_alone(seconds):
    room = Room(models={"a": cost(seconds=seconds, load=0.0)})
    room.queue(job("short", 1, BATCH))
    assert room.queue(job("now", 2, INTERACTIVE)) == []


def test_a_job_that_never_gets_on_is_not_stopped_for_ever():
    room = Room(max_preempts=2)
    room.queue(job("long", 1, BATCH, seeds=8))
    stops = 0
    for i in range(4):
        room.now += 1
        stops += bool(room.queue(job(f"now{i}", 9 + i, INTERACTIVE)))
        if "long" in room.running() and stops > i:
            room.tell(m.Ended, "w1", is_final=False)
            room.queue(job("long", 1, BATCH, seeds=8))
            room.finish(f"now{i}")
    assert stops == 2


def test_a_job_that_fits_nowhere_is_refused_with_the_figures():
    room = Room(models={"big": cost(weights=50)})
    assert room.queue(job("j", 1, model="big")) == [m.Refuse("j", 51, 10)]


def test_the_batch_is_halved_until_it_fits():
    room = Room()
    room.queue(job("j", 1, seeds=16))
    (assign,) = room.take(m.Assign)
    assert assign.batch == 4  # 4 + 4 <= 10 < 4 + 8


@pytest.mark.parametrize(
    ("modes", "expected"), [({"tile": 0.2}, ("tile",)), ({"offload": 0.1}, ("offload",))]
)
def test_modes_that_save_memory_are_used_when_nothing_else_fits(modes, expected):
    room = Room(models={"big": replace(cost(weights=6), base=8, **modes)})
    room.queue(job("j", 1, model="big", seeds=2))
    (assign,) = room.take(m.Assign)
    assert (assign.batch, assign.modes) == (1, expected)


def starve(room, name):
    worker = room.running()[name]
    room.tell(m.Loaded, worker)
    room.log.clear()
    return room.tell(m.Starved, worker)


def test_the_ladder_takes_the_mildest_rungs_that_should_do_then_all_then_fails():
    room = Room(models={"a": cost(), "big": replace(cost(weights=2), tile=0.5, offload=0.5)})
    room.queue(job("idle", 0))
    room.finish("idle")
    big = job("j", 1, model="big", seeds=4)
    room.queue(big)
    (retry,) = starve(room, "j")
    assert retry == m.Retry("j", ("free caches", "evict idle"))
    room.queue(big)
    assert room.take(m.Evict) == [m.Evict("w1", "a")]
    assert room.take(m.Assign)[-1].batch == 4
    (retry,) = starve(room, "j")
    assert retry.rungs == ("free caches", "evict idle", "batch 1", "tile", "offload")
    room.queue(big)
    assign = room.take(m.Assign)[-1]
    assert (assign.batch, assign.modes, assign.rungs) == (1, ("tile", "offload"), retry.rungs)
    (refuse,) = starve(room, "j")
    assert isinstance(refuse, m.Refuse) and refuse.rungs == retry.rungs


def test_the_last_rung_is_the_largest_device():
    room = Room(m.Device("gpu:0", "gpu", 10), m.Device("gpu:1", "gpu", 40))
    room.queue(job("other", 0), job("j", 1, model="b"))
    room.finish("other")
    assert room.state.workers[room.running()["j"]].device.name == "gpu:1"
    room.tell(m.Withdrawn, ("j",))
    room.finish("j")
    room.queue(job("k", 2))  # to gpu:0, where its checkpoint is
    for _ in range(2):
        retry = starve(room, "k")[0]
        room.queue(job("k", 2))
    assert retry.rungs[-1] == "another device"
    assert room.state.workers[room.running()["k"]].device.name == "gpu:1"


def test_a_starved_worker_that_died_counts_as_starved():
    room = Room()
    room.queue(job("j", 1, seeds=4))
    room.tell(m.Loaded, "w1")
    actions = room.tell(m.WorkerGone, "w1", is_starved=True)
    assert isinstance(actions[0], m.Retry)
    assert "w1" not in room.state.workers


def test_a_cpu_job_never_waits_behind_a_gpu_job():
    room = Room(m.Device("gpu:0", "gpu", 10), m.Device("cpu", "cpu", 10))
    room.queue(job("video", 1), job("midi", 2, lane="cpu"))
    assert set(room.running()) == {"video", "midi"}


def test_without_a_gpu_everything_runs_on_the_cpu():
    room = Room(m.Device("cpu", "cpu", 10))
    room.queue(job("video", 1))
    assert set(room.running()) == {"video"}


def test_a_job_waits_for_the_device_that_has_its_checkpoint_if_that_is_sooner():
    models = {"a": cost(load=30.0, seconds=5.0), "b": cost(load=1.0, seconds=5.0)}
    devices = (m.Device("gpu:0", "gpu", 6), m.Device("gpu:1", "gpu", 6))
    room = Room(*devices, models=models)
    room.queue(job("a1", 1), job("b1", 2, model="b"))
    room.tell(m.Loaded, room.running()["a1"])
    room.queue(job("a2", 3))
    room.finish("b1", 1.0)
    assert set(room.running()) == {"a1"}
    where = room.running()["a1"]
    room.finish("a1", 4.0)
    assert room.running() == {"a2": where}


def test_a_second_copy_is_loaded_when_waiting_takes_longer():
    models = {"a": cost(load=2.0, seconds=50.0)}
    room = Room(m.Device("gpu:0", "gpu", 6), m.Device("gpu:1", "gpu", 6), models=models)
    room.queue(job("a1", 1), job("a2", 2))
    assert len(room.running()) == 2


def test_another_environment_gets_its_turn():
    room = Room(max_bypass=2)
    jobs = [job(f"m{i}", i) for i in range(4)]
    old = m.Waiting("old", 1.5, NORMAL, "ada", "old", "old:x", "a", lane="gpu")
    room.queue(*jobs, old)
    stops = []
    for _ in range(6):
        stops += room.take(m.StopWorker)
        room.log.clear()
        if stops:
            room.tell(m.WorkerGone, stops[0].worker)
            break
        room.finish(next(iter(room.running())))
    assert "old" in room.running()


def test_withdrawn_jobs_never_run():
    room = Room()
    room.queue(job("a", 1), job("b", 2), job("c", 3))
    room.tell(m.Withdrawn, ("b",))
    assert room.run_all() == ["a", "c"]


def test_a_moved_job_goes_first():
    room = Room()
    room.queue(job("a", 1), job("b", 2), job("c", 3))
    room.queue(job("c", 0))
    assert room.run_all() == ["a", "c", "b"]


def test_measured_costs_replace_the_guess():
    room = Room()
    room.tell(m.Learned, "a", cost(weights=9))
    room.queue(job("j", 1, seeds=4))
    assert room.take(m.Assign)[0].batch == 1


def test_a_fork_lives_its_own_life():
    room = Room()
    room.queue(*[job(f"j{i}", i) for i in range(5)])
    twin = room.state.fork()
    for name in ("w1",):
        decide(twin, m.Ended(50.0, name))
    assert room.running() == {"j0": "w1"}
    assert twin.workers["w1"].running.job.id == "j1"
    assert len(room.state.jobs) == 4 and len(twin.jobs) == 3


@pytest.mark.parametrize("has_news", [False, True])
def test_what_fits_only_without_its_margin_does_not_wait_for_ever(has_news):
    tight = Cost(each=90, margin=1.2)
    room = Room(m.Device("gpu:0", "gpu", 100), models={"a": tight, "b": cost(30)})
    room.queue(job("first", 1, model="b"))
    if has_news:  # more than there is was measured while it waited
        room.queue(job("tight", 2))
        room.tell(m.Learned, "a", replace(tight, each=120))
    room.finish("first")
    if not has_news:
        room.queue(job("tight", 2))
    assert room.running() == {"tight": room.log[-1].worker}
    assert [action.resident for action in room.log if isinstance(action, m.Evict)] == ["b"]
    room.finish("tight")
    assert not room.state.jobs
