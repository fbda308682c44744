"""One stylesheet of all of ours, strong enough to stand against Gradio's.

Gradio resets buttons, inputs and links with selectors like `.gradio-container-x button`, which
beat a class of ours. So every rule is put below `:root`, by CSS nesting: `.s-pill` becomes
`:root .s-pill`.
"""

import re
from collections.abc import Iterator
from importlib.resources import files

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.routing import Route

from studio.server.shelf import ASK_AGAIN, Item, send_item

ADDRESS = "/static/page.css"
FIRST = ("theme.css", "shell.css")
NOT_HERE = ("login.css",)  # of a page without Gradio

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_ALONE = ("@keyframes", "@font-face", "@property", "@import", "@charset", ":root", ".dark {")


def build_styles() -> str:
    """Return the rules of every stylesheet, the theme first."""
    folder = files("studio.data.assets.ui")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".css"))
    ordered = [*FIRST, *(name for name in names if name not in (*FIRST, *NOT_HERE))]
    return "".join(
        strengthen((folder / name).read_text(encoding="utf-8")) for name in ordered if name in names
    )


def strengthen(text: str) -> str:
    """Put each rule below `:root`, apart from those that cannot stand there or need not."""
    parts = []
    for rule in iterate_rules(_COMMENT.sub("", text)):
        parts.append(rule if rule.startswith(_ALONE) else f":root {{ {rule} }}")
    return "\n".join(parts) + "\n"


def iterate_rules(text: str) -> Iterator[str]:
    """Yield the outermost rules of a stylesheet without comments."""
    depth, start = 0, 0
    for place, letter in enumerate(text):
        if letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
        if depth == 0 and letter in "};":
            rule = text[start : place + 1].strip()
            start = place + 1
            if rule:
                yield rule


def mount_styles(app: FastAPI) -> None:
    """Serve the stylesheet, before the route of the single files."""
    item = Item(build_styles().encode(), "text/css; charset=utf-8")

    async def get_styles(request: Request) -> Response:
        return send_item(request, item, ASK_AGAIN)

    app.router.routes.insert(0, Route(ADDRESS, get_styles))
