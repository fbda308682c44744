"""Workers that die before their first word."""

from studio.scheduler.places import MAX_START_FAILURES, MAX_START_KILLS, Failures
from studio.worker.protocol import Exited


def test_an_environment_whose_workers_fail_by_themselves_is_given_up_soon():
    failures = Failures()
    for _ in range(MAX_START_FAILURES):
        assert not failures.is_hopeless
        failures.note(Exited(reason="no module", code=1))
    assert failures.is_hopeless and failures.reason == "no module"


def test_workers_killed_from_outside_say_little_of_their_environment():
    failures = Failures()
    for _ in range(MAX_START_KILLS - 1):
        failures.note(Exited(reason="killed", code=-9))
    assert not failures.is_hopeless
    failures.note(Exited(reason="killed", code=-9))
    assert failures.is_hopeless


def test_a_kill_for_want_of_memory_is_its_own_doing():
    failures = Failures()
    for _ in range(MAX_START_FAILURES):
        failures.note(Exited(reason="memory", code=-9, out_of_memory=True))
    assert failures.is_hopeless
