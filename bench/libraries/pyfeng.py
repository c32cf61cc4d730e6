"""PyFENG: NumPy and Mills ratios in C; one rate for a model, so the forward and no rates here."""

import pyfeng

from bench.libraries.task import Task


def price(o):
    model = pyfeng.Bsm(o.sigma)
    given = o.strike, o.forward, o.time, o.sign
    return Task(lambda: model.price(*given), lambda found: found * o.discount)


def greeks(o):
    """Price, delta, gamma, vega and theta by the forward, undiscounted, a call each."""
    model = pyfeng.Bsm(o.sigma)
    given = o.strike, o.forward, o.time, o.sign
    names = ("price", "delta", "gamma", "vega", "theta")
    functions = [getattr(model, name) for name in names]
    carried = o.forward / o.spot * o.discount

    def read(found):
        return {
            "delta": found[1] * carried,
            "gamma": found[2] * carried * o.forward / o.spot,
            "vega": found[3] * o.discount,
        }

    return Task(lambda: [function(*given) for function in functions], read)


def implied_volatility(o):
    model = pyfeng.Bsm(0.2)
    given = o.premium, o.strike, o.forward, o.time, o.sign
    return Task(lambda: model.impvol(*given))
