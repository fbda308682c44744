"""`/pipelines`: recipes; read, check, save."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from studio.errors import PipelineError
from studio.pipelines import Pipeline
from studio.pipelines.recipe import parse_pipeline
from studio.server.access import CurrentVisitor, Visitor
from studio.server.errors import NotFoundError
from studio.server.models_catalogue import SlotView
from studio.server.models_pipelines import (
    PipelineList,
    PipelineStepView,
    PipelineView,
    RecipeBody,
    RecipeCheck,
    RecipeFault,
)
from studio.server.replies import LIST, READ, WRITE

router = APIRouter(prefix="/pipelines", tags=["pipelines"])

PipelineName = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
"""A name; never a path."""


@router.get("", operation_id="list_pipelines", summary="List the pipelines.", responses=LIST)
def list_pipelines(visitor: CurrentVisitor) -> PipelineList:
    """List the recipes by name."""
    book = visitor.home.pipelines
    return PipelineList(
        items=[build_pipeline(visitor, recipe) for recipe in book.find()],
        faults=[visitor.translator.error(fault) for fault in book.find_faults()],
    )


@router.post("/check", operation_id="check_pipeline", summary="Check a recipe.", responses=LIST)
def check_recipe(visitor: CurrentVisitor, body: RecipeBody) -> RecipeCheck:
    """Tell what is wrong with a recipe; nothing is saved or run."""
    try:
        visitor.home.pipelines.check(parse_pipeline(body.toml, "pipeline"), visitor.home)
    except PipelineError as error:
        step, field = (error.values.get(name, "") for name in ("step", "field"))
        message = visitor.translator.error(error)
        return RecipeCheck(errors=[RecipeFault(step=step, field=field, message=message)])
    return RecipeCheck(errors=[])


@router.get("/{name}", operation_id="get_pipeline", summary="Describe a pipeline.", responses=READ)
def get_pipeline(visitor: CurrentVisitor, name: PipelineName) -> PipelineView:
    """Describe a recipe."""
    return build_pipeline(visitor, find_recipe(visitor, name))


@router.put("/{name}", operation_id="save_pipeline", summary="Save a recipe.", responses=WRITE)
def save_pipeline(visitor: CurrentVisitor, name: PipelineName, body: RecipeBody) -> PipelineView:
    """Check a recipe and keep it under a name, instead of one saved before."""
    visitor.home.pipelines.save(name, body.toml, visitor.home)
    return build_pipeline(visitor, find_recipe(visitor, name))


def find_recipe(visitor: Visitor, name: str) -> Pipeline:
    """Return a recipe.

    Raises:
        NotFoundError: there is none of that name.
        PipelineError: it cannot be read.
    """
    book = visitor.home.pipelines
    if not book.knows(name):
        raise NotFoundError("no pipeline '{name}'", name=name)
    return book.get(name)


def build_pipeline(visitor: Visitor, recipe: Pipeline) -> PipelineView:
    """Describe a recipe in the visitor's language."""
    text = visitor.translator.text
    source = visitor.home.pipelines.read(recipe.name)
    return PipelineView(
        name=recipe.name,
        title=text(recipe.title),
        summary=text(recipe.summary),
        inputs=[build_slot(name, slot) for name, slot in recipe.inputs.items()],
        params_schema=recipe.params_schema,
        steps=[
            PipelineStepView(
                name=step.name, generator=step.generator, foreach=step.foreach, count=step.count
            )
            for step in recipe.steps
        ],
        toml=source.text,
        shipped=not source.is_own,
    )


def build_slot(name: str, slot: Any) -> SlotView:
    """Describe an input of a recipe."""
    return SlotView(
        name=name,
        kinds=list(slot.kinds),
        many=slot.many,
        optional=slot.optional,
        summary=slot.summary,
    )
