"""That nobody has tuned this machine: what to do about it, and what that may gain."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["notice", "say_once"]

_SAYS_ITSELF: Final = ("autotune", "backends", "doctor", "explain")


def notice() -> str:
    """One line for the user; empty on a machine that is tuned, or has no choice to make."""
    from quantforge import threads
    from quantforge.plugins import State, registry
    from quantforge.profile import lookup
    from quantforge.tuning.session import RIGORS

    found = registry()
    usable = [name for name in found.names() if found.info(name).state is State.AVAILABLE]
    budget = threads.budget()
    if lookup.section()[0] is not None or (budget == 1 and len(usable) < 2):
        return ""
    gain = f"up to {budget}× from threads, below 65,536 options" if budget > 1 else ""
    choice = f"the fastest of {len(usable)} backends" if len(usable) > 1 else ""
    return (
        f"untuned: run `python -m quantforge.autotune` ({RIGORS['quick'].seconds:.0f} s); "
        f"gain here {' and '.join(filter(None, (gain, choice)))}"
    )


def say_once(command: str) -> None:
    """Say it on a terminal after the first command on this machine, and never again."""
    from quantforge.cli.terminal import say
    from quantforge.profile import store

    if command not in _SAYS_ITSELF and sys.stderr.isatty():
        line = notice()
        if line and store.first_time("untuned"):
            say(f"quantforge: {line}", sys.stderr)
