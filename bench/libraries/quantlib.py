"""QuantLib: C++ through SWIG, an option a call, by the forward."""

import numpy as np
import QuantLib

from bench.libraries.task import one_by_one

ACCURACY = 1e-15  # its own is 1e-6, of the volatility times the root of the time
NO_GUESS = QuantLib.nullDouble()


def _kind(sign):
    return QuantLib.Option.Call if sign > 0 else QuantLib.Option.Put


def price(o):
    kinds = [_kind(sign) for sign in o.sign]
    return one_by_one(QuantLib.blackFormula, kinds, o.strike, o.forward, o.deviation, o.discount)


def greeks(o):
    """Price, delta, gamma, vega, theta and rho of a `BlackCalculator`."""

    def each(sign, strike, forward, deviation, discount, spot, time):
        payoff = QuantLib.PlainVanillaPayoff(_kind(sign), strike)
        found = QuantLib.BlackCalculator(payoff, forward, deviation, discount)
        return (
            *(found.value(), found.delta(spot), found.gamma(spot)),
            *(found.vega(time), found.theta(spot, time), found.rho(time)),
        )

    def read(found):
        columns = np.transpose(found)
        names = ("delta", "gamma", "vega", "theta", "rho")
        return dict(zip(names, columns[1:], strict=True))

    given = o.sign, o.strike, o.forward, o.deviation, o.discount, o.spot, o.time
    return one_by_one(each, *given, read=read)


def implied_volatility(o):
    def each(kind, strike, forward, price, discount):
        given = kind, strike, forward, price, discount, 0.0, NO_GUESS, ACCURACY
        return QuantLib.blackFormulaImpliedStdDev(*given)

    kinds = [_kind(sign) for sign in o.sign]
    return one_by_one(
        each, kinds, o.strike, o.forward, o.price, o.discount, read=lambda found: found / o.root
    )
