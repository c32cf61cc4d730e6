"""Strikes of deltas: published ones, what mpmath finds at 50 digits, and where none exists."""

import numpy as np
import pytest
from mpmath import erfc, exp, log, log1p, mp, mpf, pi, sqrt

from quantforge import greeks, strike_from_delta

mp.dps = 50
CONVENTIONS = ("spot", "forward", "spot_premium_adjusted", "forward_premium_adjusted")

# Roundings, of 2^-53, for each of strike and delta. Hill climbs found 4.8.
CONTRACT = 8


# --- published ---------------------------------------------------------------------------------

# Of the delta's convention, kind, spot, domestic and foreign discount factors, standard deviation:
# strike and delta. All but the last two are of an implementation in R that D. Reiswich compares
# QuantLib's calculator of deltas with (2010), which solves for the premium-adjusted ones up to some
# 3e-5; the last are of Castagna (2009), FX options and smile risk.
PUBLISHED = [
    ("spot", "call", 1.421, 0.997306, 0.992266, 0.1180654, 1.608080, 0.15),
    ("spot_premium_adjusted", "call", 1.421, 0.997306, 0.992266, 0.1180654, 1.600545, 0.15),
    ("forward", "call", 1.421, 0.997306, 0.992266, 0.1180654, 1.609029, 0.15),
    ("forward_premium_adjusted", "call", 1.421, 0.997306, 0.992266, 0.1180654, 1.601550, 0.15),
    ("spot", "call", 122.121, 0.9695434, 0.9872347, 0.0887676, 119.8031, 0.67),
    ("spot_premium_adjusted", "call", 122.121, 0.9695434, 0.9872347, 0.0887676, 117.7096, 0.67),
    ("forward", "call", 122.121, 0.9695434, 0.9872347, 0.0887676, 120.0592, 0.67),
    ("forward_premium_adjusted", "call", 122.121, 0.9695434, 0.9872347, 0.0887676, 118.0532, 0.67),
    ("spot", "put", 3.4582, 0.99979, 0.9250616, 0.3199034, 4.964924, -0.821),
    ("spot_premium_adjusted", "put", 3.4582, 0.99979, 0.9250616, 0.3199034, 3.778327, -0.821),
    ("forward", "put", 3.4582, 0.99979, 0.9250616, 0.3199034, 4.51896, -0.821),
    ("spot", "put", 103.00, 0.99482, 0.98508, 0.07247845, 97.47, -0.25),
    ("spot_premium_adjusted", "put", 103.00, 0.99482, 0.98508, 0.07247845, 97.22, -0.25),
]


@pytest.mark.parametrize(
    ("convention", "kind", "spot", "home", "away", "v", "strike", "delta"), PUBLISHED
)
def test_published_strikes_come_out(convention, kind, spot, home, away, v, strike, delta):
    found = strike_from_delta(
        delta, spot, 1.0, -np.log(home), v, -np.log(away), kind, convention=convention
    )
    written = len(str(strike).partition(".")[2])
    solved = 3e-5 if convention.endswith("adjusted") else 0.0
    assert found == pytest.approx(strike, abs=10.0**-written + solved)


# Reiswich and Wystup (2010), tables 4 and 5: spot, rates, volatility and the strike at which calls
# and puts have the same forward delta, one month ahead.
@pytest.mark.parametrize(
    ("spot", "rate", "dividend", "sigma", "strike", "digits"),
    [
        (1.3088, 0.003525, 0.020113, 0.216215, 1.3096, 4),
        (90.68, 0.0042875, 0.003525, 0.21, 90.86, 2),
    ],
)
def test_the_strike_of_a_delta_neutral_straddle_is_the_published_one(
    spot, rate, dividend, sigma, strike, digits
):
    for kind, delta in (("call", 0.5), ("put", -0.5)):
        found = strike_from_delta(delta, spot, 31 / 365, rate, sigma, dividend, kind, "forward")
        assert round(float(found), digits) == strike


# --- against mpmath ----------------------------------------------------------------------------


