"""Write the vectors of the specification's functions, and the whole trace of a few options.

    python conformance/generate_steps.py [--check | --draw]

Inputs and outputs as bits, a file per function of docs/bits.md, so that the author of an exact
backend finds the first step that differs. The inputs stay as they are, and a change of the
specification shows as a change of outputs; --draw draws new ones (a minute): of options of every
region those that take each way through a function, and, on either side of each parting of the
ways, the two neighbouring options between which it lies.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import itertools
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, get_args, get_type_hints

from generate_bits import MODULES, PRIMITIVE, SPECIFICATION
from quantforge_conformance import steps
from quantforge_conformance.golden import bits
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.spec.elementary import from_bits, to_bits

from quantforge import testing

ROOT = Path(__file__).resolve().parents[1]
TRACES = steps.VECTORS.with_name("traces")
OPERATIONS = (
    "price",
    "bachelier_price",
    "greeks",
    "bachelier_greeks",
    "implied_volatility",
    "bachelier_implied_volatility",
)
TRACED: dict[str, list[tuple[float, ...]]] = {
    "price": [
        (100.0, 110.0, 0.5, 0.05, 0.02, 0.2, 1.0),  # out of the money
        (100.0, 90.0, 2.0, 0.03, 0.05, 1.5, 1.0),  # in the money, beyond the Mills ratio's range
    ],
    "bachelier_price": [(100.0, 110.0, 0.5, 0.05, 20.0, -1.0)],
}
EVERY, MOST, WORDS = 4, 32, 1_600
"""Of the golden options one in so many is looked at; cases of a function, and words in its file."""

OUTSIDE = {"state_of", "sign_state", "sigma_state", "swept", "code_of_nan", "volatility_of"}
"""Functions that matter where the result is NaN; what others return there does not."""

Option = tuple[float, ...]

ENDS = (math.nan, -math.inf, -0.0, 0.0, 1.0, math.inf)
POWERS = (math.nan, -4000.0, -1075.0, -1074.0, -1022.0, 0.0, 1023.0, 1024.0, 4000.0)
BESIDE = {
    "at_least": itertools.product(ENDS, ENDS),
    "at_most": itertools.product(ENDS, ENDS),
    "finite_or_zero": itertools.product(ENDS),
    "zero_times": itertools.product(ENDS, ENDS),
    "times_power": itertools.product((1.5, -5e-324, math.inf), POWERS),
}
"""Inputs beside those that options lead to, at the ends of what a function is for."""


@cache
def functions() -> dict[str, Callable[..., Any]]:
    """The functions that have vectors, in the order of the page.

    Those that take coefficients have none, nor have the operations, which have golden bits.
    """
    found = {}
    for module in (importlib.import_module(f"{SPECIFICATION}.{name}") for name in MODULES):
        for name, each in vars(module).items():
            own = inspect.isfunction(each) and each.__module__ == module.__name__
            if own and name not in {*PRIMITIVE, *OPERATIONS, "polynomial"}:
                found[name] = each
    return found


def columns(name: str, kind: Any) -> Iterator[str]:
    """The columns that a value of some kind fills."""
    if kind in (int, bool):
        yield f"{name or 'result'}:int"
    elif kind is float:
        yield name or "result"
    elif hasattr(kind, "_fields"):
        for field, each in get_type_hints(kind).items():
            yield from columns(f"{name}.{field}" if name else field, each)
    else:
        for i, each in enumerate(get_args(kind)):
            yield from columns(f"{name}[{i}]", each)


def value(kind: Any, words: Iterator[str]) -> Any:
    """A value of some kind from its words."""
    if hasattr(kind, "_fields"):
        return kind(*(value(each, words) for each in get_type_hints(kind).values()))
    number = int(next(words), 16)
    return from_bits(number) if kind is float else kind(number)


def computed(name: str, words: Sequence[str]) -> list[str]:
    """What the specification returns for inputs, as words."""
    function, left = functions()[name], iter(words)
    kinds = get_type_hints(function)
    kinds.pop("return")
    given = {key: value(kind, left) for key, kind in kinds.items()}
    return [steps.word(each) for _, each in steps.flat("", function(**given))]


def text(name: str, inputs: Sequence[Sequence[str]]) -> str:
    """A file's content."""
    kinds = get_type_hints(functions()[name])
    result = kinds.pop("return")
    given = [column for key, kind in kinds.items() for column in columns(key, kind)]
    lines = [f"# {name}: {' '.join(given)} -> {' '.join(columns('', result))}"]
    lines += [" ".join([*words, *computed(name, words)]) for words in inputs]
    return "\n".join(lines) + "\n"


def traced(operation: str) -> str:
    """The traces of an operation's options."""
    names = [one.name for one in testing.operations()[operation].inputs]
    parts = []
    for option in TRACED[operation]:
        given = " ".join(f"{name}={x!r}" for name, x in zip(names, option, strict=True))
        parts.append(f"# {operation} {given}\n{steps.report(steps.trace(operation, option))}")
    return "\n".join(parts)


# --- drawing -----------------------------------------------------------------------------------


class Call(NamedTuple):
    """One call of a function: the way through its code, and its inputs as words."""

    way: frozenset[int]
    words: tuple[str, ...]


