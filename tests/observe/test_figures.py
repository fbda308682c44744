from studio.generator import JobContext
from studio.observe.figures import parse_figures


def test_rows_are_by_step_and_what_is_no_figure_is_left_out():
    text = (
        '12:00 figures: {"step": 2, "loss": 0.5}\n'
        "a library says figures: of eight\n"
        '12:01 figures: {"step": 1, "loss": 0.9, "name": "x"}\n'
        '12:02 figures: {"loss": 1}\n'
        "12:02 figures: [1]\n"
        '12:03 figures: {"step": 3, "loss": NaN}\n'
    )
    assert parse_figures(text) == [
        {"step": 1, "loss": 0.9},
        {"step": 2, "loss": 0.5},
        {"step": 3},
    ]


def test_a_training_begun_anew_replaces_its_rows():
    rows = [(1, 0.9), (2, 0.8), (3, 0.7), (1, 0.6), (2, 0.5)]
    text = "\n".join(f'figures: {{"step": {step}, "loss": {loss}}}' for step, loss in rows)
    assert parse_figures(text) == [{"step": 1, "loss": 0.6}, {"step": 2, "loss": 0.5}]


def test_measure_writes_what_is_read(tmp_path, caplog):
    job = JobContext([1], {}, tmp_path, lambda *_: None, lambda: False)
    with caplog.at_level("INFO", logger="studio.job"):
        job.measure(7, loss=0.25)
    assert parse_figures(caplog.text) == [{"step": 7, "loss": 0.25}]
    assert not job.is_finishing
    (tmp_path / "finish").touch()
    assert job.is_finishing
