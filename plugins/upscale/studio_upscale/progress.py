"""Progress of a job whose every seed is many windows, of a picture or of a video's frames."""

from studio.generator import JobContext


class Progress:
    """Turns finished windows into steps over all seeds of a job; `index` is the seed's place."""

    def __init__(self, job: JobContext, index: int) -> None:
        self._job = job
        self._index = index
        self._done = 0
        self._total = 1

    def expect(self, total: int) -> None:
        """Say how many windows one result takes."""
        self._total = total
        self._tell()

    def advance(self) -> None:
        """Another window is done; a file may have more of them than it says."""
        self._done = min(self._done + 1, self._total)
        self._tell()

    def finish(self) -> None:
        """The result is there; a file may have fewer of them than it says."""
        self._done = self._total
        self._tell()

    def _tell(self) -> None:
        done = self._index * self._total + self._done
        self._job.step(done, len(self._job.seeds) * self._total)
