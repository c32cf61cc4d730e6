"""The choice of results where a function has one, and what derivatives are per."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from quantforge.cli.operands import literal
from quantforge.errors import did_you_mean
from quantforge.operations import RAW, UNITS, find

__all__ = ["add_steps_option", "add_which_option", "heading"]


def add_which_option(
    parser: argparse.ArgumentParser,
    what: str,
    names: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    default: tuple[Sequence[str], str],
) -> None:
    """Add ``--which``.

    Parameters
    ----------
    parser : ArgumentParser
    what : str
        What a result is called.
    names : sequence of str
    groups : mapping of str to sequence of str
        Words for several names.
    default : tuple
        The names that are taken by default, and what the help says of them.
    """

    def chosen(words: str) -> tuple[str, ...]:
        found: list[str] = []
        for word in (each.strip() for each in words.split(",")):
            if word not in groups and word not in names:
                valid = *groups, *names
                raise argparse.ArgumentTypeError(
                    f"unknown {what} {word!r}; valid: {', '.join(valid)}{did_you_mean(word, valid)}"
                )
            found += groups.get(word, (word,))
        return tuple(found)

    parser.add_argument(
        "--which",
        type=chosen,
        default=default[0],
        metavar="NAME,...",
        help=f"{', '.join(groups)}, or any of {', '.join(names)} (default: {default[1]})",
    )


def add_steps_option(parser: argparse.ArgumentParser, steps: Iterable[str]) -> None:
    """Add ``--units``, where derivatives may be per the market's steps."""
    parser.add_argument(
        "--units",
        default=RAW,
        choices=UNITS,
        help=literal(
            f"raw: per 1.0 and per year; market: {' and '.join(f'per {step}' for step in steps)} "
            f"(default: {RAW})"
        ),
    )


def heading(function: str) -> Callable[[argparse.Namespace, str], str]:
    """From arguments and a column, what stands above it: a derivative with its steps."""

    def head(arguments: argparse.Namespace, column: str) -> str:
        name = column.removeprefix(arguments.column)
        operation = find(function, arguments.model)
        chosen = getattr(arguments, "which", [output.name for output in operation.outputs])
        added = f"{arguments.column}{name}" == column and name in chosen
        if getattr(arguments, "units", RAW) == RAW or not added:
            return column
        orders = {1: "{}", 2: "({})²", 3: "({})³"}
        counted = Counter(operation.steps(name)).items()
        words = " and ".join(orders[order].format(step) for step, order in counted)
        return f"{column} per {words}" if words else column

    return head
