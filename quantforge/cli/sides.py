"""Bids and asks of options in place of their price, and what each side has to say."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from quantforge.cli import headings
from quantforge.cli.failures import Failure
from quantforge.files.contents import Column

__all__ = ["SIDES", "Unpaired", "add_side_options", "are_given", "prices"]

SIDES: Final = ("bid", "ask")
"""What is given in place of the price."""


def add_side_options(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add the options for both, to a command whose price they may stand for."""
    parser.set_defaults(sided=True)
    for name in SIDES:
        parser.add_argument(f"--{name}", metavar="X", help=f"{name} of the option, {purpose}")


def are_given(arguments: argparse.Namespace, head: Mapping[str, Column]) -> bool:
    """Whether bids and asks take the place of the price: by argument, or for want of a price.

    Raises
    ------
    Failure
        One of them is given without the other, or beside a price.
    """
    if "sided" not in arguments:
        return False
    said = [name for name in SIDES if getattr(arguments, name) is not None]
    if said and arguments.price is not None:
        raise Failure(f"--price has no meaning beside --{said[0]}")
    if len(said) == 1:
        other = next(name for name in SIDES if name not in said)
        if headings.find_column(other, head, arguments.model) is None:
            raise Failure(f"--{said[0]} needs --{other}")
    if said or arguments.price is not None:
        return bool(said)
    if headings.find_column("price", head, arguments.model) is not None:
        return False
    return all(headings.find_column(name, head, arguments.model) is not None for name in SIDES)


def prices(bid: Any, ask: Any) -> Any:
    """Bid, mid and ask of every option, NaN where there is none.

    A bid of zero says that nobody bids: there is none, but half the ask is still the mid. An ask of
    zero is none. A side that is missing, or negative, leaves the other one as it is, without a mid.
    Of a crossed quote, whose bid is above its ask, one side is wrong and nobody knows which: it has
    no price at all.

    Returns
    -------
    ndarray, shape (3, n)
    """
    bid, ask, bidden, asked, crossed = _sides(bid, ask)
    found = np.stack((bid, 0.5 * bid + 0.5 * ask, ask))
    found[0, ~(bidden & (bid != 0.0))] = np.nan
    found[1, ~(bidden & asked)] = np.nan
    found[2, ~asked] = np.nan
    found[:, crossed] = np.nan
    return found


def _sides(bid: Any, ask: Any) -> tuple[Any, ...]:
    """Bids and asks, which of them there are, and which quotes are crossed."""
    bid, ask = np.broadcast_arrays(np.atleast_1d(bid), np.atleast_1d(ask))
    with np.errstate(invalid="ignore"):
        bidden = np.isfinite(bid) & (bid >= 0.0)
        asked = np.isfinite(ask) & (ask > 0.0)
        return bid, ask, bidden, asked, bidden & asked & (bid > ask)


class Unpaired:
    """Counts quotes without a mid."""

    def __init__(self) -> None:
        self._crossed = self._one_sided = 0

    def look(self, bid: Any, ask: Any) -> None:
        """Look at a batch of quotes."""
        bid, _, bidden, asked, crossed = _sides(bid, ask)
        bid_alone, ask_alone = bidden & ~asked & (bid != 0.0), asked & ~bidden
        self._crossed += int(np.count_nonzero(crossed))
        self._one_sided += int(np.count_nonzero(bid_alone | ask_alone))

    @property
    def remarks(self) -> list[str]:
        """A line for each way in which quotes have no mid."""
        found = (
            (self._crossed, "a bid above the ask, which have no mid and no volatility"),
            (self._one_sided, "a bid or an ask alone, which have no mid"),
        )
        return [f"{count:,} row{'s' * (count > 1)} with {what}" for count, what in found if count]