def chance(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def log_chance(x):
    return log(chance(x)) if x < 0 else log1p(-chance(-x))


def hazard(x):
    return exp(-x * x / 2) / sqrt(2 * pi) / chance(x)


def newton(function, slope, x, most=None):
    """The root of a function at or left of `most`; steps that pass that go half the way."""
    for _ in range(500):
        step = -function(x) / slope(x)
        if most is not None and x + step > most:
            step = (most - x) / 2
        x += step
        if abs(step) < mpf(10) ** -45 * (1 + abs(x)):
            return x
    raise ArithmeticError("no root")


def highest(v):
    """Where n(s)/N(s) = v: there a premium-adjusted call has its greatest delta."""
    start = 1 / v - v if v > 0.79 else sqrt(max(-2 * log(v * sqrt(pi / 2)), mpf(0)))
    return newton(lambda s: log(v / hazard(s)), lambda s: s + hazard(s), start)


def greatest_delta(v):
    """The greatest premium-adjusted forward delta of a call."""
    s = highest(mpf(v))
    return exp(log_chance(s) - v * s - mpf(v) ** 2 / 2)


def reference(delta, spot, time, rate, sigma, dividend, sign, convention):
    """The strike, and its relative change over that of the delta."""
    delta, spot, time, rate, sigma, dividend = map(mpf, (delta, spot, time, rate, sigma, dividend))
    v, forward = sigma * sqrt(time), spot * exp((rate - dividend) * time)
    level = log(sign * delta) + (dividend * time if convention.startswith("spot") else 0)
    if not convention.endswith("adjusted"):
        upper = level > log(mpf(1) / 2)
        tail = log(1 - exp(level)) if upper else level
        s = newton(lambda s: log_chance(s) - tail, hazard, -sqrt(-2 * tail))
        d = sign * (-s if upper else s)
        return forward * exp(v * v / 2 - v * d), v * exp(level + d * d / 2) * sqrt(2 * pi)
    b, most = sign * v, None
    if sign > 0:
        most = highest(v)
        room = log_chance(most) - v * most - v * v / 2 - level
        start = most - sqrt(2 * room / (v * (v + most)))
    else:
        half = level + v * v / 2
        start = max(half / v, mpf(0) if half > -log(mpf(2)) else -sqrt(-2 * half))
    s = newton(
        lambda s: log_chance(s) - b * s - v * v / 2 - level, lambda s: hazard(s) - b, start, most
    )
    return forward * exp(-b * s - v * v / 2), v / (hazard(s) - b)


def check(*option):
    """The strike of an option as mpmath finds it, to the contract."""
    *numbers, sign, convention = option
    exact, slope = reference(*option)
    found = strike_from_delta(*numbers, kind=sign, convention=convention)
    assert abs(mpf(float(found)) / exact - 1) <= CONTRACT * (1 + slope) * mpf(2) ** -53, option


def options(convention, sign, count, seed):
    """Options of all sorts: v from 1e-6 to 12, and delta at the ends of what there is."""
    draw = np.random.default_rng(seed)
    for place in range(count):
        time, v = 10 ** draw.uniform(-3, 1.3), 10 ** draw.uniform(-6, 1.1)
        if place % 2:
            v = draw.uniform(0.01, 0.8)
        rate, dividend = draw.uniform(-0.1, 0.2, 2)
        kind_of_size = (place // 2) % 4
        size = draw.uniform(0.01, 0.99)
        if kind_of_size == 1:
            size = 10 ** draw.uniform(-300, -2)
        elif kind_of_size == 2:
            size = 1.0 - 10 ** draw.uniform(-14, -1)
        elif kind_of_size == 3 and convention.endswith("adjusted") and sign < 0:
            size = 10 ** draw.uniform(0, 3)
        if convention.endswith("adjusted") and sign > 0:
            size *= float(greatest_delta(v))
        if convention.startswith("spot"):
            size *= np.exp(-dividend * time)
        spot = 10 ** draw.uniform(-3, 5)
        yield sign * size, spot, time, rate, v / np.sqrt(time), dividend, sign, convention


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_strikes_are_those_of_mpmath(convention, sign):
    for option in options(convention, sign, 80, seed=[CONVENTIONS.index(convention), sign + 1]):
        check(*option)


# What hill climbs found to be worst: convention, sign; delta, spot, time, rate, sigma, dividend.
WORST = """
spot 1 0.7164416956663165 7.176454494884033 0.08868613349444003
    -3.573924789473864 4.241145466415381 -4.816674667883214
spot 1 0.17712112731519514 2911.09688130039 2.220182682715795
    -0.054106600226316574 24.532309633087916 0.31182800280831413
spot 1 0.030471311413718904 4.921816399141491 0.17447509835712913
    1.8743451930028439 55.41372996645791 5.392608300610287
spot 1 0.5666691049615111 442.4544078755638 5.398163805957521
    0.037598609171192336 7.726430185621837e-06 0.10519633689884131
spot 1 1.087801578621249e-05 13.83958345966058 6.3171728693016
    -0.043350992496877364 4.44224866055776e-56 0.025581058153978493
spot -1 -0.035411887510988074 0.9512704794115665 0.08481827691194935
    8.905932567286888 45.77659251339017 10.304787644841639
spot -1 -2.100068308935825e-70 117.8230454333341 0.13115292598231423
    -2.724340108709325 12.392210163187595 -0.17727197068835948
forward 1 0.4247460990573292 8.39100194332586 0.37385119576621684
    2.570462823311338 2.4830365401203456 -1.2877062772144714
forward 1 5.308412736586998e-31 3.6170380163251283 0.05074549962763189
    -0.17519153421101225 105.62381043853897 18.754461071525196
forward -1 -0.48948293492706846 592.9256969462417 1.1151190382988394
    0.5649705043136568 2.30365143330214 0.42274253485420266
forward -1 -0.980864345741167 30.277950610996562 0.13473972714370985
    0.420759990650074 4.628909358825363e-05 -0.695305542556178
spot_premium_adjusted 1 0.46036479746418596 2.3602608633125817 3.1528919188088644
    0.23876090468011782 0.4436624715651688 -0.07220401623611455
spot_premium_adjusted 1 0.0730369616489121 0.15366329861307584 0.013889841342871346
    21.211296581446963 27.01721327761611 35.80941792590397
spot_premium_adjusted -1 -6.042735931198737e-05 838.5123838142986 0.18289793567680537
    -1.4226600107184342 10.330155766863406 -1.5401304562956253
spot_premium_adjusted -1 -1.0049179506076202 0.2333108696078407 0.009395693186488604
    -32.8210125016816 5.448938344640951 -0.522086035886401
forward_premium_adjusted 1 0.29164947446957173 13.058557298199357 0.01994919374092442
    20.740449735038453 7.81435893963555 43.357227899800435
forward_premium_adjusted 1 0.022614445474154213 4.328772842881302 1.0050574302699105
    0.9498766369005843 15.504588564684985 0.5771848969418432
forward_premium_adjusted 1 2.073647394936404e-186 259.7084801457647 0.07123721407859156
    8.365895797887283 0.2389110824761118 -4.759209246235194
forward_premium_adjusted -1 -6.642829344444603e-123 1246.5865213530367 0.2249277104402226
    0.7849236435511097 50.36254656972239 0.5633756902899771
forward_premium_adjusted -1 -0.9999999999860644 546.2689391938093 0.012518464751487185
    28.1928259160982 3.882184893992333e-05 -29.97725619435917
"""
WORST = [line.split() for line in WORST.replace("\n    ", " ").strip().splitlines()]


@pytest.mark.parametrize("option", WORST, ids=" ".join)
def test_the_worst_that_hill_climbs_found_keep_the_contract(option):
    convention, sign, *numbers = option
    check(*map(float, numbers), int(sign), convention)


# --- which strike, and whether there is one ----------------------------------------------------


@pytest.mark.parametrize("v", [1e-3, 0.2, 1.0, 5.0])
def test_a_premium_adjusted_call_has_the_strike_beyond_the_greatest_delta(v):
    most = greatest_delta(v)
    top = exp(-v * highest(mpf(v)) - mpf(v) ** 2 / 2)  # its strike over the forward
    for share in (0.1, 0.9, 1 - 1e-9):
        delta = float(share * most)
        strike = strike_from_delta(delta, 1.0, 1.0, 0.0, v, convention="forward_premium_adjusted")
        assert strike > top
        down = (log(1 / mpf(float(strike))) - mpf(v) ** 2 / 2) / v
        assert strike * chance(down) == pytest.approx(delta, rel=1e-12)


@pytest.mark.parametrize("v", [1e-3, 0.2, 1.0, 5.0])
def test_beyond_the_greatest_delta_there_is_no_strike(v):
    most = float(greatest_delta(v))
    deltas = np.array([most * (1 - 1e-14), most * (1 + 1e-14), 0.5 * most])
    with pytest.warns(RuntimeWarning, match="invalid"):
        found = strike_from_delta(deltas, 1.0, 1.0, 0.0, v, convention="forward_premium_adjusted")
    assert np.isnan(found).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("delta", "kind", "convention"),
    [
        (1.0000001, "call", "forward"),
        (0.99, "call", "spot"),  # more than exp(-qT)
        (-1.0000001, "put", "forward"),
        (-0.99, "put", "spot"),
        (0.25, "put", "spot"),  # of the other sign
        (-0.25, "call", "spot"),
        (0.25, "put", "forward_premium_adjusted"),
        (-1e-300, "call", "spot_premium_adjusted"),
        (np.inf, "call", "spot"),
        (-np.inf, "put", "spot_premium_adjusted"),
    ],
)
def test_a_delta_that_no_strike_has_is_nan_with_the_invalid_signal(delta, kind, convention):
    given = (100.0, 1.0, 0.03, 0.2, 0.02, kind, convention)
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        strike_from_delta(delta, *given)
    inside = 0.25 if kind == "call" else -0.25
    with np.errstate(invalid="ignore"):
        found = strike_from_delta([inside, delta, inside], *given)
    assert np.isnan(found).tolist() == [False, True, False]
    assert found[0] == found[2] == strike_from_delta(inside, *given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spot", 0.0),
        ("spot", np.inf),
        ("time", -1.0),
        ("time", np.inf),
        ("sigma", -0.1),
        ("sigma", np.inf),
        ("rate", np.inf),
        ("dividend", -np.inf),
    ],
)
def test_what_is_outside_the_domain_is_nan_with_the_invalid_signal(name, value):
    given = {"spot": 100.0, "time": 1.0, "rate": 0.03, "sigma": 0.2, "dividend": 0.02, name: value}
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        strike_from_delta(0.25, **given)


