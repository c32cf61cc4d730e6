"""The command line: ``quantforge COMMAND`` or ``python -m quantforge COMMAND``.

Each command is a module or object with ``add_parser(subparsers)`` and ``run(arguments) -> int``. It
ends with 0 when its work is done, 1 when nothing was usable or a check failed, 2 for bad input or
usage. What goes wrong is one line on stderr; ``QUANTFORGE_DEBUG=1`` shows the traceback. Functions
without one, as those of operations that other packages have declared, get it from the declarations.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import TracebackType
from typing import Any, Final, NoReturn, TextIO

from quantforge.cli import untuned
from quantforge.cli.failures import NOTHING_USABLE, failure
from quantforge.cli.ownership import is_replaced, other_owners
from quantforge.cli.terminal import say
from quantforge.errors import did_you_mean, printable

COMMANDS: Final = {
    "chain": "chain",
    "price": "european",
    "greeks": "european",
    "iv": "european",
    "backends": "backends",
    "explain": "explain",
    "autotune": "autotune",
    "doctor": "doctor",
    "new-backend": "new",
    "new-operation": "new",
    "completion": "completion",
}
"""Our commands in the order of the help, and their modules; packages may bring more of them."""
_OF_PLUGINS: Final = ("explain", "completion")
"""Those whose own arguments depend on what packages bring. `autotune` and `doctor` import no plugin
before they know that it is safe."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints take one line."""

    def __init__(self, **settings: object) -> None:
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]  # passed through
        # Before Python 3.12.8 argparse takes -1e-3 for an option, where a rate may be negative.
        self._negative_number_matcher = re.compile(r"-\.?\d")
        self.color = (
            False  # from Python 3.14 on it would be of escape sequences, as in plugins' words
        )

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            from quantforge.operations import meant  # as in `parser`

            hint = meant if action.dest == "command" else did_you_mean
            error.message += hint(value, action.choices or ())
            raise

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(printable(message) if message else message, file)


def parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of every command; where the first word names one of ours, of that alone."""
    # Here, because `main` has to run even where another distribution keeps these from importing.
    import quantforge

    top = _Parser(prog="quantforge", description=quantforge.__doc__)
    top.add_argument("--version", action="version", version=f"quantforge {quantforge.__version__}")
    subparsers = top.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    asked = [word for word in words[:1] if word in COMMANDS]
    if not asked or asked[0] in _OF_PLUGINS:
        quantforge.backends()  # whoever brings them may also have declared operations
    for name in asked or COMMANDS:
        module = import_module(f"quantforge.cli.{COMMANDS[name]}")
        getattr(module, "COMMANDS", {name: module})[name].add_parser(subparsers)
    if not asked:
        from quantforge.cli import declared

        declared.add_parsers(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Words after the program's name; by default those of this process.

    Returns
    -------
    int
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # text files have it
    if is_replaced() and (problems := other_owners()):
        say("\n".join(f"quantforge: {problem}" for problem in problems), sys.stderr)
        return NOTHING_USABLE
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            words = sys.argv[1:] if argv is None else argv
            arguments = parser(words).parse_args(words)
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else 2
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    try:
        code = arguments.run(arguments)
        sys.stdout.flush()
        untuned.say_once(arguments.command)
        return int(code)
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        say(f"quantforge {arguments.command}: interrupted", sys.stderr)
        return 128 + signal.SIGINT
    except Exception as error:
        if os.environ.get("QUANTFORGE_DEBUG", "0") not in {"", "0"}:
            sys.excepthook = _show_traceback
            raise
        message, code = failure(error)
        say(f"quantforge {arguments.command}: {message}", sys.stderr)
        return code


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    say(f"quantforge: warning: {message}", file or sys.stderr)


def _show_traceback(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    import traceback  # which takes longer to import than a command that goes well may wait

    say("".join(traceback.format_exception(kind, error, trace)).rstrip(), sys.stderr)
