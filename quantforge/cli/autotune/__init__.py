"""``quantforge autotune``: measure this machine, so that `auto` decides by what was found."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quantforge import dispatch
from quantforge.cli.terminal import say
from quantforge.errors import QuantForgeError
from quantforge.operations import OPERATIONS, unknown
from quantforge.plugins import registry

if TYPE_CHECKING:
    from quantforge.profile.record import Profile

__all__ = ["add_parser", "run"]

_VERIFYING: Final = 30.0  # seconds

_EPILOG: Final = """\
rigor:
  quick     within twenty seconds; enough to choose well
  measure   within a minute: more batch sizes, more rounds
  thorough  within ten minutes: for a machine that prices all day
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "autotune",
        help="measure this machine, so that auto chooses well",
        description="Measure every usable backend at many batch sizes, on one thread and on more, "
        "and remember which to use when. Results are the same with every exact backend: only the "
        "time changes.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rigor", choices=("quick", "measure", "thorough"), default="quick",
        help="how much care to take (default: quick)",
    )  # fmt: skip
    parser.add_argument(
        "--budget", type=_seconds, metavar="SECONDS", help="take at most about this long"
    )
    parser.add_argument(
        "--operation",
        action="append",
        default=[],
        metavar="NAME",
        help="measure this operation alone, named as --show names it; may be given again. What is "
        "known of others stays",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace also what was measured with more care"
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    actions = parser.add_argument_group("instead of measuring").add_mutually_exclusive_group()
    actions.add_argument(
        "--show", action="store_true", help="print what is decided now, a table per operation"
    )
    actions.add_argument(
        "--check", action="store_true",
        help="exit with 0 if every usable backend is measured as it is installed, in all that it "
        "implements, with 1 if not",
    )  # fmt: skip
    actions.add_argument(
        "--verify", action="store_true",
        help="time auto against every candidate and the shipped table, on fresh sizes and data, "
        "and say how much time it loses (30 s unless --budget says otherwise)",
    )  # fmt: skip
    actions.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="draw it into FILE: a page (.html) or a picture (.png, .pdf or .svg)",
    )
    actions.add_argument("--export", type=Path, metavar="FILE", help="copy the profile to FILE")
    actions.add_argument(
        "--import", type=Path, metavar="FILE", dest="import_", help="add the profile in FILE"
    )
    actions.add_argument("--forget", action="store_true", help="delete the profile")
    parser.set_defaults(run=run)


def _seconds(word: str) -> float:
    number = float(word)
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{word} is not a number of seconds")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "show": _show,
        "check": _check,
        "verify": _verify,
        "report": _report,
        "export": _export,
        "import_": _import,
        "forget": _forget,
    }
    for name, action in actions.items():
        if getattr(arguments, name):
            return action(arguments)
    return _tune(arguments)


def _tune(arguments: argparse.Namespace) -> int:
    from quantforge.cli.failures import Failure
    from quantforge.profile import lookup, store
    from quantforge.tuning import session
    from quantforge.tuning.progress import progress_bar

    registry()  # plugins declare operations too
    for name in arguments.operation:
        if name not in OPERATIONS:
            raise Failure(str(unknown("operation", name, OPERATIONS)))
    if not arguments.force and lookup.is_covered(arguments.rigor, arguments.operation):
        _note(f"measured with more care than {arguments.rigor} already; --force measures again")
        _print(_section(), arguments.json, every=False)
        return 0
    unwritable = None

    def save(profile: Profile) -> None:
        nonlocal unwritable
        try:
            store.merge(profile, arguments.force)
        except OSError as error:
            unwritable = error.strerror
            lookup.keep(profile)

    budget = arguments.budget
    if budget is not None:
        budget = max(0.1, budget - time.process_time())  # starting the program counts, too
    try:
        with ExitStack() as turn:
            if not turn.enter_context(store.alone(wait=False)):
                _note("another process is measuring this machine, waiting for it")
                turn.enter_context(store.alone(wait=True))
            progress = turn.enter_context(progress_bar())
            tuned = session.tune(
                arguments.rigor,
                seconds=budget,
                progress=progress,
                save=save,
                operations=arguments.operation,
            )
    except QuantForgeError as error:
        raise Failure(str(error), 1) from None
    dispatch.invalidate()
    _print(_section(), arguments.json, every=False)
    if tuned.noisy:
        _note(
            f"THIS MACHINE IS NOISY: other load disturbed {tuned.disturbed:.0%} of the "
            "measurements again and again. What was measured undisturbed before stays, and so do "
            "threads that nobody could judge. Tune again when it is idle."
        )
    if unwritable:
        raise Failure(f"nothing is remembered: {store.path()} cannot be written: {unwritable}", 1)
    if not arguments.json:
        loading = f"loaded and compiled in {tuned.loading:.1f} s, " if tuned.loading > 2.0 else ""
        say(f"{loading}measured in {tuned.seconds:.1f} s, remembered in {store.path()}")
    return 0


