"""A bar on the terminal while this machine is measured; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from quantforge.errors import printable

__all__ = ["progress_bar"]


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A function to call with what is going on and the share of it that is done."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    except ModuleNotFoundError:
        yield lambda text, done: None
        return
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda text, done: None
        return
    columns = (TextColumn("{task.description:<24}", markup=False), BarColumn(), TimeElapsedColumn())
    # A bar that redraws itself from a thread would disturb what is being measured.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=1.0)

        def tell(text: str, done: float) -> None:
            bar.update(task, description=printable(text), completed=done)
            bar.refresh()

        yield tell
