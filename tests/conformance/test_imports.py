"""The conformance package knows of the core what is public, so that the core may change inside."""

import ast
from pathlib import Path

import pytest
import quantforge_conformance

import quantforge
from quantforge import testing

PACKAGE = Path(quantforge_conformance.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
PUBLIC = {*quantforge.__all__, "testing"}


def private(source):
    """Return the names of the core that a module imports and that are not public."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith("quantforge."))
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [one.name for one in node.names]
            if node.module == "quantforge":
                yield from (f"quantforge.{name}" for name in names if name not in PUBLIC)
            elif node.module == "quantforge.testing":
                allowed = testing.__all__
                yield from (f"{node.module}.{name}" for name in names if name not in allowed)
            elif node.module.startswith("quantforge."):
                yield node.module


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_imports_only_what_is_public(file):
    assert list(private(file.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import quantforge.plugins",
        "from quantforge import plugins",
        "from quantforge.plugins import registry",
        "def f():\n    from quantforge.testing import registry",
    ],
)
def test_an_import_of_what_is_private_is_seen(source):
    assert list(private(source))
