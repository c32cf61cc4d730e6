"""``quantforge price``, ``greeks`` and ``iv``: European and American options."""

from __future__ import annotations

import argparse
from typing import Any, Final

import numpy as np

import quantforge
from quantforge.cli.choice import add_steps_option, add_which_option, heading
from quantforge.cli.compute import Columns, Computation, settings
from quantforge.cli.parity import add_quote_options
from quantforge.cli.sides import SIDES, add_side_options, prices
from quantforge.dividends import schedule
from quantforge.files.cells import read_numbers

__all__ = ["COMMANDS"]

_GROUPS: Final = {
    "first": quantforge.FIRST_ORDER,
    "second": quantforge.SECOND_ORDER,
    "third": quantforge.THIRD_ORDER,
    "all": quantforge.ALL,
    "american": quantforge.AMERICAN_GREEKS,
}


def _price(arguments: argparse.Namespace, inputs: Columns) -> Columns:
    return {arguments.column: quantforge.price(**inputs, **settings(arguments))}


def _greeks(arguments: argparse.Namespace, inputs: Columns) -> Columns:
    how = {"which": arguments.which, "units": arguments.units, **settings(arguments)}
    found = quantforge.greeks(**inputs, **how)
    return {f"{arguments.column}{name}": values for name, values in found.items()}


def _implied_volatility(arguments: argparse.Namespace, inputs: Columns) -> Columns:
    option, name = dict(inputs), arguments.column
    names = np.array([code.name for code in quantforge.Code])
    quotes = [option.pop(side) for side in SIDES if side in option]
    if quotes:
        option["price"] = prices(*quotes)
    values, codes = quantforge.implied_volatility(**option, status=True, **settings(arguments))
    if not quotes:
        return {name: values, f"{name}_status": names[codes]}
    bid, mid, ask = values
    found = {f"{name}_bid": bid, f"{name}_mid": mid, f"{name}_ask": ask}
    return {**found, f"{name}_status": names[codes[1]]}


def _volatility(arguments: argparse.Namespace, results: Columns) -> Any:
    mid = results.get(f"{arguments.column}_mid")
    return results[arguments.column] if mid is None else mid


def _outside_bounds(arguments: argparse.Namespace, results: Columns) -> Any:
    names = (quantforge.Code.BELOW_INTRINSIC.name, quantforge.Code.ABOVE_MAXIMUM.name)
    return np.isin(results[f"{arguments.column}_status"], names)


def _add_price_options(parser: argparse.ArgumentParser) -> None:
    add_quote_options(parser, priced=False)
    _add_dividend_option(parser)
    parser.add_argument(
        "--column", default="price", metavar="NAME", help="name of the added column (price)"
    )


def _add_greeks_options(parser: argparse.ArgumentParser) -> None:
    add_quote_options(parser, priced=False)
    _add_dividend_option(parser)
    add_which_option(parser, "greek", quantforge.ALL, _GROUPS, (quantforge.FIRST_ORDER, "first"))
    add_steps_option(parser, ("1 % of volatility, rate and dividend", "day"))
    parser.add_argument(
        "--column", default="", metavar="PREFIX", help="put before the names of the added columns"
    )


def _add_volatility_options(parser: argparse.ArgumentParser) -> None:
    add_side_options(parser, "in place of --price: volatilities of bid, mid and ask")
    add_quote_options(parser, priced=True)
    _add_dividend_option(parser)
    parser.add_argument(
        "--column",
        default="iv",
        metavar="NAME",
        help="name of the added column (iv); NAME_status says what became of the option. With "
        "bids and asks there are NAME_bid, NAME_mid and NAME_ask, and the status of the mid",
    )


def _add_dividend_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cash-dividend",
        dest="cash_dividends",
        action="append",
        type=_dividend,
        metavar="TIME:AMOUNT",
        help="a cash dividend of the underlying and the years until it is paid; once for each",
    )


def _dividend(word: str) -> tuple[float, float]:
    time, colon, amount = word.partition(":")
    try:
        [pair] = schedule([tuple(read_numbers([time, amount]).tolist())])
    except ValueError as error:
        said = str(error).replace("dividends[0]", repr(word))
        said = said if colon else f"{word!r} is not TIME:AMOUNT"
        raise argparse.ArgumentTypeError(said) from None
    return pair


_COMPUTATIONS: Final = (
    Computation(
        name="price",
        function="price",
        purpose="price European and American options",
        result="price",
        example="--spot 100 --strike 90,100,110 --time 0.5 --rate 0.03 --sigma 0.2 --kind put",
        add_options=_add_price_options,
        compute=_price,
    ),
    Computation(
        name="greeks",
        function="greeks",
        purpose="compute the greeks of European and American options",
        result="value",
        example="--spot 100 --strike 100 --time 0.5 --rate 0.03 --sigma 0.2 --which first,vanna",
        add_options=_add_greeks_options,
        compute=_greeks,
        heading=heading("greeks"),
    ),
    Computation(
        name="iv",
        function="implied_volatility",
        purpose="find the implied volatility of European and American options",
        result="volatility",
        example="--price 5.2 --spot 100 --strike 100 --time 0.5 --rate 0.03",
        add_options=_add_volatility_options,
        compute=_implied_volatility,
        judged=_volatility,
        outside=_outside_bounds,
    ),
)
COMMANDS: Final = {each.name: each for each in _COMPUTATIONS}
"""The commands of this module by name."""
