"""Times to expiry from dates: ``--expiry`` and ``--quoted`` in place of ``--time``."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.cli.failures import Failure
from quantforge.cli.headings import column_called, one_of
from quantforge.files.cells import is_blank
from quantforge.files.contents import Column, distinct, in_rows, is_arrow, text_of, type_of
from quantforge.files.dates import read_date

__all__ = ["DATED", "Elapsed", "add_date_options"]

DATED: Final = ("expiry", "quoted")
"""What is given in place of the time."""

_SETTLE: Final = "16:00@America/New_York"
_DAYCOUNTS: Final = ("act365", "act365.25", "bus252", "calendar-days")
_ISO: Final = re.compile(
    r"(\d{4})[-/]?(\d{2})[-/]?(\d{2})"
    r"(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)0*\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_MIDNIGHT: Final = re.compile(r"00:00(:00(\.0+)?)?")
_SLASHED: Final = re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}")


def add_date_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for dates."""
    parser.add_argument(
        "--expiry",
        metavar="X",
        help="date or instant of expiry, or a column of them, in place of --time; with --quoted",
    )
    parser.add_argument(
        "--quoted",
        metavar="X",
        help="instant of the quotes, or a column of them: ISO 8601, as 2024-03-08T15:30-05:00",
    )
    parser.add_argument(
        "--settle",
        default=_SETTLE,
        metavar="TIME@ZONE",
        help=f"when an expiry settles that is a date (default: {_SETTLE})",
    )
    parser.add_argument(
        "--daycount", default=_DAYCOUNTS[0], choices=_DAYCOUNTS, help=f"default: {_DAYCOUNTS[0]}"
    )
    parser.add_argument(
        "--holidays",
        type=Path,
        metavar="FILE",
        help="dates that are no business days, one on a line, for --daycount bus252",
    )


