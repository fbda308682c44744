"""A worker in a process of its own: the host's side.

One thread per worker starts the process, carries both pipes and watches heartbeat and memory.
It must be the thread that starts the process: the kernel kills the child when that thread ends.
"""

import logging
import signal
import threading
import time
from dataclasses import dataclass, field
from subprocess import PIPE, Popen
from typing import BinaryIO

from pydantic import ValidationError

from studio.config import Config
from studio.errors import ConfigError
from studio.worker.base import OnEvent
from studio.worker.channel import Channel, LineTooLongError
from studio.worker.conversation import Conversation
from studio.worker.exits import DEVICE_LOST, FROM_OUTSIDE, describe_exit, read_last_line
from studio.worker.group import ask_to_end, await_exit, end_group, has_exited, kill_group
from studio.worker.guard import find_family
from studio.worker.job_log import cap_log
from studio.worker.launch import build_command, build_environ, get_memory_limit
from studio.worker.limits import count_oom_kills, read_family_memory
from studio.worker.protocol import (
    EVENTS,
    MAX_LINE,
    Exit,
    Exited,
    Heartbeat,
    Hello,
    Order,
    WorkerEvent,
)

_WATCH_EVERY = 0.2
_MAX_PROCESSES = 256
_LAST_WORDS = 2.0
"""Seconds between the end of the conversation and that of the process."""
_END_TIME = 6.0
"""Seconds that a worker's guard may take to end everything."""
_LOG_LIMIT = 1 << 20
_NOT_STARTED = 127
_START_TIME = 60.0
"""Seconds of silence that are forgiven before the first word: a cold disk, a busy machine."""

_log = logging.getLogger("studio.worker")


@dataclass(frozen=True)
class _Verdict:
    """Why the host ended a worker; `at`: monotonic seconds."""

    reason: str
    out_of_memory: bool = False
    culprit: str = ""
    at: float = field(default_factory=time.monotonic)


