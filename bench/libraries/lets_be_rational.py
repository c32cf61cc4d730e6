"""Jäckel's own Let's Be Rational, bound by lets-be-precise: ln(F/K) and prices over sqrt(F K)."""

import lbp.lbr

from bench.libraries.task import one_by_one


def price(o):
    return one_by_one(lbp.lbr.black, o.total, o.moneyness)


def implied_volatility(o):
    return one_by_one(lbp.lbr.black_iv, o.price, o.moneyness)
