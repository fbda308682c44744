"""The text is read back by a strict parser, written from the format's description."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.observe.exposition import Family, Sample, format_families, format_number

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
LINE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def parse(text):
    """Return kinds by family, and (name, labels, value) of each sample."""
    kinds, samples, current = {}, [], ""
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in kinds, "a family stands in one place"
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current
            assert kind in ("counter", "gauge", "histogram")
            kinds[name] = kind
        else:
            match = LINE.fullmatch(line)
            assert match, line
            assert match[1].startswith(current)
            labels = {
                name: re.sub(r"\\.", lambda found: ESCAPES[found[0]], value)
                for name, value in re.findall(LABEL, match[2] or "")
            }
            samples.append((match[1], labels, float(match[match.re.groups])))
    keys = [(name, tuple(sorted(labels.items()))) for name, labels, _ in samples]
    assert len(keys) == len(set(keys)), "no sample twice"
    return kinds, samples


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.text())
def test_whatever_stands_in_a_label_comes_back(label, value, summary):
    family = Family("a_total", "counter", summary, (Sample(value, {"generator": label}),))
    kinds, samples = parse(format_families([family]))
    assert kinds == {"a_total": "counter"}
    assert samples == [("a_total", {"generator": label}, value)]


@pytest.mark.parametrize(
    ("value", "text"), [(3, "3"), (3.0, "3"), (0.1, "0.1"), (float("inf"), "+Inf"), (1e21, None)]
)
def test_numbers(value, text):
    assert format_number(value) == (text or format_number(value))
    assert float(format_number(value)) == value


def test_the_parser_refuses_what_is_wrong():
    for line in ('a{x="y} 1', "a{x=y} 1", "a 1 2 3", "1a{} 1", 'a{x="\\q"} 1'):
        with pytest.raises(AssertionError):
            parse(f"# HELP a b\n# TYPE a gauge\n{line}\n")
