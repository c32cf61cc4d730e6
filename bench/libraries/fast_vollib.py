"""fast-vollib: its Numba backend, spot and dividend yield."""

import fast_vollib

from bench.libraries.task import Task

BACKEND = "numba"


def price(o):
    given = o.flag, o.spot, o.strike, o.time, o.rate, o.sigma, o.dividend
    return Task(
        lambda: fast_vollib.fast_black_scholes_merton(*given, return_as="numpy", backend=BACKEND)
    )


def greeks(o):
    """Delta, gamma, vega per 1 %, theta per day and rho per 1 %, at once."""
    given = o.flag, o.spot, o.strike, o.time, o.rate, o.sigma, o.dividend
    units = {"delta": 1.0, "gamma": 1.0, "vega": 100.0, "theta": 365.0, "rho": 100.0}
    return Task(
        lambda: fast_vollib.get_all_greeks(
            *given, model="black_scholes_merton", return_as="dict", backend=BACKEND
        ),
        lambda found: {name: found[name] * unit for name, unit in units.items()},
    )


def implied_volatility(o):
    given = o.price, o.spot, o.strike, o.time, o.rate, o.flag, o.dividend
    return Task(
        lambda: fast_vollib.fast_implied_volatility(
            *given,
            model="black_scholes_merton",
            return_as="numpy",
            backend=BACKEND,
            on_error="ignore",
        )
    )
