"""Cash dividends: every result is that of the spot less their present value, and greeks know it.

What is expected comes from mpmath: Black and Scholes' formula at the reduced spot, and its
numerical derivatives while the calendar goes on and pay dates stand still.
"""

import pickle

import mpmath
import numpy as np
import pytest

import quantforge
from quantforge import ALL, calls

OPTION = {"spot": 100.0, "strike": 105.0, "time": 0.75, "rate": 0.04, "sigma": 0.25}
DIVIDENDS = [(0.2, 1.5), (0.7, 2.5), (0.75, 0.5), (0.76, 40.0)]  # the last one after expiry
BACKENDS = [
    info.name
    for info in quantforge.backends()
    if info.state == "available" and "greeks" in info.operations
]


def black_scholes(spot, strike, time, rate, dividend, sigma, sign):
    """Black and Scholes' formula; of mpmath's numbers, as many digits as it works with."""
    deviation = sigma * mpmath.sqrt(time)
    d1 = (mpmath.log(spot / strike) + (rate - dividend) * time) / deviation + deviation / 2
    own = spot * mpmath.exp(-dividend * time) * mpmath.ncdf(sign * d1)
    return sign * (own - strike * mpmath.exp(-rate * time) * mpmath.ncdf(sign * (d1 - deviation)))


def escrowed(spot, strike, time, rate, sigma, dividend=0.0, sign=1, *, now=0.0, paid=DIVIDENDS):
    """The price at the time `now`, while `time` and the pay dates are counted from 0."""
    worth = sum(
        amount * mpmath.exp(-rate * (when - now)) for when, amount in paid if 0 < when <= time
    )
    return black_scholes(spot - worth, strike, time - now, rate, dividend, sigma, sign)


def exact(**changes):
    with mpmath.workdps(40):
        return float(escrowed(**{**OPTION, **changes}))


def near(expected, **options):
    return pytest.approx(expected, rel=1e-12, **options)


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dividend", [0.0, 0.02])
def test_a_price_is_the_formula_s_at_the_spot_less_the_dividends(backend, sign, dividend):
    for changes in ({}, {"spot": 60.0}, {"time": 0.7}, {"time": 0.69}, {"rate": -0.02}):
        given = {**OPTION, **changes}
        found = quantforge.price(
            **given, dividend=dividend, kind=sign, dividends=DIVIDENDS, backend=backend
        )
        assert found == near(exact(**changes, dividend=dividend, sign=sign))


