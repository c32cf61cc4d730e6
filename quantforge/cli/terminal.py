"""Tables, notes and JSON on the terminal, or in a pipe.

All that commands print goes through here. Control characters in it, which may come from files,
plugins and profiles, are escaped. rich draws tables where it is installed; without it they are
plain text.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

from quantforge.errors import CONTROLS, printable

if TYPE_CHECKING:
    from rich.text import Text

_PIPE_WIDTH: Final = 1000  # as wide as any line: nothing in a pipe is wrapped
_IN_MEMORY: Final = 1 << 24  # bytes of columns that need no file
_BETWEEN: Final = ",\n      "  # elements of a column in JSON
_UNBOUNDED: Final = 1_000_000  # wider than any table


@dataclass(frozen=True)
class Table:
    """A table to be shown.

    Parameters
    ----------
    headings : sequence of str
    rows : sequence of sequences of str
    left : collection of str
        Headings of columns that are flush left; the others, of numbers, are flush right.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Collection[str]

    def lines(self) -> Iterator[str]:
        """The table as plain text."""
        cells = [[_on_a_line(cell) for cell in row] for row in (self.headings, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        cells.insert(1, ["-" * width for width in widths])
        for row in cells:
            placed = (
                cell.ljust(width) if heading in self.left else cell.rjust(width)
                for heading, cell, width in zip(self.headings, row, widths, strict=True)
            )
            yield "  ".join(placed).rstrip()


class Screen(Protocol):
    """What text and tables are shown on."""

    def print(self, text: str = "", /, *, style: str | None = None, soft_wrap: bool = False) -> Any:
        """Print a line; with `soft_wrap` it is left to the terminal to wrap it."""

    def show(self, table: Table) -> None:
        """Print a table without cutting any cell short, however narrow the terminal is."""


def console(stderr: bool = False) -> Screen:
    """The terminal as rich sees it, which obeys ``NO_COLOR``; without rich it takes plain text."""
    stream = sys.stderr if stderr else sys.stdout
    return _rich_console(stream) if _has_rich() else _PlainScreen(stream)


def _has_rich() -> bool:
    with suppress(ImportError, ValueError):  # as where somebody keeps it from being imported
        return importlib.util.find_spec("rich") is not None
    return False


class _PlainScreen:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def print(self, text: str = "", /, **_: Any) -> None:
        say(text, self._stream)

    def show(self, table: Table) -> None:
        say("\n".join(table.lines()), self._stream)


def _rich_console(stream: TextIO) -> Any:
    from rich import box
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table as Drawn

    class PrintableConsole(Console):
        """One that renders no text as it is."""

        def render_str(self, text: str, **settings: Any) -> Text:
            return super().render_str(printable(text), **settings)

        def show(self, table: Table) -> None:
            drawn = Drawn(
                box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
            )
            for heading in table.headings:
                justify: Any = "left" if heading in table.left else "right"
                drawn.add_column(heading, justify=justify, overflow="fold")
            for row in table.rows:
                drawn.add_row(*row)
            if not set(table.headings) <= set(table.left):  # text folds, numbers do not
                wide = self.options.update(width=_UNBOUNDED)
                self.width = max(Measurement.get(self, wide, drawn).maximum, self.width)
            self.print(drawn, crop=False)

    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return PrintableConsole(file=stream, width=width, highlight=False, markup=False, emoji=False)


def say(text: object, file: TextIO | None = None) -> None:
    """Print a line or several, on standard output unless `file` is another one."""
    print(printable(str(text)), file=file)


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], left: Iterable[str] = ()
) -> Table:
    """A table whose columns are flush right, except for those named in `left`."""
    return Table(tuple(headings), [tuple(row) for row in rows], frozenset(left))


def _on_a_line(cell: str) -> str:
    return printable(" ".join(cell.splitlines()))


def status(text: str) -> AbstractContextManager[Any]:
    """While something is done, say on a terminal what it is; say nothing in a pipe."""
    if not sys.stderr.isatty() or not _has_rich():
        return nullcontext()
    from rich.text import Text

    made: AbstractContextManager[Any] = _rich_console(sys.stderr).status(Text(printable(text)))
    return made


@contextmanager
def progress(share: Callable[[], float] | None) -> Iterator[Callable[[], None]]:
    """While a file is worked on, show on a terminal how far it has come; nothing in a pipe.

    The function that it gives is called after each step; `share` tells how much is done.
    """
    if share is None or not sys.stderr.isatty() or not _has_rich():
        with status("computing"):
            yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=_rich_console(sys.stderr), transient=True) as bar:
        task = bar.add_task("computing", total=1.0)
        yield lambda: bar.update(task, completed=share())


def notice(text: str) -> None:
    """Say on standard error what a user should know."""
    say(f"quantforge: {text}", sys.stderr)


def print_json(value: Any, stderr: bool = False) -> None:
    """Print `value` as JSON, which has no NaN or infinity: these become null, and dates text."""
    print(_json(value, indent=2), file=sys.stderr if stderr else None)


class JsonColumns:
    """A JSON object whose last member has the columns of a table, in constant memory.

    Batches come with every column, and JSON has one column after the other. So they wait in a
    temporary file, which is gone at the end of the context.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # by `__exit__`
        self._parts: dict[str, list[tuple[int, int]]] = {}

    def __enter__(self) -> JsonColumns:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add a batch, with the same names as the one before."""
        for name, values in columns.items():
            listed = _json(list(values), separators=(_BETWEEN, ": "))
            start = self._file.tell()
            self._file.write(listed[1:-1].encode())
            self._parts.setdefault(name, []).append((start, self._file.tell() - start))

    def print(self, members: Mapping[str, Any], name: str, stderr: bool = False) -> None:
        """Print the object: other members first, then the columns as that of this name."""
        out = sys.stderr if stderr else sys.stdout
        head = _json(dict(members), indent=2).removesuffix("\n}")
        out.write(f"{head},\n  {_json(name)}: {{")
        for place, (column, parts) in enumerate(self._parts.items()):
            out.write(f"{',' * (place > 0)}\n    {_json(column)}: [\n      ")
            for number, (start, size) in enumerate(parts):
                self._file.seek(start)
                out.write(_BETWEEN * (number > 0) + self._file.read(size).decode())
            out.write("\n    ]")
        out.write("\n  }\n}\n")


def _json(value: Any, **layout: Any) -> str:
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, default=str, **layout)
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


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
