"""py_lets_be_rational: Jäckel's method of 2013 in Python, an option a call, by the forward."""

import py_lets_be_rational as library

from bench.libraries.task import one_by_one


def price(o):
    return one_by_one(
        library.black,
        *(o.forward, o.strike, o.sigma, o.time, o.sign),
        read=lambda found: found * o.discount,
    )


def implied_volatility(o):
    return one_by_one(
        library.implied_volatility_from_a_transformed_rational_guess,
        *(o.premium, o.forward, o.strike, o.time, o.sign),
    )
