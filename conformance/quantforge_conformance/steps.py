"""Each step of the specification, for whoever writes an exact backend and looks for what differs.

    python -m quantforge_conformance.steps price spot=100 strike=110 time=0.5 ... sign=1

prints what every function of the specification is given, keeps and returns for one option, in the
order in which they return: the first line that differs from a backend's own value is where to look.
Numbers are decimals, hexadecimal floats (0x1.8p-3) or bits (bits:3fc8000000000000).

`vectors` has inputs and outputs of single functions; `first_difference` compares with them. Names
and order are those of docs/bits.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import quantforge_conformance
from quantforge import testing
from quantforge_conformance import spec
from quantforge_conformance.oracles import oracle
from quantforge_conformance.spec.elementary import MASK, from_bits, to_bits

VECTORS = Path(quantforge_conformance.__file__).parent / "data" / "steps"
"""A file of text for each function; its first line says what the columns are."""

SOURCES = str(Path(spec.__file__).parent)
PRIMITIVE = frozenset({"to_bits", "from_bits", "exact_fma", "fma", "divide", "square_root"})
"""What every language has."""

Number = float | int


class Step(NamedTuple):
    """One call of a function of the specification, its values flat: `legs.y.high` is a name."""

    path: tuple[str, ...]  # the functions from the operation down to this one
    given: dict[str, Number]
    kept: dict[str, Number]  # the numbers it has under names of its own, at the end
    returned: dict[str, Number]


def is_number(value: Any) -> bool:
    """Whether a value is a number or a condition."""
    return isinstance(value, float | int)


def flat(name: str, value: Any) -> Iterator[tuple[str, Number]]:
    """The numbers in a value, with their names; in what is neither number nor record are none."""
    if is_number(value):
        yield name or "result", value
    elif hasattr(value, "_fields"):
        for field, each in zip(value._fields, value, strict=True):
            yield from flat(f"{name}.{field}" if name else field, each)
    elif isinstance(value, tuple | list):
        for i, each in enumerate(value):
            yield from flat(f"{name}[{i}]", each)


def is_function(code: CodeType) -> bool:
    """Whether code is a function of the specification."""
    inside = code.co_filename.startswith(SOURCES)
    return inside and "<" not in code.co_qualname and code.co_name not in PRIMITIVE


def arguments(frame: FrameType) -> dict[str, Any]:
    """What a function is given, when it begins, but for lists of coefficients."""
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    values = {name: frame.f_locals[name] for name in names}
    return {name: x for name, x in values.items() if type(x) not in (tuple, list)}


def trace(operation: str, option: Sequence[float]) -> list[Step]:
    """Evaluate the specification of an operation for one option and note every function's values.

    Parameters
    ----------
    operation : str
        Such as ``"price"``.
    option : sequence of float
        Its inputs, in the order of the catalogue.

    Returns
    -------
    list of Step
        In the order in which the functions return.
    """
    specification = oracle(operation).specification
    if specification is None:
        raise LookupError(f"{operation!r} has no specification")
    found: list[Step] = []
    running: list[dict[str, Any]] = []
    path: list[str] = []

    def note(frame: FrameType, event: str, value: Any) -> None:
        if event not in ("call", "return") or not is_function(frame.f_code):
            return
        if event == "call":
            path.append(frame.f_code.co_name)
            running.append(arguments(frame))
            return
        given = running.pop()
        own = frame.f_locals.items()
        found.append(
            Step(
                path=tuple(path),
                given={key: x for name, each in given.items() for key, x in flat(name, each)},
                kept={name: x for name, x in own if is_number(x) and given.get(name) is not x},
                returned=dict(flat("", value)),
            )
        )
        path.pop()

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        specification(*map(float, option))
    finally:
        sys.setprofile(before)
    return found


def word(value: Number) -> str:
    """Sixteen hexadecimal digits: the bits of a float, any NaN as the one; an integer itself."""
    if not isinstance(value, float):
        return f"{value & MASK:016x}"
    return f"{to_bits(value) if value == value else 0x7FF8000000000000:016x}"


def report(steps: Sequence[Step]) -> str:
    """The steps as text, a line for each value."""
    lines = []
    for step in steps:
        lines.append(" > ".join(step.path))
        for mark, values in ((" ", step.given), ("=", step.kept), (">", step.returned)):
            for name, value in values.items():
                lines.append(f"  {mark} {name:<24} {word(value)}  {value!r}")
    return "\n".join(lines) + "\n"


class Vectors(NamedTuple):
    """Inputs and outputs of one function of the specification."""

    inputs: list[str]  # their names; one that ends in ":int" is an integer, or a condition
    outputs: list[str]
    cases: list[list[str]]  # words: the inputs, then the outputs


def vectors(function: str) -> Vectors:
    """Read the vectors of a function of the specification."""
    first, *rest = (VECTORS / f"{function}.txt").read_text("ascii").splitlines()
    inputs, _, outputs = first.removeprefix(f"# {function}: ").partition(" -> ")
    return Vectors(inputs.split(), outputs.split(), [line.split() for line in rest])


def first_difference(function: str, mine: Callable[..., Number | Sequence[Number]]) -> str | None:
    """Compare a function of a backend with the vectors of the specification.

    Parameters
    ----------
    function : str
        Its name in the specification.
    mine : callable
        Takes the inputs as numbers, records flat, and returns the outputs likewise.

    Returns
    -------
    str or None
        What the first output that differs was computed from, or None if all are right.
    """
    inputs, outputs, cases = vectors(function)
    kinds = [name.endswith(":int") for name in inputs]
    for case in cases:
        given = [
            int(digits, 16) if kind else from_bits(int(digits, 16))
            for kind, digits in zip(kinds, case, strict=False)
        ]
        result = mine(*given)
        got = [result] if isinstance(result, float | int) else result
        expected = case[len(inputs) :]
        for name, value, right in zip(outputs, got, expected, strict=True):
            if word(int(value) if name.endswith(":int") else float(value)) != right:
                operands = ", ".join(
                    f"{name}={value!r}" for name, value in zip(inputs, given, strict=True)
                )
                return f"{function}, {operands}: {name} is {word(value)}, expected {right}"
    return None


def parsed(text: str) -> float:
    """A number as it may be written on the command line."""
    if text.startswith("bits:"):
        return from_bits(int(text.removeprefix("bits:"), 16))
    return float.fromhex(text) if "0x" in text else float(text)


def main(given: Sequence[str]) -> int:
    """Print the steps of one option."""
    operation, *words = given or [""]
    catalogue = testing.operations()
    if operation not in catalogue:
        print(f"{__doc__}\noperations: {', '.join(catalogue)}", file=sys.stderr)
        return 2
    names = [one.name for one in catalogue[operation].inputs]
    values = {name: text for name, _, text in (each.partition("=") for each in words)}
    if sorted(values) != sorted(names):
        print(f"{operation} needs {'=... '.join(names)}=...", file=sys.stderr)
        return 2
    print(report(trace(operation, [parsed(values[name]) for name in names])), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