@pytest.mark.parametrize("size", [1, 3, 5_000])
def test_every_option_has_the_dividends_of_its_own_time_at_its_own_rate(backend, size):
    draw = np.random.default_rng(5)
    time, rate = draw.uniform(0.1, 1.5, size), draw.uniform(-0.02, 0.1, size)
    given = {**OPTION, "spot": 150.0, "time": time, "rate": rate}
    found = quantforge.price(**given, dividends=DIVIDENDS, backend=backend)
    for place in {0, size // 2, size - 1}:
        one = {"spot": 150.0, "time": float(time[place]), "rate": float(rate[place])}
        assert found[place] == near(exact(**one))
        assert found[place] == quantforge.price(
            **{**OPTION, **one}, dividends=DIVIDENDS, backend=backend
        )


def test_time_and_rate_broadcast_against_everything_else(backend):
    time, rate = np.array([[0.1], [0.5], [1.0]]), np.array([0.01, 0.05])
    spots = np.full((4, 1, 1), 120.0)
    given = {**OPTION, "spot": spots, "time": time, "rate": rate}
    found = quantforge.price(**given, dividends=DIVIDENDS, backend=backend)
    assert found.shape == (4, 3, 2)
    expected = [
        [exact(spot=120.0, time=t, rate=r) for r in rate.tolist()] for t in time[:, 0].tolist()
    ]
    assert found[2] == near(np.array(expected))


@pytest.mark.parametrize("operation", ["price", "greeks", "implied_volatility"])
def test_all_exact_backends_batches_and_threads_return_the_same_bits(operation, monkeypatch):
    from quantforge import dispatch, threads

    monkeypatch.setattr(threads, "budget", lambda: 2)
    dispatch.invalidate()
    n = 70_000
    draw = np.random.default_rng(6)
    given = {**OPTION, "time": draw.uniform(0.1, 2.0, n), "rate": draw.uniform(0.0, 0.1, n)}
    if operation == "implied_volatility":
        del given["sigma"]
        given["price"] = draw.uniform(10.0, 20.0, n)
    how = {"which": ALL} if operation == "greeks" else {}
    cheap = [(when, amount / 10.0) for when, amount in DIVIDENDS]

    def results(part, **more):
        some = {name: one[part] if np.ndim(one) else one for name, one in given.items()}
        found = getattr(quantforge, operation)(**some, dividends=cheap, **how, **more)
        return list(found.values()) if operation == "greeks" else [found]

    several = results(slice(None), threads=2)
    alone = [results(slice(place, place + 1), backend="c", threads=1) for place in (0, n - 1)]
    for name in ("rust", "c", "numba"):
        for one, other in zip(results(slice(None), backend=name), several, strict=True):
            assert np.array_equal(one, other, equal_nan=True)
    for place, one in zip((0, n - 1), alone, strict=True):
        assert [each[0] for each in one] == [each[place] for each in several]
    dispatch.invalidate()


def test_a_chain_on_one_spot_is_split_over_threads(monkeypatch):
    from quantforge import dispatch, threads

    split, splittable = [], threads._splittable
    monkeypatch.setattr(threads, "budget", lambda: 2)
    monkeypatch.setattr(
        threads, "_splittable", lambda *a: split.append(splittable(*a)) or split[-1]
    )
    dispatch.invalidate()
    given = {**OPTION, "strike": np.linspace(50.0, 200.0, 300_000)}
    quantforge.price(**given, dividends=DIVIDENDS, backend="c", threads=2)
    quantforge.price(**given, exercise="american", dividends=DIVIDENDS, backend="c", threads=2)
    # the European one, which the American one has too, another to expiry and three to pay dates
    assert split == [True] * 6
    dispatch.invalidate()


def derivative(order, **option):
    """A derivative of `escrowed`, of an order for each of its arguments."""
    names = list(order)
    with mpmath.workdps(60):
        found = mpmath.diff(
            lambda *values: escrowed(**{**option, **dict(zip(names, values, strict=True))}),
            tuple(mpmath.mpf(option.get(name, 0.0)) for name in names),
            tuple(order.values()),
        )
    return float(found)


ORDERS = {
    "price": {"spot": 0},
    "delta": {"spot": 1},
    "gamma": {"spot": 2},
    "vega": {"sigma": 1},
    "theta": {"now": 1},
    "rho": {"rate": 1},
    "phi": {"dividend": 1},
    "vanna": {"spot": 1, "sigma": 1},
    "volga": {"sigma": 2},
    "charm": {"spot": 1, "now": 1},
    "veta": {"sigma": 1, "now": 1},
    "dual_delta": {"strike": 1},
    "dual_gamma": {"strike": 2},
    "speed": {"spot": 3},
    "color": {"spot": 2, "now": 1},
    "zomma": {"spot": 2, "sigma": 1},
    "ultima": {"sigma": 3},
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_greek_is_the_derivative_of_the_price_with_fixed_pay_dates(backend, name, sign):
    option = {**OPTION, "dividend": 0.01}
    found = quantforge.greeks(**option, kind=sign, which=name, dividends=DIVIDENDS, backend=backend)
    assert list(found) == [name]
    expected = derivative(ORDERS[name], **option, sign=sign)
    assert float(found[name]) == pytest.approx(expected, rel=1e-10)


def test_theta_and_rho_differ_from_those_at_the_reduced_spot():
    worth = 100.0 - sum(a * np.exp(-0.04 * t) for t, a in DIVIDENDS[:3])
    plain = quantforge.greeks(**{**OPTION, "spot": worth}, which=ALL)
    found = quantforge.greeks(**OPTION, which=ALL, dividends=DIVIDENDS)
    changed = {name for name in ALL if found[name] != pytest.approx(plain[name], rel=1e-9)}
    assert changed == {"theta", "rho", "charm", "veta", "color"}


@pytest.mark.parametrize("sign", [1, -1])
def test_the_implied_volatility_is_that_of_the_reduced_spot(backend, sign):
    given = {name: one for name, one in OPTION.items() if name != "sigma"}
    price = exact(sign=sign, dividend=0.01)
    how = {"dividend": 0.01, "kind": sign, "dividends": DIVIDENDS, "backend": backend}
    assert quantforge.implied_volatility(price, **given, **how) == near(0.25)
    value, code = quantforge.implied_volatility(price, **given, **how, status=True)
    assert (value, quantforge.Code(int(code))) == (near(0.25), quantforge.Code.OK)


# --- as without dividends ----------------------------------------------------------------------

NONE_IN_TIME = {
    "none": [],
    "an empty array": np.empty((0, 2)),
    "after expiry": [(0.7500001, 3.0), (20.0, 1.0)],
    "of nothing": [(0.1, 0.0), (0.2, 0)],
}


@pytest.mark.parametrize("dividends", NONE_IN_TIME.values(), ids=NONE_IN_TIME)
def test_an_option_without_dividends_keeps_its_bits(backend, dividends):
    for shape in ((), (1,), (2, 3)):
        given = {name: np.full(shape, one)[()] for name, one in OPTION.items()}
        plain, paid = (
            (
                quantforge.price(**given, backend=backend, **how),
                *quantforge.greeks(**given, which=ALL, backend=backend, **how).values(),
                quantforge.implied_volatility(
                    9.0, *list(given.values())[:4], backend=backend, **how
                ),
            )
            for how in ({}, {"dividends": dividends})
        )
        for one, other in zip(plain, paid, strict=True):
            assert type(one) is type(other)
            assert np.array_equal(one, other)


def test_each_option_keeps_its_bits_that_has_none_among_others_that_have(backend):
    given = {**OPTION, "time": np.array([0.1, 0.75])}
    plain = quantforge.greeks(**given, which=ALL, backend=backend)
    found = quantforge.greeks(**given, which=ALL, dividends=DIVIDENDS, backend=backend)
    for name in ALL:
        assert found[name][0] == plain[name][0]
        assert found[name][1] != plain[name][1]


@pytest.mark.parametrize("sigma", [0.0, 0.2])
def test_an_option_at_expiry_or_without_volatility_has_greeks_that_are_no_nan(sigma):
    for time in (0.0, 0.5):
        option = {**OPTION, "strike": 100.0, "time": time, "sigma": sigma}
        found = quantforge.greeks(**option, which=ALL, dividends=[(0.25, 2.0)])
        assert not any(np.isnan(value) for value in found.values())
    at_the_money = {**OPTION, "spot": 102.0, "strike": 100.0, "rate": 0.0, "sigma": 0.0}
    found = quantforge.greeks(**at_the_money, which=ALL, dividends=[(0.25, 2.0)])
    assert not any(np.isnan(value) for value in found.values())


def test_nothing_paid_is_worth_nothing_at_any_rate(backend):
    option = {**OPTION, "rate": -2000.0}
    plain = quantforge.price(**option, kind="put", backend=backend)
    found = quantforge.price(**option, kind="put", dividends=[(0.5, 0.0)], backend=backend)
    assert found == plain
    assert not np.isnan(found)


def test_every_model_takes_an_empty_schedule():
    for model in ("black_scholes", "merton", "black76", "garman_kohlhagen", "bachelier"):
        assert quantforge.price(**OPTION, model=model, dividends=()) == quantforge.price(
            **OPTION, model=model
        )


# --- forms, places to write, bind --------------------------------------------------------------

FORMS = {
    "tuples": tuple(DIVIDENDS),
    "lists": [list(each) for each in DIVIDENDS],
    "an array": np.array(DIVIDENDS),
    "an iterator": lambda: iter(DIVIDENDS),
    "items": dict(DIVIDENDS).items(),
    "NumPy's numbers": [(np.float64(t), np.float64(a)) for t, a in DIVIDENDS],
    "0-d arrays": [(np.array(t), np.array(a)) for t, a in DIVIDENDS],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_schedule_is_any_iterable_of_pairs_of_numbers(form):
    given = form() if callable(form) else form
    assert quantforge.price(**OPTION, dividends=given) == near(exact())


def test_results_are_written_to_out_also_over_what_they_are_made_from(backend):
    n = 5
    given = {name: np.full(n, one) for name, one in OPTION.items()}
    for name in OPTION:
        copies = {other: array.copy() for other, array in given.items()}
        out = copies[name]
        found = quantforge.price(**copies, dividends=DIVIDENDS, out=out, backend=backend)
        assert found is out
        assert out == near(np.full(n, exact()))
        copies[name] = given[name].copy()
        wanted = quantforge.greeks(**given, dividends=DIVIDENDS, backend=backend)
        outs = {"rho": np.empty(n, np.float32), "delta": copies[name]}
        greeks = quantforge.greeks(**copies, dividends=DIVIDENDS, out=outs, backend=backend)
        assert greeks.delta is copies[name]
        assert greeks.rho is outs["rho"]
        assert np.array_equal(greeks.delta, wanted.delta)
        assert np.array_equal(greeks.theta, wanted.theta)
        assert np.array_equal(greeks.rho, wanted.rho.astype(np.float32))


def test_what_out_cannot_hold_is_refused_before_anything_is_written():
    outs = {"theta": np.zeros(1), "delta": np.zeros(2)}
    with pytest.raises(ValueError, match=r"out\['theta'\] has shape \(1,\)"):
        quantforge.greeks(**{**OPTION, "spot": np.full(2, 100.0)}, dividends=DIVIDENDS, out=outs)
    assert not outs["delta"].any()


def test_only_what_is_asked_for_is_returned_and_written():
    out = {"theta": np.empty(())}
    found = quantforge.greeks(**OPTION, which=["theta", "color"], dividends=DIVIDENDS, out=out)
    assert list(found) == ["theta", "color"]
    with pytest.raises(ValueError, match="out names delta, which is not asked for"):
        quantforge.greeks(**OPTION, which="theta", dividends=DIVIDENDS, out={"delta": out["theta"]})


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_bound_call_keeps_its_dividends_also_in_a_pickle(size):
    positional = tuple(OPTION.values())
    for operation in ("price", "greeks"):
        expected = getattr(quantforge, operation)(*positional, dividends=DIVIDENDS)
        bound = quantforge.bind(operation, dividends=DIVIDENDS, n=size)
        for call in (bound, pickle.loads(pickle.dumps(bound))):
            assert call(*positional) == expected
            many = call(*(np.full(3, number) for number in positional))
            found = many["theta"] if operation == "greeks" else many
            assert found[2] == (expected["theta"] if operation == "greeks" else expected)


def test_calls_with_ever_new_dividends_are_not_all_kept(monkeypatch):
    monkeypatch.setattr(calls, "_KEPT", 10)
    for amount in range(30):
        quantforge.price(**OPTION, dividends=[(0.1, amount)])
    assert 0 < len(calls._IN_FULL) <= 10


# --- bad input ---------------------------------------------------------------------------------

PAIR = r"dividends\[1\] is .*; it must be a pair \(time, amount\)"
WRONG = {
    "a number": (2.0, TypeError, r"dividends must be pairs \(time, amount\), not 2.0"),
    "a word": ("0.5", TypeError, r"dividends must be pairs \(time, amount\), not '0.5'"),
    "a pair alone": ((0.5, 2.0), ValueError, r"dividends\[0\] is 0.5; it must be a pair"),
    "a mapping": ({0.5: 2.0}, ValueError, r"dividends\[0\] is 0.5; it must be a pair"),
    "one of three": ([(0.1, 1.0), (0.2, 1.0, 3.0)], ValueError, PAIR),
    "one of one": ([(0.1, 1.0), (0.2,)], ValueError, PAIR),
    "no pair": ([(0.1, 1.0), None], ValueError, PAIR),
    "time 0": ([(0.0, 1.0)], ValueError, r"time of dividends\[0\] is 0.0; it must be > 0: leave"),
    "paid": ([(1, 1), (-0.1, 1.0)], ValueError, r"time of dividends\[1\] is -0.1; it must be > 0"),
    "time inf": ([(np.inf, 1.0)], ValueError, r"time of dividends\[0\] is inf; it must be finite"),
    "time nan": ([(np.nan, 1.0)], ValueError, r"time of dividends\[0\] is nan; it must be finite"),
    "negative": ([(0.1, -1.0)], ValueError, r"amount of dividends\[0\] is -1.0; it must be >= 0"),
    "inf": ([(0.1, np.inf)], ValueError, r"amount of dividends\[0\] is inf; it must be finite"),
    "nan": ([(0.1, np.nan)], ValueError, r"amount of dividends\[0\] is nan; it must be finite"),
    "no number": ([(0.1, "1")], TypeError, r"amount of dividends\[0\] must be a real number"),
    "None": ([(None, 1.0)], TypeError, r"time of dividends\[0\] must be a real number"),
    "complex": ([(0.1, 1j)], TypeError, r"amount of dividends\[0\] must be a real number"),
    "longdouble": ([(0.1, np.longdouble(1))], TypeError, "must be a real number of at most double"),
    "a date": ([(np.datetime64("2031-01-01"), 1.0)], TypeError, "time of .* must be a real number"),
    "arrays": ([(0.1, [1.0, 2.0])], ValueError, r"has shape \(2,\); it must be one number for all"),
}


@pytest.mark.parametrize(("given", "error", "match"), WRONG.values(), ids=WRONG)
def test_a_bad_schedule_is_refused_by_the_name_of_what_is_wrong(given, error, match):
    for call in (
        lambda: quantforge.price(**OPTION, dividends=given),
        lambda: quantforge.greeks(**OPTION, dividends=given),
        lambda: quantforge.implied_volatility(9.0, *list(OPTION.values())[:4], dividends=given),
        lambda: quantforge.bind("price", dividends=given),
    ):
        with pytest.raises(error, match=match):
            call()


@pytest.mark.parametrize(
    ("model", "match"),
    [
        ("black76", "'black76' takes a forward, which holds the dividends already; leave `divide"),
        ("bachelier", "'bachelier' takes a forward, which holds the dividends already"),
        ("garman_kohlhagen", "'garman_kohlhagen' is of a currency, which pays no cash dividends"),
    ],
)
def test_a_model_whose_underlying_pays_none_refuses_them(model, match):
    for call in (
        lambda: quantforge.price(**OPTION, model=model, dividends=DIVIDENDS),
        lambda: quantforge.greeks(**OPTION, model=model, dividends=DIVIDENDS),
        lambda: quantforge.implied_volatility(
            9.0, *list(OPTION.values())[:4], model=model, dividends=DIVIDENDS
        ),
        lambda: quantforge.bind("price", model=model, dividends=DIVIDENDS),
    ):
        with pytest.raises(ValueError, match=match):
            call()


def test_dividends_worth_more_than_the_spot_are_nan_in_their_place_and_signal(backend):
    spots = np.array([100.0, 3.0, 150.0])
    given = {**OPTION, "spot": spots}
    with pytest.warns(RuntimeWarning, match="invalid value"):
        price = quantforge.price(**given, dividends=DIVIDENDS, backend=backend)
    assert price.tolist() == near([exact(), np.nan, exact(spot=150.0)], nan_ok=True)
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        quantforge.price(**given, dividends=DIVIDENDS, backend=backend)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        greeks = quantforge.greeks(**given, which=ALL, dividends=DIVIDENDS, backend=backend)
    for name, values in greeks.items():
        assert np.isnan(values).tolist() == [False, True, False], name
    with pytest.warns(RuntimeWarning, match="invalid value"):
        sigma, code = quantforge.implied_volatility(
            price[[0, 0, 2]], spots, *list(OPTION.values())[1:4], dividends=DIVIDENDS,
            status=True, backend=backend,
        )  # fmt: skip
    assert sigma.tolist() == near([0.25, np.nan, 0.25], nan_ok=True)
    assert code.tolist() == [0, quantforge.Code.INVALID_INPUT, 0]


def test_dividends_worth_the_whole_spot_leave_an_option_on_nothing(backend):
    option = {**OPTION, "spot": 3.0, "rate": 0.0}
    put = quantforge.price(**option, dividends=[(0.5, 3.0)], kind="put", backend=backend)
    assert (put, quantforge.price(**option, dividends=[(0.5, 3.0)])) == (105.0, 0.0)


def test_what_is_missing_or_outside_its_domain_stays_where_it_is(backend):
    time, rate = np.full(6, 0.75), np.full(6, 0.04)
    time[1], rate[2], rate[3], time[4] = np.nan, np.nan, np.inf, -1.0
    given = {**OPTION, "time": time, "rate": rate}
    with np.errstate(invalid="ignore"):
        found = quantforge.greeks(**given, which=ALL, dividends=DIVIDENDS, backend=backend)
    for values in found.values():
        assert np.isnan(values).tolist() == [False, True, True, True, True, False]
    for name, bad in (("time", np.nan), ("rate", np.nan)):  # a missing number is no signal
        one = {**OPTION, name: bad}
        assert np.isnan(quantforge.price(**one, dividends=DIVIDENDS, backend=backend))


@pytest.mark.parametrize("function", ["price", "greeks"])
def test_errors_raise_names_the_first_option_and_what_is_wrong_with_it(function):
    given = {**OPTION, "spot": np.array([100.0, 3.0, 2.0])}
    out = np.full(3, 7.0)
    how = {"out": out if function == "price" else {"theta": out}, "errors": "raise"}
    match = r"^spot\[1\] is 3.0, and the dividends until expiry are worth 4.4.* now$"
    with pytest.raises(ValueError, match=match):
        getattr(quantforge, function)(**given, dividends=DIVIDENDS, **how)
    given["strike"] = np.array([-1.0, 100.0, 100.0])
    with pytest.raises(ValueError, match=r"^strike\[0\] is -1.0; it must be >= 0"):
        getattr(quantforge, function)(**given, dividends=DIVIDENDS, **how)
    assert out.tolist() == [7.0] * 3
    good = getattr(quantforge, function)(**OPTION, dividends=DIVIDENDS, errors="raise")
    assert good == getattr(quantforge, function)(**OPTION, dividends=DIVIDENDS)


def test_another_library_s_numbers_are_refused_by_their_type():
    class Foreign:
        def __array_ufunc__(self, *_, **__):
            raise AssertionError("never asked")

    with pytest.raises(TypeError, match="dividends change the spot: pass NumPy arrays, not Fore"):
        quantforge.price(**{**OPTION, "spot": Foreign()}, dividends=DIVIDENDS)


def test_an_operation_of_another_package_takes_none(install, describe, catalogue):
    import dataclasses

    from quantforge.operations import OPERATIONS

    barrier = dataclasses.replace(OPERATIONS["price"], name="one_barrier", function="one_barrier")

    class Plugin:
        @quantforge.hookimpl
        def quantforge_operations(self):
            return [barrier]

    install(install.point("one", Plugin()))
    match = "dividends are for price, greeks, implied_volatility, not for one_barrier"
    with pytest.raises(ValueError, match=match):
        quantforge.bind("one_barrier", dividends=DIVIDENDS)
    with pytest.raises(TypeError, match="dividends"):
        quantforge.function("one_barrier")(*OPTION.values(), dividends=DIVIDENDS)


def test_greeks_of_american_options_take_no_dividends():
    match = "and for greeks of European ones, not for american_greeks"
    for exercise in ("american", ["european", "american"]):
        for call in (
            lambda how: quantforge.greeks(*OPTION.values(), **how),
            lambda how: quantforge.bind("greeks", **how),
        ):
            with pytest.raises(ValueError, match=match):
                call({"exercise": exercise, "dividends": DIVIDENDS})
