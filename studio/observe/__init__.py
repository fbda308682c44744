"""What goes on in a home, for people and programs that watch: status, metrics, logs, traces.

`Watch` listens in the process that schedules, `Monitor` reads from any process.
"""

from studio.observe.logs import open_console, open_log
from studio.observe.monitor import Monitor
from studio.observe.overview import Overview
from studio.observe.trace_files import TraceFiles
from studio.observe.watch import Watch

__all__ = ["Monitor", "Overview", "TraceFiles", "Watch", "open_console", "open_log"]
