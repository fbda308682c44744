"""What a job that never fits is told."""

from studio.scheduler.messages import Refuse
from studio.scheduler.outcomes import build_refusal

MIB = 1 << 20


def test_a_job_that_took_all_there_is_each_time_hears_what_was_tried():
    text = str(build_refusal(Refuse("j", 64 * MIB, 900 * MIB, ("free caches", "tile"))))
    assert "900 MiB" in text and "free caches, tile" in text and "64 MiB" not in text


def test_a_job_that_is_known_to_be_too_large_hears_by_how_much():
    text = str(build_refusal(Refuse("j", 2000 * MIB, 900 * MIB, ())))
    assert "2000 MiB are needed" in text and "nothing yet" in text
