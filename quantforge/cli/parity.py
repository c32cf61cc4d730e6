"""``--forward parity``: forwards, and rates if none are given, from the calls and puts of the file.

A group is the options of one time of the quotes and one expiry. The fit needs all of a group, and
its options may stand anywhere. So the file is read twice: once the columns that the fit needs, and
once to compute. Between them 29 bytes a row are kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge import exercises
from quantforge.cli import sides
from quantforge.cli.failures import NOTHING_USABLE, Failure
from quantforge.cli.given import LOOKED_AT, Given
from quantforge.cli.headings import column_called, find_column, spelling
from quantforge.cli.operands import needed
from quantforge.conventions import MODELS
from quantforge.files.columns import Table, open_table
from quantforge.files.contents import Column, distinct, text_of, type_of
from quantforge.files.sources import STANDARD

__all__ = ["PARITY", "ParityForwards", "add_quote_options", "is_asked"]

PARITY: Final = "parity"
_TAKES_PART: Final = ("strike", "time", "kind", "exercise")
_KEYS: Final = frozenset({
    "quotedate", "quotetime", "quotedatetime", "quotereadtime", "quoted", "tradedate", "asof",
    "asofdate", "datadate", "date", "timestamp", "snapshot",
    "root", "ticker", "underlyingsymbol", "underlyingticker", "actsymbol", "secid",
})  # fmt: skip
"""Names, by their letters, of columns that tell one time or one underlying from another."""
_AT_ONCE: Final = 1 << 18  # rows that are fitted together, unless one time has more
_FEW: Final = 1000  # rows, too few to say that hardly two belong together
_MANY: Final = 0.1  # share of options that are doubled, beyond which groups are no groups
_ODD: Final = 0.5  # a rate beyond which strikes and prices are in different units


def is_asked(arguments: argparse.Namespace) -> bool:
    """Whether the forward is to be fitted."""
    return "sided" in arguments and arguments.forward == PARITY


def add_quote_options(parser: argparse.ArgumentParser, *, priced: bool) -> None:
    """Add the options for the quotes that the fit takes; a command with prices has some already."""
    if not priced:
        sides.add_side_options(parser, "for --forward parity")
        parser.add_argument(
            "--price", metavar="X", help="price of the option, for --forward parity without quotes"
        )
    parser.add_argument(
        "--by",
        metavar="COLUMN,...",
        help="columns that tell one time of the quotes, or one underlying, from another, for "
        "--forward parity (default: those of known names, as quote_date and root)",
    )


def refuse_quotes(arguments: argparse.Namespace) -> None:
    """Refuse options of the fit where there is none."""
    if "sided" not in arguments:
        return
    for name in ("by", *(("price", *sides.SIDES) if "sigma" in arguments else ())):
        if getattr(arguments, name, None) is not None:
            raise Failure(f"--{name} has no meaning without --forward {PARITY}")


class ParityForwards:
    """The forwards of a file, fitted.

    Parameters
    ----------
    arguments : Namespace
    function : str
    table : Table, optional
        The file.
    head : mapping of str to Column
        Its first batch.

    Raises
    ------
    Failure
        The file cannot be read twice or does not say what is needed, its options are American, or
        nothing could be fitted.

    Attributes
    ----------
    names : tuple of str
        The inputs that it gives: ``spot``, as operations call the forward, and perhaps ``rate``.
    taken : list of str
        Which columns were taken for inputs of other names.
    remark : str
        How many forwards there are.
    warnings : list of str
        What is in doubt.
    """

    def __init__(
        self,
        arguments: argparse.Namespace,
        function: str,
        table: Table | None,
        head: Mapping[str, Column],
    ) -> None:
        _check(arguments, table, head)
        assert table is not None
        head = {name: column[:LOOKED_AT] for name, column in head.items()}
        rated = arguments.rate is not None or find_column("rate", head, arguments.model) is not None
        names = [name for name in needed(arguments, function) if name in _TAKES_PART]
        self.names: tuple[str, ...] = ("spot",) if rated else ("spot", "rate")
        self._absolute = MODELS[arguments.model].family == "bachelier"
        given = Given(
            arguments, function, table, head, names=[*names, "price", *(["rate"] * rated)]
        )
        self.taken = given.taken
        self._keys = self._find_keys(arguments, given, head)
        self._known: list[dict[Any, int]] = [{} for _ in range(2 * len(self._keys) + 2)]
        wanted = {*given.used_columns, *self._keys}
        rows = _Rows()
        with open_table(arguments.file, arguments.format, columns=wanted) as again:
            for columns in again.batches:
                if len(next(iter(columns.values()), ())):
                    self._add(given, columns, rows)
        if given.exercise == exercises.AMERICAN:
            raise Failure(
                "calls and puts obey parity if they are European, and some are American: "
                "quantforge chain fits these"
            )
        self._curves = np.array([curve for curve, _ in self._known[-1]], np.int32)
        self.forward = np.full(len(self._curves), np.nan)
        self.rate, self._reason = self.forward.copy(), np.full(len(self._curves), "", object)
        doubled, used = self._fit(rows)
        self.remark, self.warnings = self._said(rows, given)
        if doubled:
            line = (
                f"{doubled:,} rows have time, strike and kind of another one, and no part in the "
                "fit of forwards: --by COLUMN,... names what tells times of quotes, or "
                "underlyings, apart"
            )
            if doubled > _MANY * used:
                raise Failure(line)
            self.warnings.append(line)

    def _find_keys(
        self, arguments: argparse.Namespace, given: Given, head: Mapping[str, Column]
    ) -> list[str]:
        """The columns that tell groups apart, beside the time to expiry."""
        found = []
        if arguments.by is not None:
            for word in arguments.by.split(","):
                column = column_called(word.strip(), head)
                if column is None:
                    raise Failure(f"--by: no such column as {word.strip()!r}")
                found.append(column)
        else:
            found = [name for name in head if spelling(name) in _KEYS]
        quoted = given.quoted_column
        if arguments.by is None:
            others = (name for name in found if name != quoted)
            self.taken.extend(f"{name!r} tells quotes apart" for name in others)
        return list(dict.fromkeys([*([quoted] if quoted else []), *found]))

    def _add(self, given: Given, columns: Mapping[str, Column], rows: _Rows) -> None:
        inputs, count = given.read(columns)
        if "bid" in inputs:
            bid, ask = inputs["bid"], inputs["ask"]
        else:
            bid = ask = inputs["price"]
        place = self._places(columns, inputs["time"], count)
        inputs["strike"] = np.where(given.lost, np.nan, inputs["strike"])
        rows.add(place, count, inputs, bid, ask)
        groups = len(self._known[-1])
        if 2 * groups > rows.count > _FEW:
            keys = ", ".join(map(repr, [*self._keys, "the time to expiry"]))
            raise Failure(
                f"{groups:,} groups of {rows.count:,} options by {keys}: hardly two belong "
                "together; --by COLUMN,... names what tells times of quotes apart"
            )

    def _places(self, columns: Mapping[str, Column], time: Any, count: int) -> NDArray[np.intp]:
        """The group of every row."""
        place = np.zeros(count, np.intp)
        for which, name in enumerate(self._keys):
            column = columns[name]
            cells, at = distinct(column if type_of(column) == "text" else text_of(column))
            words = [str(cell).strip() for cell in cells]
            place = self._joined(2 * which, place, [*words, ""], at)
        times, at = np.unique(np.broadcast_to(time, count), return_inverse=True)
        return self._joined(
            -2, place, [None if np.isnan(each) else each for each in times.tolist()], at
        )

    def _joined(
        self, which: int, place: NDArray[np.intp], values: list[Any], at: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """The groups of equal rows, where rows were grouped already and have a further value."""
        known, pairs = self._known[which], self._known[which + 1]
        codes = np.array([known.setdefault(value, len(known)) for value in values], np.intp)
        both, inverse = np.unique((place << 32) | codes[at], return_inverse=True)
        found = [
            pairs.setdefault((each >> 32, each & 0xFFFFFFFF), len(pairs)) for each in both.tolist()
        ]
        return np.asarray(np.array(found, np.intp)[inverse.reshape(-1)])

    def _fit(self, rows: _Rows) -> tuple[int, int]:
        """Fit every group; how many options it has already at another price, and of how many."""
        from quantforge.chain.forwards import fit_rows

        place, sign, strike, bid, ask = rows.joined()
        time = np.array([np.nan if each is None else each for each in self._times()])
        given = rows.rates
        doubled = 0
        for chosen in _chunks(self._curves[place]):
            groups, local = np.unique(place[chosen], return_inverse=True)
            options = local, *(each[chosen] for each in (sign, strike, bid, ask))
            doubled += _doubled(*options)
            found = fit_rows(
                *options,
                time=time[groups],
                rate=given[groups],
                curve=self._curves[groups],
                absolute=self._absolute,
            )
            self.forward[groups], self.rate[groups] = found.forward, found.rate
            self._reason[groups] = found.reason
        return doubled, len(place)

    def _times(self) -> list[Any]:
        """The time to expiry of every group."""
        values = list(self._known[-2])
        return [values[code] for _, code in self._known[-1]]

    def _said(self, rows: _Rows, given: Given) -> tuple[str, list[str]]:
        found = np.isfinite(self.forward)
        count, without = len(found), int(np.count_nonzero(~found))
        why = self._reason[int(np.argmin(found))] or "no quotes"
        if not found.any():
            raise Failure(f"no forward by parity: {why}", NOTHING_USABLE)
        fitted = "rate" in self.names
        if fitted and np.median(np.abs(self.rate[found])) > _ODD:
            raise Failure(
                f"calls less puts say a rate of {np.median(self.rate[found]):.3g}: look at the "
                "units of strikes, prices and times, or give --rate"
            )
        remark = f"forward{' and rate' * fitted} by parity for {count - without:,} of {count:,} "
        lines = []
        if without:
            lost = int(rows.numbers[~found].sum())
            many = f"{without:,} {_expiries(without)}, {lost:,} rows"
            lines.append(f"{many}, without a forward, the first: {why}")
        if rows.rates_differ:
            lines.append("options of one expiry have different rates; forwards are at their mean")
        if problem := given.problem():
            lines.append(f"no part in forwards have {problem}")
        return remark + _expiries(count), lines

    def values(self, columns: Mapping[str, Column], time: Any, count: int) -> dict[str, Any]:
        """The inputs that it gives, for the rows of a batch.

        Raises
        ------
        Failure
            A row was not there when the forwards were fitted.
        """
        place = self._places(columns, time, count)
        if place.max(initial=0) >= len(self.forward):
            raise Failure("the file has changed while it was read")
        both = {"spot": self.forward[place], "rate": self.rate[place]}
        return {name: both[name] for name in self.names}


class _Rows:
    """What is kept of the rows between the two readings.

    Attributes
    ----------
    count : int
        All rows so far.
    numbers : array of float64
        The rows of each group.
    """

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[list[Any]] = [[] for _ in range(5)]
        self.numbers, self._rated, self._total, self._least, self._most = np.zeros((5, 0))

    def add(self, place: Any, count: int, inputs: Mapping[str, Any], bid: Any, ask: Any) -> None:
        """Add a batch."""
        self.count += count
        self._grow(int(place.max()) + 1 - len(self.numbers))
        np.add.at(self.numbers, place, 1.0)
        rate = np.broadcast_to(inputs.get("rate", np.nan), count)
        known = ~np.isnan(rate)
        np.add.at(self._rated, place[known], 1.0)
        np.add.at(self._total, place[known], rate[known])
        np.minimum.at(self._least, place[known], rate[known])
        np.maximum.at(self._most, place[known], rate[known])
        values = (inputs["kind"], inputs["strike"], bid, ask)
        sign, strike, low, high = (np.broadcast_to(each, count) for each in values)
        with np.errstate(invalid="ignore"):
            used = np.isfinite(strike) & (low > 0.0) & (high >= low)
        codes = place[used].astype(np.int32), sign[used].astype(np.int8)
        values = *codes, *(each[used] for each in (strike, low, high))
        for parts, each in zip(self._kept, values, strict=True):
            parts.append(each)

    def _grow(self, more: int) -> None:
        if more > 0:
            none, low, high = np.zeros(more), np.full(more, np.inf), np.full(more, -np.inf)
            self.numbers = np.concatenate((self.numbers, none))
            self._rated = np.concatenate((self._rated, none))
            self._total = np.concatenate((self._total, none))
            self._least = np.concatenate((self._least, low))
            self._most = np.concatenate((self._most, high))

    def joined(self) -> list[Any]:
        """Group, sign, strike, bid and ask of all rows that a fit may use; they are given away."""
        whole = []
        for parts in self._kept:
            whole.append(np.concatenate(parts))
            parts.clear()  # so that one column at a time is there twice
        return whole

    @property
    def rates(self) -> NDArray[np.float64]:
        """The mean of the rates that are given for each group, NaN where there is none."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self._total / self._rated)

    @property
    def rates_differ(self) -> bool:
        """Whether options of one group have different rates."""
        return bool((self._most - self._least > 1e-9).any())


