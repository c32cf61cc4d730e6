"""lbriv: NumPy for prices, Let's Be Rational in Cython; F = T = 1, calls and puts apart."""

import lbriv
import numpy as np

from bench.libraries.task import Task, by_kind, one_by_one


def price(o):
    scale = o.forward * o.discount

    def of_a_kind(o, sign):
        given = 1.0, o.relative_strike, o.deviation, sign
        return lambda: lbriv.black76_undiscounted(*given)

    return by_kind(o, of_a_kind, read=lambda found: found * scale)


def implied_volatility(o):
    def of_a_kind(o, sign):
        given = o.relative_premium, 1.0, o.relative_strike, sign
        return lambda: lbriv.vectorized_implied_vol_strikes(*given)

    return by_kind(o, of_a_kind, read=lambda found: found / o.root)


def implied_volatility_of_one(o):
    given = float(o.premium), float(o.forward), o.strike, int(o.sign)
    return Task(lambda: lbriv.implied_vol(*given), lambda found: np.asarray(found) / o.root)


def greeks(o):
    """Delta, gamma and vega by functions of one option."""

    def each(strike, total, sign):
        return (
            lbriv.black_delta(1.0, strike, total, sign),
            lbriv.black_gamma(1.0, strike, total),
            lbriv.black_vega(1.0, strike, total),
        )

    paid = np.exp(-o.dividend * o.time)

    def read(found):
        delta, gamma, vega = np.transpose(found)
        by_volatility = 100.0 * vega * o.root * o.forward * o.discount
        return {"delta": delta * paid, "gamma": gamma * paid / o.spot, "vega": by_volatility}

    return one_by_one(each, o.relative_strike, o.deviation, o.sign.astype(int), read=read)
