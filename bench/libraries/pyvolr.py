"""pyvolr: Rust, spot and dividend yield, Let's Be Rational."""

import numpy as np
from pyvolr import bs

from bench.libraries.task import Task


def _kind(o):
    return o.flag if np.ndim(o.sign) == 0 else o.sign.astype(np.int8)


def price(o):
    given = _kind(o), o.spot, o.strike, o.time, o.rate, o.sigma, o.dividend
    return Task(lambda: bs.price(*given))


def greeks(o):
    """Delta, gamma, theta, vega and rho at once."""
    given = _kind(o), o.spot, o.strike, o.time, o.rate, o.sigma, o.dividend
    return Task(lambda: bs.greeks(*given), dict)


def implied_volatility(o):
    given = o.price, _kind(o), o.spot, o.strike, o.time, o.rate, o.dividend
    return Task(lambda: bs.implied_vol(*given, on_error="ignore"))


price_of_one, greeks_of_one, implied_volatility_of_one = price, greeks, implied_volatility
