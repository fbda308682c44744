"""Commits in child processes that `strace` kills at the n-th system call of a kind, n = 1, 2, ...

    strace -f -e inject=CALL:signal=SIGKILL:when=BURN python victim.py HOME CALL BURN STRIDE

Every child is killed at its BURN-th call, after it has made BURN - n of them in vain.
"""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness.home import Home


def burn(call, times, folder):
    """Make system calls that do nothing."""
    path = folder / "burnt"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
    for _ in range(times):
        match call:
            case "fsync":
                os.fsync(descriptor)
            case "fdatasync":
                os.fdatasync(descriptor)
            case "rename":
                os.rename(path, path)
            case "pwrite64":
                os.pwrite(descriptor, b"x", 0)
            case "unlink":
                other = folder / "other"
                other.touch()
                other.unlink()
    os.close(descriptor)


def live(folder):
    """Open a home, queue and commit a job and a group, say in a file what is acknowledged."""
    acks = os.open(f"{folder}.acks", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def tell(*words):
        os.write(acks, " ".join(map(str, words)).encode() + b"\n")

    home = Home(folder)
    jobs = home.submit(("plain", [1]), ("maps", [2]), ("same", [3]), ("same", [4]))
    for job in jobs:
        tell("queued", job)
    leases = [home.jobs.lease(job, "worker") for job in jobs]
    for group in (leases[:1], leases[1:]):
        home.host.commit_many([(lease, home.make(lease, 0), "cpu") for lease in group])
        for lease in group:
            tell("done", lease.job)
    home.close()


def main():
    """Kill children until one gets through."""
    root, call, most, stride = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    Home(root / "template").close()
    for n in range(1, most, stride):
        folder = root / f"{call}-{n}"
        shutil.copytree(root / "template", folder)
        child = os.fork()
        if child == 0:
            burn(call, most - n, root)
            live(folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
    sys.exit(f"{most} calls were not enough")


if __name__ == "__main__":
    main()
