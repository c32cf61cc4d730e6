"""`quantforge.implied_volatility`: the volatility a price implies, and a code for every option."""

import enum
import math
import pickle

import mpmath
import numpy as np
import pytest
from mpmath import mpf

import quantforge
from quantforge import Code, dispatch, threads
from quantforge.plugins import registry

OPERATION = "implied_volatility"
USABLE = [
    name for name in registry().names() if name in registry().candidates(OPERATION, "contract")
]
STRIKES = np.array([80.0, 100.0, 130.0])
SIGMAS = np.array([0.35, 0.2, 0.25])


@pytest.fixture(params=USABLE)
def backend(request):
    """Every backend that has implied volatilities."""
    return request.param


def exact_price(spot, strike, time, rate, dividend, sigma, sign):
    """Black, Scholes and Merton to 50 digits, rounded once."""
    with mpmath.workdps(50):
        spot, strike, time, rate, dividend, sigma = map(
            mpf, (spot, strike, time, rate, dividend, sigma)
        )
        deviation = sigma * mpmath.sqrt(time)
        d1 = (mpmath.log(spot / strike) + (rate - dividend) * time) / deviation + deviation / 2
        asset = spot * mpmath.exp(-dividend * time) * mpmath.ncdf(sign * d1)
        bond = strike * mpmath.exp(-rate * time) * mpmath.ncdf(sign * (d1 - deviation))
        return float(sign * (asset - bond))


def prices(sign, dividend=0.01):
    return np.array(
        [
            exact_price(100.0, strike, 0.5, 0.03, dividend, sigma, sign)
            for strike, sigma in zip(STRIKES.tolist(), SIGMAS.tolist(), strict=True)
        ]
    )


def bits(values):
    return np.asarray(values, np.float64).view(np.int64)


# --- values and codes --------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "sign"), [("call", 1), ("put", -1)])
def test_the_exact_price_gives_its_volatility_back(backend, kind, sign):
    got, codes = quantforge.implied_volatility(
        prices(sign), 100.0, STRIKES, 0.5, 0.03, dividend=0.01, kind=kind, status=True,
        backend=backend,
    )  # fmt: skip
    assert got == pytest.approx(SIGMAS, rel=1e-13)
    assert codes.tolist() == [Code.OK] * 3


def test_a_forward_is_a_spot_whose_dividend_is_the_rate(backend):
    got = quantforge.implied_volatility(
        prices(1, dividend=0.03), 100.0, STRIKES, 0.5, 0.03, model="black76", backend=backend
    )
    assert got == pytest.approx(SIGMAS, rel=1e-13)


CODES = {  # price, spot, strike, time, rate: a call
    Code.OK: ((10.0, 100.0, 100.0, 1.0, 0.0), None),
    Code.AT_INTRINSIC: ((20.0, 100.0, 80.0, 1.0, 0.0), 0.0),
    Code.BELOW_INTRINSIC: ((19.9, 100.0, 80.0, 1.0, 0.0), math.nan),
    Code.AT_MAXIMUM: ((100.0, 100.0, 80.0, 1.0, 0.0), math.inf),
    Code.ABOVE_MAXIMUM: ((100.1, 100.0, 80.0, 1.0, 0.0), math.nan),
    Code.NOT_FINITE: ((math.inf, 100.0, 80.0, 1.0, 0.0), math.nan),
    Code.INVALID_INPUT: ((10.0, 100.0, -80.0, 1.0, 0.0), math.nan),
    Code.LOW_PRECISION: ((20.0 + 1e-13, 100.0, 80.0, 1.0, 0.0), None),
}


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_every_code_has_its_option(backend, code):
    operands, wanted = CODES[code]
    with np.errstate(invalid="ignore"):
        got, found = quantforge.implied_volatility(*operands, status=True, backend=backend)
    assert found == code
    if wanted is None:
        assert 0.0 < got < math.inf
    else:
        np.testing.assert_equal(float(got), wanted)


