"""The exercise boundary of American options: the put that an option is, and its boundary.

A call exchanges spot and strike, rate and dividend. The boundary B of a put of strike 1 depends on
a = r / sigma^2, b = q / sigma^2 and x = sigma^2 T alone. It starts at X = min(1, a / b), and is
kept as its depth -ln(B / X) = w sqrt(u). The table is our own, see docs/american.md.
"""

from math import fabs
from typing import NamedTuple

from quantforge_numba.elementary import (
    at_least,
    at_most,
    log_ratio,
    mills,
    reduce,
    shift_exponent,
    times_exp,
)
from quantforge_numba.intrinsics import fma, inlined, sqrt
from quantforge_numba.tables import AMERICAN_REACH, AMERICAN_T, INV_SQRT_2PI, LN2_HI, LN2_LO

# Beyond the first the table of the boundary is not believed, and past the others nothing is.
TABLE_SCALE = 110.0
MOST_SCALE, LEAST_SCALE = 2.0**17, 2.0**-40
MOST_X, LEAST_X = 1024.0, 2.0**-40
MOST_X_TWOFOLD, MOST_GROWTH = 128.0, 16.0
MOST_RATIO = 2.0**300
LEAST_APART = 2.0**-16  # 1 - X, below which two boundaries meet before they count


@inlined
def logarithm(taken):
    """Return ln x of what `log_ratio` has taken apart."""
    return fma(taken.n, LN2_HI, fma(taken.n, LN2_LO, taken.r))


@inlined
def exp_of(x):
    """Return e^x, x held within +-700."""
    e = reduce(at_most(at_least(x, -700.0), 700.0), 0.0)
    return shift_exponent(times_exp(1.0, e.r), e.n_magic)


class Put(NamedTuple):
    """A put of strike 1 on an underlying of volatility 1, and where the table has its boundary.

    Its price is to be multiplied by `strike`; `log_m` is ln m, `root` sqrt(x) and `log_start` ln X.
    `t` and `share` are the first two coordinates, from -1 to 1; of the third z = reach sqrt(u / x)
    and `bend`: z (1 + bend) / (1 + bend z). It is `second` if a < b: X < 1, and the kink at the
    strike is felt late. `early` says whether exercise before expiry ever pays, `tabulated` whether
    the table holds the boundary, `twofold` whether it is exercised between two boundaries,
    b < a < 0, and `covered` whether its boundaries are found at all: ordinary numbers.
    """

    strike: float
    log_m: float
    a: float
    b: float
    x: float
    root: float
    log_start: float
    t: float
    share: float
    bend: float
    reach: float
    second: bool
    early: bool
    tabulated: bool
    twofold: bool
    covered: bool


@inlined
def is_near(amount):
    """Whether an amount is an ordinary number."""
    return (amount > 1.0 / MOST_RATIO) & (amount < MOST_RATIO)


@inlined
def grows_little(b, x):
    """Whether the equation of one boundary is believed."""
    return -(b * x) < MOST_GROWTH


@inlined
def put_of(spot, strike, time, rate, dividend, sigma, sign):
    call = sign > 0.0
    s = strike if call else spot
    k = spot if call else strike
    r = dividend if call else rate
    q = rate if call else dividend
    variance = sigma * sigma
    per_variance = 1.0 / variance
    a = r * per_variance
    b = q * per_variance
    apart = fabs(a - b)
    second = q > r
    early = (r > 0.0) | (q < r)
    twofold = (q < r) & (r < 0.0)
    first_scale = a + apart
    single = b if second else first_scale
    scale = -b if twofold else single
    fitting = (scale > LEAST_SCALE) & (scale < MOST_SCALE)
    near = is_near(s) & is_near(k)
    opened = (not twofold) | (apart > LEAST_APART * scale)
    starts = second & early & fitting & (a > 2.0**-900)
    scale = scale if fitting else 1.0
    bend = sqrt(at_most(scale, TABLE_SCALE))
    share = at_most(apart / scale, 1.0)
    x = variance * time
    reach = sqrt(x * fma(scale, AMERICAN_REACH, 0.15))
    calm = x < MOST_X_TWOFOLD if twofold else grows_little(b, x)
    fitted = (x <= 3.3) & (a * x <= 0.65) & (apart * x <= 0.75)
    return Put(
        k,  # by position: Numba takes no call with more than 15 names
        logarithm(log_ratio(s if near else 1.0, k if near else 1.0)),
        a=a,
        b=b,
        x=x,
        root=sigma * sqrt(time),
        log_start=logarithm(log_ratio(a if starts else 1.0, b if starts else 1.0)),
        t=fma(AMERICAN_T, bend / (bend + 1.0), -1.0),
        share=fma(2.0, (share * (1.0 + bend)) / fma(bend, share, 1.0), -1.0),
        bend=bend,
        reach=reach,
        second=second,
        early=early,
        tabulated=(scale <= TABLE_SCALE) & (reach <= 1.0) & (fitted | (not second)),
        twofold=twofold,
        covered=near & opened & fitting & (x > LEAST_X) & (x < MOST_X) & calm,
    )


@inlined
def third_coordinate(p, z):
    """Return the third coordinate of the table, from -1 to 1."""
    return fma(2.0, (z * (1.0 + p.bend)) / fma(p.bend, z, 1.0), -1.0)


@inlined
def first_w(f):
    """Return w from f = e^-h, h = sqrt(w^4 / 4 + w^2): the table has f in the first region."""
    f = at_most(at_least(f, 2.0**-996), 1.0)
    h = at_least(-logarithm(log_ratio(f, 1.0)), 0.0)
    return h * sqrt(2.0 / (1.0 + sqrt(fma(h, h, 1.0))))


@inlined
def second_w(p, w0, g, per_u):
    """Return w from w0, of the payoff without a kink, and g: the kink is felt by e^(g / u).

    It is felt no more than its distance lets it be.
    """
    felt = exp_of((-0.5 * p.log_start) * p.log_start * per_u) * (2.0 + per_u / p.b)
    return w0 + at_most(exp_of(at_most(g * per_u, 2.0)), felt)


class DiscountedTails(NamedTuple):
    """e^low N(-minus) and e^high N(-plus), and e^low phi(minus) and e^high phi(plus)."""

    minus: float
    plus: float
    minus_density: float
    plus_density: float


@inlined
def discounted_tails(minus, plus, low, high):
    m = mills(at_most(fabs(minus), 40.0), at_most(fabs(plus), 40.0))
    bell_minus = exp_of(fma(-0.5 * minus, minus, low))
    bell_plus = exp_of(fma(-0.5 * plus, plus, high))
    tail_minus = bell_minus * m.near
    tail_plus = bell_plus * m.far
    rest_minus = exp_of(low) - tail_minus
    rest_plus = exp_of(high) - tail_plus
    return DiscountedTails(
        minus=rest_minus if minus < 0.0 else tail_minus,
        plus=rest_plus if plus < 0.0 else tail_plus,
        minus_density=bell_minus * INV_SQRT_2PI,
        plus_density=bell_plus * INV_SQRT_2PI,
    )
