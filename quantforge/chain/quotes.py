"""The one table of quotes that every reader makes and everything else works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quantforge import QuantForgeError
from quantforge.chain.frames import to_frame

if TYPE_CHECKING:
    from pandas import DataFrame

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.intp]
Signs: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]
Dates: TypeAlias = NDArray[np.datetime64]
Texts: TypeAlias = NDArray[np.str_]

NUMBERS: Final = (
    "bid", "ask", "last", "vendor_iv", "vendor_delta", "vendor_gamma", "volume", "open_interest",
    "spot", "forward", "rate", "multiplier",
)  # fmt: skip
"""Columns of numbers that need not be given; NaN where they are not."""

TEXTS: Final = ("symbol", "root", "currency", "exercise", "price_unit")
"""Columns of texts that need not be given; empty where they are not."""

_WORDS: Final = {
    "exercise": ("", "european", "american"),
    "price_unit": ("currency", "underlying"),
}
_OF_ALL: Final = ("name", "source", "zone", "notes")
_DEFAULTS: Final = {"price_unit": "currency"}
KINDS: Final = {
    "call": 1, "c": 1, "ce": 1, "1": 1, "+1": 1, "put": -1, "p": -1, "pe": -1, "-1": -1,
}  # fmt: skip


class ChainError(QuantForgeError, ValueError):
    """A file cannot be read as an option chain; the message names file, line and cause."""


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Quotes:
    """Quotes of options, one row an option at one instant, in any order.

    Calls and puts need not come in pairs. Only strike, kind, expiry and time of the quotes are
    needed. A single value stands for every row.

    Parameters
    ----------
    strike : array_like of float
        One row each; finite.
    kind : array_like of int or str
        +1 or ``"call"``, ``"C"``, ``"CE"``; -1 or ``"put"``, ``"P"``, ``"PE"``; in any case.
    expiry : array_like of datetime64, date or datetime
        A date where the file gives a date: `quantforge.chain.calendar` then says by its root when
        it is settled. An instant where the file gives one, which is kept: a datetime64 of a unit
        finer than a day, in UTC, or a datetime with its time zone.
    quoted : array_like of datetime64 or datetime
        An instant, in the same forms. Rows of the same instant are fitted together. So it is that
        of the snapshot, even where a file says when each quote has last changed.
    name, source : str
        What the file calls the underlying, and what errors call the file.
    zone : tzinfo, optional
        The zone that instants are shown in; that of `quoted` if this is a datetime, else UTC.
    notes : sequence of str
        What whoever reads the results has to know of how the file was read, a line each.
    **columns
        Any of `NUMBERS` and `TEXTS`, of the same length.

    Attributes
    ----------
    name, source, zone, notes
        As given.
    quoted : array of datetime64[s]
        In UTC.
    expiry : array of datetime64[D]
        The date of the expiry; of an instant, that in UTC.
    settled : array of datetime64[s]
        The instant of the expiry in UTC, NaT where only the date is known.
    kind : array of int8
        +1 for a call, -1 for a put.
    strike : array of float64
    bid, ask, last : array of float64
        Per unit of the underlying, in `price_unit`.
    vendor_iv, vendor_delta, vendor_gamma : array of float64
        As the vendor computed them; a volatility of 0.2 is 20 % a year.
    volume, open_interest : array of float64
        In contracts.
    spot : array of float64
        The underlying at the time of the quotes.
    forward : array of float64
        The underlying for delivery at the expiry. What is given is used; what is not is fitted.
    rate : array of float64
        Continuously compounded, 0.05 for 5 % a year, likewise.
    multiplier : array of float64
        Units of the underlying in a contract.
    symbol, root : array of str
        Of the option, and of its class: ``SPXW230915C04500000`` and ``SPXW``. Roots are in capitals
        and without the mark of an index, ``^`` or ``$``.
    currency : array of str
    exercise : array of str
        ``"european"``, ``"american"``, or empty: then the root tells.
    price_unit : array of str
        ``"currency"``, or ``"underlying"`` where prices are in units of it, such as coins.

    Raises
    ------
    ValueError
        If there are no rows, or a column has another length, a missing or impossible value, or a
        date for an instant.
    TypeError
        If there is no such column, or its values are not what it holds.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from quantforge.chain import Quotes
    >>> quotes = Quotes(
    ...     strike=[90.0, 100.0], kind="put", expiry="2031-03-21", bid=[0.9, 4.4],
    ...     ask=[1.1, 4.6], quoted=datetime(2031, 1, 2, 15, 30, tzinfo=UTC), root="ACME",
    ... )
    >>> len(quotes), quotes.kind.tolist(), quotes.expiry.astype(str).tolist()
    (2, [-1, -1], ['2031-03-21', '2031-03-21'])
    """

    name: str
    source: str
    zone: tzinfo
    notes: tuple[str, ...]
    quoted: Dates
    expiry: Dates
    settled: Dates
    kind: Signs
    strike: Floats
    bid: Floats
    ask: Floats
    last: Floats
    vendor_iv: Floats
    vendor_delta: Floats
    vendor_gamma: Floats
    volume: Floats
    open_interest: Floats
    spot: Floats
    forward: Floats
    rate: Floats
    multiplier: Floats
    symbol: Texts
    root: Texts
    currency: Texts
    exercise: Texts
    price_unit: Texts

    def __init__(
        self,
        *,
        strike: ArrayLike,
        kind: ArrayLike,
        expiry: Any,
        quoted: Any,
        settled: Any = None,
        name: str = "",
        source: str = "",
        zone: tzinfo | None = None,
        notes: Sequence[str] = (),
        **columns: ArrayLike,
    ) -> None:
        unknown = sorted(columns.keys() - {*NUMBERS, *TEXTS})
        if unknown:
            known = ", ".join((*NUMBERS, *TEXTS))
            raise TypeError(f"quotes have no column {unknown[0]}; besides those needed: {known}")
        strikes = _numbers("strike", strike)
        if strikes.ndim != 1:
            raise ValueError(f"strike has {strikes.ndim} dimensions where 1 is needed")
        if not strikes.size:
            raise ValueError("there are no options")
        if not np.isfinite(strikes).all():
            raise ValueError(f"strike of row {int(np.argmin(np.isfinite(strikes)))} is missing")
        if zone is None:
            zone = (isinstance(quoted, datetime) and quoted.tzinfo) or UTC
        days, instants = _expiry(expiry)
        made: dict[str, Any] = {
            "quoted": _instants("quoted", quoted),
            "expiry": days,
            "settled": instants if settled is None else _either(settled, instants),
            "kind": _signs(kind),
            "strike": strikes,
            **{each: _numbers(each, columns.get(each, np.nan)) for each in NUMBERS},
            **{each: _texts(each, columns.get(each, _DEFAULTS.get(each, ""))) for each in TEXTS},
        }
        for column in ("quoted", "expiry"):
            if np.isnat(made[column]).any():
                raise ValueError(
                    f"{column} of row {int(np.argmax(np.isnat(made[column])))} is missing"
                )
        for column, values in made.items():
            made[column] = _stretched(column, values, len(strikes))
        made |= {"name": name, "source": source, "zone": zone, "notes": tuple(notes)}
        for field, value in made.items():
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        return len(self.strike)

    @property
    def quoted_both_ways(self) -> Flags:
        """Whether an option has a bid and an ask, both above zero and not crossed."""
        return two_sided(self.bid, self.ask)

    @property
    def times(self) -> tuple[np.datetime64, np.datetime64]:
        """The first and the last time of the quotes, in UTC."""
        return self.quoted.min(), self.quoted.max()

    @property
    def in_currency(self) -> Quotes:
        """The same quotes with every price in currency.

        A price in units of the underlying is multiplied by the forward, where there is one, which
        is what exchanges of coins quote against. It is then what is paid at the expiry, so that the
        rate is zero. Where there is none it is multiplied by the spot.

        Raises
        ------
        ChainError
            If such a price has neither.
        """
        coins = self.price_unit == "underlying"
        if not coins.any():
            return self
        forward, spot = positive(self.forward), positive(self.spot)
        ahead = np.isfinite(forward)
        worth = np.where(coins, np.where(ahead, forward, spot), 1.0)
        if not np.isfinite(worth).all():
            raise ChainError(
                f"{self.source}: prices in units of the underlying, whose value is unknown; "
                "give it with --spot or --forward"
            )
        changes: dict[str, Any] = {
            **{each: getattr(self, each) * worth for each in ("bid", "ask", "last")},
            "rate": np.where(coins & ahead, 0.0, self.rate),
            "price_unit": "currency",
            "notes": (*self.notes, "prices in units of the underlying are converted to currency"),
        }
        return replace(self, **changes)

    def local(self, instant: np.datetime64) -> datetime:
        """An instant of these quotes in their zone."""
        moment: datetime = instant.astype("datetime64[s]").item()
        return moment.replace(tzinfo=UTC).astimezone(self.zone)

    def columns(self) -> dict[str, Any]:
        """The columns by name, each an array with an element per row."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in _OF_ALL
        }

    def to_frame(self) -> DataFrame:
        """The columns as a pandas DataFrame."""
        return to_frame(self.columns())


