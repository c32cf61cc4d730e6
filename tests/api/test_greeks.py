"""`quantforge.greeks`: what it returns, and that each result is the derivative it is named for."""

import copy
import math
import pickle
from collections.abc import Mapping

import mpmath
import numpy as np
import pytest
from mpmath import mpf

import quantforge
from quantforge import ALL, FIRST_ORDER, SECOND_ORDER, THIRD_ORDER, dispatch, threads
from quantforge.plugins import registry

USABLE = [
    name for name in registry().names() if name in registry().candidates("greeks", "contract")
]
OPTION = (100.0, 105.0, 0.5, 0.03, 0.2)
STRIKES = np.array([80.0, 105.0, 130.0])


@pytest.fixture(params=USABLE)
def backend(request):
    """Every backend that has greeks."""
    return request.param


def formula(spot, strike, time, rate, dividend, sigma, sign):
    """Black, Scholes and Merton in high precision."""
    deviation = sigma * mpmath.sqrt(time)
    d1 = (mpmath.log(spot / strike) + (rate - dividend) * time) / deviation + deviation / 2
    asset = spot * mpmath.exp(-dividend * time) * mpmath.ncdf(sign * d1)
    return sign * (asset - strike * mpmath.exp(-rate * time) * mpmath.ncdf(sign * (d1 - deviation)))


# By spot, strike, time, rate, dividend and sigma; time runs down.
DERIVATIVES = {
    "price": ((0, 0, 0, 0, 0, 0), 1),
    "delta": ((1, 0, 0, 0, 0, 0), 1),
    "gamma": ((2, 0, 0, 0, 0, 0), 1),
    "vega": ((0, 0, 0, 0, 0, 1), 1),
    "theta": ((0, 0, 1, 0, 0, 0), -1),
    "rho": ((0, 0, 0, 1, 0, 0), 1),
    "phi": ((0, 0, 0, 0, 1, 0), 1),
    "vanna": ((1, 0, 0, 0, 0, 1), 1),
    "volga": ((0, 0, 0, 0, 0, 2), 1),
    "charm": ((1, 0, 1, 0, 0, 0), -1),
    "veta": ((0, 0, 1, 0, 0, 1), -1),
    "dual_delta": ((0, 1, 0, 0, 0, 0), 1),
    "dual_gamma": ((0, 2, 0, 0, 0, 0), 1),
    "speed": ((3, 0, 0, 0, 0, 0), 1),
    "color": ((2, 0, 1, 0, 0, 0), -1),
    "zomma": ((2, 0, 0, 0, 0, 1), 1),
    "ultima": ((0, 0, 0, 0, 0, 3), 1),
}


def exact(name, *operands, sign):
    """The derivative, by differences of 80 digits."""
    orders, direction = DERIVATIVES[name]
    with mpmath.workdps(80):
        place = tuple(map(mpf, operands))
        value = formula(*place, sign)
        if any(orders):
            value = mpmath.diff(lambda *at: formula(*at, sign), place, orders)
        return float(direction * value)


def bits(values):
    return np.asarray(values, np.float64).view(np.int64)


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("sign", [1, -1])
def test_every_greek_is_its_derivative(backend, name, sign):
    kind = "call" if sign > 0 else "put"
    for strike in (80.0, 99.0, 105.0, 140.0):
        got = quantforge.greeks(
            100.0, strike, 0.75, 0.04, 0.25, dividend=0.015, kind=kind, which=[name],
            backend=backend,
        )[name]  # fmt: skip
        wanted = exact(name, 100.0, strike, 0.75, 0.04, 0.015, 0.25, sign=sign)
        assert got == pytest.approx(wanted, rel=2e-12), strike


def test_each_name_stands_for_the_same_bits_whatever_else_is_asked_for(backend):
    whole = quantforge.greeks(100.0, STRIKES, *OPTION[2:], which=ALL, backend=backend)
    for name in ALL:
        alone = quantforge.greeks(100.0, STRIKES, *OPTION[2:], which=name, backend=backend)
        assert (bits(alone[name]) == bits(whole[name])).all(), name
    assert list(whole) == list(ALL)


