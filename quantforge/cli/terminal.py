"""Tables, notes and JSON on the terminal, or in a pipe.

All that commands print goes through here. Control characters in it, which may come from files,
plugins and profiles, are escaped.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, TextIO

from quantforge.cli.failures import require
from quantforge.errors import CONTROLS, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_PIPE_WIDTH: Final = 1000  # as wide as any table: nothing in a pipe is cut or wrapped


def console(stderr: bool = False) -> Console:
    """The terminal as rich sees it; rich itself obeys ``NO_COLOR``."""
    require("rich", "a table")
    from rich.console import Console

    class PrintableConsole(Console):
        """One that renders no text as it is."""

        def render_str(self, text: str, **settings: Any) -> Text:
            return super().render_str(printable(text), **settings)

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return PrintableConsole(file=stream, width=width, highlight=False, markup=False, emoji=False)


def say(text: object, file: TextIO | None = None) -> None:
    """Print a line or several, on standard output unless `file` is another one."""
    print(printable(str(text)), file=file)


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], left: Iterable[str] = ()
) -> Table:
    """A table whose columns are flush right, except for those named in `left`."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in headings:
        made.add_column(heading, justify="left" if heading in set(left) else "right")
    for row in rows:
        made.add_row(*row)
    return made


def show_whole(screen: Console, table: Table) -> None:
    """Print a table without cutting any number short, however narrow the terminal is."""
    from rich.measure import Measurement

    needed = Measurement.get(screen, screen.options.update(width=_PIPE_WIDTH), table).maximum
    screen.width = max(needed, screen.width)
    screen.print(table, crop=False)


def status(text: str) -> AbstractContextManager[Any]:
    """While something is done, say on a terminal what it is; say nothing in a pipe."""
    if not sys.stderr.isatty() or importlib.util.find_spec("rich") is None:
        return nullcontext()
    from rich.text import Text

    return console(stderr=True).status(Text(printable(text)))


@contextmanager
def progress(share: Callable[[], float] | None) -> Iterator[Callable[[], None]]:
    """While a file is worked on, show on a terminal how far it has come; nothing in a pipe.

    The function that it gives is called after each step; `share` tells how much is done.
    """
    if share is None or not sys.stderr.isatty() or importlib.util.find_spec("rich") is None:
        with status("computing"):
            yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("computing", total=1.0)
        yield lambda: bar.update(task, completed=share())


def notice(text: str) -> None:
    """Say on standard error what a user should know."""
    say(f"quantforge: {text}", sys.stderr)


def print_json(value: Any, stderr: bool = False) -> None:
    """Print `value` as JSON, which has no NaN or infinity: these become null, and dates text."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False, default=str)
    text = CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    print(text, file=sys.stderr if stderr else None)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def duration(seconds: float) -> str:
    """A time with three digits and its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"
