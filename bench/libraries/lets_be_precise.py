"""lets-be-precise: Cython, an option a call, K >= F = 1 and T = 1, by the strike."""

import lbp
import numpy as np

from bench.libraries.task import one_by_one


def price(o):
    """A put is the mirrored call of the same time value."""
    strike = np.maximum(o.relative_strike, 1.0 / o.relative_strike)
    scale = np.minimum(o.forward, o.strike) * o.discount
    intrinsic = np.maximum(o.sign * (o.forward - o.strike), 0.0) * o.discount
    return one_by_one(lbp.black, o.deviation, strike, read=lambda found: found * scale + intrinsic)


def implied_volatility(o):
    strike = np.maximum(o.relative_strike, 1.0 / o.relative_strike)
    intrinsic = np.maximum(o.sign * (o.forward - o.strike), 0.0)
    premium = (o.premium - intrinsic) / np.minimum(o.forward, o.strike)
    return one_by_one(lbp.black_iv, premium, strike, read=lambda found: found / o.root)
