"""The numba kernels return the bits of the C kernels."""

from itertools import product

import numpy as np
import pytest

from quantforge.plugins import registry

INF, NAN = np.inf, np.nan
LEAST = 5e-324
AMOUNTS = (100.0, 0.0, -0.0, LEAST, 1e-310, 1e-300, 1e300, INF, -INF, -1.0, NAN)
SPANS = (0.5, 0.0, -0.0, LEAST, 1e-300, 1e300, INF, -LEAST)
RATES = (0.05, 0.0, -0.0, 1e-300, 700.0, -1e300, INF, NAN)
SIGNS = (1.0, -1.0, 0.0, NAN)


@pytest.fixture(scope="module")
def kernels():
    if "c" not in registry().candidates("price"):
        pytest.skip("numba against c: the C backend is not usable here")
    return registry().kernel("numba", "price"), registry().kernel("c", "price")


def differing(kernels, options):
    with np.errstate(invalid="ignore"):
        first, second = (kernel(*options).view(np.int64) for kernel in kernels)
    return np.flatnonzero(first != second)


def test_ordinary_and_extreme_options_have_the_same_bits(kernels):
    n = 400_000
    g = np.random.default_rng(20)
    spot, strike = np.exp(g.normal(0, g.choice([0.3, 30], n), (2, n)))
    time, sigma = np.exp(g.normal(-1, g.choice([0.5, 6], n), (2, n)))
    rate, dividend = g.normal(0, g.choice([0.05, 5, 500], n), (2, n))
    sign = g.choice([1.0, -1.0], n)
    assert not differing(kernels, (spot, strike, time, rate, dividend, sigma, sign)).size


def test_special_values_in_every_combination_have_the_same_bits(kernels):
    for sign in SIGNS:
        rows = product(AMOUNTS, AMOUNTS, SPANS, RATES, RATES[:4], SPANS, (sign,))
        columns = np.array(list(rows)).T
        assert not differing(kernels, columns).size


@pytest.mark.parametrize("sign", [1, -1])
def test_the_sign_and_payload_of_a_nan_do_not_reach_the_result(kernels, sign):
    bits = np.array([0xFFF8000000000000, 0x7FF0000000000001, 0x7FF800000000002A], np.uint64)
    ordinary = [100.0, 110.0, 0.5, 0.05, 0.01, 0.2, float(sign)]
    for place in range(7):
        options = [*ordinary]
        options[place] = bits.view(np.float64)
        assert set(kernels[0](*options).view(np.uint64)) == {0x7FF8000000000000}
