"""The API reference has every public name, and reads as it was meant."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
NAMED = re.findall(r"^::: (\S+)$", "\n".join(page.read_text("utf-8") for page in PAGES), re.M)
MODULES = ("quantforge", "quantforge.chain", "quantforge.testing")
MARKDOWN = re.compile(r" *(?:>|#|[*+] )")  # at the beginning of a line: a quotation, heading, list


def public(module):
    """The public names of a module, each with what it stands for."""
    found = importlib.import_module(module)
    return {name: getattr(found, name) for name in found.__all__}


def test_every_name_has_one_place():
    assert len(NAMED) == len({*NAMED})


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_there(module):
    documented = [pkgutil.resolve_name(name) for name in NAMED]
    assert [
        name for name, one in public(module).items() if all(one is not x for x in documented)
    ] == []


@pytest.mark.parametrize("module", MODULES)
def test_no_line_of_a_docstring_is_a_mark_of_the_sites_language(module):
    for name, one in public(module).items():
        text = inspect.getdoc(one) or ""
        marks = [line for line in text.splitlines() if MARKDOWN.match(line) and ">>>" not in line]
        assert not marks, f"{module}.{name}"


def test_every_page_that_the_core_names_is_there():
    named = {
        (name, str(file.relative_to(ROOT)))
        for file in ROOT.glob("quantforge/**/*.py")
        for name in re.findall(r"docs/\w+\.\w+", file.read_text("utf-8"))
    }
    assert named
    assert [each for each in named if not (ROOT / each[0]).is_file()] == []
