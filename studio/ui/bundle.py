"""What the page loads, and in which order: our modules and Gradio's, without a waterfall.

A browser finds out which modules a module needs when it has read it, and asks for them then. The
page names all of them at once instead.
"""

import re

from studio.server.shelf import Shelf

_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']\./([\w.-]+\.js)["']""")
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


def build_links(folder: str, names: list[str]) -> str:
    """Return the markup that has modules fetched, but not yet run."""
    return "".join(f'<link rel="modulepreload" href="{folder}/{name}">' for name in names)
