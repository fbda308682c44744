"""For all tests, those of the plugins too: what would take seconds again and again is done once."""

import gc
import types

import pytest
from hypothesis import HealthCheck, settings

from studio.worker.launch import MAIN, get_search_path
from studio.worker.spec_cache import SpecCache

# What Hypothesis does by the clock fails on a busy machine, and chance fails whoever is next.
# Fixtures of a test are made once for all its examples; ours are read only, or cleared by them.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


def pytest_collection_finish():
    """Spare later collections of garbage what is there to stay: torch, gradio, all the tests.

    A worker that runs in this process collects after each generator it lets go, and would look
    at more than half a million objects hundreds of times.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def spec_cache_files():
    """Have a home without a spec cache begin with what an earlier test found out, if that is fresh.

    What is yielded has the methods of `SpecCache` as they are.
    """
    real = types.SimpleNamespace(load=SpecCache.load, save=SpecCache.save)
    kept = {}

    def load(cache):
        found = real.load(cache)
        path = get_search_path()
        for record in kept.values() if MAIN not in found else ():
            if record.is_fresh(record.interpreter, record.timeout, path):
                real.save(cache, {**found, MAIN: record})
                return {**found, MAIN: record}
        return found

    def save(cache, records):
        real.save(cache, records)
        if MAIN in records:
            kept[records[MAIN].fingerprint] = records[MAIN]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SpecCache, "load", load)
        patch.setattr(SpecCache, "save", save)
        yield real