def test_one_bad_row_never_touches_another(backend):
    """All codes in one batch, beside each other and long enough for vectors."""
    columns = np.array([operands for operands, _ in CODES.values()]).T
    many = np.tile(columns, 37)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        got, codes = quantforge.implied_volatility(*many, status=True, backend=backend)
    assert codes.tolist() == list(CODES) * 37
    with np.errstate(invalid="ignore"):
        alone = [
            quantforge.implied_volatility(*operands, backend=backend)
            for operands, _ in CODES.values()
        ]
    assert (bits(got) == bits(np.tile(alone, 37))).all()


def test_a_missing_number_is_no_signal(backend):
    with np.errstate(all="raise"):
        got, codes = quantforge.implied_volatility(
            [math.nan, 10.0], 100.0, [100.0, math.nan], 1.0, 0.0, status=True, backend=backend
        )
    assert np.isnan(got).all()
    assert codes.tolist() == [Code.NOT_FINITE, Code.INVALID_INPUT]


def test_codes_are_numbers_with_names_in_eight_bits(backend):
    got, codes = quantforge.implied_volatility(
        prices(1), 100.0, STRIKES, 0.5, 0.03, status=True, backend=backend
    )
    assert (got.dtype, codes.dtype) == (np.float64, np.int8)
    assert issubclass(Code, enum.IntEnum)
    assert [code.name for code in Code] == [
        "OK", "AT_INTRINSIC", "BELOW_INTRINSIC", "AT_MAXIMUM", "ABOVE_MAXIMUM", "NOT_FINITE",
        "INVALID_INPUT", "LOW_PRECISION",
    ]  # fmt: skip
    assert [int(code) for code in Code] == list(range(8))


def test_status_changes_no_bit_of_the_values(backend):
    arguments = (prices(1), 100.0, STRIKES, 0.5, 0.03)
    alone = quantforge.implied_volatility(*arguments, backend=backend)
    assert isinstance(alone, np.ndarray)
    values, _ = quantforge.implied_volatility(*arguments, status=True, backend=backend)
    assert (bits(alone) == bits(values)).all()


# --- arguments ---------------------------------------------------------------------------------


def test_scalars_give_scalars(backend):
    arguments = (10.0, 100.0, 100.0, 1.0, 0.05)
    assert isinstance(quantforge.implied_volatility(*arguments, backend=backend), float)
    value, code = quantforge.implied_volatility(*arguments, status=True, backend=backend)
    assert isinstance(value, float)
    assert isinstance(code, np.int8)


def test_everything_broadcasts(backend):
    premiums, strikes = np.array([[8.0], [12.0]]), np.array([90.0, 100.0, 110.0])
    kinds = ["put", "call", "call"]
    got, codes = quantforge.implied_volatility(
        premiums, 100.0, strikes, 1.0, 0.02, kind=kinds, status=True, backend=backend
    )
    assert got.shape == codes.shape == (2, 3)
    for row, premium in enumerate(premiums[:, 0]):
        for column, (strike, kind) in enumerate(zip(strikes, kinds, strict=True)):
            one = quantforge.implied_volatility(
                premium, 100.0, strike, 1.0, 0.02, kind=kind, backend=backend
            )
            assert bits(got[row, column]) == bits(one)


def test_narrow_numbers_are_computed_in_double(backend):
    wanted = quantforge.implied_volatility(10.0, 100.0, 105.0, 2.0, 0.0, backend=backend)
    for kind in (np.float32, np.int16, np.uint8, int):
        x = [np.full(3, value, kind) for value in (10, 100, 105, 2, 0)]
        got = quantforge.implied_volatility(*x, backend=backend)
        assert got.dtype == np.float64
        assert (bits(got) == bits(wanted)).all()


def test_values_are_written_where_they_are_wanted(backend):
    premiums = prices(1)
    wanted = quantforge.implied_volatility(premiums, 100.0, STRIKES, 0.5, 0.03, backend=backend)
    for status in (False, True):
        out = np.full(3, 7.0)
        got = quantforge.implied_volatility(
            premiums, 100.0, STRIKES, 0.5, 0.03, status=status, out=out, backend=backend
        )
        assert (got[0] if status else got) is out
        assert (bits(out) == bits(wanted)).all()
    quantforge.implied_volatility(
        premiums, 100.0, STRIKES, 0.5, 0.03, out=premiums, backend=backend
    )
    assert (bits(premiums) == bits(wanted)).all()


