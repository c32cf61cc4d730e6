"""Write docs/bits.md, the specification step by step, from the sources of the specification.

    python conformance/generate_bits.py [--check]

Every function of the European operations and of Bachelier's becomes numbered steps of plain IEEE
operations, in the notation of `notation`.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import wrap
from types import ModuleType

from notation import WIDTH, WORD, Notation, above, comment, names_in, steps

from quantforge import testing

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "bits.md"
PREFACE = Path(__file__).with_name("bits_preface.md")
SPECIFICATION = "quantforge_conformance.spec"

MODULES = (
    "elementary",
    "legs",
    "price",
    "bachelier_price",
    "greeks",
    "bachelier_greeks",
    "normalized_price",
    "attainable_error",
    "implied_volatility",
    "bachelier_implied_volatility",
)
"""The files of the specification that the page has, each after those it uses."""

PRIMITIVE = {"to_bits", "from_bits", "exact_fma", "fma", "divide", "square_root"}
"""What the preface defines, and Python has to write out or lacks."""


def prose(text: str) -> str:
    """A docstring as Markdown: one paragraph each, and formulas that are set off as they are."""
    blocks = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        block if block.startswith("    ") else escaped(" ".join(block.split("\n")))
        for block in blocks
    )


def escaped(text: str) -> str:
    """Text without what Markdown would take for emphasis."""
    parts = text.split("`")
    parts[::2] = [part.replace("*", "\\*").replace("_", "\\_") for part in parts[::2]]
    return "`".join(parts)


def record(node: ast.ClassDef, lines: list[str]) -> Iterator[str]:
    """A record: its fields in order, what each means and, if it is no number, its kind."""
    yield f"### Record {node.name}\n"
    yield prose(ast.get_docstring(node) or "") + "\n"
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    names = [ast.unparse(each.target) + kind(each.annotation, "") for each in fields]
    width = max(map(len, names))
    said = [comment(lines, each.lineno) for each in fields]
    body = [f"{name:<{width}}  {each}".rstrip() for name, each in zip(names, said, strict=True)]
    yield "\n".join(["```", *body, "```\n"])


def function(node: ast.FunctionDef, lines: list[str]) -> Iterator[str]:
    """A function: what it computes, and its numbered steps."""
    say = Notation(lines)
    given = [*node.args.args, *node.args.kwonlyargs]
    arguments = ", ".join(each.arg + kind(each.annotation, "") for each in given)
    yield f"### {node.name}\n"
    yield prose(ast.get_docstring(node) or "") + "\n"
    body = [f"{node.name}({arguments}){kind(node.returns, 'number', ' -> ')}", ""]
    count = 0
    for is_step, line in steps(node.body, say):
        count += is_step
        body.append(f"{count if is_step else '':>2}  {line}")
    if say.rounded:
        body += ["", *(f"{decimal} is {bits}" for decimal, bits in say.rounded.items())]
    yield "\n".join(["```", *body, "```\n"])


def kind(annotation: ast.expr | None, number: str, before: str = ": ") -> str:
    """What a value is; most are numbers, of which nothing need be said."""
    said = ast.unparse(annotation) if annotation else "float"
    said = said.removeprefix("tuple[").removesuffix("]").replace("float", number)
    said = said.replace(f"Sequence[{number}", "coefficients")
    return before + said if said else ""


def constant(module: ModuleType, node: ast.Assign, said: str) -> Iterator[str]:
    """The lines of constants that one statement defines."""
    [target] = node.targets
    names = [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
    for name in names:
        value = getattr(module, name)
        explained = f"  {said}" if said else ""
        if isinstance(value, tuple):
            yield f"{name} ={explained}"
            exact = all(value == int(value) for value in value)
            for i, each in enumerate(value):
                yield f"    [{i}]  {each!r}" if exact else f"    [{i:>2}]  {each.hex():<26}{each!r}"
        elif value != value:
            yield f"{name} = from_bits(0x7ff8000000000000){explained}"
        elif isinstance(value, float):
            yield f"{name} = {value.hex()} = {value!r}{explained}"
        else:
            yield f"{name} = {value}{explained}"


def constants(module: ModuleType, tree: ast.Module, lines: list[str], used: set[str]) -> list[str]:
    """The constants of a module, each with what the source says of it."""
    found: list[str] = []
    for node, following in zip(tree.body, [*tree.body[1:], None], strict=True):
        if not isinstance(node, ast.Assign) or "__" in ast.unparse(node.targets[0]):
            continue
        names = {each.id for each in ast.walk(node.targets[0]) if isinstance(each, ast.Name)}
        if not names & used:
            continue
        said = comment(lines, node.lineno) or " ".join(above(lines, node.lineno))
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            said = " ".join(str(following.value.value).split())
        found += constant(module, node, f"({said})" if said else "")
    return found


def operations(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Each operation: what it is called with, its version, and the functions that it needs."""
    bodies = {
        node.name: node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)
    }
    yield "## Operations\n"
    for name, operation in testing.operations().items():
        if name not in MODULES:
            continue
        needed: set[str] = set()
        following = {name}
        while following:
            needed |= following
            following = called_in([bodies[each] for each in following]) & set(bodies) - needed
        yield f"### Operation {name}\n"
        yield f"Version {operation.numerics} of its numerics, function [{name}](#{name}).\n"
        lines = [
            f"takes    {' '.join(one.name for one in operation.inputs)}",
            f"returns  {' '.join(one.name for one in operation.outputs)}",
            f"needs    {' '.join(each for each in bodies if each in needed - PRIMITIVE)}",
        ]
        wrapped = [part for line in lines for part in wrap(line, WIDTH, subsequent_indent=" " * 9)]
        yield "\n".join(["```", *wrapped, "```\n"])


def called_in(bodies: Iterable[ast.AST]) -> set[str]:
    nodes = (node for body in bodies for node in ast.walk(body))
    return {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}


def parsed(name: str) -> tuple[ModuleType, str, ast.Module]:
    module = importlib.import_module(f"{SPECIFICATION}.{name}")
    source = inspect.getsource(module)
    return module, source, ast.parse(source)


def page() -> str:
    """The whole page."""
    files = {name: parsed(name) for name in ("tables", *MODULES)}
    used = set().union(*(names_in(tree) for name, (_, _, tree) in files.items() if name in MODULES))
    text = [PREFACE.read_text("utf-8"), *operations([tree for _, _, tree in files.values()])]
    for name, (module, source, tree) in files.items():
        lines = source.splitlines()
        text.append(f"## File {name}\n")
        text.append(prose(ast.get_docstring(tree) or "") + "\n" if name in MODULES else "")
        found = constants(module, tree, lines, used - {WORD})
        if found:
            text += ["```", *found, "```\n"]
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                text += record(node, lines)
            elif isinstance(node, ast.FunctionDef) and node.name not in PRIMITIVE:
                text += function(node, lines)
    return "\n".join(line for line in text if line).rstrip("\n") + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or compare with --check."""
    wanted = page()
    if arguments == ["--check"]:
        same = PAGE.read_text("utf-8") == wanted
        print(f"{PAGE.relative_to(ROOT)}: {'as specified' if same else 'DIFFERS'}")
        return int(not same)
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    PAGE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
