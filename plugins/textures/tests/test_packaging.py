import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_plugin_imports_only_what_it_declares():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=\[ ]", line)[0] for line in project["dependencies"]}
    assert declared == {"generative-media-studio", "numpy", "scipy", "torch"}
    through_the_studio = {"studio", "pydantic", "PIL"}
    allowed = (declared - {"generative-media-studio"}) | through_the_studio | {"studio_textures"}
    for path in (ROOT / "studio_textures").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in allowed or top in sys.stdlib_module_names, f"{path.name}: {name}"


def test_torch_waits_until_it_is_needed():
    for path in (ROOT / "studio_textures").rglob("*.py"):
        tree = ast.parse(path.read_text())
        tops = [node for node in tree.body if isinstance(node, ast.Import)]
        names = {alias.name for node in tops for alias in node.names}
        assert path.name == "patch_sw.py" or "torch" not in names, path.name
