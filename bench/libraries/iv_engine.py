"""iv-engine: Let's Be Rational in Rust; calls and puts apart; greeks and inversion by forward."""

import iv_engine
import numpy as np

from bench.libraries.task import Task, by_kind


def price(o):
    def of_a_kind(o, sign):
        given = o.spot, o.strike, o.time, o.rate, o.dividend, o.sigma
        return lambda: iv_engine.black_scholes_prices(*given, sign > 0, False)

    return by_kind(o, of_a_kind)


def price_of_one(o):
    given = o.spot, o.strike, o.time, o.rate, o.dividend, o.sigma, o.calls
    return Task(lambda: iv_engine.black_scholes_price(*given))


def greeks(o):
    """Delta, gamma and vega by the forward, undiscounted, a call each."""

    def of_a_kind(o, sign):
        given = o.forward, o.strike, o.time, o.sigma
        return lambda: (
            iv_engine.deltas(*given, sign > 0, False),
            iv_engine.gammas(*given, False),
            iv_engine.vegas(*given, False),
        )

    carried = o.forward / o.spot * o.discount

    def read(found):
        delta, gamma, vega = np.transpose(found)
        by_spot = gamma * carried * o.forward / o.spot
        return {"delta": delta * carried, "gamma": by_spot, "vega": vega * o.discount}

    return by_kind(o, of_a_kind, read=read)


def implied_volatility(o):
    def of_a_kind(o, sign):
        given = o.premium, o.forward, o.strike, o.time
        return lambda: iv_engine.implied_volatilities(*given, sign > 0, False)

    return by_kind(o, of_a_kind)


def implied_volatility_of_one(o):
    given = float(o.premium), float(o.forward), o.strike, o.time, o.calls
    return Task(lambda: iv_engine.implied_volatility(*given))
