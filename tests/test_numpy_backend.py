"""The fallback in NumPy: close to the exact price, and the same edge cases as the specification."""

import numpy as np
import pytest
from quantforge_conformance import edge_cases
from quantforge_conformance.accuracy import Measured
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.regions import PRICE as REGIONS

import quantforge
from quantforge import testing

price = testing.kernel("numpy", "price")


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.name)
def test_prices_are_within_twice_what_exact_backends_promise(region):
    batch = region.sample(500 if region.name == "ordinary" else 50, 3)
    oracle = ORACLES["price"]
    measured, got = Measured(oracle, batch), price(*batch)
    for bound in oracle.bounds["price"]:
        miss, lane = measured.worst(0, bound, got)
        assert miss <= 2 * bound.tolerance, (bound.name, lane)


def test_the_edge_cases_are_those_of_the_specification():
    wrong = []
    for case in edge_cases.price():
        signals = []
        with np.errstate(all="raise", invalid="call", call=lambda *_, to=signals: to.append(1)):
            got = price(*case.operands)
        right = edge_cases.right(got, case.expected[0], slack=2)
        if not right or bool(signals) != case.invalid:
            wrong.append((case.name, got, signals))
    assert not wrong


def test_it_is_never_below_zero_nor_above_its_bounds():
    for region in REGIONS:
        batch = region.sample(200, 4)
        spot, strike, time, rate, dividend, _, sign = batch
        got = price(*batch)
        with np.errstate(over="ignore", under="ignore"):
            call, put = spot * np.exp(-dividend * time), strike * np.exp(-rate * time)
        assert (got >= 0).all(), region.name
        assert (got <= np.where(sign > 0, call, put) * (1 + 1e-12)).all(), region.name


def test_blocks_do_not_show():
    batch = REGIONS[0].sample(5_000, 5)
    whole = price(*batch)
    pieces = [price(*(x[i : i + 999] for x in batch)) for i in range(0, 5_000, 999)]
    assert (np.concatenate(pieces) == whole).all()


def test_it_broadcasts_like_a_ufunc():
    spots, strikes = np.array([90.0, 100.0, 110.0]), np.array([[95.0], [105.0]])
    got = price(spots, strikes, 0.5, 0.03, 0.01, 0.2, 1.0)
    for i, j in np.ndindex(2, 3):
        assert got[i, j] == price(spots[j], strikes[i, 0], 0.5, 0.03, 0.01, 0.2, 1.0)
    assert type(price(100.0, 105.0, 0.5, 0.03, 0.01, 0.2, 1.0)) is np.float64


@pytest.mark.parametrize("place", range(7))
def test_out_may_be_an_input_or_overlap_one(place):
    batch = [np.array(x) for x in REGIONS[0].sample(5_000, 6)]
    expected = price(*batch)
    given = list(batch)
    given[place] = out = batch[place].copy()
    assert price(*given, out=out) is out
    assert (out == expected).all()
    store = np.empty(5_001)
    given[place], out = store[:-1], store[1:]
    given[place][:] = batch[place]
    assert (price(*given, out=out) == expected).all()


def test_large_batches_need_no_temporary_as_long_as_they_are(python):
    code = """
import tracemalloc
import numpy as np
from quantforge import testing
price = testing.kernel("numpy", "price")
operands = [np.full(400_000, x) for x in (100.0, 105.0, 0.5, 0.03, 0.01, 0.2, 1.0)]
out = np.empty(400_000)
price(*(x[:10] for x in operands))
tracemalloc.start()
price(*operands, out=out)
print(tracemalloc.get_traced_memory()[1])
"""
    assert int(python(code)) < 2_000_000  # a temporary would take 3,200,000


def test_it_says_that_it_is_not_exact():
    (info,) = (one for one in quantforge.backends() if one.name == "numpy")
    assert (info.exact, info.version) == (False, quantforge.__version__)
