"""vanilla-option-pricers: Numba; its batches are slices of one forward and time, F = T = 1 here."""

import numpy as np
import vanilla_option_pricers as library

from bench.libraries.task import Task


def _kinds(o):
    return np.where(o.calls, "C", "P")


def price(o):
    given = 1.0, 1.0, o.relative_strike, o.deviation, _kinds(o)
    scale = o.forward * o.discount
    return Task(
        lambda: library.compute_bsm_vanilla_slice_prices(*given), lambda found: found * scale
    )


def greeks(o):
    """Delta and vega, a call each: all that it has for a slice."""
    given = 1.0, 1.0, o.relative_strike, o.deviation
    kinds = _kinds(o)
    paid = np.exp(-o.dividend * o.time)

    def call():
        return (
            library.compute_bsm_vanilla_slice_deltas(*given, kinds),
            library.compute_bsm_slice_vegas(*given, kinds),
        )

    def read(found):
        return {"delta": found[0] * paid, "vega": found[1] * o.root * o.forward * o.discount}

    return Task(call, read)


def implied_volatility(o):
    given = 1.0, 1.0, 1.0, o.relative_strike, _kinds(o), o.relative_premium
    return Task(
        lambda: library.infer_bsm_ivols_from_slice_prices(*given), lambda found: found / o.root
    )
