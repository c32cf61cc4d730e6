"""``quantforge completion``: what a shell needs to complete commands, options and their choices."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, Final

from quantforge.cli.failures import require
from quantforge.cli.terminal import say

_SHELLS: Final = ("bash", "zsh", "fish", "tcsh")
_PATHS: Final = {"FILE": "FILE", "FOLDER": "DIRECTORY"}
"""What an argument's place in the help says of it, and shtab's name for that."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "completion",
        help="print a script that completes commands in a shell",
        description="Print a script that lets a shell complete the commands, their options and "
        "their choices, those of installed packages included.",
        epilog='example: eval "$(quantforge completion bash)", in ~/.bashrc',
    )
    parser.add_argument("shell", choices=_SHELLS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    require("shtab", "completion")
    from quantforge.cli import parser

    say(script(parser(), arguments.shell))
    return 0


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What a shell runs to know a parser."""
    import shtab

    for action in _actions(parser):
        if action.metavar in _PATHS:
            complete = getattr(shtab, _PATHS[action.metavar])
            action.complete = complete  # type: ignore[attr-defined]  # shtab looks for it
    text: str = shtab.complete(parser, shell)
    return text


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser and of the commands below it."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
