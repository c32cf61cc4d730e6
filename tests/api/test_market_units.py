"""Greeks per 1 % and per day: what raw ones are, divided by 100 and by 365 for each order."""

import dataclasses
import pickle

import numpy as np
import pytest

import quantforge
from quantforge import ALL, AMERICAN_GREEKS, greeks, threads
from quantforge.operations import OPERATIONS

# 100 for each derivative by volatility, rate or dividend, 365 for each by time
DIVISORS = {
    "price": 1,
    "delta": 1,
    "gamma": 1,
    "vega": 100,
    "theta": 365,
    "rho": 100,
    "phi": 100,
    "vanna": 100,
    "volga": 10_000,
    "charm": 365,
    "veta": 36_500,
    "dual_delta": 1,
    "dual_gamma": 1,
    "speed": 1,
    "color": 365,
    "zomma": 100,
    "ultima": 1_000_000,
}
# An absolute volatility has no per cent.
BACHELIER = DIVISORS | {"vega": 1, "vanna": 1, "volga": 1, "zomma": 1, "ultima": 1, "veta": 365}
MODELS = ["black_scholes", "merton", "black76", "garman_kohlhagen", "bachelier"]
OPTION = {"spot": 100.0, "strike": 105.0, "time": 0.5, "rate": 0.03, "sigma": 0.2}
STRIKES = np.linspace(60.0, 150.0, 19)


def divisors(model):
    return BACHELIER if model == "bachelier" else DIVISORS


def both(**options):
    return greeks(**options), greeks(**options, units="market")


def same_but_for_units(raw, market, divisors):
    assert list(market) == list(raw)
    for name, values in raw.items():
        np.testing.assert_array_equal(market[name], values / divisors[name], err_msg=name)


def test_there_is_a_divisor_for_every_greek():
    assert tuple(DIVISORS) == ALL


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["call", "put"])
def test_greeks_of_every_model_are_per_step_of_the_market(model, kind):
    option = OPTION | {"sigma": 20.0 if model == "bachelier" else 0.2}
    for strike in (105.0, STRIKES, STRIKES.reshape(1, 19, 1), STRIKES.tolist()):
        found = both(**option | {"strike": strike}, model=model, kind=kind, which=ALL)
        same_but_for_units(*found, divisors(model))
    assert type(greeks(**option, model=model, units="market").vega) is np.float64


def test_a_rise_of_one_per_cent_or_a_day_changes_the_price_by_about_as_much():
    market = greeks(**OPTION, units="market")
    price = quantforge.price(**OPTION)

    def change(name, by):
        return quantforge.price(**OPTION | {name: OPTION[name] + by}) - price

    assert market.vega == pytest.approx(change("sigma", 0.01), rel=0.01)
    assert market.theta == pytest.approx(change("time", -1 / 365), rel=0.01)
    assert market.rho == pytest.approx(change("rate", 0.01), rel=0.06)
    raised = quantforge.price(**OPTION, dividend=0.01) - price
    assert market.phi == pytest.approx(raised, rel=0.06)


@pytest.mark.parametrize("accuracy", ["fast", "standard"])
def test_american_greeks_too(accuracy):
    options = {"exercise": "american", "accuracy": accuracy, "dividend": 0.02, "kind": "put"}
    found = both(**OPTION | {"strike": STRIKES}, **options, which=AMERICAN_GREEKS)
    same_but_for_units(*found, DIVISORS)
    mixed = options | {"exercise": ["american", "european"], "strike": [105.0, 105.0]}
    same_but_for_units(*both(**OPTION | mixed, which=AMERICAN_GREEKS), DIVISORS)


def test_with_cash_dividends_too():
    found = both(**OPTION | {"strike": STRIKES}, dividends=[(0.1, 2.0), (0.3, 2.0)], which=ALL)
    same_but_for_units(*found, DIVISORS)


@pytest.mark.parametrize("which", [("rho",), ("phi",), ("rho", "phi", "theta"), ("price",)])
def test_greeks_of_a_forward_too_whatever_is_asked_for(which):
    for model in ("black76", "bachelier"):
        found = both(**OPTION | {"sigma": 1.0, "strike": STRIKES}, model=model, which=which)
        same_but_for_units(*found, divisors(model))


def test_several_threads_too(monkeypatch):
    monkeypatch.setattr(threads, "budget", lambda: 3)
    strike = np.linspace(50.0, 200.0, 200_000)
    same_but_for_units(*both(**OPTION | {"strike": strike}), DIVISORS)


@pytest.mark.parametrize("model", ["black_scholes", "black76"])
def test_results_are_written_where_they_are_wanted(model):
    raw = greeks(**OPTION | {"strike": STRIKES}, model=model)
    out = {name: np.empty(STRIKES.shape) for name in ("vega", "rho", "delta")}
    found = greeks(**OPTION | {"strike": STRIKES}, model=model, out=out, units="market")
    assert all(found[name] is out[name] for name in out)
    same_but_for_units(raw, found, DIVISORS)


