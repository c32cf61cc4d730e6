"""Forward prices out of calls and puts, and the spot without the cash dividends to come."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np

from quantforge.dividends import Schedule, schedule
from quantforge.elementwise import elementwise
from quantforge.escrow import present_values
from quantforge.numpy_backend.blocks import Array
from quantforge.numpy_backend.legs import discount_exponent, is_missing
from quantforge.operations import ANY_STRIKE, RATE, SPOT, TIME, Operand

__all__ = ["implied_forward", "prepaid"]

_CALL: Final = Operand("call", "price of the call", "currency", (1.0, 40.0), finite=True)
_PUT: Final = Operand("put", "price of the put", "currency", (1.0, 40.0), finite=True)


def implied_forward(strike: Any, call: Any, put: Any, time: Any, rate: Any) -> Any:
    """Find the forward price at which a European call and put obey put-call parity.

    Every argument broadcasts against the others as in NumPy; scalars give a scalar.

    Parameters
    ----------
    strike : array_like
        Exercise price of both; finite, of any sign.
    call, put : array_like
        Prices of the call and of the put; finite.
    time : array_like
        Years to expiry; >= 0.
    rate : array_like
        Risk-free rate per year, continuously compounded; finite.

    Returns
    -------
    ndarray of float64 or float
        K + (call - put) exp(rT), in the currency of `strike`. NaN, with NumPy's *invalid* signal,
        where an argument is outside its domain.

    Raises
    ------
    ValueError
        Shapes that do not broadcast.
    TypeError
        An argument that does not hold real numbers, or holds more than double precision.

    Notes
    -----
    It holds for any distribution of the underlying, and for European options alone: American puts
    in the money are worth more. With quotes each strike gives another forward. The strike nearest
    the money depends least on the rate.

    References
    ----------
    Stoll, H. R. (1969), The relationship between put and call option prices.

    Examples
    --------
    >>> import quantforge
    >>> call, put = quantforge.price(100, [90, 110], 0.5, 0.03, 0.2, kind=[["call"], ["put"]])
    >>> quantforge.implied_forward([90, 110], call, put, 0.5, 0.03).round(9)
    array([101.51130646, 101.51130646])
    """
    given = {"strike": strike, "call": call, "put": put, "time": time, "rate": rate}
    return elementwise(_forwards, (ANY_STRIKE, _CALL, _PUT, TIME, RATE), given, "forward")


def _forwards(*operands: Array) -> tuple[tuple[Array], bool]:
    """Forwards of a block of pairs, and whether some have none."""
    strike, call, put, time, rate = operands
    x = discount_exponent(rate, time)
    grown = np.exp(x.product)
    value = strike + (call - put) * (grown + grown * x.rest)
    outside = ~np.isfinite(strike + call + put + rate) | (time < 0) | np.isnan(value)
    outside = outside & ~is_missing(*operands)
    return (np.where(outside, np.nan, value),), bool(outside.any())


def prepaid(spot: Any, rate: Any, times: Any, cash: Any, *, time: Any = np.inf) -> Any:
    """Take the present value of cash dividends off the spot, as the escrowed model does.

    `spot`, `rate` and `time` broadcast against each other as in NumPy; scalars give a scalar. The
    dividends are the same for all of them, being the underlying's.

    Parameters
    ----------
    spot : array_like
        Price of the underlying; >= 0.
    rate : array_like
        Risk-free rate per year, continuously compounded; finite.
    times, cash : sequence of float
        Years until each dividend is paid, > 0, and what it pays, >= 0; as many of one as of the
        other.
    time : array_like, default infinity
        Years to the expiry of an option: dividends that are paid later stay; >= 0.

    Returns
    -------
    ndarray of float64 or float
        The spot less the sum of cash exp(-rate times), in the currency of `spot`. NaN, with NumPy's
        *invalid* signal, where that is negative or an argument is outside its domain.

    Raises
    ------
    ValueError
        Shapes that do not broadcast; `times` and `cash` of different lengths or outside their
        domain, by the place of the dividend.
    TypeError
        An argument that does not hold real numbers, or holds more than double precision.

    Notes
    -----
    `quantforge.price` with ``dividends=zip(times, cash)`` does this by itself, and for American
    calls more than this. European prices at the prepaid spot have the same bits. docs/dividends.md
    has the model and its limits.

    References
    ----------
    Black, F. (1975), Fact and fantasy in the use of options.

    Examples
    --------
    >>> import quantforge
    >>> round(float(quantforge.prepaid(100, 0.05, [0.25, 0.5], [2, 2])), 6)
    96.074225
    >>> round(float(quantforge.prepaid(100, 0.05, [0.25, 0.5], [2, 2], time=0.3)), 6)
    98.024844
    """
    given = {"spot": spot, "rate": rate, "time": time}
    block = partial(_prepaid, _schedule(times, cash))
    return elementwise(block, (SPOT, RATE, TIME), given, "prepaid")


def _schedule(times: Any, cash: Any) -> Schedule:
    """The dividends as pairs, but for those that pay nothing."""
    when, paid = (np.atleast_1d(np.asarray(each)) for each in (times, cash))
    if when.ndim > 1 or when.shape != paid.shape:
        shapes = f"times {when.shape}, cash {paid.shape}"
        raise ValueError(f"times and cash are not as many: {shapes}")
    pairs = schedule(zip(when, paid, strict=True))
    return tuple(dividend for dividend in pairs if dividend[1])


def _prepaid(dividends: Schedule, *operands: Array) -> tuple[tuple[Array], bool]:
    """Prepaid spots of a block, and whether some have none."""
    spot, rate, time = operands
    worth, _ = present_values(dividends, time, rate)
    value = spot - worth
    outside = (value < 0) | (spot < 0) | (time < 0) | np.isinf(rate) | np.isnan(value)
    missing = is_missing(*operands)
    return (np.where(outside | missing, np.nan, value),), bool((outside & ~missing).any())