def calls(operation: str, option: Option, only: str = "") -> dict[str, list[Call]]:
    """Every call of the functions, or of one, that an option makes."""
    found: dict[str, list[Call]] = defaultdict(list)

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_name
        mine = steps.is_function(frame.f_code) and name in functions() and only in ("", name)
        if not mine:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        given = steps.arguments(frame)
        words = tuple(
            steps.word(x) for key, each in given.items() for _, x in steps.flat(key, each)
        )
        way: set[int] = set()

        def follow(frame: FrameType, event: str, _: Any) -> Any:
            way.add(frame.f_lasti)
            if event == "return":
                found[name].append(Call(frozenset(way), words))
            return follow

        return follow

    specification = ORACLES[operation].specification
    assert specification is not None
    sys.settrace(enter)
    try:
        result = specification(*option)
    finally:
        sys.settrace(None)
    inside = result[0] == result[0]
    return {name: each for name, each in found.items() if inside or name in OUTSIDE}


def ordered(x: float) -> int:
    """Integers in the order of the numbers."""
    bits = to_bits(x)
    return -(bits - (1 << 63)) if bits >> 63 else bits


def between(x: float, y: float) -> float:
    """The number half way, by bits."""
    middle = (ordered(x) + ordered(y)) // 2
    return from_bits(middle if middle >= 0 else (1 << 63) - middle)


def parting(
    operation: str, name: str, way: frozenset[int], here: Option, there: Option
) -> list[Call]:
    """A call of neighbouring options, of which one takes the way and the other another one."""
    while True:
        middle = tuple(between(x, y) for x, y in zip(here, there, strict=True))
        if middle in (here, there):
            break
        ways = {call.way for call in calls(operation, middle, name).get(name, ())}
        if way in ways:
            here = middle
        else:
            there = middle
    found = calls(operation, here, name).get(name, [])
    place = next((i for i, call in enumerate(found) if call.way == way), 0)
    both = [found, calls(operation, there, name).get(name, [])]
    return [each[place] for each in both if len(each) > place]


def golden(operation: str) -> list[Option]:
    """Some of the options that have golden bits."""
    file = ORACLES[operation].golden_bits
    assert file is not None
    count = len(testing.operations()[operation].inputs)
    return list(map(tuple, bits(file).view(float)[:count, ::EVERY].T.tolist()))


def drawn() -> dict[str, list[tuple[str, ...]]]:
    """Inputs for each function: of every way one, then those at the partings, then more."""
    options = [(operation, each) for operation in OPERATIONS for each in golden(operation)]
    made = [(operation, option, calls(operation, option)) for operation, option in options]
    result = {}
    for name in functions():
        ways: dict[frozenset[int], list[tuple[str, ...]]] = defaultdict(list)
        first: dict[frozenset[int], tuple[str, Option]] = {}
        for operation, option, found in made:
            for call in found.get(name, ()):
                ways[call.way].append(call.words)
                first.setdefault(call.way, (operation, option))
        partings = [
            call.words
            for way, (operation, here) in first.items()
            for there in [other(operation, name, way, here, made)]
            if there
            for call in parting(operation, name, way, here, there)
        ]
        ways = {way: list(dict.fromkeys(found)) for way, found in ways.items()}
        ones = [found[0] for found in ways.values()]
        samples = (found[1 :: max(1, len(found) // MOST)] for found in ways.values())
        rest = [x for turn in itertools.zip_longest(*samples) for x in turn if x]
        unique = list(dict.fromkeys([*ones, *partings, *rest]))
        width = len(ones[0]) if ones else 1
        beside = [tuple(map(steps.word, given)) for given in BESIDE.get(name, ())]
        result[name] = unique[: max(len(ways), min(MOST, WORDS // width))] + beside
    return result


def other(
    operation: str,
    name: str,
    way: frozenset[int],
    here: Option,
    made: Sequence[tuple[str, Option, dict[str, list[Call]]]],
) -> Option | None:
    """An option that does not take the way, and is a call or a put as the given one is."""
    for its, option, found in made:
        ways = {call.way for call in found.get(name, ())}
        if its == operation and ways and way not in ways and option[-1] == here[-1]:
            return option
    return None


def main(arguments: list[str]) -> int:
    """Write the files, or compare with --check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="compare, write nothing")
    group.add_argument("--draw", action="store_true", help="draw new inputs")
    asked = parser.parse_args(arguments)
    if asked.draw:
        inputs = drawn()
    else:
        inputs = {
            name: [tuple(case[: len(found.inputs)]) for case in found.cases]
            for name in functions()
            for found in [steps.vectors(name)]
        }
    wanted = {steps.VECTORS / f"{name}.txt": text(name, each) for name, each in inputs.items()}
    wanted |= {TRACES / f"{operation}.txt": traced(operation) for operation in TRACED}
    folders = (steps.VECTORS, TRACES)
    present = {path for folder in folders for path in folder.glob("*.txt")}
    if asked.check:
        differing = {
            path
            for path in present | set(wanted)
            if path not in present or path.read_text("ascii") != wanted.get(path)
        }
        for path in sorted(differing):
            print(f"{path.relative_to(ROOT)}: DIFFERS")
        print(f"{len(present) - len(differing)} files as specified")
        return int(bool(differing))
    for path in present - set(wanted):
        path.unlink()
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
