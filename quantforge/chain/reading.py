"""Reading a quote file of any format."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from quantforge.chain.instants import read_zone
from quantforge.chain.quotes import ChainError, Quotes
from quantforge.chain.readers.contract import Options
from quantforge.chain.readers.registry import best, named, read_with
from quantforge.chain.snapshot import of_close, of_export
from quantforge.chain.units import Units, converted
from quantforge.files.decoding import is_blank
from quantforge.files.opening import read_bytes

SAMPLE: Final = Path(__file__).resolve().parent.parent / "data" / "sample_chain.csv"
"""A small invented chain that ships with the package; `quantforge.chain.sample` makes it."""


def read(
    path: str | Path,
    *,
    format: str | None = None,
    asof: datetime | Literal["close", "file"] | None = None,
    spot: float | None = None,
    rate: float | None = None,
    forward: float | None = None,
    map: Mapping[str, str] | None = None,
    zone: str | tzinfo | None = None,
    strike_scale: float | None = None,
    vol_unit: str | None = None,
    price_unit: str | None = None,
    rate_unit: str | None = None,
) -> Quotes:
    """Read a file of option quotes.

    Parameters
    ----------
    path : str or Path
        Compressed by gzip or not; ``-`` is standard input.
    format : str, optional
        Name of the reader; without it the one that is surest of the file (see `readers`).
    asof : datetime or {"close", "file"}, optional
        Instant of the quotes, with a time zone, in place of the one in the file; or the last close
        of the exchange before that; or that. Without it a file dated by its export, outside
        trading hours, is taken at the one that suits the vendor's volatilities; a note says which.
    spot, rate, forward : float, optional
        For every row, in place of what the file says.
    map : mapping of str to str, optional
        Columns of the file by the names that the reader has for them, where it takes that.
    zone : str or tzinfo, optional
        Zone of the times of day that have none in the file, ``"Europe/Berlin"``, where it is not
        that of an exchange or a vendor.
    strike_scale : float, optional
        What the strikes of the file are multiplied by, 0.001 for thousandths.
    vol_unit, rate_unit : {"fraction", "percent"}, optional
        Of the vendor's volatilities, and of rates, given ones included.
    price_unit : {"currency", "underlying"}, optional
        Of prices. Units that are not said are looked at (see `quantforge.chain.units`).

    Returns
    -------
    Quotes
        In the order of the file.

    Raises
    ------
    ChainError
        If no reader knows the file, it is damaged, has a cell that cannot be read, or numbers
        that look to be in another unit in every row.
    ValueError
        If there is no such format, zone or unit, or `map` or `zone` is of no use to the format; if
        `asof` has no time zone, `spot` or `forward` is not above zero, or `rate` not finite.
    OSError
        If the file cannot be opened.

    Examples
    --------
    >>> from quantforge.chain import SAMPLE, read
    >>> quotes = read(SAMPLE)
    >>> quotes.name, len(quotes)
    ('QuantForge Sample Index, invented', 468)
    """
    given = {"spot": spot, "rate": rate, "forward": forward}
    _check(asof, given)
    units = Units(
        strike_scale=strike_scale, vol_unit=vol_unit, price_unit=price_unit, rate_unit=rate_unit
    )
    instant = asof if isinstance(asof, datetime) else None
    told = read_zone(zone) if isinstance(zone, str) else zone
    options = Options(asof=instant, map=dict(map or {}), zone=told, **given)
    wanted = None if format is None else named(format)
    try:
        raw, source = read_bytes(path)
    except ValueError as error:
        raise ChainError(str(error)) from error
    if is_blank(raw):
        raise ChainError(f"{source}: the file is empty")
    reader = wanted or best(raw, source)
    quotes = read_with(reader, raw, source, options)
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if instant is not None:
        times = np.unique(quotes.quoted)
        if len(times) > 1:
            raise ChainError(
                f"{source}: quotes of {len(times):,} times, which --asof would make one"
            )
        changes |= {"quoted": instant, "zone": instant.tzinfo}
    quotes = converted(replace(quotes, **changes) if changes else quotes, units)
    exported = getattr(reader, "dated_by_export", False)
    if asof == "close":
        if not exported:
            raise ChainError(f"{source}: not dated by its export: give a time with --asof")
        return of_close(quotes)
    return of_export(quotes, spot is not None) if exported and asof is None else quotes


def _check(asof: datetime | str | None, given: Mapping[str, float | None]) -> None:
    if isinstance(asof, str) and asof not in {"close", "file"}:
        raise ValueError(f"asof {asof!r} is neither a time nor close or file")
    if isinstance(asof, datetime) and asof.tzinfo is None:
        raise ValueError(f"asof {asof} has no time zone")
    for name, value in given.items():
        least = -math.inf if name == "rate" else 0.0
        if value is not None and not least < value < math.inf:
            raise ValueError(f"{name} cannot be {value}")
