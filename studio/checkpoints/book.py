"""The one place where a checkpoint's name becomes files.

In this order: shipped with a plugin; added by the user; a file or folder of ours or of another
tool by its name; an asset of the library; such a file by a shorter name; any path; a hub id whose
files are on this machine.
"""

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from studio.checkpoints.found import CheckpointInfo, check_safetensors, find_pickles, read_card
from studio.checkpoints.hub import HubId, build_missing_error, fetch, parse_hub_id
from studio.checkpoints.locate import (
    FindAsset,
    ListAssets,
    Located,
    Locator,
    find_takers,
    is_weights_folder,
    measure,
)
from studio.checkpoints.records import Added, CheckpointTable, Progress
from studio.checkpoints.remove import remove_path, remove_snapshot
from studio.config import Config
from studio.database import Database
from studio.errors import CheckpointError
from studio.generator import Checkpoint
from studio.registry import Registry
from studio.spec import GeneratorSpec

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ON = frozenset(("1", "on", "true", "yes"))


@dataclass(frozen=True)
class Verification:
    """What reading a checkpoint again gave.

    Attributes:
        recorded: the hash it had before; None if none was known.
        problem: what is wrong, in words, or "".
    """

    name: str
    path: Path
    sha256: str
    recorded: str | None
    problem: str = ""

    @property
    def is_ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problem