def test_no_input_is_changed():
    strike, time = STRIKES.copy(), np.full(19, 0.5)
    greeks(**OPTION | {"strike": strike, "time": time}, model="black76", units="market", which=ALL)
    assert strike.tobytes() == STRIKES.tobytes()
    assert (time == 0.5).all()


@pytest.mark.parametrize("library", ["pandas", "polars", "xarray", "dask", "pyarrow", "masked"])
def test_labels_come_back(library):
    strike = columns(library)
    raw, market = both(**OPTION | {"strike": strike})
    for name in raw:
        assert type(market[name]) is type(raw[name])
        np.testing.assert_array_equal(
            np.asarray(market[name]), np.asarray(raw[name]) / DIVISORS[name]
        )
    if library == "pandas":
        assert list(market.vega.index) == list(strike.index)
        frame = market.to_pandas()
        assert frame["theta"].tolist() == (raw.to_pandas()["theta"] / 365).tolist()


def columns(library):
    if library == "masked":
        return np.ma.array(STRIKES, mask=STRIKES < 70)
    module = pytest.importorskip("dask.array" if library == "dask" else library)
    if library == "pandas":
        return module.Series(STRIKES, index=[f"K{strike:g}" for strike in STRIKES])
    if library == "polars":
        return module.Series("strike", STRIKES)
    if library == "xarray":
        return module.DataArray(STRIKES, dims="strike")
    return module.from_array(STRIKES, chunks=7) if library == "dask" else module.array(STRIKES)


def test_bad_options_are_nan_in_their_place_or_named():
    strike = np.array([100.0, np.nan, -1.0])
    with np.errstate(invalid="ignore"):
        found = greeks(**OPTION | {"strike": strike}, units="market")
    assert np.isnan(found.vega).tolist() == [False, True, True]
    with np.errstate(all="raise"):
        greeks(**OPTION | {"strike": [100.0, np.nan, 1e9]}, units="market", which=ALL)
    with pytest.raises(ValueError, match=r"strike\[1\] is nan"):
        greeks(**OPTION | {"strike": strike}, units="market", errors="raise")


@pytest.mark.parametrize("size", [1, 19, 100_000])
def test_bound_greeks_have_them_also_when_they_are_pickled(size):
    bound = quantforge.bind("greeks", which=ALL, units="market", n=size)
    raw = greeks(**OPTION | {"strike": STRIKES}, which=ALL)
    for call in (bound, pickle.loads(pickle.dumps(bound))):
        same_but_for_units(raw, call(100.0, STRIKES, 0.5, 0.03, 0.2), DIVISORS)
        assert call(100.0, 105.0, 0.5, 0.03, 0.2).vega == greeks(**OPTION).vega / 100


def test_raw_units_are_the_default_and_change_no_bit():
    for strike in (105.0, STRIKES):
        default = greeks(**OPTION | {"strike": strike})
        raw = greeks(**OPTION | {"strike": strike}, units="raw")
        for name in default:
            assert np.asarray(default[name]).tobytes() == np.asarray(raw[name]).tobytes()


@pytest.mark.parametrize("units", ["percent", None, 1, ["market"]])
def test_unknown_units_are_refused_with_the_valid_ones(units):
    with pytest.raises(ValueError, match=r"unknown units .*; valid: 'raw', 'market'"):
        greeks(**OPTION, units=units)
    with pytest.raises(ValueError, match="unknown units"):
        quantforge.bind("greeks", units=units)


@pytest.mark.parametrize("function", ["price", "implied_volatility", "exercise_boundary"])
def test_what_are_no_greeks_have_no_units(function):
    exercise = "american" if function == "exercise_boundary" else "european"
    with pytest.raises(ValueError, match=f"units are for greeks, not for {function}"):
        quantforge.bind(function, units="market", exercise=exercise)


@pytest.mark.parametrize("operation", ["greeks", "american_greeks", "bachelier_greeks"])
def test_the_catalogue_says_what_every_greek_is_a_derivative_by(operation):
    """By the meaning that it states, such as -d2V/dS dT."""
    letters = {"spot": "S", "strike": "K", "time": "T"}
    for output in OPERATIONS[operation].outputs[1:]:
        below = output.meaning.partition("/")[2].partition(",")[0]
        spelt = [letters.get(operand.argument, operand.argument) for operand in output.by]
        said = " ".join(
            f"d{name}{spelt.count(name) if spelt.count(name) > 1 else ''}"
            for name in dict.fromkeys(spelt)
        )
        assert below == said, output.name


def test_an_operation_that_does_not_say_so_is_refused():
    unsaid = tuple(dataclasses.replace(each, by=None) for each in OPERATIONS["greeks"].outputs)
    silent = dataclasses.replace(OPERATIONS["greeks"], outputs=unsaid)
    with pytest.raises(ValueError, match="greeks does not say what vega is a derivative by"):
        silent.steps("vega")


def test_an_unknown_step_is_refused():
    with pytest.raises(ValueError, match="unknown step '1 bp'; valid: '1 %', 'day'"):
        quantforge.Operand("rate", "rate", "1/year", (0.0, 0.1), step="1 bp")
