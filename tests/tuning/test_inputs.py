"""What is measured are ordinary options."""

import numpy as np

import quantforge
from quantforge.tuning import inputs


def test_prices_to_invert_are_those_of_options():
    drawn = inputs.operands("implied_volatility", 1_000)
    codes = quantforge.implied_volatility(**drawn, status=True)[1]
    solved = np.isin(codes, [quantforge.Code.OK, quantforge.Code.LOW_PRECISION])
    assert solved.mean() > 0.9