def positive(values: Floats) -> Floats:
    """Values of an underlying, NaN where there is none above zero."""
    return np.where(np.isfinite(values) & (values > 0.0), values, np.nan)


def two_sided(bid: Floats, ask: Floats) -> Flags:
    """Whether there are a bid and an ask, both above zero and not crossed."""
    return np.asarray((bid > 0.0) & (ask >= bid) & np.isfinite(ask))


def _numbers(name: str, values: ArrayLike) -> Floats:
    given = np.asarray(values)
    if given.dtype.kind not in "fiu" and given.size:
        raise TypeError(f"{name} holds {given.dtype} where numbers are needed")
    return given.astype(np.float64, copy=False)


def _texts(name: str, values: ArrayLike) -> Texts:
    given = np.asarray(values)
    if given.dtype.kind == "O" and all(isinstance(each, str) for each in given.ravel()):
        given = given.astype(np.str_)
    if given.dtype.kind != "U" and given.size:
        raise TypeError(f"{name} holds {given.dtype} where texts are needed")
    given = given.astype(np.str_, copy=False)
    if name in _WORDS:
        wrong = ~np.isin(given, _WORDS[name])
        if wrong.any():
            valid = ", ".join(filter(None, _WORDS[name]))
            raise ValueError(f"{name} {str(given[wrong].flat[0])!r} is unknown; valid: {valid}")
    return _roots(given) if name == "root" else given


