"""The fields of a generator's form, with what only a running studio knows: its checkpoints."""

from collections.abc import Mapping
from typing import Any

from studio.checkpoints import CheckpointInfo
from studio.errors import StudioError
from studio.spec import GeneratorSpec
from studio.ui.context import TabContext
from studio.ui.form import Field, build_fields, offer_choices


def build_spec_fields(
    context: TabContext, spec: GeneratorSpec, given: Mapping[str, Any]
) -> list[Field]:
    """Return the fields of a form; params that name weights offer those there are.

    Args:
        context: of the tab.
        spec: of the generator.
        given: what the form holds.
    """
    return [
        offer_choices(field, _list_checkpoints(context, spec), given.get(field.name))
        if field.name in spec.checkpoint_from
        else field
        for field in build_fields(spec.params_schema)
    ]


def _list_checkpoints(context: TabContext, spec: GeneratorSpec) -> dict[str, str]:
    """Return what a generator can load -> how it is called: shipped first, then the user's own.

    What is shipped has other names in the list of all where two plugins use the same one.
    """
    shipped = {item.name: item.name for item in spec.checkpoints}
    own = [info for info in context.studio.checkpoints.list() if info.source != "bundled"]
    return shipped | {info.name: _name(context, info) for info in own if spec.id in info.generators}


def _name(context: TabContext, info: CheckpointInfo) -> str:
    """Call what was trained here by its title: its name is the id of an asset."""
    if info.source != "asset":
        return info.name
    try:
        title = context.studio.assets.get(info.name).title
    except StudioError:
        return info.name
    return f"{title} · {info.name[-6:]}" if title else info.name
