"""What a program does to its files, in order, and what a power cut may leave of it.

The rules are stricter than any file system in use: what is not synced may be lost in any
combination and any order. A write may be lost, torn at a sector, or leave only the new length
(zeros); the names of a folder are safe after a sync of that folder only; a rename happens or does
not. A sync of a file makes its bytes safe, not its name.
"""

from dataclasses import dataclass, field
from itertools import count

SECTOR = 512


@dataclass(frozen=True)
class Create:
    """A new, empty file gets a name."""

    path: str
    inode: int


@dataclass(frozen=True)
class Write:
    """Bytes at an offset."""

    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    """A new length."""

    inode: int
    size: int


@dataclass(frozen=True)
class SyncFile:
    """The disk has the file's bytes."""

    inode: int


@dataclass(frozen=True)
class Rename:
    """A file's name becomes another, which may be taken from a file that is there."""

    source: str
    target: str
    inode: int


@dataclass(frozen=True)
class Remove:
    """A name goes."""

    path: str


@dataclass(frozen=True)
class SyncFolder:
    """The disk has the folder's names."""

    folder: str


@dataclass(frozen=True)
class Ack:
    """The program said to somebody outside that this is so."""

    what: str
    job: str
    position: int = -1


Op = Create | Write | Truncate | SyncFile | Rename | Remove | SyncFolder | Ack
NameOp = Create | Rename | Remove


@dataclass
class Log:
    """Collects operations; paths are relative to the home.

    Attributes:
        base: what was on the disk, safely, when the log began.
    """

    base: dict[str, bytes] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)

    def __post_init__(self):
        self._numbers = count()
        self._inodes = {path: next(self._numbers) for path in self.base}

    def find(self, path):
        """Return the inode of a path, None where there is no file."""
        return self._inodes.get(path)

    def create(self, path):
        """Note a new file and return its inode."""
        inode = self._inodes[path] = next(self._numbers)
        self.ops.append(Create(path, inode))
        return inode

    def write(self, inode, offset, data):
        """Note a write."""
        self.ops.append(Write(inode, offset, bytes(data)))

    def truncate(self, inode, size):
        """Note a new length."""
        self.ops.append(Truncate(inode, size))

    def sync_file(self, inode):
        """Note a sync."""
        self.ops.append(SyncFile(inode))

    def sync_folder(self, folder):
        """Note a folder's sync."""
        self.ops.append(SyncFolder(folder))

    def rename(self, source, target):
        """Note a rename."""
        inode = self._inodes[target] = self._inodes.pop(source)
        self.ops.append(Rename(source, target, inode))

    def remove(self, path):
        """Note a removal."""
        if self._inodes.pop(path, None) is not None:
            self.ops.append(Remove(path))

    def ack(self, what, job, position=-1):
        """Note what was promised."""
        self.ops.append(Ack(what, job, position))

    def count_syncs(self, start=0):
        """Count syncs since a place in the log."""
        return sum(isinstance(op, SyncFile | SyncFolder) for op in self.ops[start:])


@dataclass(frozen=True)
class Crash:
    """One way a power cut may go.

    Attributes:
        kept: numbers of the unsynced operations that reached the disk.
        sized: a lost write leaves the length it would have made.
        torn: a kept write of which only the first sectors arrived, and how many; or None.
    """

    kept: frozenset[int]
    sized: bool = False
    torn: tuple[int, int] | None = None


class Platter:
    """What the disk has for sure, and what it may have, at one place of a log."""

    def __init__(self, base):
        self._bytes = {i: bytearray(data) for i, data in enumerate(base.values())}
        self._names = {path: inode for inode, path in enumerate(base)}
        self._pending: list[tuple[int, Op]] = []
        self.acks: list[Ack] = []

    def take(self, number, op):
        """Go one operation on."""
        match op:
            case Ack():
                self.acks.append(op)
            case SyncFile(inode):
                self._settle(lambda item: getattr(item, "inode", None) == inode, names=False)
            case SyncFolder(folder):
                self._settle(lambda item: get_folder(item) == folder, names=True)
            case _:
                if isinstance(op, Create):
                    self._bytes[op.inode] = bytearray()
                self._pending.append((number, op))

    def _settle(self, is_safe, *, names):
        kept = []
        for number, op in self._pending:
            if isinstance(op, NameOp) is names and is_safe(op):
                if names:
                    self._apply_name(self._names, op)
                else:
                    self._apply(self._bytes[op.inode], op)
            else:
                kept.append((number, op))
        self._pending = kept

    @property
    def pending(self):
        """Numbers of the operations that may be lost."""
        return [number for number, _ in self._pending]

    def crash(self, crash):
        """Return path -> bytes after a crash."""
        names, contents, changed = dict(self._names), dict(self._bytes), set()
        for number, op in self._pending:
            if isinstance(op, NameOp):
                if number in crash.kept:
                    self._apply_name(names, op)
                continue
            if op.inode not in changed:
                changed.add(op.inode)
                contents[op.inode] = bytearray(contents[op.inode])
            if number in crash.kept:
                if crash.torn and crash.torn[0] == number and isinstance(op, Write):
                    op = Write(op.inode, op.offset, op.data[: crash.torn[1] * SECTOR])
                self._apply(contents[op.inode], op)
            elif crash.sized and isinstance(op, Write):
                content = contents[op.inode]
                content.extend(bytes(max(0, op.offset + len(op.data) - len(content))))
        return {path: bytes(contents[inode]) for path, inode in names.items()}

    @staticmethod
    def _apply(content, op):
        end = op.size if isinstance(op, Truncate) else op.offset
        content.extend(bytes(max(0, end - len(content))))
        if isinstance(op, Truncate):
            del content[op.size :]
        else:
            content[op.offset : op.offset + len(op.data)] = op.data

    @staticmethod
    def _apply_name(names, op):
        match op:
            case Create(path, inode):
                names[path] = inode
            case Remove(path):
                names.pop(path, None)
            case Rename(source, target, inode):
                if names.get(source) == inode:
                    del names[source]
                names[target] = inode


def get_folder(op):
    """Return the folder whose sync makes a name operation safe."""
    path = op.target if isinstance(op, Rename) else getattr(op, "path", "/")
    return path.rpartition("/")[0]
