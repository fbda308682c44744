"""Recipes in the tags of sound and video files, through mutagen."""

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from studio.codecs.optional import find_library
from studio.codecs.recipe_text import STUDIO_KEY, format_parameters, parse_recipe
from studio.recipe import Recipe

ID3: Final = frozenset((".wav", ".mp3", ".aif", ".aiff"))
COMMENTS: Final = frozenset((".flac", ".ogg", ".oga", ".opus"))
ATOMS: Final = frozenset((".mp4", ".m4a", ".m4v", ".mov"))
ATOM: Final = f"----:com.generative-media-studio:{STUDIO_KEY}"
COMMENT_ATOM: Final = "\xa9cmt"
LANGUAGE: Final = "eng"


def embed_tags(path: Path, recipe: Recipe) -> bool:
    """Write the recipe and a comment for other programs into the tags, in place.

    Returns: False if mutagen is missing or the file can hold no tags.
    """
    file = _open(path)
    if file is None:
        return False
    suffix, text, comment = path.suffix.lower(), recipe.to_json(), format_parameters(recipe)
    with suppress(Exception):  # mutagen refuses odd but playable files in its own ways
        if file.tags is None:
            file.add_tags()
        if suffix in ID3:
            _set_id3(file.tags, text, comment)
        elif suffix in COMMENTS:
            file.tags[STUDIO_KEY], file.tags["comment"] = [text], [comment]
        else:
            file.tags[ATOM], file.tags[COMMENT_ATOM] = [text.encode()], [comment]
        file.save()
        return True
    return False


def extract_tags(path: Path) -> Recipe | None:
    """Read a recipe that `embed_tags` wrote, or None."""
    file = _open(path)
    if file is None or file.tags is None:
        return None
    suffix = path.suffix.lower()
    with suppress(KeyError, IndexError, AttributeError, TypeError, ValueError):
        if suffix in ID3:
            return parse_recipe(str(file.tags[f"TXXX:{STUDIO_KEY}"].text[0]))
        if suffix in COMMENTS:
            return parse_recipe(str(file.tags[STUDIO_KEY][0]))
        return parse_recipe(bytes(file.tags[ATOM][0]))
    return None


def _open(path: Path) -> Any:
    """Return the mutagen file, or None: no library, unknown suffix, damaged."""
    mutagen = find_library("mutagen")
    if mutagen is None or path.suffix.lower() not in ID3 | COMMENTS | ATOMS:
        return None
    with suppress(Exception):  # mutagen meets whatever a user brings
        return mutagen.File(path)
    return None


def _set_id3(tags: Any, text: str, comment: str) -> None:
    id3: Any = find_library("mutagen.id3")
    tags.delall(f"TXXX:{STUDIO_KEY}")
    tags.add(id3.TXXX(encoding=3, desc=STUDIO_KEY, text=[text]))
    tags.delall(f"COMM:{STUDIO_KEY}:{LANGUAGE}")
    tags.add(id3.COMM(encoding=3, lang=LANGUAGE, desc=STUDIO_KEY, text=[comment]))