def test_price_is_that_of_price(backend):
    got = quantforge.greeks(100.0, STRIKES, *OPTION[2:], which="price", backend=backend).price
    assert (bits(got) == bits(quantforge.price(100.0, STRIKES, *OPTION[2:], backend=backend))).all()


def test_with_a_forward_rates_only_discount(backend):
    forward = {"model": "black76", "backend": backend}
    got = quantforge.greeks(100.0, STRIKES, *OPTION[2:], which=ALL, **forward)
    price = quantforge.price(100.0, STRIKES, *OPTION[2:], **forward)
    assert (got.rho == -0.5 * price).all()
    assert (got.phi == 0.0).all()
    for name in ("delta", "gamma", "vega", "theta"):
        for place, strike in enumerate(STRIKES.tolist()):
            wanted = exact(name, 100.0, strike, 0.5, 0.03, 0.03, 0.2, sign=1)
            if name == "theta":  # the drift of the spot is held, for the forward stands still
                discount = mpmath.exp(mpf(-0.03) * mpf(0.5))
                deviation = mpf(0.2) * mpmath.sqrt(mpf(0.5))
                d1 = mpmath.log(100 / mpf(strike)) / deviation + deviation / 2
                decay = 100 * discount * mpmath.npdf(d1) * mpf(0.2) / (2 * mpmath.sqrt(mpf(0.5)))
                wanted = float(0.03 * mpf(float(price[place])) - decay)
            assert got[name][place] == pytest.approx(wanted, rel=2e-12)


@pytest.mark.parametrize(
    "which", [["rho"], ["phi"], ["rho", "phi"], ["delta", "phi"], ["rho", "vega"]]
)
def test_with_a_forward_rho_and_phi_may_be_all_that_is_asked_for(backend, which):
    forward = {"model": "black76", "backend": backend}
    got = quantforge.greeks(100.0, STRIKES, *OPTION[2:], which=which, **forward)
    assert set(got) == set(which)
    whole = quantforge.greeks(100.0, STRIKES, *OPTION[2:], which=ALL, **forward)
    assert all((got[name] == whole[name]).all() for name in which)


def test_with_a_forward_time_may_have_any_type_and_shape(backend):
    forward = {"model": "black76", "which": "rho", "backend": backend}
    wanted = -2.0 * quantforge.price(100.0, 105.0, 2.0, 0.03, 0.2, model="black76", backend=backend)
    for time in (2, [2], np.uint8(2), np.array([2], np.uint8), np.float32(2), np.full((3, 1), 2.0)):
        got = quantforge.greeks(100.0, 105.0, time, 0.03, 0.2, **forward).rho
        assert np.shape(got) == np.shape(time)
        assert (np.asarray(got) == wanted).all()


def test_endless_forwards_have_no_phi(backend):
    with np.errstate(all="raise"):
        got = quantforge.greeks(
            math.inf, 100.0, 1.0, 0.03, 0.2, model="black76", which=["price", "phi"],
            backend=backend,
        )  # fmt: skip
    assert dict(got) == {"price": math.inf, "phi": 0.0}


LIMITS = {
    "in the money": (90.0, {"delta": 1.0, "gamma": 0.0, "vega": 0.0}),
    "at the money": (100.0, {"delta": 0.5, "gamma": math.inf, "vega": 0.0}),
    "out of the money": (110.0, {"delta": 0.0, "gamma": 0.0, "vega": 0.0}),
}


@pytest.mark.parametrize(("strike", "wanted"), LIMITS.values(), ids=LIMITS)
def test_at_expiry_greeks_have_their_limits(backend, strike, wanted):
    with np.errstate(all="raise"):
        got = quantforge.greeks(100.0, strike, 0.0, 0.03, 0.2, which=ALL, backend=backend)
    assert {name: float(got[name]) for name in wanted} == wanted
    assert not any(math.isnan(value) for value in got.values())


