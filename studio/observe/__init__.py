"""What goes on in a home, for people and programs that watch: status, metrics, logs, traces.

`watch.Watch` listens in the process that schedules, `monitor.Monitor` reads from any process.
"""