class ProcessWorker:
    """See `studio.worker.base.Worker`. Its log is `logs/workers/<id>.log` in the home."""

    def __init__(
        self, id: str, environment: str, device: str, config: Config, on_event: OnEvent
    ) -> None:
        self.id = id
        self.environment = environment
        self.device = device
        self._config = config
        self._on_event = on_event
        self._memory_limit = get_memory_limit(config)
        self._log_path = config.home / "logs" / "workers" / f"{id}.log"
        self._log_start = 0
        self._thread = threading.Thread(target=self._run, name=f"studio-{id}", daemon=True)
        self._lock = threading.Lock()
        self._process: Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._early: list[bytes] = []  # orders given before the process was there
        self._verdict: _Verdict | None = None  # why the host ended it
        self._conversation = Conversation()
        self._greeted_pid = 0
        self._is_closing = False
        self._has_spoken = False
        self._last_heard = 0.0
        self._last_watched = 0.0
        self._ended = threading.Event()

    @property
    def is_alive(self) -> bool:
        """From `start` until `Exited`."""
        return self._thread.ident is not None and not self._ended.is_set()

    @property
    def pid(self) -> int | None:
        """Of the process that runs jobs, while it does; of its guard before the first word."""
        process = self._process
        return (self._greeted_pid or process.pid) if process else None

    def start(self) -> None:
        """Start the process; `Hello` follows, or `Exited`."""
        self._thread.start()

    def send(self, order: Order) -> None:
        """Hand over an order without waiting; lost when the worker is gone."""
        line = order.model_dump_json().encode()
        if isinstance(order, Exit):
            self._is_closing = True
        with self._lock:
            self._conversation.note_order(order)
            if self._channel is None:
                self._early.append(line)
            else:
                self._channel.post(line)

    def kill(self, reason: str, *, out_of_memory: bool = False) -> None:
        """Kill the process and its children; the first reason given is the one told."""
        self._end_by(_Verdict(reason, out_of_memory))

    def close(self, timeout: float = 5) -> None:
        """Ask it to leave, wait, and kill it after `timeout` seconds."""
        if not self.is_alive or threading.current_thread() is self._thread:
            return
        self.send(Exit())
        if not self._ended.wait(timeout):
            self.kill(f"the worker did not leave within {timeout:g} s")
            self._ended.wait(timeout)

    def _end_by(self, verdict: _Verdict) -> None:
        with self._lock:
            if self._verdict is None:
                self._verdict = verdict
            if self._process is not None:
                ask_to_end(self._process.pid)
            if self._channel is not None:
                self._channel.wake()

    def _accuse(self, fault: str) -> None:
        """Kill it for something that a plugin did."""
        self._end_by(_Verdict(f"the worker {fault}", culprit=self._conversation.culprit))

    def _run(self) -> None:
        """Live through one process; always ends with `Exited`."""
        oom_kills = count_oom_kills()
        try:
            process = self._start_process()
        except (OSError, ConfigError) as error:
            self._end(Exited(reason=f"the worker could not start: {error}", code=_NOT_STARTED))
            return
        channel = None
        try:
            channel = Channel(process)
            self._open(process, channel)
            self._converse(process, channel)
        except Exception:
            _log.exception("worker %s: the host's side broke", self.id)
        if channel is not None and channel.is_ended and not await_exit(process.pid, _LAST_WORDS):
            self._accuse("ended the conversation and went on without it")
        end_group(process.pid, _END_TIME)  # it, or children it left behind
        with self._lock:
            code = process.wait()
            self._process = None
        if channel is not None:
            channel.close()
        self._end(self._build_exited(code, oom_kills))

    def _open(self, process: Popen[bytes], channel: Channel) -> None:
        """Make up for what was asked before the process was there."""
        with self._lock:
            self._process, self._channel = process, channel
            for line in self._early:
                channel.post(line)
            self._early.clear()
            if self._verdict is not None:
                ask_to_end(process.pid)

    def _start_process(self) -> Popen[bytes]:
        """Raise OSError or ConfigError: no such python, no such environment, home read-only."""
        arguments = ["--device", self.device, "--memory", str(self._memory_limit)]
        with self._open_log() as log:
            self._last_heard = time.monotonic()
            return Popen(
                build_command(self._config, self.environment, *arguments),
                env=build_environ(self._config, self.environment),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                bufsize=0,
                start_new_session=True,
            )

    def _open_log(self) -> BinaryIO:
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        log = self._log_path.open("ab")
        if log.tell() > _LOG_LIMIT:
            log.close()
            self._log_path.replace(self._log_path.with_suffix(".old.log"))
            log = self._log_path.open("ab")
        self._log_start = log.tell()
        return log

    def _converse(self, process: Popen[bytes], channel: Channel) -> None:
        """Carry lines until the process has ended and all it said was heard."""
        while not channel.is_ended:
            is_over = has_exited(process.pid)
            try:
                lines = channel.poll(0 if is_over else _WATCH_EVERY)
            except LineTooLongError:
                self._accuse(f"wrote a line of more than {MAX_LINE >> 20} MiB")
                return
            for line in lines:
                self._receive(line)
            if is_over:
                if not lines:
                    return  # a child it left behind may hold the pipe open for ever
            elif self._verdict is None:
                if time.monotonic() - self._last_watched >= _WATCH_EVERY:
                    self._watch(process.pid)
            elif time.monotonic() - self._verdict.at > _END_TIME:
                kill_group(process.pid)  # its guard does not do its duty

    def _receive(self, line: bytes) -> None:
        try:
            event = EVENTS.validate_json(line)
        except ValidationError:
            if self._has_spoken:
                self._accuse(f"wrote what is no message: {line[:80]!r}")
            else:  # something in its environment prints before our program runs
                _log.warning("worker %s printed %r at start", self.id, line[:200])
            return
        if self._verdict is not None:
            return  # what it says now counts no more
        with self._lock:
            fault = self._conversation.find_fault(event)
        if fault:
            self._accuse(fault)
            return
        self._last_heard = time.monotonic()
        if isinstance(event, Hello):
            self._has_spoken = True
            self._greeted_pid = event.pid
        elif isinstance(event, Heartbeat):
            self._check_memory(event.rss)
        self._tell(event)

    def _watch(self, pid: int) -> None:
        """Kill a process that fell silent or takes too much."""
        self._last_watched = time.monotonic()
        silence = time.monotonic() - self._last_heard
        limit = self._config.heartbeat_timeout
        if silence > (limit if self._has_spoken else max(limit, _START_TIME)):
            self._accuse(f"gave no sign of life for {silence:.0f} s")
        family = find_family(pid) or [pid]
        if len(family) > _MAX_PROCESSES:
            self._accuse(f"started more than {_MAX_PROCESSES} processes")
        self._check_memory(read_family_memory(family, self._memory_limit))
        for path in (self._log_path, *self._conversation.logs):
            cap_log(path)

    def _check_memory(self, size: int) -> None:
        if size > self._memory_limit:
            self.kill(
                f"the worker took more than the {self._memory_limit >> 20} MiB of memory it may "
                "(setting worker_memory_mb)",
                out_of_memory=True,
            )

    def _build_exited(self, code: int, oom_kills: int) -> Exited:
        if self._verdict is not None:
            found = self._verdict
            return Exited(
                reason=found.reason,
                code=code,
                out_of_memory=found.out_of_memory,
                culprit=found.culprit,
            )
        if code == 0 and self._is_closing:
            return Exited(reason="the worker was closed", code=code)
        reason = f"the worker {describe_exit(code)}"
        if code == -signal.SIGKILL:
            if count_oom_kills() > oom_kills >= 0:
                reason = "the system ran out of memory and ended the worker"
                return Exited(reason=reason, code=code, out_of_memory=True)
            if oom_kills < 0:
                reason += "; perhaps the system ran out of memory"
        last = read_last_line(self._log_path, self._log_start) if code > 0 else ""
        is_own_doing = code != DEVICE_LOST and code not in FROM_OUTSIDE
        return Exited(
            reason=f"{reason}: {last}" if last else reason,
            code=code,
            culprit=self._conversation.culprit if is_own_doing else "",
        )

    def _end(self, event: Exited) -> None:
        self._ended.set()
        self._tell(event)

    def _tell(self, event: WorkerEvent) -> None:
        try:
            self._on_event(self.id, event)
        except Exception:
            _log.exception("worker %s: nobody could take %r", self.id, event)
