"""`/checkpoints`: weights on this machine."""

from typing import Annotated

from fastapi import APIRouter, Path

from studio.checkpoints import CheckpointInfo
from studio.errors import CheckpointError
from studio.server.access import CurrentAdmin, CurrentVisitor
from studio.server.errors import NotFoundError
from studio.server.models_catalogue import CheckpointBody, CheckpointList, CheckpointView
from studio.server.replies import LIST, WRITE

router = APIRouter(prefix="/checkpoints", tags=["checkpoints"])


@router.get("", operation_id="list_checkpoints", summary="List the checkpoints.", responses=LIST)
def list_checkpoints(visitor: CurrentVisitor) -> CheckpointList:
    """List every checkpoint on this machine; a hash that is not known yet is null."""
    return CheckpointList(
        items=[build_checkpoint(info) for info in visitor.home.checkpoints.list()]
    )


@router.post(
    "",
    operation_id="add_checkpoint",
    summary="Add a checkpoint.",
    status_code=201,
    responses=WRITE,
)
def add_checkpoint(visitor: CurrentAdmin, body: CheckpointBody) -> CheckpointView:
    """Make a file, a folder or a hub id known. Admins only, for a path is read."""
    info = visitor.home.checkpoints.add(body.source, body.revision, copy=body.copy_files)
    return build_checkpoint(info)


@router.post(
    "/{name:path}/approve",
    operation_id="approve_checkpoint",
    summary="Trust a checkpoint that is not safetensors.",
    responses=WRITE,
)
def approve_checkpoint(
    visitor: CurrentAdmin, name: Annotated[str, Path(max_length=1000)]
) -> CheckpointView:
    """Trust it by its hash; loading such a file can run any program. Admins only."""
    book = visitor.home.checkpoints
    if not any(info.name == name for info in book.list()):
        raise NotFoundError("no checkpoint '{name}'", name=name)
    found = next(info for info in book.list(hashed=True) if info.name == name)
    if found.sha256 is None:
        raise CheckpointError("{name}: {path} is gone", name=name, path=found.path)
    book.approve(found.sha256)
    return build_checkpoint(next(info for info in book.list() if info.name == name))


def build_checkpoint(info: CheckpointInfo) -> CheckpointView:
    """Describe a checkpoint; where its files lie is nobody's business."""
    return CheckpointView(
        name=info.name,
        source=info.source,
        size=info.size,
        sha256=info.sha256,
        licence=info.licence,
        generators=list(info.generators),
        revision=info.revision,
        problem=info.problem,
    )
