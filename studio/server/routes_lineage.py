"""Where an asset came from, and making it again."""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from studio.server.access import CurrentVisitor
from studio.server.apart import LongCalls
from studio.server.code import write_code
from studio.server.models_assets import LineageData, ReproductionData, TextData, build_assets
from studio.server.replies import LIBRARY

router = APIRouter(tags=["lineage"], responses=LIBRARY)


@router.get("/assets/{id}/lineage", responses={200: {"model": LineageData}})
def get_lineage(visitor: CurrentVisitor, id: str) -> JSONResponse:
    """Show all an asset was made from and all that was made from it."""
    family = visitor.check_asset(id).lineage()
    nodes = [node for node in family.nodes if visitor.owner in (None, node.user)]
    seen = {node.id for node in nodes}
    edges = [vars(edge) for edge in family.edges if {edge.parent, edge.child} <= seen]
    return JSONResponse(
        {"nodes": build_assets(nodes), "edges": edges, "is_complete": family.is_complete}
    )


@router.post("/assets/{id}/reproduce")
async def reproduce_asset(request: Request, visitor: CurrentVisitor, id: str) -> ReproductionData:
    """Run its recipe again, through the queue, and say how close the result is."""
    calls: LongCalls = request.app.state.long_calls
    found = await calls.run(lambda: visitor.check_asset(id).reproduce(), "reproduce")
    return ReproductionData(**vars(found))


@router.get("/assets/{id}/code")
def get_code(
    visitor: CurrentVisitor, id: str, language: Literal["python", "cli"] = "python"
) -> TextData:
    """Write the Python or command line that makes an asset again."""
    return TextData(text=write_code(visitor.studio, visitor.check_asset(id).record, language))
