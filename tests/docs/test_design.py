"""The design page tells of the parts that there are."""

import re
import runpy
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from quantforge.plugins import State

ROOT = Path(__file__).resolve().parents[2]
DESIGN = (ROOT / "docs" / "design.md").read_text("utf-8")
PICTURE = ElementTree.parse(ROOT / "docs" / "design.svg")
SVG = "{http://www.w3.org/2000/svg}"
LAYERS = [set(layer.split()) for layer in runpy.run_path(ROOT / "tests/test_layers.py")["LAYERS"]]


def first_columns(heading):
    """What stands between backticks in the first column of a section's table, row by row."""
    section = DESIGN.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    columns = (line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
    return [re.findall(r"`([^`]+)`", column) for column in columns]


def test_the_layers_are_those_that_imports_keep_to():
    assert [set(row) for row in first_columns("The layers")] == LAYERS


def test_the_states_of_a_backend_are_all_there():
    assert first_columns("Plugins are isolated") == [[state.value] for state in State]


def test_the_folders_are_there():
    for row in first_columns("The parts"):
        assert all((ROOT / folder).is_dir() for folder in row)


def test_the_picture_names_parts_that_there_are():
    named = [
        part
        for text in PICTURE.iter(f"{SVG}text")
        if text.get("class") == "part"
        for part in text.text.split()
    ]
    assert named
    assert len(set(named)) >= 10
    assert {*named} <= set().union(*LAYERS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_has_a_colour_for_everything_in(scheme):
    style = PICTURE.find(f"{SVG}style").text
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    rules = light if scheme == "light" else dark
    used = {each.get("class") for each in PICTURE.iter() if each.get("class")}
    for name in used - {"title"}:  # in the colour of all text
        assert re.search(rf"\.{name} {{[^}}]*(?:fill|stroke): #", rules), name
