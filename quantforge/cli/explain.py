"""``quantforge explain``: which backend would run a batch, and why."""

from __future__ import annotations

import argparse
from typing import Any

import quantforge
from quantforge.cli.options import add_backend_options, add_exercise_option, add_model_option
from quantforge.cli.terminal import print_json, say
from quantforge.operations import OPERATIONS, functions


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "explain",
        help="say which backend would run a batch, and why",
        description="Say which backend would run a batch of N options, with how many threads, "
        "and why. Loads none of them.",
    )
    names = dict.fromkeys([*functions(), *OPERATIONS])
    parser.add_argument("operation", metavar="OPERATION", help=f"one of: {', '.join(names)}")
    parser.add_argument(
        "n", type=_count, metavar="N", help="number of options, such as 10_000 or 1e6"
    )
    parser.add_argument("--json", action="store_true", help="print the decision as JSON")
    add_model_option(parser)
    add_exercise_option(parser)
    add_backend_options(parser)
    parser.set_defaults(run=run)


def _count(word: str) -> int:
    number = float(word)
    if not (number >= 1 and number.is_integer()):
        raise argparse.ArgumentTypeError(f"{word} is not a number of options")
    return int(number)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    decision = quantforge.explain(
        arguments.operation,
        arguments.n,
        model=arguments.model,
        exercise=arguments.exercise,
        backend=arguments.backend,
        threads=arguments.threads,
    )
    if not arguments.json:
        say(decision)
        return 0
    print_json(
        {
            "operation": decision.operation,
            "n": decision.n,
            "backend": decision.backend,
            "threads": decision.threads,
            "from_n": decision.row.start,
            "profile": decision.profile,
            "age": decision.age,
            "reason": decision.reason,
            "candidates": dict(decision.candidates),
        }
    )
    return 0
