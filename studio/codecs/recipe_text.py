"""A recipe as text: ours for reading back, and the line that other programs show."""

import json
from typing import Any, Final

from pydantic import ValidationError

from studio.recipe import Recipe

STUDIO_KEY: Final = "studio"
"""Name of the chunk, tag or atom that holds the canonical recipe JSON."""
PARAMETERS_KEY: Final = "parameters"
"""Name under which image tools look for what made a picture."""
PROMPTS: Final = ("prompt", "text", "description")
LABELS: Final = {
    "num_inference_steps": "Steps",
    "steps": "Steps",
    "sampler": "Sampler",
    "guidance_scale": "CFG scale",
    "strength": "Denoising strength",
}
"""Params that other programs know by another name, in their order."""


def parse_recipe(text: str | bytes) -> Recipe | None:
    """Return the recipe that `Recipe.to_json` wrote, or None for anything else."""
    try:
        return Recipe.model_validate_json(text)
    except (ValidationError, RecursionError, ValueError):
        return None


def format_parameters(recipe: Recipe, size: tuple[int, int] | None = None) -> str:
    """Return prompt, negative prompt and a `Name: value, ...` line, as AUTOMATIC1111 writes them.

    Args:
        recipe: what made the picture.
        size: width and height of the picture, pixels.
    """
    params = dict(recipe.params)
    prompt = next((params.pop(name) for name in PROMPTS if params.get(name)), "")
    lines = [str(prompt)] if prompt else []
    negative = params.pop("negative_prompt", "")
    if negative:
        lines.append(f"Negative prompt: {negative}")
    lines.append(", ".join(f"{name}: {_quote(v)}" for name, v in _facts(recipe, params, size)))
    return "\n".join(lines).replace("\0", " ")


def _facts(
    recipe: Recipe, params: dict[str, Any], size: tuple[int, int] | None
) -> list[tuple[str, Any]]:
    """Name and value pairs in the order that other programs write them."""
    known = {label: params.pop(name) for name, label in LABELS.items() if name in params}
    facts: list[tuple[str, Any]] = [(n, known.pop(n)) for n in ("Steps", "Sampler") if n in known]
    facts += [*known.items(), ("Seed", recipe.seed)]
    if size is not None:
        params.pop("width", None), params.pop("height", None)
        facts.append(("Size", f"{size[0]}x{size[1]}"))
    if recipe.checkpoint is not None:
        facts.append(("Model hash", recipe.checkpoint.sha256[:10]))
        facts.append(("Model", recipe.checkpoint.name))
    facts += [("Generator", recipe.generator), ("Plugin version", recipe.plugin_version)]
    facts += [(_label(name), value) for name, value in sorted(params.items())]
    return [*facts, ("Version", "Studio")]


def _label(name: str) -> str:
    """A name of two characters or more: shorter ones are not recognised by the readers."""
    return name if len(name) > 1 else f"param {name}"


def _quote(value: Any) -> str:
    """A value as it is, or as a JSON string where it would break the line apart."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    plain = not any(mark in text for mark in ',:"\n\r\\') and text == text.strip()
    return text if plain else json.dumps(text, ensure_ascii=False)
