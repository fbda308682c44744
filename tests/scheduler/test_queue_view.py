"""The queue as people see and arrange it."""

from studio.scheduler.job import Priority


def list_ids(jobs, **rest):
    return [row.id for row in jobs.read_queue(**rest).rows]


def test_rows_are_in_order_and_batches_are_folded(jobs, request_of):
    first, last = jobs.submit([request_of((1,)), request_of((2,))])
    batch = jobs.submit([request_of((n,), batch="b") for n in range(10, 14)])
    (urgent,) = jobs.submit([request_of((3, 4), priority=Priority.INTERACTIVE)])
    page = jobs.read_queue()
    assert [row.id for row in page.rows] == [urgent, first, last, batch[0]]
    assert [row.count for row in page.rows] == [1, 1, 1, 4]
    assert page.rows[0].seeds == 2
    assert (page.total, page.jobs) == (4, 7)
    jobs.pause(batch[2:])
    assert [(row.count, row.is_paused) for row in jobs.read_queue(start=3).rows] == [
        (2, False),
        (2, True),
    ]


def test_pages_and_users(jobs, request_of):
    ada = jobs.submit([request_of((n,), user="ada") for n in range(5)])
    jobs.submit([request_of((9,), user="bob")])
    assert list_ids(jobs, start=1, limit=2) == ada[1:3]
    page = jobs.read_queue(user="bob")
    assert (len(page.rows), page.total, page.jobs) == (1, 1, 1)


def test_jobs_move_before_another(jobs, request_of):
    one, two, three, four = jobs.submit([request_of((n,)) for n in range(4)])
    assert jobs.move_before([four], two) == 1
    assert list_ids(jobs) == [one, four, two, three]
    assert jobs.move_before([two, three], one) == 2
    assert list_ids(jobs) == [two, three, one, four]
    for _ in range(100):  # places between places, more than floats have
        jobs.move_before([four], one)
        assert list_ids(jobs) == [two, three, four, one]
        jobs.move_before([one], four)
        assert list_ids(jobs) == [two, three, one, four]
    (five,) = jobs.submit([request_of((5,))])
    assert list_ids(jobs) == [two, three, one, four, five]


def test_nothing_moves_before_a_job_that_is_gone(jobs, request_of):
    one, two = jobs.submit([request_of((n,)) for n in range(2)])
    jobs.cancel([two])
    assert jobs.move_before([one], two) == 0
