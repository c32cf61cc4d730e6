"""lets-be-precise, given ln(F/K) instead of the strike."""

import lbp

from bench.libraries.task import one_by_one


def price(o):
    return one_by_one(lbp.black, o.total, o.moneyness)


def implied_volatility(o):
    return one_by_one(lbp.black_iv, o.price, o.moneyness)