def _check(arguments: argparse.Namespace, table: Table | None, head: Mapping[str, Column]) -> None:
    if table is None:
        raise Failure(f"--forward {PARITY} needs a FILE of calls and puts")
    if str(arguments.file) == STANDARD:
        raise Failure(
            f"--forward {PARITY} reads the file twice, and standard input passes once: save it "
            "first"
        )
    if not MODELS[arguments.model].on_forward:
        raise Failure(
            f"--forward {PARITY} needs --model black76 or bachelier; at the forward black76 has "
            "the prices of black_scholes"
        )
    if column_called(PARITY, head) is not None:
        raise Failure(f"there is a column {PARITY!r}, which --forward {PARITY} does not mean")
    if getattr(arguments, "price_unit", None) == "underlying":
        raise Failure(f"--forward {PARITY} needs prices in currency, not in the underlying")


def _expiries(count: int) -> str:
    return "expiry" if count == 1 else "expiries"


def _chunks(curve: NDArray[np.intp]) -> list[Any]:
    """Rows that are fitted together: whole curves, as few rows as can be above a number."""
    if len(curve) <= _AT_ONCE:
        return [slice(None)]
    order = np.argsort(curve, kind="stable")
    ends = np.flatnonzero(np.diff(curve[order])) + 1
    wanted = np.arange(_AT_ONCE, len(curve), _AT_ONCE)
    after = np.searchsorted(ends, wanted)
    cuts = np.unique(ends[after[after < len(ends)]])
    return np.split(order, cuts)


def _doubled(place: Any, sign: Any, strike: Any, bid: Any, ask: Any) -> int:
    """Rows of an option that its group has already, at another price."""
    order = np.lexsort((strike, sign, place))
    same = np.ones(max(len(order) - 1, 0), bool)
    for each in (place, sign, strike):
        same &= np.diff(each[order]) == 0
    other = (np.diff(bid[order]) != 0) | (np.diff(ask[order]) != 0)
    return int(np.count_nonzero(same & other))