def _roots(given: Texts) -> Texts:
    """Roots as the exchange writes them: ``^spx`` and ``$SPX.X`` of vendors are ``SPX``."""
    letters = np.ascontiguousarray(given).reshape(-1).view(np.uint32)
    plain = (letters == 0) | _between(letters, "A", "Z") | _between(letters, "0", "9")
    if plain.all():
        return given
    roots, places = np.unique(given, return_inverse=True)
    written = [_root(each) for each in roots.tolist()]
    return np.array(written)[places].reshape(given.shape)


def _between(letters: NDArray[np.uint32], first: str, last: str) -> Flags:
    return np.asarray((letters >= ord(first)) & (letters <= ord(last)))


def _root(said: str) -> str:
    root = said.strip().upper()
    if root.startswith("$"):
        root = root.removesuffix(".X")
    return root.lstrip("^$.")


def _signs(values: ArrayLike) -> Signs:
    given, places = np.unique(np.asarray(values), return_inverse=True)
    words = [str(each).strip().casefold() for each in given.tolist()]
    signs = np.array([KINDS.get(word, 0) for word in words], np.int8)
    if not signs.all():
        raise ValueError(f"kind {words[int(np.argmin(np.abs(signs)))]!r} is no call and no put")
    return signs[places].reshape(np.shape(values))


def _instants(name: str, values: Any) -> Dates:
    """Seconds in UTC."""
    given = _moments(name, values)
    if given.dtype == np.dtype("datetime64[D]") and not np.isnat(given).all():
        raise ValueError(f"{name} is a date where an instant is needed: say the time of day too")
    return given.astype("datetime64[s]")


def _expiry(values: Any) -> tuple[Dates, Dates]:
    """Dates, and the instants in UTC or NaT."""
    given = _moments("expiry", values)
    days = given.astype("datetime64[D]")
    if given.dtype == days.dtype:
        return days, np.full(days.shape, np.datetime64("NaT"), "datetime64[s]")
    return days, given.astype("datetime64[s]")


def _either(settled: Any, instants: Dates) -> Dates:
    """Instants that are given on their own, and elsewhere those that stand for the expiry."""
    given = _instants("settled", settled)
    if ((given != instants) & ~np.isnat(given) & ~np.isnat(instants)).any():
        raise ValueError("expiry and settled are different instants")
    return np.where(np.isnat(given), instants, given)


def _moments(name: str, values: Any) -> Dates:
    given = np.asarray(values)
    if given.dtype.kind == "O":
        parts = [_moment(name, each) for each in given.ravel().tolist()]
        given = np.array(parts).reshape(given.shape) if parts else given.astype("datetime64[D]")
    elif given.dtype.kind == "U" or not given.size:
        if np.strings.str_len(given).max(initial=0) > len("2031-03-21"):
            raise ValueError(f"{name} holds {given.flat[0]!s:.40} where ISO dates are needed")
        given = given.astype("datetime64[D]")
    if given.dtype.kind != "M":
        raise TypeError(f"{name} holds {given.dtype} where dates or instants are needed")
    return given


def _moment(name: str, value: Any) -> np.datetime64:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name} {value} has no time zone")
        return np.datetime64(value.astimezone(UTC).replace(tzinfo=None), "us")
    if isinstance(value, date):
        return np.datetime64(value, "D")
    raise TypeError(f"{name} holds {type(value).__name__} where dates or instants are needed")


def _stretched(name: str, values: NDArray[Any], length: int) -> NDArray[Any]:
    if values.ndim == 0:
        return np.full(length, values)
    if values.shape != (length,):
        raise ValueError(f"{name} has shape {values.shape} where strike has {length} rows")
    return values