# --- which -------------------------------------------------------------------------------------


def test_first_order_is_asked_for_by_default():
    assert tuple(quantforge.greeks(*OPTION)) == FIRST_ORDER


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("delta", ("delta",)),
        (["vega", "delta"], ("delta", "vega")),
        (("delta", "delta"), ("delta",)),
        ({"gamma"}, ("gamma",)),
        (iter(["gamma", "price"]), ("price", "gamma")),
        (SECOND_ORDER, SECOND_ORDER),
        (THIRD_ORDER + FIRST_ORDER, FIRST_ORDER + THIRD_ORDER),
        (ALL, ALL),
    ],
)
def test_which_takes_names_in_any_order_and_gives_them_in_one(which, names):
    assert tuple(quantforge.greeks(*OPTION, which=which)) == names


@pytest.mark.parametrize("which", ["lambda", ["delta", "Vega"], ["delta", None], [3]])
def test_an_unknown_greek_is_told_the_valid_ones(which):
    with pytest.raises(ValueError, match=r"valid: price, delta, gamma, vega, .*, ultima"):
        quantforge.greeks(*OPTION, which=which)


@pytest.mark.parametrize("which", [(), [], ""])
def test_nothing_is_nothing_to_ask_for(which):
    with pytest.raises(ValueError, match=r"which names no result|unknown output ''"):
        quantforge.greeks(*OPTION, which=which)


# --- the result --------------------------------------------------------------------------------


@pytest.fixture
def result():
    """Delta and gamma of three options."""
    return quantforge.greeks(100.0, STRIKES, *OPTION[2:], which=["delta", "gamma"])


def test_greeks_are_attributes_and_items_in_order(result):
    assert isinstance(result, Mapping)
    assert list(result) == ["delta", "gamma"]
    assert len(result) == 2
    assert result.delta is result["delta"]
    assert {"delta", "gamma"} <= set(dir(result))
    assert "vega" not in result


def test_a_greek_that_was_not_asked_for_is_an_error_that_says_what_is_there(result):
    with pytest.raises(AttributeError, match="no 'vega' here; it has delta, gamma"):
        _ = result.vega
    with pytest.raises(KeyError):
        _ = result["vega"]


def test_greeks_cannot_be_changed(result):
    with pytest.raises(AttributeError):
        result.delta = 1.0
    with pytest.raises(AttributeError):
        result.other = 1.0
    with pytest.raises(AttributeError):
        del result.delta
    with pytest.raises(TypeError):
        result["delta"] = 1.0
    result.to_dict().clear()
    assert len(result) == 2


def test_the_repr_has_a_line_for_each(result):
    lines = repr(result).splitlines()
    assert [line.split()[0] for line in lines] == ["Greeks", "delta", "gamma"]
    many = quantforge.greeks(100.0, np.linspace(50, 150, 100_000), *OPTION[2:])
    assert len(repr(many).splitlines()) == 8
    assert len(repr(many)) < 1_000


def test_a_dict_shares_the_arrays(result):
    got = result.to_dict()
    assert type(got) is dict
    assert all(got[name] is result[name] for name in result)


def test_greeks_pickle_and_copy(result):
    for other in (pickle.loads(pickle.dumps(result)), copy.copy(result), copy.deepcopy(result)):
        assert type(other) is quantforge.Greeks
        assert list(other) == list(result)
        assert all((other[name] == result[name]).all() for name in result)


def test_a_pandas_frame_has_a_column_for_each(result):
    pytest.importorskip("pandas")
    frame = result.to_pandas()
    assert list(frame.columns) == ["delta", "gamma"]
    assert (frame["delta"].to_numpy() == result.delta).all()
    assert quantforge.greeks(*OPTION).to_pandas().shape == (1, 7)