@pytest.mark.parametrize("name", ["delta", "spot", "time", "rate", "sigma", "dividend"])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_nan_in_is_nan_out_silently(name, convention):
    given = {"delta": 0.25, "spot": 100.0, "time": 1.0, "rate": 0.03, "sigma": 0.2, "dividend": 0.0}
    with np.errstate(all="raise"):
        assert np.isnan(strike_from_delta(**given | {name: np.nan}, convention=convention))


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_delta_of_zero_is_that_of_a_strike_without_end_or_of_none(convention):
    given = (100.0, 1.0, 0.03, 0.2, 0.02)
    with np.errstate(all="raise"):
        assert strike_from_delta(0.0, *given, "call", convention) == np.inf
        assert strike_from_delta(-0.0, *given, "put", convention) == 0.0


def test_the_whole_delta_is_that_of_the_strike_zero_or_of_one_without_end():
    with np.errstate(all="raise"):
        assert strike_from_delta(1.0, 100.0, 1.0, 0.03, 0.2, kind="call") == 0.0
        assert strike_from_delta(-1.0, 100.0, 1.0, 0.03, 0.2, kind="put") == np.inf


@pytest.mark.parametrize(("sigma", "time"), [(0.0, 0.5), (1e-200, 0.5)])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_without_volatility_the_strike_is_the_forward(convention, sigma, time):
    forward = float(100 * exp((mpf(0.03) - mpf(0.02)) * time))
    for delta, kind in ((0.25, "call"), (-0.25, "put")):
        found = strike_from_delta(delta, 100.0, time, 0.03, sigma, 0.02, kind, convention)
        assert found == pytest.approx(forward, rel=3e-16)


