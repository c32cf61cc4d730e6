"""American price on a lognormal underlying: the European price and a premium for early exercise.

By symmetry every option is a put: a call exchanges spot and strike, rate and dividend. By scaling
its exercise boundary B depends on a = r / sigma^2, b = q / sigma^2 and x = sigma^2 T alone, and

    premium / K = integral over u from 0 to x of a e^(-a u) N(s - d) - b m e^(-b u) N(-d),
    m = S / K,  s = sqrt(u),  d = (ln(m / B(x - u)) + (a - b) u) / s + s / 2.

With u = x sin^2(theta) Gauss-Legendre nodes in theta serve, and no root is left at either end. The
boundary starts at X = min(1, a / b). It is kept as its depth -ln(B / X) = w sqrt(u).

Sources: Kim (1990) for the integral; Andersen, Lake and Offengenden (2016) for the fixed point. The
tabulated boundary is our own, see docs/american.md.
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

# What an option asks for: how it may be exercised, and how closely that is to be valued.
EUROPEAN, FAST, STANDARD, HIGH = 0, 1, 2, 3

# Beyond the first the table of the boundary is not believed, and past the others nothing is.
TABLE_SCALE = 110.0
MOST_SCALE, LEAST_SCALE = 2.0**17, 2.0**-40
MOST_X, LEAST_X = 128.0, 2.0**-40
MOST_RATIO = 2.0**300


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
    the table holds the boundary, and `covered` whether anything here does: one boundary, ordinary
    numbers.
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
    covered: bool


@inlined
def is_near(amount):
    """Whether an amount is an ordinary number."""
    return (amount > 1.0 / MOST_RATIO) & (amount < MOST_RATIO)


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
    single = not ((r < 0.0) & (q < r))
    first_scale = a + apart
    scale = b if second else first_scale
    fitting = (scale > LEAST_SCALE) & (scale < MOST_SCALE)
    near = is_near(s) & is_near(k)
    starts = second & early & fitting & (a > 2.0**-900)
    scale = scale if fitting else 1.0
    bend = sqrt(at_most(scale, TABLE_SCALE))
    share = at_most(apart / scale, 1.0)
    x = variance * time
    reach = sqrt(x * fma(scale, AMERICAN_REACH, 0.15))
    fitted = (x <= 3.3) & (a * x <= 0.65) & (apart * x <= 0.75)
    return Put(
        strike=k,
        log_m=logarithm(log_ratio(s if near else 1.0, k if near else 1.0)),
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
        covered=near & single & fitting & (x > LEAST_X) & (x < MOST_X),
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


@inlined
def premium_density(p, depth, sine):
    """The premium's integrand at u = x sine^2, the boundary at x - u having this depth."""
    s = p.root * sine
    u = s * s
    distance = (p.log_m - p.log_start) + depth
    plus = fma(fma(p.a - p.b, u, distance), 1.0 / s, 0.5 * s)
    tails = discounted_tails(plus - s, plus, -(p.a * u), fma(-p.b, u, p.log_m))
    return fma(p.a, tails.minus, -(p.b * tails.plus))


# The equation of the boundary is solved for samples of its depth: over sqrt(u) where that starts
# smoothly, the strike being far from where the boundary starts; else squared.
LEAST_DEPTH, LEAST_SAMPLE = 2.0**-46, 2.0**-92


@inlined
def is_smooth(p):
    return (p.second != 0) & (-p.log_start > 0.4 * p.root)


@inlined
def sample_of(depth, smooth, s):
    over = depth / s
    squared = depth * depth
    return over if smooth else squared


@inlined
def depth_of(sample, smooth, s):
    times = sample * s
    root = sqrt(at_least(sample, LEAST_SAMPLE))
    return times if smooth else root


@inlined
def depth_slope(depth, smooth, s):
    """How the depth follows its sample."""
    squared = 0.5 / depth
    return s if smooth else squared


@inlined
def boundary_density(p, here, before, root, sine, cosine):
    """What is gained by waiting for the time of the node, on either side of the equation.

    At the boundary of depth `here` after root^2, it having had depth `before` after
    (root cosine)^2.
    """
    s = root * sine
    since = root * cosine
    u = s * s
    v = since * since
    plus = fma(fma(p.a - p.b, u, before - here), 1.0 / s, 0.5 * s)
    return discounted_tails(s - plus, -plus, p.a * v, p.b * v)


class Turn(NamedTuple):
    """Both sides of the equation, the next depth, and phi(d - root) and phi(d)."""

    depth: float
    above: float
    below: float
    minus_density: float
    plus_density: float


@inlined
def turn_of(p, here, root, minus, plus):
    """Return both sides of the equation at x = root^2, from their integrals, and the next depth.

    B = X e^-depth solves B e^((a - b) x) = (N(d - root) + a integral) / (N(d) + b integral).
    """
    x = root * root
    drift = (p.a - p.b) * x
    d = fma((p.log_start - here) + drift, 1.0 / root, 0.5 * root)
    tails = discounted_tails(root - d, -d, 0.0, 0.0)
    above = fma(p.a * x, minus, tails.minus)
    below = fma(p.b * x, plus, tails.plus)
    holds = (above > 2.0**-900) & (below > 2.0**-900)
    above = above if holds else 1.0
    below = below if holds else 1.0
    following = at_least(p.log_start - (logarithm(log_ratio(above, below)) - drift), LEAST_DEPTH)
    return Turn(
        depth=following if holds else here,
        above=above,
        below=below,
        minus_density=tails.minus_density,
        plus_density=tails.plus_density,
    )


@inlined
def value_without_volatility(spot, strike, time, rate, dividend, sign):
    """The best of all times to exercise where the underlying's path is known.

    K e^(-r t) - S e^(-q t) at its ends and where it is level.
    """
    call = sign > 0.0
    s = strike if call else spot
    k = spot if call else strike
    r = dividend if call else rate
    q = rate if call else dividend
    per = (q * s) / (r * k)
    level = (per > 2.0**-1000) & (per < 2.0**1000) & (q != r)
    t = logarithm(log_ratio(per if level else 1.0, 1.0)) / (q - r if level else 1.0)
    t = t if level & (t > 0.0) & (t < time) else 0.0
    then = fma(k, exp_of(-(r * t)), -(s * exp_of(-(q * t))))
    end = fma(k, exp_of(-(r * time)), -(s * exp_of(-(q * time))))
    return at_least(at_least(then, end), at_least(k - s, 0.0))