def test_raising_names_the_first_bad_element_and_leaves_out_untouched(backend):
    out = np.full(3, 7.0)
    settings = {"errors": "raise", "backend": backend, "out": out}
    with pytest.raises(ValueError, match=r"strike\[2\] is -1.0; it must be >= 0"):
        quantforge.implied_volatility(10.0, 100.0, [100.0, 100.0, -1.0], 1.0, 0.0, **settings)
    with pytest.raises(ValueError, match=r"implied_volatility\[1\] is not defined for price=200"):
        quantforge.implied_volatility([10.0, 200.0, 10.0], 100.0, 100.0, 1.0, 0.0, **settings)
    assert (out == 7.0).all()
    got, codes = quantforge.implied_volatility(
        [10.0, 0.0, 10.0], 100.0, 100.0, 1.0, 0.0, status=True, **settings
    )
    assert got is out
    assert codes.tolist() == [Code.OK, Code.AT_INTRINSIC, Code.OK]


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match="price must be real numbers"):
        quantforge.implied_volatility("ten", 100.0, 100.0, 1.0, 0.0)
    with pytest.raises(ValueError, match=r"shapes do not broadcast: price \(2,\), strike \(3,\)"):
        quantforge.implied_volatility([1.0, 2.0], 100.0, STRIKES, 1.0, 0.0)
    with pytest.raises(ValueError, match="takes a forward"):
        quantforge.implied_volatility(
            1.0, 100.0, 100.0, 1.0, 0.0, model="black76", dividend=0.0 + 0
        )
    with pytest.raises(ValueError, match="unknown errors"):
        quantforge.implied_volatility(1.0, 100.0, 100.0, 1.0, 0.0, errors="ignore")


@pytest.mark.parametrize("status", [False, True])
def test_threads_change_no_bit(backend, status, monkeypatch):
    monkeypatch.setattr(threads, "budget", lambda: 3)
    dispatch.invalidate()
    strikes = np.linspace(50.0, 150.0, 1_001)
    premiums = quantforge.price(100.0, strikes, 0.5, 0.03, 0.3, backend=backend)
    arguments = (premiums, 100.0, strikes, 0.5, 0.03)
    settings = {"status": status, "backend": backend}
    serial = quantforge.implied_volatility(*arguments, threads=1, **settings)
    with dispatch.forced_threads():
        split = quantforge.implied_volatility(*arguments, threads=3, **settings)
    for one, other in zip(np.atleast_2d(serial), np.atleast_2d(split), strict=True):
        assert (bits(one) == bits(other)).all()
    dispatch.invalidate()


# --- bind and explain --------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["black_scholes", "black76", "bachelier"])
@pytest.mark.parametrize("n", [1, 1_000_000])
def test_a_bound_inversion_is_the_inversion_and_pickles(backend, model, n, python, monkeypatch):
    monkeypatch.setattr(threads, "budget", lambda: 3)
    dispatch.invalidate()
    call = quantforge.bind(OPERATION, model=model, kind="put", n=n, backend=backend)
    operands = (9.5, 100.0, 105.0, 0.5, 0.03)
    wanted = quantforge.implied_volatility(*operands, model=model, kind="put", backend=backend)
    assert call(*operands) == wanted
    code = f"import pickle; print(pickle.loads({pickle.dumps(call)!r})(*{operands!r}).hex())"
    assert float.fromhex(python(code)) == wanted
    out = np.empty(3)
    assert call(*(np.full(3, x) for x in operands), out=out) is out
    assert (out == wanted).all()
    dispatch.invalidate()


def test_a_bound_inversion_takes_a_dividend():
    call = quantforge.bind(OPERATION)
    got = call(prices(1), 100.0, STRIKES, 0.5, 0.03, 0.01)
    assert got == pytest.approx(SIGMAS, rel=1e-13)


def test_explain_tells_the_operation_of_a_model():
    assert quantforge.explain(OPERATION, 10, model="black76").operation == OPERATION
    normal = quantforge.explain(OPERATION, 10, model="bachelier")
    assert normal.operation == "bachelier_implied_volatility"
