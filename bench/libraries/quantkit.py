"""quantkit-rs: Rust, spot and dividend yield; one kind for an array."""

import numpy as np
import quantkit

from bench.libraries.task import Task, by_kind

GREEKS = ("delta", "gamma", "vega", "theta", "rho")


def price(o):
    def of_a_kind(o, sign):
        given = o.spot, o.strike, o.rate, o.sigma, o.time, sign > 0, o.dividend
        return lambda: quantkit.bs_price_batch(*given, errors="nan")

    return by_kind(o, of_a_kind)


def greeks(o):
    """Delta, gamma, vega, theta and rho at once."""

    def of_a_kind(o, sign):
        given = o.spot, o.strike, o.rate, o.sigma, o.time, sign > 0, o.dividend
        return lambda: quantkit.bs_greeks_batch(*given, errors="nan")

    return by_kind(o, of_a_kind, pick=lambda found: [found[name] for name in GREEKS], read=_named)


def implied_volatility(o):
    def of_a_kind(o, sign):
        given = o.price, o.spot, o.strike, o.rate, o.time, sign > 0, o.dividend
        return lambda: quantkit.implied_vol_batch(*given, errors="nan")

    return by_kind(o, of_a_kind)


def price_of_one(o):
    given = o.spot, o.strike, o.rate, o.sigma, o.time, bool(o.calls), o.dividend
    return Task(lambda: quantkit.bs_price(*given))


def greeks_of_one(o):
    given = o.spot, o.strike, o.rate, o.sigma, o.time, bool(o.calls), o.dividend
    return Task(lambda: quantkit.bs_greeks(*given))


def implied_volatility_of_one(o):
    given = o.price, o.spot, o.strike, o.rate, o.time, bool(o.calls), o.dividend
    return Task(lambda: quantkit.implied_vol(*given))


def _named(found):
    return dict(zip(GREEKS, np.transpose(found), strict=True))
