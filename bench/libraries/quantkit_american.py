"""quantkit-rs's American options: the tree of Cox, Ross and Rubinstein, an option a call."""

import numpy as np
import quantkit

from bench.libraries.task import one_by_one


def _by_tree(o, steps):
    def each(spot, strike, rate, sigma, time, is_call, dividend):
        given = spot, strike, rate, sigma, time, is_call, dividend, True, steps
        try:
            return quantkit.binomial_price(*given)
        except Exception:  # whatever it refuses an option with, the others are asked
            return np.nan

    return one_by_one(each, o.spot, o.strike, o.rate, o.sigma, o.time, o.calls, o.dividend)


def american_by_200_steps(o):
    return _by_tree(o, 200)


def american_by_2000_steps(o):
    return _by_tree(o, 2_000)