class Elapsed:
    """Counts the years from quotes to expiries.

    Parameters
    ----------
    arguments : Namespace
    head : mapping of str to Column
        The beginning of the file; empty without one.

    Raises
    ------
    Failure
        One of the two is not given, or is neither a column nor a date; or ``--time`` or its unit is
        given too.

    Attributes
    ----------
    zoneless : set of str
        Columns and arguments with times of day that were taken in the zone of ``--settle``.
    """

    def __init__(self, arguments: argparse.Namespace, head: Mapping[str, Column]) -> None:
        self.columns: dict[str, str] = {}
        self.zoneless: set[str] = set()
        self._arguments, self._fixed = arguments, dict[str, str]()
        self._zone = arguments.settle.partition("@")[2].strip()
        for option in ("time", "time_unit"):
            if getattr(arguments, option) is not None:
                raise Failure(f"--{option.replace('_', '-')} has no meaning beside --expiry")
        for name in DATED:
            given = getattr(arguments, name)
            if given is None:
                other = next(each for each in DATED if each != name)
                raise Failure(f"--{other} needs --{name}")
            column = column_called(given, head)
            if column is not None:
                self.columns[name] = column
                continue
            try:
                self._fixed[name] = self._instant(given, name)
            except ValueError as error:
                there = f", nor a column: {one_of(given, head)}" if head else ""
                raise Failure(f"{name}: {error}{there}") from None
        self._holidays = [] if arguments.holidays is None else _dates(arguments.holidays)

    @property
    def remark(self) -> str:
        """A line about times of day without a zone; empty if there were none."""
        if not self.zoneless:
            return ""
        names = ", ".join(sorted(self.zoneless))
        return f"times of day without a zone, taken in that of --settle, {self._zone}: {names}"

    def years(self, columns: Mapping[str, Column]) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Years of each row, NaN where a date is missing, and what is wrong in which row."""
        typed = {name: self._typed(name, columns) for name in DATED}
        if all(each is not None for each in typed.values()):
            return self._count(**typed), {}
        instants: dict[str, list[str]] = {}
        places: dict[str, Any] = {}
        wrong: dict[int, str] = {}
        for name in DATED:
            if name in self._fixed:
                instants[name], places[name] = [self._fixed[name]], np.zeros(1, np.intp)
                continue
            cells, places[name] = distinct(_dated(columns[self.columns[name]]))
            instants[name], bad = self._instants(cells, name)
            for row, what in in_rows(bad, places[name]).items():
                wrong.setdefault(row, f"column {self.columns[name]!r}, {name}: {what}")
        # Each pair of instants is counted once; the last of either is missing.
        width = len(instants["expiry"])
        coded = (places["quoted"] % len(instants["quoted"])) * width + places["expiry"] % width
        pairs, inverse = np.unique(coded, return_inverse=True)
        quoted = np.array(instants["quoted"], dtype=object)[pairs // width]
        expiry = np.array(instants["expiry"], dtype=object)[pairs % width]
        return self._count(quoted, expiry)[inverse.reshape(-1)], wrong

    def _count(self, quoted: Any, expiry: Any) -> NDArray[np.float64]:
        found = quantforge.years_between(
            quoted,
            expiry,
            daycount=self._arguments.daycount,
            settle=self._arguments.settle,
            holidays=self._holidays,
        )
        return np.asarray(found, np.float64)

    def _typed(self, name: str, columns: Mapping[str, Column]) -> Any:
        """Dates, or instants with a zone, that need no reading; None for others.

        An instant at midnight in UTC would be taken for a date.
        """
        if name in self._fixed:
            return np.array([self._fixed[name]], dtype=object)
        column = columns[self.columns[name]]
        if not is_arrow(column):
            return None
        import pyarrow
        from pyarrow import types

        if types.is_date32(column.type):
            return column.to_numpy(zero_copy_only=False)
        if not types.is_timestamp(column.type) or column.type.tz is None:
            return None
        instants = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
        found = instants.to_numpy(zero_copy_only=False).astype("datetime64[us]")
        return None if (found == found.astype("datetime64[D]")).any() else found

    def _instants(self, cells: list[Any], name: str) -> tuple[list[str], dict[int, str]]:
        """Distinct cells as ISO 8601, an empty text where one is missing, and at the end."""
        found, wrong = [], {}
        for place, cell in enumerate(cells):
            text, instant = str(cell).strip(), ""
            try:
                instant = "" if is_blank(text) else self._instant(text, name)
            except ValueError as error:
                wrong[place] = str(error)
            found.append(instant)
        return [*found, ""], wrong

    def _instant(self, text: str, name: str) -> str:
        """A date or an instant with its zone, as ISO 8601."""
        bare = text.strip()
        found = _ISO.fullmatch(bare)
        if found is None:
            if _SLASHED.search(bare):
                raise ValueError(f"{bare!r} may have day or month first: write it as 2024-03-15")
            if ":" in bare:
                raise ValueError(f"{bare[:40]!r} is no instant as 2024-03-08T15:30-05:00")
            return _read(bare).isoformat()
        *day, clock, zone = found.groups()
        try:
            on = date(*map(int, day))
        except ValueError:
            raise ValueError(f"{bare!r} is not a date") from None
        if clock is None or (zone is None and name == "expiry" and _MIDNIGHT.fullmatch(clock)):
            return on.isoformat()
        if zone is None:
            from zoneinfo import ZoneInfo

            self.zoneless.add(self.columns.get(name, f"--{name}"))
            at = datetime.fromisoformat(f"{on.isoformat()}T{clock}")
            return at.replace(tzinfo=ZoneInfo(self._zone)).isoformat()
        zone = "+00:00" if zone in {"Z", "UTC"} else zone
        return datetime.fromisoformat(f"{on.isoformat()}T{clock}{zone}").isoformat()


def _read(text: str) -> date:
    try:
        return read_date(text if text[:4].isdigit() else text.replace("-", " "))
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a date") from None


def _dated(column: Column) -> Column:
    """A column of dates as text: of days as whole numbers, of dates, or of text."""
    return column if type_of(column) == "text" else text_of(column)


def _dates(path: Path) -> list[str]:
    """The dates of a file, one on a line."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            found.append(_read(line.strip()).isoformat())
        except ValueError as error:
            raise Failure(f"{path}: line {number}: {error}") from None
    return found