def test_a_polars_frame_has_a_column_for_each(result):
    pytest.importorskip("polars")
    frame = result.to_polars()
    assert frame.columns == ["delta", "gamma"]
    assert (frame["gamma"].to_numpy() == result.gamma).all()


def test_frames_need_no_library_until_they_are_asked_for(python):
    code = (
        "import sys, quantforge; quantforge.greeks(100, 105, .5, .03, .2);"
        "print({'pandas', 'polars'} & set(sys.modules))"
    )
    assert python(code) == "set()\n"


# --- arguments ---------------------------------------------------------------------------------


def test_scalars_give_scalars(backend):
    for value in quantforge.greeks(*OPTION, which=ALL, backend=backend).values():
        assert isinstance(value, float)


@pytest.mark.parametrize("model", ["black_scholes", "black76", "garman_kohlhagen", "bachelier"])
def test_everything_broadcasts(backend, model):
    spots, settings = (
        np.array([[90.0], [110.0]]),
        {"model": model, "which": ALL, "backend": backend},
    )
    got = quantforge.greeks(
        spots, STRIKES, 0.5, 0.03, 0.2, kind=["call", "put", "call"], **settings
    )
    for row, spot in enumerate(spots[:, 0]):
        for column, (strike, kind) in enumerate(zip(STRIKES, ["c", "p", "c"], strict=True)):
            one = quantforge.greeks(spot, strike, 0.5, 0.03, 0.2, kind=kind, **settings)
            for name in ALL:
                assert got[name].shape == (2, 3)
                assert bits(got[name][row, column]) == bits(one[name]), name


def test_narrow_numbers_are_computed_in_double(backend):
    wanted = quantforge.greeks(100.0, 105.0, 2.0, 0.0, 1.0, which=ALL, backend=backend)
    for kind in (np.float32, np.int16, np.uint8, int):
        x = [np.full(3, value, kind) for value in (100, 105, 2, 0, 1)]
        got = quantforge.greeks(*x, which=ALL, backend=backend)
        for name in ALL:
            assert got[name].dtype == np.float64
            assert (bits(got[name]) == bits(wanted[name])).all(), name


def test_what_is_no_number_is_refused():
    with pytest.raises(TypeError, match="strike must be real numbers"):
        quantforge.greeks(100.0, ["a"], *OPTION[2:])
    with pytest.raises(ValueError, match=r"shapes do not broadcast: spot \(2,\), strike \(3,\)"):
        quantforge.greeks([1.0, 2.0], STRIKES, *OPTION[2:])
    with pytest.raises(ValueError, match="takes a forward"):
        quantforge.greeks(*OPTION, model="black76", dividend=0.01)


def test_one_bad_option_is_nan_in_its_place_alone(backend):
    spots = np.array([100.0, -1.0, 100.0, np.nan])
    with pytest.warns(RuntimeWarning, match="invalid value"):
        got = quantforge.greeks(spots, 105.0, 0.5, 0.03, 0.2, which=ALL, backend=backend)
    good = quantforge.greeks(100.0, 105.0, 0.5, 0.03, 0.2, which=ALL, backend=backend)
    for name in ALL:
        assert np.isnan(got[name]).tolist() == [False, True, False, True]
        assert (bits(got[name][::2]) == bits(good[name])).all()


@pytest.mark.parametrize("model", ["black_scholes", "black76", "bachelier"])
def test_raising_names_the_first_bad_element_and_leaves_out_untouched(backend, model):
    sigma, out = np.array([0.2, 0.2, -0.1]), {"delta": np.full(3, 7.0), "rho": np.full(3, 7.0)}
    settings = {"model": model, "errors": "raise", "backend": backend, "out": out}
    with pytest.raises(ValueError, match=r"sigma\[2\] is -0.1; it must be >= 0"):
        quantforge.greeks(100.0, 105.0, 0.5, 0.03, sigma, **settings)
    assert all((values == 7.0).all() for values in out.values())
    got = quantforge.greeks(100.0, 105.0, 0.5, 0.03, np.abs(sigma), **settings)
    assert got.delta is out["delta"]
    assert got.rho is out["rho"]


