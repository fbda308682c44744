"""Checkpoints of a hub, by id: found in its cache without any library, fetched with one.

The cache is huggingface_hub's own layout, so that a fetch can be resumed and shared:
`models--OWNER--NAME/{blobs,refs,snapshots/COMMIT}`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from studio.checkpoints.found import PICKLES, SAFE
from studio.checkpoints.records import Progress
from studio.errors import CheckpointError

_ID = re.compile(
    r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?(?::(?P<file>[^:]+))?", re.ASCII
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SIDE_SUFFIXES = frozenset((".json", ".txt", ".model", ".md", ".jinja", ".spm", ".tiktoken"))


@dataclass(frozen=True)
class HubId:
    """`owner/name[@revision][:file]`; no file means the whole repository."""

    repo: str
    revision: str = ""
    file: str = ""

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return f"{self.repo}{revision}{f':{self.file}' if self.file else ''}"


@dataclass(frozen=True)
class Fetched:
    """What a fetch gave: a file or the snapshot's folder, and the commit it is of."""

    path: Path
    commit: str
    licence: str


def parse_hub_id(text: str) -> HubId | None:
    """Read a hub id; None if the text is none."""
    match = _ID.fullmatch(text)
    if match is None or ".." in text:
        return None
    return HubId(match["repo"], match["revision"] or "", match["file"] or "")


def find_cached(hub_id: HubId, cache: Path) -> tuple[Path, str] | None:
    """Find (path, commit) in a hub's cache, or None. Opens no connection, needs no library."""
    folder = cache / f"models--{hub_id.repo.replace('/', '--')}"
    revision = hub_id.revision or "main"
    commit = revision
    if not _COMMIT.fullmatch(revision):
        try:
            commit = (folder / "refs" / revision).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
    path = folder / "snapshots" / commit / hub_id.file
    return (path, commit) if path.exists() else None


def get_shared_cache(environ: Mapping[str, str]) -> Path:
    """Return the folder where other tools keep what they fetched; it is only ever read."""
    if environ.get("HF_HUB_CACHE"):
        return Path(environ["HF_HUB_CACHE"]).expanduser()
    if environ.get("HF_HOME"):
        return Path(environ["HF_HOME"]).expanduser() / "hub"
    base = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "huggingface" / "hub"


def fetch(
    hub_id: HubId,
    cache: Path,
    *,
    is_approved: Callable[[str], bool],
    on_progress: Progress | None = None,
) -> Fetched:
    """Fetch a checkpoint at the commit its revision names now; goes on where it stopped.

    Args:
        hub_id: what to fetch.
        cache: the hub's cache to put it in.
        is_approved: whether a sha256 of a file that is not safetensors may be fetched.
        on_progress: told of bytes.

    Raises:
        CheckpointError: the library is missing, nobody answers, there is no such thing, or it has
            no safetensors.
    """
    hub = _import_hub(hub_id)
    try:
        info = hub.HfApi().model_info(
            hub_id.repo, revision=hub_id.revision or None, files_metadata=True
        )
        files = _choose_files(hub_id, list(info.siblings or []), is_approved)
        total = sum(files.values())
        done, path = 0, Path()
        for name, size in files.items():
            bar = _build_bar(on_progress, done, total)
            path = Path(
                hub.hf_hub_download(
                    hub_id.repo, name, revision=info.sha, cache_dir=cache, tqdm_class=bar
                )
            )
            done += size
            if on_progress is not None:
                on_progress(done, total)
    except CheckpointError:
        raise
    except Exception as error:  # the hub's own tree of errors changes with its versions
        raise _explain(hub_id, error) from error
    snapshot = cache / f"models--{hub_id.repo.replace('/', '--')}" / "snapshots" / info.sha
    card = getattr(info, "card_data", None)
    licence = getattr(card, "license", None) or ""
    found = snapshot / hub_id.file if hub_id.file else snapshot
    return Fetched(found if found.exists() else path, str(info.sha), str(licence))