def _note(line: str) -> None:
    say(f"quantforge autotune: {line}", sys.stderr)


def _print(section: Any, as_json: bool, every: bool) -> None:
    if as_json:
        from quantforge.cli.autotune.summary import to_json
        from quantforge.cli.terminal import print_json

        print_json(to_json(section))
    else:
        from quantforge.cli.autotune.tables import show

        show(section, every=every)


def _section() -> Any:
    """The section in force; without one the command ends."""
    from quantforge.cli.failures import Failure
    from quantforge.profile import lookup, store

    section, _ = lookup.section()
    if section is None:
        raise Failure(
            f"no profile for this machine in {store.path()}: run `python -m quantforge.autotune`", 1
        )
    return section


def _show(arguments: argparse.Namespace) -> int:
    _print(_section(), arguments.json, every=True)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from quantforge.profile import lookup, store

    gaps = list(lookup.gaps())
    if arguments.json:
        from quantforge.cli.terminal import print_json

        print_json(
            {
                "profile": str(store.path()),
                "valid": not gaps,
                "gaps": [gap._asdict() for gap in gaps],
            }
        )
    else:
        say(f"{store.path()}: {'out of date' if gaps else 'valid'}")
        for gap in gaps:
            say(f"  {gap.operation} on {gap.backend}: {gap.reason}")
    return 1 if gaps else 0


def _verify(arguments: argparse.Namespace) -> int:
    from quantforge.cli.autotune import verified
    from quantforge.profile import store
    from quantforge.tuning.progress import progress_bar
    from quantforge.tuning.verification import verify

    _section()
    with store.alone(wait=True), progress_bar() as progress:
        found = verify(arguments.budget or _VERIFYING, progress=progress)
    if arguments.json:
        from quantforge.cli.terminal import print_json

        print_json(verified.to_json(found))
    else:
        verified.show(found)
    if disturbed := sum(one.noisy for one in found):
        _note(f"other load disturbed {disturbed} of {len(found)} batch sizes: believe the others")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    if arguments.report.suffix == ".html":
        from quantforge.cli.autotune.page import write_page

        write_page(_section(), arguments.report)
    else:
        from quantforge.cli.autotune.picture import write_picture
        from quantforge.cli.failures import require

        require("matplotlib", "a picture")
        write_picture(_section(), arguments.report)
    say(arguments.report)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from quantforge.cli.failures import Failure
    from quantforge.profile import store

    profile = store.read()
    if profile is None:
        raise Failure(f"nothing to export: no profile in {store.path()}", 1)
    store.export(profile, arguments.export)
    say(f"{store.path()} copied to {arguments.export}")
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from quantforge.cli.failures import Failure
    from quantforge.profile import lookup, store

    try:
        profile = store.load(arguments.import_)
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise Failure(f"{arguments.import_} is not a profile: {reason}") from None
    try:
        store.merge(profile, arguments.force)
    except OSError as error:
        raise Failure(f"{store.path()} cannot be written: {error.strerror}", 1) from None
    dispatch.invalidate()
    section, _ = lookup.section()
    mine = section is not None and section.key in {one.key for one in profile.sections}
    say(
        f"{arguments.import_} added to {store.path()}; "
        + ("it covers this machine" if mine else "it does not cover this machine")
    )
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    from quantforge.cli.failures import Failure
    from quantforge.profile import store

    try:
        file = store.forget()
    except OSError as error:
        raise Failure(f"{store.path()} cannot be deleted: {error.strerror}", 1) from None
    dispatch.invalidate()
    say(f"{file} deleted" if file else f"nothing to forget: {store.path()} does not exist")
    return 0