def test_a_complaint_names_the_argument_as_the_caller_does(backend):
    with pytest.raises(ValueError, match=r"spot\[1\] is nan"):
        quantforge.greeks(
            [1.0, math.nan], 1.0, 1.0, 0.0, 1.0, model="bachelier", errors="raise", backend=backend
        )


@pytest.mark.parametrize("model", ["black_scholes", "black76", "bachelier"])
def test_results_are_written_where_they_are_wanted_by_name(backend, model):
    settings = {"model": model, "which": ALL, "backend": backend}
    wanted = quantforge.greeks(100.0, STRIKES, *OPTION[2:], **settings)
    out = {name: np.full(3, 7.0) for name in ("ultima", "rho", "phi", "price")}
    got = quantforge.greeks(100.0, STRIKES, *OPTION[2:], out=out, **settings)
    for name in ALL:
        assert (bits(got[name]) == bits(wanted[name])).all(), name
    assert all(got[name] is values for name, values in out.items())


def test_an_out_that_is_not_asked_for_is_refused():
    with pytest.raises(ValueError, match="out names vega, which is not asked for"):
        quantforge.greeks(*OPTION, which="delta", out={"vega": np.empty(())})


@pytest.mark.parametrize("model", ["black_scholes", "black76", "bachelier"])
def test_threads_change_no_bit(backend, model, monkeypatch):
    monkeypatch.setattr(threads, "budget", lambda: 3)
    dispatch.invalidate()
    strikes = np.linspace(50.0, 150.0, 1_001)
    settings = {"model": model, "which": ALL, "backend": backend}
    serial = quantforge.greeks(100.0, strikes, *OPTION[2:], threads=1, **settings)
    with dispatch.forced_threads():
        split = quantforge.greeks(100.0, strikes, *OPTION[2:], threads=3, **settings)
    for name in ALL:
        assert (bits(split[name]) == bits(serial[name])).all(), name
    dispatch.invalidate()


# --- bind and explain --------------------------------------------------------------------------


def test_bound_greeks_are_the_greeks_and_pickle(backend, python):
    call = quantforge.bind("greeks", kind="put", which=["delta", "vanna"], backend=backend)
    wanted = quantforge.greeks(
        *OPTION, kind="put", dividend=0.01, which=["delta", "vanna"], backend=backend
    )
    assert dict(call(*OPTION, dividend=0.01)) == dict(wanted)
    code = f"""
import pickle
call = pickle.loads({pickle.dumps(call)!r})
print(*(float(x).hex() for x in call(*{OPTION!r}, 0.01).values()))
"""
    assert [float.fromhex(word) for word in python(code).split()] == list(wanted.values())


@pytest.mark.parametrize("model", ["black76", "bachelier"])
def test_bound_greeks_of_a_forward(backend, model, python):
    call = quantforge.bind("greeks", model=model, which=["rho", "phi", "delta"], backend=backend)
    wanted = quantforge.greeks(*OPTION, model=model, which=["delta", "rho", "phi"], backend=backend)
    assert dict(call(*OPTION)) == dict(wanted)
    code = f"import pickle; print(list(pickle.loads({pickle.dumps(call)!r})(*{OPTION!r})))"
    assert python(code) == "['delta', 'rho', 'phi']\n"


def test_an_operation_that_there_is_not_cannot_be_bound():
    with pytest.raises(ValueError, match="valid: price, greeks, implied_volatility"):
        quantforge.bind("telepathy")
    with pytest.raises(ValueError, match="valid: price, delta"):
        quantforge.bind("greeks", which=["lambda"])


def test_explain_tells_the_operation_of_a_model():
    assert quantforge.explain("greeks", 10).operation == "greeks"
    assert quantforge.explain("greeks", 10, model="black76").operation == "greeks"
    assert quantforge.explain("greeks", 10, model="bachelier").operation == "bachelier_greeks"
