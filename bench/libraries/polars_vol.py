"""polars-vol: expressions of Polars in Rust, without a dividend, given S e^(-qT) for the spot."""

import numpy as np
import polars
import polars_vol

from bench.libraries.task import Task


def _frame(o, **more):
    given = {"spot": o.spot * np.exp(-o.dividend * o.time), "is_call": o.calls}
    given |= {"strike": o.strike, "time": o.time, "rate": o.rate, **more}
    return polars.DataFrame(given)


def price(o):
    frame = _frame(o, sigma=o.sigma)
    asked = polars_vol.black_scholes("strike", "spot", "sigma", "time", "rate", "is_call")
    return Task(lambda: frame.select(asked), lambda found: found.to_series().to_numpy())


def greeks(o):
    """Price, delta, gamma, vega, theta and rho."""
    frame = _frame(o, sigma=o.sigma)
    given = "strike", "spot", "sigma", "time", "rate", "is_call"
    asked = polars_vol.black_scholes_with_greeks(*given)
    paid = np.exp(-o.dividend * o.time)

    def read(found):
        table = found.unnest(found.columns[0])
        of_spot = {"delta": paid, "gamma": paid * paid, "vega": 1.0}
        return {name: table[name].to_numpy() * factor for name, factor in of_spot.items()}

    return Task(lambda: frame.select(asked), read)


def implied_volatility(o):
    frame = _frame(o, price=o.price)
    given = "price", "strike", "spot", "time", "rate", "is_call"
    asked = polars_vol.implied_vol(*given, method="halley")
    return Task(lambda: frame.select(asked), lambda found: found.to_series().to_numpy())