class CheckpointBook:
    """Lists, resolves, fetches, verifies and removes checkpoints.

    Args:
        config: home, folders of other tools, offline.
        database: keeps hashes, approvals and what was added.
        registry: whose plugins ship checkpoints.
        find_asset: id, prefix or title -> CHECKPOINT asset, or None.
        list_assets: all CHECKPOINT assets, for the list.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        registry: Registry,
        find_asset: FindAsset = lambda name: None,
        list_assets: ListAssets = tuple,
    ) -> None:
        self._config = config
        self._registry = registry
        self._table = CheckpointTable(database)
        self._locator = Locator(config, self._table, registry, find_asset, list_assets)

    def list(self, *, hashed: bool = False) -> Sequence[CheckpointInfo]:
        """List every checkpoint on this machine.

        Args:
            hashed: read files whose hash is not known; otherwise it is left None.
        """
        return [self._describe(found, hashed=hashed) for found in self._locator.iterate()]

    def resolve(
        self, name: str, spec: GeneratorSpec | None = None, on_progress: Progress | None = None
    ) -> Checkpoint:
        """Turn a name into files that may be loaded. Never asks a hub.

        Args:
            name: as listed, a path, an asset's id, or `owner/name[@revision][:file]`.
            spec: whose checkpoint it is; what its plugin ships goes first.
            on_progress: told of bytes hashed, the first time.

        Raises:
            CheckpointError: not here (with the command that fetches it), not whole, not
                safetensors and not approved, or changed since it was added.
        """
        found = self._get(name, spec)
        self._check_usable(found)
        sha256 = self._table.get_hash(found.path, on_progress)
        if found.added is not None and found.added.sha256 != sha256:
            raise CheckpointError(
                "{name}: {path} has changed since it was added; add it again if that was you",
                name=name,
                path=found.path,
            )
        return Checkpoint(name, found.path, sha256)

    def check(self, name: str, spec: GeneratorSpec | None = None) -> None:
        """Look whether a checkpoint is here, without reading it.

        Raises:
            CheckpointError: it is not, with the command that fetches it.
        """
        self._get(name, spec)

    def add(
        self,
        source: str,
        revision: str = "",
        *,
        copy: bool = False,
        on_progress: Progress | None = None,
    ) -> CheckpointInfo:
        """Make a file, a folder or a hub id known; a hub id is fetched and pinned to a commit.

        Args:
            source: a path, or `owner/name[@revision][:file]`.
            revision: branch, tag or commit of a hub id.
            copy: copy files into the home; otherwise they stay where they are.
            on_progress: told of bytes fetched or hashed.

        Raises:
            CheckpointError: there is no such thing, it cannot be fetched, or it may not be loaded.
        """
        path = Path(os.path.expanduser(source))
        hub_id = parse_hub_id(source)
        if path.is_dir() and not is_weights_folder(path):
            raise CheckpointError("{path}: no .safetensors file is there", path=path)
        if path.exists():
            added = self._add_path(path.absolute(), copy, on_progress)
        elif hub_id is not None:
            if revision:
                hub_id = HubId(hub_id.repo, revision, hub_id.file)
            added = self._add_hub(hub_id, on_progress)
        else:
            raise CheckpointError(
                "{source}: there is no such file, and it is no hub id like owner/name",
                source=source,
            )
        self._table.save(added)
        return self._describe(self._get(added.name, None), hashed=True)

    def verify(self, name: str, on_progress: Progress | None = None) -> Verification:
        """Read a checkpoint again and compare it with what is recorded.

        Raises:
            CheckpointError: there is none of that name, or it cannot be read.
        """
        found = self._get(name, None)
        recorded = found.added.sha256 if found.added else self._table.find_hash(found.path)
        sha256 = self._table.get_hash(found.path, on_progress, fresh=True)
        problem = ""
        if recorded is not None and recorded != sha256:
            problem = f"its hash was {recorded}"
        else:
            try:
                self._check_usable(found)
            except CheckpointError as error:
                problem = str(error)
        return Verification(name, found.path, sha256, recorded, problem)

    def remove(self, name: str) -> Path | None:
        """Delete a checkpoint from our home; one that lives elsewhere is only forgotten.

        Returns:
            What was deleted; None if the files belong to somebody else and stay.

        Raises:
            CheckpointError: there is none, or it is not ours to remove.
        """
        found = self._get(name, None)
        home = self._locator.folder
        is_ours = found.path.parent.resolve().is_relative_to(home.resolve())
        if found.added is None and not is_ours:
            self._raise_not_ours(found)
        if is_ours and found.source == "hub":
            hub_id = parse_hub_id(found.name)
            shared = [a for a in self._table.find_all() if a.revision == found.revision]
            if hub_id is not None and shared in ([], [found.added]):
                remove_snapshot(self._locator.hub_cache, hub_id.repo, found.revision)
        elif is_ours:
            remove_path(found.path, home)
        self._table.forget(found.name)
        return found.path if is_ours else None

    def approve(self, sha256: str) -> None:
        """Trust a file that is not safetensors, by what it is.

        Raises:
            CheckpointError: that is no sha256.
        """
        sha256 = sha256.strip().lower()
        if not _SHA256.fullmatch(sha256):
            raise CheckpointError(
                "'{sha256}' is no sha256: it has 64 digits 0-9 and a-f", sha256=sha256
            )
        self._table.approve(sha256)

    def _get(self, name: str, spec: GeneratorSpec | None) -> Located:
        found = self._locator.find(name, spec)
        if found is None:
            raise self._build_missing_error(name)
        if not found.path.exists():
            raise CheckpointError(
                "{name}: {path} is gone; put it back, or run `studio checkpoints remove {name}`",
                name=name,
                path=found.path,
            )
        return found

    def _check_usable(self, found: Located) -> None:
        """Refuse what may run programs or is not whole. A plugin's own files are its own code."""
        if found.source == "bundled":
            return
        pickles = find_pickles(found.path)
        for file in pickles:
            sha256 = self._table.get_hash(file)
            if not self._table.is_approved(sha256):
                raise CheckpointError(
                    "{path}: {suffix} files can run any program when they are loaded; take or "
                    "make a .safetensors file, or, if you trust it, run `studio checkpoints "
                    "approve {sha256}`",
                    path=file,
                    suffix=file.suffix,
                    sha256=sha256,
                )
        check_safetensors(found.path, needs_weights=not pickles)

    def _describe(self, found: Located, *, hashed: bool) -> CheckpointInfo:
        sha256 = self._table.find_hash(found.path)
        if found.added is not None:
            sha256 = found.added.sha256
        problem = "" if found.path.exists() else "its files are gone"
        if hashed and sha256 is None and not problem:
            sha256 = self._table.get_hash(found.path)
        if found.source != "bundled" and not problem:
            pickles = find_pickles(found.path)
            hashes = [sha256] if pickles == [found.path] else map(self._table.find_hash, pickles)
            if any(known is None or not self._table.is_approved(known) for known in hashes):
                problem = "not safetensors, and not approved"
        return CheckpointInfo(
            name=found.name,
            source=found.source,
            path=found.path,
            size=found.size,
            sha256=sha256,
            licence=found.licence or read_card(found.path).licence,
            generators=find_takers(found, self._registry.specs.values()),
            revision=found.revision,
            problem=problem,
        )

    def _add_path(self, path: Path, copy: bool, on_progress: Progress | None) -> Added:
        known = self._locator.find(path.name)
        home = self._locator.folder
        target = home / path.name
        if known is not None and known.path not in {path, target}:
            raise CheckpointError(
                "{name}: {path} has that name already; rename one of them",
                name=path.name,
                path=known.path,
            )
        is_folder = path.is_dir()
        found = Located(path.name, "folder" if is_folder else "file", path, measure(path))
        self._check_usable(found)
        if copy and path != target:
            _copy(path, target)
            path = target
        return Added(
            name=found.name,
            source=found.source,
            path=path,
            revision="",
            sha256=self._table.get_hash(path, on_progress),
            size=found.size,
            licence=read_card(path).licence,
        )

    def _add_hub(self, hub_id: HubId, on_progress: Progress | None) -> Added:
        offline = self._config.offline or os.environ.get("HF_HUB_OFFLINE", "").lower() in _ON
        licence = ""
        if offline:
            cached = self._locator.find(str(hub_id))
            if cached is None:
                raise build_missing_error(hub_id, offline=True)
            path, commit = cached.path, cached.revision
        else:
            fetched = fetch(
                hub_id,
                self._locator.hub_cache,
                is_approved=self._table.is_approved,
                on_progress=on_progress,
            )
            path, commit, licence = fetched.path, fetched.commit, fetched.licence
        found = Located(str(hub_id), "hub", path, measure(path))
        self._check_usable(found)
        return Added(
            name=found.name,
            source="hub",
            path=path,
            revision=commit,
            sha256=self._table.get_hash(path),
            size=found.size,
            licence=licence or read_card(path).licence,
        )

    def _build_missing_error(self, name: str) -> CheckpointError:
        hub_id = parse_hub_id(name)
        names = [found.name for found in self._locator.iterate()]
        close = get_close_matches(name, names, n=1)
        if hub_id is not None and not close:
            return build_missing_error(hub_id, offline=self._config.offline)
        return CheckpointError(
            "no checkpoint '{name}'; did you mean {close}? `studio checkpoints list` shows all",
            name=name,
            close=", ".join(close or names[:5]) or "-",
        )

    def _raise_not_ours(self, found: Located) -> None:
        if found.source == "bundled":
            raise CheckpointError(
                "{name}: came with a plugin; uninstall the plugin to be rid of it",
                name=found.name,
            )
        if found.source == "asset":
            raise CheckpointError(
                "{name}: is an asset; run `studio assets trash {name}`", name=found.name
            )
        raise CheckpointError(
            "{name}: {path} belongs to another tool; delete it there",
            name=found.name,
            path=found.path,
        )


def _copy(path: Path, target: Path) -> None:
    """Copy a file or folder so that it is there whole or not at all."""
    draft = target.with_name(f".{target.name}-{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, draft)
        else:
            shutil.copyfile(path, draft)
        draft.rename(target)
    except OSError as error:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)
        raise CheckpointError(
            "{path}: cannot be copied to {target}: {fault}; free some space or leave it where it "
            "is",
            path=path,
            target=target,
            fault=error.strerror or error,
        ) from error
