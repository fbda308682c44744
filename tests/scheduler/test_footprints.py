"""The footprint book: measured, kept, scaled to what was never run."""

import time

import pytest

from studio.scheduler.costs import Cost
from studio.scheduler.footprints import FORGET, MARGIN, FootprintBook, describe_shape


@pytest.fixture
def book(home):
    return FootprintBook(home.database)


def sized(request_of, width, **fields):
    return request_of(params={"width": width}, footprint=1000, **fields)


def test_shapes_share_a_bucket_when_they_take_about_as_much(request_of):
    assert describe_shape(sized(request_of, 512)) == describe_shape(sized(request_of, 520))
    assert describe_shape(sized(request_of, 512)) != describe_shape(sized(request_of, 1024))
    other = request_of(params={"width": 512, "dtype": "float16"})
    assert describe_shape(other) != describe_shape(sized(request_of, 512))


def test_before_any_run_the_declared_footprint_counts(book, request_of):
    cost = book.get_cost(sized(request_of, 512))
    assert cost.get_total(1) == 1000 and cost.seconds == 1.0


def test_what_was_measured_is_believed_with_a_margin_and_survives(home, book, request_of):
    request = sized(request_of, 512)
    shape = describe_shape(request)
    book.note_load(shape, 5000, 2.5)
    book.note_run(shape, 1, 400, 3.0)
    book.note_run(shape, 4, 1000, 2.0)
    for known in (book, FootprintBook(home.database)):
        cost = known.get_cost(request)
        assert (cost.weights, cost.load_seconds) == (5000, 2.5)
        assert cost.get_active(1) == pytest.approx(400 * MARGIN, rel=0.01)
        assert cost.get_active(2) == pytest.approx(600 * MARGIN, rel=0.01)
        assert cost.get_active(4) == pytest.approx(1000 * MARGIN, rel=0.01)
        assert cost.seconds == 2.0


def test_the_largest_peak_is_remembered_longer_than_the_last_one(book, request_of):
    request = sized(request_of, 512)
    shape = describe_shape(request)
    for peak in (1000, 100):
        book.note_run(shape, 1, peak, 1.0)
    assert book.get_cost(request).get_active(1) > 900 * MARGIN


def test_an_unknown_shape_is_scaled_from_its_nearest_relative(book, request_of):
    book.note_run(describe_shape(sized(request_of, 512)), 1, 400, 3.0)
    book.note_run(describe_shape(sized(request_of, 64)), 1, 7, 0.1)
    cost = book.get_cost(sized(request_of, 1024))
    assert cost.get_active(1) == pytest.approx(800 * MARGIN, rel=0.01)
    assert cost.seconds == pytest.approx(6.0)


def test_a_starved_run_is_believed_to_take_more(book, request_of):
    request = sized(request_of, 512)
    shape = describe_shape(request)
    book.note_run(shape, 2, 400, 1.0)
    cost = book.get_cost(request)
    book.note_starved(shape, cost.__class__(each=600), 2)
    assert book.get_cost(request).get_active(2) == pytest.approx(1200 * MARGIN, rel=0.01)


@pytest.mark.parametrize("value", [0, -5, "wide", None, [1]])
def test_odd_params_do_not_matter(request_of, value):
    assert describe_shape(request_of(params={"width": value})).endswith("{}]")


def test_a_belief_that_no_run_confirmed_fades_and_a_measurement_replaces_it(
    home, book, request_of, monkeypatch
):
    request = sized(request_of, 512)
    shape = describe_shape(request)
    book.note_starved(shape, Cost(each=1 << 20), 1)
    now = time.time()
    assert book.is_fading(shape)
    believed = book.get_cost(request).get_active(1)
    monkeypatch.setattr(time, "time", lambda: now + 2 * FORGET)
    for known in (book, FootprintBook(home.database)):
        assert known.get_cost(request).get_active(1) == pytest.approx(believed / 4, rel=0.01)
    book.note_run(shape, 1, 500, 1.0)
    assert not book.is_fading(shape)
    assert book.get_cost(request).get_active(1) == pytest.approx(500 * MARGIN, rel=0.01)
