"""Imports run one way: the parts of the core are layers, and none reaches upwards."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "quantforge"

LAYERS = (
    # what everything may know
    "boundary control_groups errors names redirection version",
    "files conventions kinds shapes",
    "dividends exercises",
    "labels moments operations",
    "catalogue results",
    "contract golden threads",
    # backends: found, loaded, called
    "callables capabilities discovery ufuncs",
    "kernels numpy_backend",
    "plugins",
    "loaded",
    # what runs when
    "plan",
    "profile",
    "dispatch",
    "escrow quantiles",
    "explanation selection",
    # a call
    "evaluation shortest",
    "calls elementwise",
    "daycounts declared deltas forwards",
    "api",
    # what measures, and what the package says of itself
    "tuning",
    "__init__",
    # programs on top of it
    "jax testing chain",
    "cli",
    "__main__ autotune templates",
)
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer.split()}
PUBLIC = {"__init__", "files"}  # what `chain` may know, as an outsider's program would


def part_of(file):
    """The part of the package that a file belongs to: a module, or a package within it."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(file):
    """The modules of the package that a file imports, also within functions, with their lines."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            root, *rest = name.split(".")
            if root == "quantforge":
                yield rest, node.lineno


def graph():
    """From each file to the files that it imports, with the lines."""
    files = {
        tuple(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
    }
    edges = {}
    for path in files.values():
        edges[path] = found = {}
        for rest, line in imported(path):
            for end in range(len(rest), -1, -1):
                module = tuple(rest[:end])
                target = files.get(module) or files.get((*module, "__init__"))
                if target is not None:
                    found.setdefault(target, line)
                    break
    return edges


EDGES = graph()


def test_every_part_has_its_layer():
    assert {part_of(file) for file in EDGES} == set(HEIGHT)


@pytest.mark.parametrize("part", HEIGHT)
def test_no_part_imports_what_lies_beside_or_above_it(part):
    upwards = [
        f"{file.relative_to(PACKAGE)}:{line} imports {part_of(target)}"
        for file, targets in EDGES.items()
        for target, line in targets.items()
        if part_of(file) == part != part_of(target) and HEIGHT[part_of(target)] >= HEIGHT[part]
    ]
    assert not upwards


def test_no_files_import_each_other_in_a_circle():
    waiting = {file: set(targets) - {file} for file, targets in EDGES.items()}
    while ready := [file for file, targets in waiting.items() if not targets & waiting.keys()]:
        for file in ready:
            del waiting[file]
    assert not sorted(str(file.relative_to(PACKAGE)) for file in waiting)


def test_option_chains_are_a_program_on_the_public_face_alone():
    private = [
        f"{file.relative_to(PACKAGE)}:{line} imports {target.relative_to(PACKAGE)}"
        for file, targets in EDGES.items()
        for target, line in targets.items()
        if part_of(file) == "chain" and part_of(target) not in {"chain", *PUBLIC}
    ]
    assert not private
