"""py_vollib_vectorized: Let's Be Rational compiled by Numba; greeks by finite differences."""

import numpy as np
import py_vollib_vectorized as library

from bench.libraries.task import Task

MODEL = "black_scholes_merton"


def price(o):
    given = o.flag, o.spot, o.strike, o.time, o.rate, o.sigma, o.dividend
    return Task(
        lambda: library.vectorized_black_scholes_merton(*given, return_as="numpy"),
        lambda found: np.ravel(found),
    )


def greeks(o):
    """Delta, gamma, theta per day, rho and vega per 1 %, no price."""
    given = o.flag, o.spot, o.strike, o.time, o.rate, o.sigma, o.dividend
    units = {"delta": 1.0, "gamma": 1.0, "vega": 100.0, "theta": 365.0, "rho": 100.0}
    return Task(
        lambda: library.get_all_greeks(*given, model=MODEL, return_as="dict"),
        lambda found: {name: np.ravel(found[name]) * unit for name, unit in units.items()},
    )


def implied_volatility(o):
    given = o.price, o.spot, o.strike, o.time, o.rate, o.flag
    return Task(
        lambda: library.vectorized_implied_volatility(
            *given, q=o.dividend, model=MODEL, return_as="numpy", on_error="ignore"
        ),
        lambda found: np.ravel(found),
    )
