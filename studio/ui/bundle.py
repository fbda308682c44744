"""What the page loads, and in which order: our modules and Gradio's, without a waterfall.

A browser finds out which modules a module needs when it has read it, and asks for them then. The
page names all of them at once instead.
"""

import re

from studio.server.shelf import Shelf

_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']\./([\w.-]+\.js)["']""")
_CONTROL = r"[,{{]{}:\{{.{{0,300}}?component:\(\)=>\w+\(\(\)=>import\(`\./([\w-]+\.js)`"
CONTROLS = (
    "form", "slider", "dropdown", "number", "checkbox", "radio", "accordion", "checkboxgroup",
)  # fmt: skip
"""What `studio.ui.form_components` builds, as Gradio calls it."""
_LISTED = re.compile(r"""^\s+["']\./([\w-]+\.js)["'],?$""", re.MULTILINE)


def list_modules(shelf: Shelf, first: str) -> list[str]:
    """Return a module and all it leads to, nearest first."""
    found = [first]
    for name in found:
        for needed in find_imports(shelf, name):
            if needed not in found:
                found.append(needed)
    return found


def find_imports(shelf: Shelf, name: str) -> list[str]:
    """Return the modules that a module of ours names, in order."""
    item = shelf.find(name)
    text = item.body.decode("utf-8", "replace") if item else ""
    named = [*_IMPORT.findall(text), *_LISTED.findall(text)]
    return [one for one in dict.fromkeys(named) if one in shelf.names]


def list_controls(shelf: Shelf) -> list[str]:
    """Return the modules of Gradio's that forms are made of; none if Gradio has changed its ways.

    The page's first form comes after the page: what it needs is known only then.
    """
    cores = [name for name in shelf.names if name.startswith("core-") and name.endswith(".js")]
    items = [item for name in cores if (item := shelf.find(name))]
    text = "".join(item.body.decode("utf-8", "replace") for item in items)
    found = [re.search(_CONTROL.format(control), text) for control in CONTROLS]
    return [match[1] for match in found if match and match[1] in shelf.names]


def build_links(folder: str, names: list[str]) -> str:
    """Return the markup that has modules fetched, but not yet run."""
    return "".join(f'<link rel="modulepreload" href="{folder}/{name}">' for name in names)
