"""What the checks found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckRow:
    """One check of one generator.

    Attributes:
        generator: id; the plugin's name where it is about the plugin as a whole.
        check: what must hold.
        detail: why it does not, or what was seen.
        seconds: how long it took.
    """

    generator: str
    check: str
    passed: bool
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Place:
    """A check that begins."""

    generator: str
    check: str


@dataclass(frozen=True)
class CheckReport:
    """Every check of one generator, in the order in which they ran."""

    generator: str
    rows: tuple[CheckRow, ...]

    @property
    def passed(self) -> bool:
        """True if every check passed."""
        return all(row.passed for row in self.rows)

    @property
    def failures(self) -> list[CheckRow]:
        """The rows that did not pass."""
        return [row for row in self.rows if not row.passed]

    def __str__(self) -> str:
        return "\n".join(
            f"{'ok  ' if row.passed else 'FAIL'} {self.generator}: {row.check}"
            f"{': ' + row.detail if row.detail else ''}"
            for row in self.rows
        )

    def assert_ok(self) -> None:
        """Raise AssertionError with the whole table if a check failed."""
        if not self.passed:
            raise AssertionError(f"{self.generator} does not keep the contract\n{self}")


class CheckFailure(Exception):
    """Raised by a check; the message becomes the row's detail."""
