"""The queue of one lane and class: users, rounds, and the oldest job of each instance.

Heaps hold (order, id); an entry is stale when the job has left or moved, and is dropped when it
comes to the top. So every question costs about log(jobs), however long the queue is.
"""

import math
from collections.abc import Collection
from heapq import heappop, heappush, nsmallest
from operator import attrgetter

from studio.scheduler.messages import Waiting

_NEXT_ROUND = 1e12  # added to an order

Heap = list[tuple[float, str]]
Jobs = dict[str, Waiting]
_get_order = attrgetter("order")


class UserQueue:
    """The jobs of one user in one class.

    Attributes:
        deficit: device seconds it may still use in this round; negative: it used more.
        passed: order of each job that overtook its oldest one for affinity, and when.
    """

    __slots__ = ("count", "deficit", "heap", "passed", "round")

    def __init__(self, quantum: float, round_: int) -> None:
        self.heap: Heap = []
        self.count = 0
        self.deficit = quantum
        self.round = round_
        self.passed: list[tuple[float, float]] = []

    def fork(self) -> "UserQueue":
        """Copy."""
        twin = UserQueue(self.deficit, self.round)
        twin.heap, twin.count = self.heap.copy(), self.count
        twin.passed = self.passed.copy()
        return twin


class ClassQueue:
    """Waiting jobs of one lane and class.

    Args:
        jobs: every waiting job by id, shared by all queues of a state.
        quantum: device seconds a user gets a round.

    Attributes:
        environments: name -> jobs that want it.
    """

    __slots__ = (
        "_by_resident",
        "_jobs",
        "_quantum",
        "_round",
        "_uses",
        "environments",
        "size",
        "users",
    )

    def __init__(self, jobs: Jobs, quantum: float) -> None:
        self._jobs = jobs
        self._quantum = quantum
        self._round = 0
        self._by_resident: dict[str, dict[str, Heap]] = {}
        self.users: dict[str, UserQueue] = {}
        self._uses: dict[str, Heap] = {}
        self.environments: dict[str, int] = {}
        self.size = 0

    def fork(self, jobs: Jobs) -> "ClassQueue":
        """Copy, over a copy of the jobs."""
        twin = ClassQueue(jobs, self._quantum)
        twin._round, twin.size = self._round, self.size
        twin.environments = self.environments.copy()
        twin._uses = {name: heap.copy() for name, heap in self._uses.items()}
        twin.users = {name: user.fork() for name, user in self.users.items()}
        twin._by_resident = {
            name: {user: heap.copy() for user, heap in heaps.items()}
            for name, heaps in self._by_resident.items()
        }
        return twin

    def add(self, job: Waiting) -> None:
        """Put a job in; it is in `jobs` already."""
        user = self.users.get(job.user)
        if user is None:
            user = self.users[job.user] = UserQueue(self._quantum, self._round)
        elif user.count == 0 and user.round != self._round:
            missed = self._quantum * (self._round - user.round)
            user.deficit = min(self._quantum, user.deficit + missed)
        user.round = self._round
        entry = (job.order, job.id)
        heappush(user.heap, entry)
        heaps = self._by_resident.setdefault(job.resident, {})
        heappush(heaps.setdefault(job.user, []), entry)
        heappush(self._uses.setdefault(job.resident, []), entry)
        user.count += 1
        self.size += 1
        self.environments[job.environment] = self.environments.get(job.environment, 0) + 1

    def remove(self, job: Waiting) -> None:
        """Take a job out; it is no longer in `jobs`."""
        user = self.users[job.user]
        user.count -= 1
        self.size -= 1
        self.environments[job.environment] -= 1
        if user.passed:
            first = self._peek(user.heap)
            user.passed = [item for item in user.passed if first and item[0] > first.order]

    def find_eligible(self) -> set[str]:
        """Return the users who have jobs and seconds left; begins a new round if need be."""
        eligible = {n for n, user in self.users.items() if user.count and user.deficit > 0}
        if eligible or not self.size:
            return eligible
        active = [(name, user) for name, user in self.users.items() if user.count]
        best = max(user.deficit for _, user in active)
        rounds = math.floor(-best / self._quantum) + 1
        self._round += rounds
        for _, user in active:
            user.deficit += rounds * self._quantum
            user.round = self._round
        return {name for name, user in active if user.deficit > 0}

    def find_oldest(self, users: Collection[str]) -> Waiting | None:
        """Return the oldest job of some users."""
        first: Waiting | None = None
        for name in users:
            job = self._peek(self.users[name].heap)
            if job is not None and (first is None or job.order < first.order):
                first = job
        return first

    def find_oldest_of(self, resident: str, users: Collection[str] = ()) -> Waiting | None:
        """Return the oldest job for an instance, of some users; of all if none are named."""
        heap = self._uses.get(resident)
        first = self._peek(heap) if heap else None
        if first is None:
            self._uses.pop(resident, None)
            self._by_resident.pop(resident, None)
            return None
        if not users or first.user in users:
            return first
        heaps = self._by_resident[resident]
        found = [self._peek(heaps[name]) for name in users if name in heaps]
        return min((job for job in found if job), key=_get_order, default=None)

    def find_oldest_of_each(self, users: Collection[str], most: int) -> list[Waiting]:
        """Return the oldest job for each instance, oldest first, `most` at most."""
        found = [self.find_oldest_of(resident, users) for resident in list(self._uses)]
        return nsmallest(most, (job for job in found if job is not None), key=_get_order)

    def find_next_use(self, resident: str) -> float | None:
        """Return the order of the next job for an instance; users out of seconds come later."""
        job = self.find_oldest_of(resident)
        if job is None:
            return None
        if self.users[job.user].deficit > 0:
            return job.order
        eligible = [n for n, user in self.users.items() if user.count and user.deficit > 0]
        sooner = self.find_oldest_of(resident, eligible) if eligible else None
        return sooner.order if sooner else job.order + _NEXT_ROUND

    def charge(self, user: str, seconds: float) -> None:
        """Count device seconds against a user; negative gives them back."""
        account = self.users[user]
        account.deficit = min(account.deficit - seconds, self._quantum)

    def note_overtaking(self, job: Waiting, users: Collection[str], now: float) -> None:
        """Remember that `job` goes before older ones of `users` for affinity."""
        for name in users:
            user = self.users[name]
            first = self._peek(user.heap)
            if first is not None and first.order < job.order:
                user.passed.append((job.order, now))

    def _peek(self, heap: Heap) -> Waiting | None:
        jobs = self._jobs
        while heap:
            order, name = heap[0]
            job = jobs.get(name)
            if job is not None and job.order == order:
                return job
            heappop(heap)
        return None
