"""`studio serve` for many homes: imported once, forked for each.

For every line of JSON on standard input, {"words", "environ", "path", "output"}, a child runs
`studio` with those words, environment, first folders of `sys.path` and that file as its output; its
process id is written on standard output. So a server is there in a second, not in five.
"""

import importlib
import json
import os
import signal
import sys

IMPORTED = ("studio.cli.serve", "studio.app.studio", "studio.server.app", "studio.server.run",
            "studio.ui.page", "studio.scheduler.runtime", "studio.pipelines")  # fmt: skip


def serve(order):
    """Be a server until it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.path[1:1] = order["path"]
    importlib.invalidate_caches()
    code = importlib.import_module("studio.cli.main").cli.run(order["words"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main():
    """Import what a server needs, then fork one for each line."""
    sys.path[0] = os.getcwd()  # as `python -m` has it, not the folder of this file
    importlib.import_module("studio.ui.gradio_import").import_gradio()
    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever asked for a child waits for it
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(json.loads(line))
        print(child, flush=True)


if __name__ == "__main__":
    main()
