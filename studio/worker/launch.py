"""How the worker program is started: interpreter, arguments, environment variables.

In "main" a worker sees exactly the modules this process sees: its `sys.path` is handed on. In
another environment nothing of ours may shadow its packages, so `PYTHONPATH` holds one folder
with a link to this very `studio` package and no more; host and worker then always speak the same
protocol, and `studio` need not be installed there, only its dependencies.
"""

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from studio.config import Config
from studio.environments import find_environments
from studio.errors import ConfigError
from studio.worker.limits import count_cores, get_machine_memory

MAIN = "main"
_KEPT_BLOCK = 16 << 20
"""Bytes; twice as much is what glibc would come to by itself after larger blocks."""

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def get_interpreter(config: Config, environment: str) -> str:
    """Return the path of an environment's python.

    Raises:
        ConfigError: no such environment.
    """
    if environment == MAIN:
        return sys.executable
    found = find_environments(config).get(environment)
    if found is None:
        raise ConfigError(
            "no environment '{environment}'; make it with `studio plugin env {environment}`, or "
            "give its python under [environments] in {file}",
            environment=environment,
            file=config.home / "config.toml",
        )
    return str(Path(found).expanduser())


def build_command(config: Config, environment: str, *arguments: str) -> list[str]:
    """Build the command line of a worker that ends with this process."""
    # -P: the folder one happens to stand in is not a place to import from.
    start = [get_interpreter(config, environment), "-P", "-m", "studio.worker"]
    places = [part for path in find_writable(config) for part in ("--writable", path)]
    return [*start, "--parent", str(os.getpid()), *places, *arguments]


def find_writable(config: Config) -> list[str]:
    """Find the folders in which plugins may write: those of jobs, caches, temporary files."""
    environ = os.environ
    user = Path.home()
    own = [config.home / name for name in ("scratch", "kept", "logs/jobs", "cache/plugins")]
    for folder in own:
        with suppress(OSError):  # told by whoever needs it
            folder.mkdir(parents=True, exist_ok=True)
    caches = [environ.get("XDG_CACHE_HOME") or user / ".cache", user / ".nv", user / ".triton"]
    caches += [environ[name] for name in ("HF_HOME", "TORCH_HOME") if environ.get(name)]
    places = [*own, *caches, *config.writable_folders]
    temporary = Path(tempfile.gettempdir()).resolve()
    if not config.home.resolve().is_relative_to(temporary):
        places.append(temporary)
    return [str(Path(place).expanduser()) for place in places]


def build_environ(config: Config, environment: str) -> dict[str, str]:
    """Build the environment variables of a worker.

    Raises:
        ConfigError: the home cannot be written.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    threads = str(get_thread_count(config))
    environ.update(dict.fromkeys(_THREAD_VARIABLES, threads))
    # Threads that wait for each other sleep. By default they spin, and where another program wants
    # the core that the last of them runs on, they burn the rest: training was ten times slower.
    environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Blocks of a few MB are kept and used again. By default the system is asked for each anew, and
    # fills it with zeros: a fifth of the time of a net whose pictures are small.
    environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(_KEPT_BLOCK))
    environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2 * _KEPT_BLOCK))
    # The order of sets and the choice of CUDA kernels must not differ from worker to worker.
    environ["PYTHONHASHSEED"] = "0"
    if Path(tempfile.gettempdir()).resolve() in config.home.resolve().parents:
        environ["TMPDIR"] = str(config.home / "cache" / "plugins")  # see `find_writable`
    environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    cache = config.home / "cache" / "plugins" / "torch"
    environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache))  # made with the first optimiser
    # pydantic looks for plugins of its own in every distribution, and one with broken metadata
    # would keep the worker from starting.
    environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if environment == MAIN:
        environ["PYTHONPATH"] = os.pathsep.join(get_search_path())
    else:
        environ.pop("VIRTUAL_ENV", None)
        environ["PYTHONPATH"] = str(_link_studio(config.home / "cache" / "core"))
    return environ


def get_memory_limit(config: Config) -> int:
    """Return the bytes a worker may take: as configured, or 80 % of what there is."""
    return config.worker_memory_mb << 20 or get_machine_memory() * 4 // 5


def get_thread_count(config: Config) -> int:
    """Return the threads a worker may use: as configured, or its share of the cores."""
    return config.worker_threads or max(1, count_cores() // config.cpu_workers)


def get_search_path() -> list[str]:
    """Return this process's `sys.path`, absolute."""
    return [os.path.abspath(entry) for entry in sys.path]


def _link_studio(folder: Path) -> Path:
    """Make a folder that offers our own package for import, and nothing else."""
    package = Path(__file__).resolve().parents[1]
    link = folder / "studio"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not link.exists() or link.resolve() != package:
            fresh = folder / f".studio-{os.getpid()}"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(package, target_is_directory=True)
            fresh.replace(link)
    except OSError as error:
        raise ConfigError(
            "{path}: {fault}; the home must be writable", path=link, fault=error.strerror or error
        ) from error
    return folder
