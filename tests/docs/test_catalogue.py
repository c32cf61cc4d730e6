"""The tables of operations, inputs and outputs in the authors' guide are those of the catalogue."""

from pathlib import Path

from quantforge.operations import OPERATIONS, SIGN, STYLE

PAGE = Path(__file__).parents[2] / "docs" / "backends.md"
CORE = [each for each in OPERATIONS.values() if each.vectors == "quantforge"]

DOMAINS = {SIGN: "1, -1", STYLE: "0, 1, 2, 3"}
"""Of the operands that users give in words; anything else is NaN and *invalid*."""


def table(headings, rows):
    lines = [headings, ["---"] * len(headings), *dict.fromkeys(map(tuple, rows))]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def named(words):
    return ", ".join(f"`{word}`" for word in words)


def operations():
    """One row for each operation: what a kernel takes and writes, in order."""
    return table(
        ("operation", "version", "inputs", "outputs", "which is"),
        (
            (
                f"`{each.name}`",
                str(each.numerics),
                named(operand.name for operand in each.inputs),
                named(output.name for output in each.outputs)
                + (", some of them" if each.default_outputs else ""),
                each.summary,
            )
            for each in CORE
        ),
    )


def inputs():
    """One row for each input: its unit and domain."""
    return table(
        ("input", "meaning", "unit", "domain"),
        (
            (f"`{one.name}`", one.meaning, one.unit, DOMAINS.get(one, one.rule))
            for each in CORE
            for one in each.inputs
        ),
    )


def outputs():
    """One row for each output."""
    types = {"d": "float64", "b": "int8"}
    return table(
        ("output", "meaning", "unit", "type"),
        (
            (f"`{one.name}`", one.meaning, one.unit, types[one.type])
            for each in CORE
            for one in each.outputs
        ),
    )


def test_the_tables_are_those_of_the_catalogue():
    page = PAGE.read_text("utf-8")
    for made in (operations(), inputs(), outputs()):
        assert made in page, f"docs/backends.md needs this table:\n\n{made}\n"
