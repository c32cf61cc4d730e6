"""dask: nothing is computed early, and once per block in the end."""

import dask
import dask.array
import numpy as np
import pytest
import xarray

import quantforge
from quantforge import labels

STRIKES = np.linspace(80.0, 120.0, 10)
KINDS = np.array(["call", "put"] * 5)
SPOTS = dask.array.from_array(np.linspace(99.0, 101.0, 10), chunks=4)


def price(spot, strike, kind="call", **options):
    return quantforge.price(spot, strike, 0.5, 0.03, 0.2, kind=kind, **options)


def by_option(kinds=KINDS):
    spots = np.linspace(99.0, 101.0, 10)
    return [price(*option).item() for option in zip(spots, STRIKES, kinds, strict=True)]


@pytest.fixture
def forbidden():
    """Any computation is an error."""

    def refuse(*_, **__):
        raise AssertionError("computed early")

    with dask.config.set(scheduler=refuse):
        yield


@pytest.mark.usefixtures("forbidden")
@pytest.mark.parametrize("lazy", [SPOTS, xarray.DataArray(SPOTS, dims="row")], ids=type)
def test_nothing_is_computed_until_asked_for(lazy):
    kinds = xarray.DataArray(KINDS, dims="row") if isinstance(lazy, xarray.DataArray) else KINDS
    got = price(lazy, 100.0, kinds)
    assert type(got) is type(lazy)
    greeks = quantforge.greeks(lazy, 100.0, 0.5, 0.03, 0.2, kind=kinds)
    assert len(repr(greeks).splitlines()) == 8
    quantforge.implied_volatility(8.0, lazy, 100.0, 0.5, 0.03, kind=kinds, status=True)


@pytest.mark.parametrize(
    "kinds",
    [
        KINDS,
        KINDS.tolist(),
        KINDS.astype(object),
        dask.array.from_array(KINDS, chunks=3),
        dask.array.from_array(KINDS.astype(object), chunks=3),
        dask.array.from_array(np.where(KINDS == "call", 1, -1), chunks=10),
    ],
    ids=["words", "list", "objects", "lazy words", "lazy objects", "lazy signs"],
)
def test_kinds_in_words_go_block_by_block(kinds):
    assert price(SPOTS, STRIKES, kinds).compute().tolist() == by_option()


def test_lists_of_words_and_signs_mix():
    assert price(SPOTS, STRIKES, ["call", -1] * 5).compute().tolist() == by_option()


def test_chunks_are_those_of_dasks_own_arithmetic():
    strikes = dask.array.from_array(STRIKES, chunks=3)
    rows = dask.array.ones((6, 1), chunks=5)
    got = price(SPOTS * rows, strikes)
    assert got.chunks == (SPOTS * rows + strikes).chunks
    assert got.compute()[5].tolist() == by_option(["call"] * 10)


def test_the_core_runs_once_per_block_for_all_results():
    calls = []

    def run(plain):
        calls.append(plain["spot"].shape)
        return plain["spot"], plain["spot"].astype(np.int8)

    given = {"spot": SPOTS, "time": 0.5, "kind": "call"}
    results = labels.call(run, given, ("sigma", "code"))
    assert [str(result.dtype) for result in results] == ["float64", "int8"]
    with dask.config.set(scheduler="synchronous"):
        dask.compute(*results)
    assert sorted(calls) == [(2,), (4,), (4,)]


def test_a_table_of_lazy_greeks_is_computed_at_once():
    frame = quantforge.greeks(SPOTS, STRIKES, 0.5, 0.03, 0.2, which=["price"]).to_pandas()
    assert frame["price"].tolist() == by_option(["call"] * 10)


def test_chunks_of_unknown_size_stay_unknown():
    some = SPOTS[SPOTS > 100.0]
    got = price(some, 100.0)
    assert np.isnan(got.shape[0])
    assert got.compute().tolist() == [price(one, 100.0) for one in some.compute()]


def test_masked_blocks_stay_masked():
    spots = dask.array.ma.masked_greater(SPOTS, 100.5)
    got = price(spots, STRIKES, KINDS).compute()
    assert got.mask.tolist() == [False] * 7 + [True] * 3
    assert got.compressed().tolist() == by_option()[:7]


def test_zero_dimensions_stay_lazy():
    got = price(SPOTS[0], 100.0)
    assert isinstance(got, dask.array.Array)
    assert got.compute() == price(99.0, 100.0)


def test_errors_raise_waits_for_the_computation():
    got = price(SPOTS, STRIKES - 100.0, errors="raise")
    with pytest.raises(ValueError, match=r"strike at index 0 of a block is -\d"):
        got.compute(scheduler="synchronous")


def test_an_unknown_kind_is_told_at_once_where_it_is_known():
    with pytest.raises(ValueError, match="unknown kind 'future' at index 1"):
        price(SPOTS, STRIKES, ["call", "future"] * 5)


def test_out_is_refused():
    for out in (np.zeros(10), SPOTS):
        with pytest.raises(ValueError, match="out cannot be given with dask arrays"):
            price(SPOTS, STRIKES, out=out)
