"""Strikes that are quoted by their delta.

With φ = 1 for a call and -1 for a put, v = σ√T, and p = |delta|, times e^(qT) where that is a
delta of the spot,

    p = N(φ d+)          d+ = -ln(K/F)/v + v/2
    p = K/F N(φ d-)      less the premium, d- = d+ - v

The first gives d+ as a quantile, and ln(K/F) = -v (d+ - v/2). In the second s = φ d- solves
N(s) e^(-b s - b²/2) = p with b = φ v, and ln(K/F) = -b (s + b/2), or ln(p / N(s)) where N(s) is
less steep. All of these are carried to twice the precision up to the last exponential.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.conventions import NO_DIVIDEND
from quantforge.elementwise import elementwise
from quantforge.errors import did_you_mean
from quantforge.numpy_backend.blocks import Array, Mask
from quantforge.numpy_backend.elementary import (
    Sum,
    log_argument,
    log_ratio_fine,
    product_error,
    reduce,
    times_power,
)
from quantforge.numpy_backend.legs import deviation, discount_exponent, is_missing
from quantforge.operations import DIVIDEND, RATE, SIGMA, SIGN, SPOT, TIME, Operand
from quantforge.quantiles import minus, normal, plus, quantile, tilt, tilted_quantile

__all__ = ["strike_from_delta"]

_DELTA: Final = Operand("delta", "derivative by the spot or the forward", "", (-0.5, 0.5))
_INPUTS: Final = (_DELTA, SPOT, TIME, RATE, SIGMA, DIVIDEND, SIGN)
_STILL: Final = 1e-150  # of v: no delta takes the strike off the forward
_ENDLESS: Final = 1e150  # of v: beyond it a strike is 0 or infinite


class _Convention(NamedTuple):
    """Which delta is meant: in units of the spot, or of the forward; less the premium, or not."""

    of_spot: bool
    adjusted: bool


_CONVENTIONS: Final[Mapping[str, _Convention]] = MappingProxyType(
    {
        "spot": _Convention(of_spot=True, adjusted=False),
        "forward": _Convention(of_spot=False, adjusted=False),
        "spot_premium_adjusted": _Convention(of_spot=True, adjusted=True),
        "forward_premium_adjusted": _Convention(of_spot=False, adjusted=True),
    }
)


def strike_from_delta(
    delta: Any,
    spot: Any,
    time: Any,
    rate: Any,
    sigma: Any,
    dividend: Any = NO_DIVIDEND,
    kind: Any = "call",
    convention: str = "spot",
) -> Any:
    """Find the strike at which a European option has a delta.

    Every argument broadcasts against the others as in NumPy; scalars give a scalar.

    Parameters
    ----------
    delta : array_like
        The delta, signed: >= 0 for a call, <= 0 for a put. A 25-delta put has -0.25.
    spot : array_like
        Price of the underlying; > 0 and finite.
    time : array_like
        Years to expiry; >= 0 and finite.
    rate : array_like
        Risk-free rate per year, continuously compounded, the domestic one for currencies; finite.
    sigma : array_like
        Volatility per square root of a year; >= 0 and finite.
    dividend : array_like, default 0
        Continuous dividend yield, or the foreign rate; finite.
    kind : str, int, bool or array_like of them, default "call"
        As in `quantforge.price`.
    convention : {"spot", "forward", "spot_premium_adjusted", "forward_premium_adjusted"}
        What delta is meant:

        - ``"spot"`` phi exp(-qT) N(phi d+), which is `quantforge.greeks`' delta
        - ``"forward"`` phi N(phi d+), the forwards that hedge
        - ``"spot_premium_adjusted"`` phi exp(-qT) K/F N(phi d-), the first less the premium in
          units of the underlying, as where the premium is paid in the foreign currency
        - ``"forward_premium_adjusted"`` phi K/F N(phi d-), the second less that

        with phi +1 for a call and -1 for a put.

    Returns
    -------
    ndarray of float64 or float
        Strikes, in the currency of `spot`. NaN, with NumPy's *invalid* signal, where no strike has
        the delta: abs(delta) is beyond exp(-qT), beyond 1, or for a premium-adjusted call beyond
        its maximum over all strikes; the sign is not that of the kind; or another argument is
        outside its domain. A delta of 0 is that of an infinite strike, or of the strike 0. Without
        volatility it is the limit: the forward, or for a premium-adjusted put with abs(delta) = a
        the forward times a exp(qT) or a, where that is more.

    Raises
    ------
    ValueError
        Shapes that do not broadcast; an unknown kind or convention.
    TypeError
        An argument that does not hold real numbers, or holds more than double precision.

    Notes
    -----
    The premium-adjusted delta of a call rises with the strike, and then falls. Two strikes have the
    same delta, and the result is the higher one, as is the market's convention. At the maximum they
    meet, and the strike hardly depends on anything but the delta there. Two units in the last place
    of the delta around it either answer may come out: that strike, or none.

    The error is at most 8 (1 + c) 2^-53 of the strike, where c is the relative change of the strike
    over that of the delta. Only near the maximum, and where both volatility and time are large, is
    c much more than 1.

    References
    ----------
    Reiswich, D. and Wystup, U. (2010), FX volatility smile construction, Centre for Practical
    Quantitative Finance, working paper 20; Clark, I. J. (2011), Foreign exchange option pricing,
    chapter 3.

    Examples
    --------
    >>> import quantforge
    >>> strike = quantforge.strike_from_delta(0.25, 1.3, 0.5, 0.03, 0.1, dividend=0.02)
    >>> round(float(strike), 6)
    1.373003
    >>> delta = quantforge.greeks(1.3, strike, 0.5, 0.03, 0.1, dividend=0.02).delta
    >>> round(float(delta), 12)
    0.25
    """
    try:
        meant = _CONVENTIONS[convention]
    except (KeyError, TypeError):
        valid, hint = ", ".join(map(repr, _CONVENTIONS)), did_you_mean(convention, _CONVENTIONS)
        raise ValueError(f"unknown convention {convention!r}; valid: {valid}{hint}") from None
    given = {"delta": delta, "spot": spot, "time": time, "rate": rate, "sigma": sigma}
    given |= {"dividend": dividend, "kind": kind}
    return elementwise(partial(_strikes, meant), _INPUTS, given, "strike")


class _Growth(NamedTuple):
    """K/F = factor e^log, and whether there is such a strike."""

    log: Sum
    factor: Array
    exists: Mask


def _strikes(meant: _Convention, *operands: Array) -> tuple[tuple[Array], bool]:
    """Strikes of a block of options, and whether some have none."""
    delta, spot, time, rate, sigma, dividend, sign = operands
    missing, size = is_missing(*operands), sign * delta
    rx, qx = discount_exponent(rate, time), discount_exponent(dividend, time)
    r, q = Sum(rx.product, rx.rest), Sum(qx.product, qx.rest)
    zero = np.zeros_like(size)
    log = log_ratio_fine(*log_argument(np.where(size > 0, size, 1.0), zero + 1.0))
    log = plus(log, q) if meant.of_spot else log
    d = deviation(Sum(zero, zero), time, sigma)
    still = d.v < _STILL
    b = Sum(sign * np.clip(d.v, _STILL, _ENDLESS), sign * np.where(still, 0.0, d.v_low))
    growth = (_adjusted if meant.adjusted else _plain)(log, b)
    value = _times_exponential(spot, growth.factor, plus(plus(r, minus(q)), growth.log))
    limit = np.where(size > 0, growth.log.high, sign * np.inf)
    value = np.where(np.isinf(limit), np.where(limit > 0, np.inf, 0.0), value)
    if still.any():
        above = log if meant.adjusted else Sum(zero, zero)
        above = Sum(*(np.where((sign < 0) & (log.high > 0), part, 0.0) for part in above))
        forward = _times_exponential(spot, zero + 1.0, plus(plus(r, minus(q)), above))
        value = np.where(still, forward, value)
    finite = np.isfinite(delta + spot) & np.isfinite(time + sigma) & np.isfinite(rate + dividend)
    outside = ~finite | (spot <= 0) | (time < 0) | (sigma < 0) | (size < 0) | (np.abs(sign) != 1)
    outside = (outside | ((size > 0) & ~growth.exists) | np.isnan(value)) & ~missing
    return (np.where(outside | missing, np.nan, value),), bool(outside.any())


def _plain(log: Sum, b: Sum) -> _Growth:
    """For the delta N(φ d+)."""
    root = quantile(log)
    one = np.ones_like(log.high)
    inside = (log.high < 0) | ((log.high == 0) & (log.low <= 0))
    return _Growth(tilt(b, root.s, -0.5), one, inside & root.exists)


def _adjusted(log: Sum, b: Sum) -> _Growth:
    """For the delta K/F N(φ d-)."""
    root = tilted_quantile(log, b)
    high, low = root.s
    at, tail = normal(high), high <= 0
    chance = np.where(tail, at.m, 1.0 - at.beyond)  # N(s), in the tail times e^(s^2/2)
    half = 0.5 * high
    square = half * high
    by_chance = plus(log, Sum(square, product_error(half, high, square)))
    by_chance = Sum(*(np.where(tail, *parts) for parts in zip(by_chance, log, strict=True)))
    directly = at.hazard > np.abs(b.high)
    exponent = tilt(b, root.s, 0.5)
    both = zip(exponent, by_chance, strict=True)
    return _Growth(
        Sum(*(np.where(directly, *parts) for parts in both)),
        np.where(directly, 1.0, (1.0 - at.hazard * low) / chance),
        root.exists,
    )


def _times_exponential(x: Array, factor: Array, exponent: Sum) -> Array:
    """The product x factor e^exponent, of which no part overflows alone."""
    mantissa, power = np.frexp(x)
    reduced = reduce(np.clip(exponent.high, -4000.0, 4000.0), exponent.low)
    return times_power(mantissa * factor * np.exp(reduced.r), reduced.n + power)