def build_missing_error(hub_id: HubId, *, offline: bool) -> CheckpointError:
    """Say that a checkpoint is not here, and the command that fetches it."""
    if offline:
        return CheckpointError(
            "{name}: is not on this machine and Studio is offline; go online and run "
            "`studio checkpoints add {name}`",
            name=hub_id,
        )
    return CheckpointError(
        "{name}: is not on this machine; run `studio checkpoints add {name}`", name=hub_id
    )


def _import_hub(hub_id: HubId) -> Any:
    try:
        return import_module("huggingface_hub")
    except ImportError as error:
        raise CheckpointError(
            "{name}: fetching needs huggingface_hub; run `pip install "
            "'generative-media-studio[hub]'`, then `studio checkpoints add {name}`",
            name=hub_id,
        ) from error


def _choose_files(
    hub_id: HubId, siblings: list[Any], is_approved: Callable[[str], bool]
) -> dict[str, int]:
    """Return name -> bytes of what to fetch; the weights come last."""
    known = {str(item.rfilename): item for item in siblings}
    if hub_id.file:
        if hub_id.file not in known:
            raise CheckpointError(
                "{name}: {repo} has no such file; it has {known}",
                name=hub_id,
                repo=hub_id.repo,
                known=", ".join(sorted(n for n in known if _is_weights(n))) or "no weights",
            )
        chosen = [hub_id.file]
    else:
        safe = [name for name in known if Path(name).suffix == SAFE]
        side = [name for name in known if Path(name).suffix in _SIDE_SUFFIXES]
        chosen = side + safe if safe else []
    for name in chosen:
        sha256 = getattr(getattr(known[name], "lfs", None), "sha256", None) or ""
        if Path(name).suffix.lower() in PICKLES and not is_approved(sha256):
            raise CheckpointError(
                "{name}: {suffix} files can run any program when they are loaded; take a "
                ".safetensors file, or, if you trust it, run `studio checkpoints approve {sha256}`",
                name=hub_id,
                suffix=Path(name).suffix,
                sha256=sha256 or "SHA256",
            )
    if not any(_is_weights(name) for name in chosen):
        raise CheckpointError(
            "{name}: has no .safetensors file; name one of its files as {repo}:FILE",
            name=hub_id,
            repo=hub_id.repo,
        )
    return {name: int(getattr(known[name], "size", 0) or 0) for name in chosen}


def _is_weights(name: str) -> bool:
    return Path(name).suffix.lower() in {SAFE, *PICKLES}


def _explain(hub_id: HubId, error: Exception) -> CheckpointError:
    """Say in one line what the hub's error means and what to do."""
    kind = type(error).__name__
    if kind == "GatedRepoError":
        return CheckpointError(
            "{name}: its owner asks for agreement first; agree on https://huggingface.co/{repo}, "
            "run `hf auth login`, then `studio checkpoints add {name}`",
            name=hub_id,
            repo=hub_id.repo,
        )
    if kind in {"RepositoryNotFoundError", "RevisionNotFoundError", "HFValidationError"}:
        return CheckpointError(
            "{name}: the hub has nothing of that name and revision; check the spelling",
            name=hub_id,
        )
    return CheckpointError(
        "{name}: could not be fetched ({fault}); check the network and run "
        "`studio checkpoints add {name}` again: it goes on where it stopped",
        name=hub_id,
        fault=" ".join(str(error).split())[:200] or kind,
    )


def _build_bar(on_progress: Progress | None, done: int, total: int) -> Any:
    """Make a progress bar class, as the hub's library wants one, that shows nothing."""
    tqdm: Any = import_module("tqdm.auto").tqdm
    best = 0

    class Bar(tqdm):  # type: ignore[misc]
        """Counts bytes and shows nothing; of several bars for one file the furthest counts."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            self.count = int(kwargs.get("initial") or 0)
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal best
            self.count += int(n or 0)
            best = max(best, self.count)
            if on_progress is not None:
                on_progress(min(done + best, total) if total else done + best, total)
            return None

    return Bar