def test_without_volatility_a_premium_adjusted_put_in_the_money_is_worth_its_strike():
    # K/F = 3, and F = 100
    found = strike_from_delta(-3.0, 100.0, 0.5, 0.0, 0.0, 0.0, "put", "forward_premium_adjusted")
    assert found == pytest.approx(300.0, rel=3e-16)


# --- as other functions ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["call", "put"])
def test_greeks_give_the_delta_back(kind):
    delta = np.linspace(0.02, 0.97, 96) * (1 if kind == "call" else -1)
    strike = strike_from_delta(delta, 100.0, 0.75, 0.05, 0.3, 0.02, kind)
    back = greeks(100.0, strike, 0.75, 0.05, 0.3, dividend=0.02, kind=kind, which="delta").delta
    np.testing.assert_allclose(back, delta, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", ["call", "put"])
def test_the_premium_adjusted_delta_is_the_delta_less_the_price_over_the_spot(kind):
    delta = np.linspace(0.02, 0.4, 39) * (1 if kind == "call" else -1)
    strike = strike_from_delta(
        delta, 100.0, 0.75, 0.05, 0.3, 0.02, kind, convention="spot_premium_adjusted"
    )
    found = greeks(
        100.0, strike, 0.75, 0.05, 0.3, dividend=0.02, kind=kind, which=("price", "delta")
    )
    np.testing.assert_allclose(found.delta - found.price / 100.0, delta, rtol=0, atol=1e-14)


def test_arguments_broadcast_and_kinds_may_differ():
    delta = np.array([[0.25, -0.25], [0.1, -0.1]])
    found = strike_from_delta(delta, 100.0, [[0.5], [1.0]], 0.03, 0.2, kind=["call", "put"])
    assert found.shape == (2, 2)
    for row, time in enumerate((0.5, 1.0)):
        for column, kind in enumerate(("call", "put")):
            alone = strike_from_delta(delta[row, column], 100.0, time, 0.03, 0.2, kind=kind)
            assert found[row, column] == alone
    assert strike_from_delta(np.empty(0), 100.0, 1.0, 0.0, 0.2).shape == (0,)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_no_strike_depends_on_its_neighbours(convention):
    given = np.array([option[:6] for option in options(convention, -1, 80, seed=7)])
    together = strike_from_delta(*given.T, "put", convention)
    alone = [strike_from_delta(*one, "put", convention) for one in given]
    assert together.tobytes() == np.array(alone).tobytes()


def test_labels_are_aligned_and_come_back():
    pandas = pytest.importorskip("pandas")
    delta = pandas.Series([0.25, -0.25], index=["a", "b"])
    kind = pandas.Series(["put", "call"], index=["b", "a"])
    found = strike_from_delta(delta, 100.0, 1.0, 0.03, 0.2, kind=kind)
    assert list(found.index) == ["a", "b"]
    assert found["b"] == strike_from_delta(-0.25, 100.0, 1.0, 0.03, 0.2, kind="put")


def test_what_is_masked_signals_nothing():
    delta = np.ma.array([0.25, -7.0], mask=[False, True])
    with np.errstate(all="raise"):
        found = strike_from_delta(delta, 100.0, 1.0, 0.03, 0.2)
    assert found.mask.tolist() == [False, True]
    assert found[0] == strike_from_delta(0.25, 100.0, 1.0, 0.03, 0.2)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"convention": "delta"}, ValueError, "unknown convention 'delta'; valid: 'spot', 'forw"),
        ({"convention": None}, ValueError, "unknown convention None"),
        ({"kind": "straddle"}, ValueError, "unknown kind 'straddle'"),
        ({"spot": "100"}, TypeError, "spot must be real numbers"),
        ({"delta": [0.1, 0.2], "time": [1, 2, 3]}, ValueError, r"delta \(2,\), time \(3,\)"),
    ],
)
def test_a_wrong_call_names_the_argument(given, error, message):
    usual = {"delta": 0.25, "spot": 100.0, "time": 1.0, "rate": 0.03, "sigma": 0.2}
    with pytest.raises(error, match=message):
        strike_from_delta(**usual | given)
