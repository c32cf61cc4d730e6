"""xarray: alignment by coordinate, broadcasting by dimension, and what stays lazy."""

import math

import numpy as np
import pytest
import xarray

import quantforge

STRIKES = xarray.DataArray([90.0, 100.0, 110.0], dims="strike", coords={"strike": [1, 2, 3]})
TIMES = xarray.DataArray([0.25, 0.5, 1.0], dims="time", coords={"time": ["a", "b", "c"]})
KINDS = xarray.DataArray(["call", "put", "put"], dims="time", coords={"time": ["a", "b", "c"]})


def price(strike=100.0, time=0.5, kind="call", spot=100.0, **options):
    return quantforge.price(spot, strike, time, 0.03, 0.2, kind=kind, **options)


def cells(got):
    """(strike's label, time's label, value) of every cell."""
    for row, column in np.ndindex(got.shape):
        cell = got.compute()[row, column]
        yield cell["strike"].item(), cell["time"].item(), cell.item()


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("kind", [KINDS, KINDS[::-1], KINDS.reindex(time=["b", "c", "a"])])
@pytest.mark.parametrize("strike", [STRIKES, STRIKES[::-1]])
def test_a_kind_along_one_dimension_of_a_square_grid_goes_along_that_one(strike, kind, lazy):
    given = strike.chunk(strike=2) if lazy else strike
    got = price(given, TIMES, kind)
    assert got.sizes == {"strike": 3, "time": 3}
    for row, column, value in cells(got):
        expected = price(
            STRIKES.sel(strike=row).item(),
            TIMES.sel(time=column).item(),
            KINDS.sel(time=column).item(),
        )
        assert value == expected


def test_the_order_of_dimensions_does_not_matter():
    spots = xarray.DataArray(
        [[99.0, 100.0, 101.0], [102.0, 103.0, 104.0]], dims=("day", "time"), coords=TIMES.coords
    )
    times = (TIMES * xarray.DataArray([1.0, 2.0], dims="day")).transpose("time", "day")
    got = price(time=times, spot=spots, kind=KINDS)
    assert got.dims == ("day", "time")
    for day, time in np.ndindex(2, 3):
        option = spots[day, time].item(), times[time, day].item(), KINDS[time].item()
        assert got[day, time].item() == price(100.0, option[1], option[2], option[0])


@pytest.mark.parametrize(
    ("join", "labels"),
    [("inner", [2, 3]), ("outer", [1, 2, 3, 4]), ("left", [1, 2, 3]), ("right", [4, 3, 2])],
)
@pytest.mark.parametrize("lazy", [False, True])
def test_labels_are_joined_as_xarrays_own_arithmetic_is_told_to(join, labels, lazy):
    kinds = xarray.DataArray(["put", "call", "put"], dims="strike", coords={"strike": [4, 3, 2]})
    with xarray.set_options(arithmetic_join=join):
        got = price(STRIKES.chunk() if lazy else STRIKES, kind=kinds)
        assert (got.chunks is not None) == lazy
    assert got["strike"].values.tolist() == labels
    for row, value in zip(labels, got.values.tolist(), strict=True):
        if row in (1, 4):
            assert math.isnan(value)
        else:
            assert value == price(STRIKES.sel(strike=row).item(), kind=kinds.sel(strike=row).item())


def test_labels_that_must_be_the_same_and_are_not_are_refused():
    with (
        xarray.set_options(arithmetic_join="exact"),
        pytest.raises(ValueError, match="exact"),
    ):
        price(STRIKES, spot=STRIKES[::-1])


def test_coordinates_and_their_attributes_are_kept():
    strikes = STRIKES.assign_coords(delta=("strike", [0.8, 0.5, 0.2]), underlying="XYZ")
    strikes["strike"].attrs["long_name"] = "number of the strike"
    got = price(strikes, TIMES, KINDS)
    assert got.coords.keys() == {"strike", "time", "delta", "underlying"}
    assert got["strike"].attrs == {"long_name": "number of the strike"}


def test_the_name_is_kept_where_all_agree():
    assert price(STRIKES.rename("quote")).name == "quote"
    assert price(STRIKES.rename("quote"), TIMES.rename("quote")).name == "quote"
    assert price(STRIKES.rename("quote"), TIMES.rename("years")).name is None


def test_an_array_without_dimensions_gives_one():
    got = price(xarray.DataArray(105.0), kind=xarray.DataArray("put"))
    assert isinstance(got, xarray.DataArray)
    assert got.item() == price(105.0, kind="put")


def test_options_with_two_results_keep_both_in_dataarrays():
    value, code = quantforge.implied_volatility(
        STRIKES * 0 + 8.0, 100.0, 100.0, TIMES, 0.03, kind=KINDS, status=True
    )
    assert value.dims == code.dims == ("strike", "time")
    assert code.dtype == np.int8


# --- without labels, out, errors ---------------------------------------------------------------


def test_an_array_goes_along_the_dimensions_that_an_argument_has():
    got = price(STRIKES, kind=["call", "put", "put"])
    assert got.equals(
        price(STRIKES, kind=KINDS.rename(time="strike").assign_coords(STRIKES.coords))
    )


@pytest.mark.parametrize(
    "given",
    [
        {"strike": STRIKES, "spot": STRIKES[::-1]},
        {"strike": STRIKES, "time": TIMES},
        {"strike": STRIKES[:2]},
    ],
    ids=["permuted labels", "a grid of two arguments", "another length"],
)
def test_an_array_is_refused_where_it_is_open_what_it_goes_along(given):
    with pytest.raises(ValueError, match="kind has no labels, and where it goes among those of"):
        price(**given, kind=np.array(["call", "put", "put"]))


def test_out_may_be_an_array_of_that_shape_or_one_with_those_labels():
    for out in (np.zeros((3, 3)), price(STRIKES, TIMES) * 0):
        assert price(STRIKES, TIMES, KINDS, out=out) is out
        assert np.array_equal(out, price(STRIKES, TIMES, KINDS))


def test_a_dataarray_may_receive_what_has_no_labels():
    out = STRIKES * 0
    prices = np.array([12.0, 8.0, 4.0])
    sigma, code = quantforge.implied_volatility(
        prices, 100.0, STRIKES.values, 0.5, 0.03, status=True, out=out
    )
    assert sigma is out
    assert out.values.tolist() == [
        quantforge.implied_volatility(*option, 0.5, 0.03)
        for option in ((12.0, 100.0, 90.0), (8.0, 100.0, 100.0), (4.0, 100.0, 110.0))
    ]
    assert type(code) is np.ndarray
    with pytest.raises(ValueError, match="out has shape"):
        price(np.array([100.0, 101.0]), out=out)


@pytest.mark.parametrize("reverse", ["strike", "time"])
def test_an_out_with_labels_in_another_order_is_refused(reverse):
    out = (price(STRIKES, TIMES) * 0).isel({reverse: slice(None, None, -1)})
    with pytest.raises(ValueError, match="out has not the labels of the result"):
        price(STRIKES, TIMES, KINDS, out=out)
    assert not out.any()


def test_errors_raise_names_the_label():
    spots = STRIKES * 0 + [100.0, -1.0, 100.0]
    with pytest.raises(ValueError, match=r"spot at strike=2, time='a' is -1\.0"):
        price(STRIKES, TIMES, spot=spots, errors="raise")


def test_a_dataset_is_refused_for_what_it_is():
    with pytest.raises(TypeError, match="strike is an xarray Dataset: pass its columns one by one"):
        price(STRIKES.to_dataset(name="quote"))
