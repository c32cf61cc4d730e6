"""American price on a lognormal underlying: the European price and a premium for early exercise.

By symmetry every option is a put: a call exchanges spot and strike, rate and dividend. By scaling
its exercise boundary B depends on a = r / sigma^2, b = q / sigma^2 and x = sigma^2 T alone, and

    premium / K = integral over u from 0 to x of a e^(-a u) N(s - d) - b m e^(-b u) N(-d),
    m = S / K,  s = sqrt(u),  d = (ln(m / B(x - u)) + (a - b) u) / s + s / 2.

With u = x sin^2(theta) Gauss-Legendre nodes in theta serve, and no root is left at either end. The
boundary starts at X = min(1, a / b). It is kept as its depth -ln(B / X) = w sqrt(u). The table of
`quantforge.boundary_table` has it where options of the market are; elsewhere, and for the highest
accuracy, it is where the fixed point of Andersen, Lake and Offengenden (2016) leads from there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Final, NamedTuple

from quantforge import boundary_table
from quantforge_conformance.spec import price as european
from quantforge_conformance.spec.elementary import (
    Reduced,
    at_least,
    at_most,
    divide,
    fma,
    log_ratio,
    mills,
    reduce,
    shift_exponent,
    square_root,
    times_exp,
)
from quantforge_conformance.spec.legs import NOT_A_NUMBER
from quantforge_conformance.spec.tables import (
    AMERICAN_REACH,
    AMERICAN_T,
    AMERICAN_W_START,
    LN2_HI,
    LN2_LO,
)

EUROPEAN, FAST, STANDARD, HIGH = 0.0, 1.0, 2.0, 3.0
"""What an option asks for: how it may be exercised, and how closely that is to be valued."""

TABLE_SCALE = 110.0
MOST_SCALE, LEAST_SCALE = 2.0**17, 2.0**-40
MOST_X, LEAST_X = 128.0, 2.0**-40
MOST_RATIO = 2.0**300
"""Beyond the first the table of the boundary is not believed, and past the others nothing is."""

F_SHAPE, W_SHAPE, G_SHAPE = (28, 20, 12), (12, 12, 12), (14, 12, 14)
F_FAST, W_FAST = (12, 12, 8), (8, 8, 8)
POINTS = 32
TURNS_TABULATED, TURNS = 8, 24
_SIZES: Final = (*map(math.prod, (F_SHAPE, W_SHAPE, G_SHAPE)), 3 * 15, 3 * 23, 3 * 32, 3 * 96)
AT_F, AT_W, AT_G, AT_FAST, AT_STANDARD, AT_BOUNDARY, AT_HIGH, AT_COSINES = accumulate(
    _SIZES, initial=0
)


@cache
def _table() -> tuple[float, ...]:
    return tuple(boundary_table().tolist())


def logarithm(taken: Reduced) -> float:
    """ln x of what `log_ratio` has taken apart."""
    return fma(taken.n, LN2_HI, fma(taken.n, LN2_LO, taken.r))


def exp_of(x: float) -> float:
    """e^x, x held within +-700."""
    e = reduce(at_most(at_least(x, -700.0), 700.0), 0.0)
    return shift_exponent(times_exp(1.0, e.r), e.n_magic)


class Put(NamedTuple):
    """A put of strike 1 on an underlying of volatility 1, and where the table has its boundary."""

    strike: float  # what its price is to be multiplied by
    log_m: float
    a: float
    b: float
    x: float
    root: float  # sqrt(x)
    log_start: float  # ln X
    t: float  # the first two coordinates, from -1 to 1
    share: float
    bend: float  # of the third: z = reach sqrt(u / x), z (1 + bend) / (1 + bend z)
    reach: float
    scale: float
    second: bool  # whether a < b: X < 1, and the kink at the strike is felt late
    early: bool  # whether exercise before expiry ever pays
    tabulated: bool  # whether the table holds the boundary
    covered: bool  # whether anything here does: one boundary, ordinary numbers
    near: bool  # whether both amounts are ordinary


def put_of(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> Put:
    """The put that an option is."""
    s, k, r, q = (strike, spot, dividend, rate) if sign > 0.0 else (spot, strike, rate, dividend)
    variance = sigma * sigma
    per_variance = divide(1.0, variance)
    a, b = r * per_variance, q * per_variance
    apart, second, early, single = abs(a - b), q > r, r > 0.0 or q < r, not (r < 0.0 and q < r)
    x, root = variance * time, sigma * square_root(time)
    full = b if second else a + apart
    fitting = LEAST_SCALE < full < MOST_SCALE
    near = 1.0 / MOST_RATIO < s < MOST_RATIO and 1.0 / MOST_RATIO < k < MOST_RATIO
    starts = second and early and fitting and a > float.fromhex("0x1p-900")
    scale = full if fitting else 1.0
    bend, share = square_root(at_most(scale, TABLE_SCALE)), at_most(apart / scale, 1.0)
    reach = square_root(x * fma(scale, AMERICAN_REACH, 0.15))
    fitted = x <= 3.3 and a * x <= 0.65 and apart * x <= 0.75
    return Put(
        strike=k,
        log_m=logarithm(log_ratio(s, k)) if near else 0.0,
        a=a,
        b=b,
        x=x,
        root=root,
        log_start=logarithm(log_ratio(a, b)) if starts else 0.0,
        t=fma(AMERICAN_T, bend / (bend + 1.0), -1.0),
        share=fma(2.0, (share * (1.0 + bend)) / fma(bend, share, 1.0), -1.0),
        bend=bend,
        reach=reach,
        scale=full,
        second=second,
        early=early,
        tabulated=scale <= TABLE_SCALE and reach <= 1.0 and (not second or fitted),
        covered=near and single and fitting and LEAST_X < x < MOST_X,
        near=near,
    )


def third_coordinate(p: Put, z: float) -> float:
    """The third coordinate of the table, from -1 to 1."""
    return fma(2.0, (z * (1.0 + p.bend)) / fma(p.bend, z, 1.0), -1.0)


def first_w(f: float) -> float:
    """W from f = e^-h, h = sqrt(w^4 / 4 + w^2), which the table holds in the first region."""
    f = at_most(at_least(f, float.fromhex("0x1p-996")), 1.0)
    h = at_least(-logarithm(log_ratio(f, 1.0)), 0.0)
    return h * math.sqrt(2.0 / (1.0 + math.sqrt(fma(h, h, 1.0))))


def second_w(p: Put, w0: float, g: float, per_u: float) -> float:
    """W from w0, of the payoff without a kink, and g: the kink is felt by e^(g / u).

    It is felt no more than its distance lets it be.
    """
    felt = exp_of((-0.5 * p.log_start) * p.log_start * per_u) * (2.0 + divide(per_u, p.b))
    return w0 + at_most(exp_of(at_most(g * per_u, 2.0)), felt)


class DiscountedTails(NamedTuple):
    """e^low N(-minus) and e^high N(-plus)."""

    minus: float
    plus: float


def discounted_tails(minus: float, plus: float, low: float, high: float) -> DiscountedTails:
    """The normal distribution at two points, times discount factors."""
    m = mills(at_most(abs(minus), 40.0), at_most(abs(plus), 40.0))
    tail_minus = exp_of(fma(-0.5 * minus, minus, low)) * m.near
    tail_plus = exp_of(fma(-0.5 * plus, plus, high)) * m.far
    return DiscountedTails(
        exp_of(low) - tail_minus if minus < 0.0 else tail_minus,
        exp_of(high) - tail_plus if plus < 0.0 else tail_plus,
    )


def premium_density(p: Put, depth: float, sine: float) -> float:
    """The premium's integrand at u = x sine^2, the boundary at x - u having this depth."""
    s = p.root * sine
    u = s * s
    distance = (p.log_m - p.log_start) + depth
    plus = fma(fma(p.a - p.b, u, distance), 1.0 / s, 0.5 * s)
    tails = discounted_tails(plus - s, plus, -(p.a * u), fma(-p.b, u, p.log_m))
    return fma(p.a, tails.minus, -(p.b * tails.plus))


def chebyshev(y: float, terms: int) -> list[float]:
    """T_0, T_1, ... of y."""
    found = [1.0, y]
    for k in range(2, terms):
        found.append(fma(2.0 * y, found[k - 1], -found[k - 2]))
    return found


def contract(
    at: int, shape: Sequence[int], taken: Sequence[int], t: list[float], share: list[float]
) -> list[float]:
    """The series in the third coordinate that is left of a table, of which the first are taken."""
    table = _table()
    series = [0.0] * taken[2]
    for j in range(taken[0]):
        total = [0.0] * taken[2]
        for place in range(taken[1]):
            start = at + (j * shape[1] + place) * shape[2]
            total = [fma(table[start + k], share[place], one) for k, one in enumerate(total)]
        series = [fma(t[j], one, sum_) for one, sum_ in zip(total, series, strict=True)]
    return series


def series_at(c: Sequence[float], y: float) -> float:
    """A Chebyshev series, by Clenshaw's recurrence."""
    one = two = 0.0
    for k in range(len(c) - 1, 0, -1):
        one, two = fma(y + y, one, c[k] - two), one
    return fma(y, one, c[0] - two)


def _nodes(at: int, count: int) -> list[tuple[float, float, float]]:
    """Sine, cosine and weight of each node."""
    table = _table()
    return [(table[at + v], table[at + count + v], table[at + 2 * count + v]) for v in range(count)]


def premium_from_table(p: Put, fast: bool) -> float:
    """The premium over the strike by the table of the boundary."""
    t, share = chebyshev(p.t, F_SHAPE[0]), chebyshev(p.share, F_SHAPE[1])
    if p.second:
        w0 = contract(AT_W, W_SHAPE, W_FAST if fast else W_SHAPE, t, share)
        g = contract(AT_G, G_SHAPE, G_SHAPE, t, share)
    else:
        f = contract(AT_F, F_SHAPE, F_FAST if fast else F_SHAPE, t, share)
    premium = 0.0
    for sine, cosine, weight in _nodes(AT_FAST, 15) if fast else _nodes(AT_STANDARD, 23):
        z, s = p.reach * cosine, p.root * cosine
        y = third_coordinate(p, z)
        if p.second:
            w = second_w(p, series_at(w0, y), series_at(g, fma(2.0, z, -1.0)), divide(1.0, s * s))
        else:
            w = first_w(series_at(f, y))
        premium = fma(weight, premium_density(p, w * s, sine), premium)
    return premium * p.x


def boundary_density(
    p: Put, here: float, before: float, root: float, sine: float, cosine: float
) -> DiscountedTails:
    """What the fixed point integrates, on either side.

    The boundary has the depth `here` after root^2 and had the depth `before` after
    (root cosine)^2.
    """
    s, since = root * sine, root * cosine
    u, v = s * s, since * since
    plus = fma(fma(p.a - p.b, u, before - here), divide(1.0, s), 0.5 * s)
    return discounted_tails(s - plus, -plus, p.a * v, p.b * v)


def next_depth(p: Put, here: float, root: float, minus: float, plus: float) -> float:
    """The next depth at x = root^2, from the integrals of both sides.

    B = X e^-depth solves B e^((a - b) x) = (N(d - root) + a integral) / (N(d) + b integral).
    """
    x = root * root
    drift = (p.a - p.b) * x
    d = fma((p.log_start - here) + drift, divide(1.0, root), 0.5 * root)
    tails = discounted_tails(root - d, -d, 0.0, 0.0)
    above, below = fma(p.a * x, minus, tails.minus), fma(p.b * x, plus, tails.plus)
    least = float.fromhex("0x1p-900")
    if not (above > least and below > least):
        return here
    ratio = logarithm(log_ratio(above, below))
    return at_least(p.log_start - (ratio - drift), float.fromhex("0x1p-46"))


class _Curve:
    """The boundary at its points, those of Chebyshev in x^(1/4), and its Chebyshev series.

    It is one of w where that starts smoothly, else of the squared depth.
    """

    def __init__(self, p: Put) -> None:
        self.p = p
        self.cosines = _table()[AT_COSINES : AT_COSINES + POINTS + 1]
        self.zeta = [fma(0.5, cosine, 0.5) for cosine in self.cosines[:POINTS]]
        self.smooth = p.second and -p.log_start > 0.25 * p.root
        t, share = chebyshev(p.t, F_SHAPE[0]), chebyshev(p.share, F_SHAPE[1])
        f = contract(AT_F, F_SHAPE, F_SHAPE, t, share)
        w0 = contract(AT_W, W_SHAPE, W_SHAPE, t, share)
        g = contract(AT_G, G_SHAPE, G_SHAPE, t, share)
        self.depth = []
        for zeta in self.zeta:
            at = zeta * zeta
            z, s = at_most(p.reach * at, 1.0), p.root * at
            per_u = divide(1.0, s * s)
            y = third_coordinate(p, z)
            if p.second:
                w = second_w(p, series_at(w0, y), series_at(g, fma(2.0, z, -1.0)), per_u)
            else:
                w = first_w(series_at(f, y))
            self.depth.append(w * s)
        self.fit()

    def fit(self) -> None:
        """The Chebyshev series through the points."""
        samples = [
            divide(depth, self.p.root * (zeta * zeta)) if self.smooth else depth * depth
            for depth, zeta in zip(self.depth, self.zeta, strict=True)
        ]
        samples.append(AMERICAN_W_START if self.smooth else 0.0)
        self.series = []
        for k in range(POINTS + 1):
            c = 0.5 * samples[0]
            for j in range(1, POINTS + 1):
                angle = j * k % (2 * POINTS)
                weight = self.cosines[2 * POINTS - angle if angle > POINTS else angle]
                c = fma(weight * (0.5 if j == POINTS else 1.0), samples[j], c)
            self.series.append(c * ((1.0 if k % POINTS == 0 else 2.0) / POINTS))

    def depth_at(self, powers: Sequence[float], s: float) -> float:
        """The depth at a point of which `powers` are the Chebyshev polynomials, sqrt(u) = s."""
        c = self.series
        even, odd = c[POINTS] * powers[POINTS], c[POINTS - 1] * powers[POINTS - 1]
        for k in range(POINTS - 2, 0, -2):
            even = fma(c[k], powers[k], even)
            odd = fma(c[k - 1], powers[k - 1], odd)
        value = (c[0] + even) + odd
        return value * s if self.smooth else math.sqrt(at_least(value, 0.0))

    def turn(self) -> None:
        """One turn of the fixed point at all points."""
        p, turned = self.p, []
        for here, zeta in zip(self.depth, self.zeta, strict=True):
            root = p.root * (zeta * zeta)
            minus = plus = 0.0
            for sine, cosine, weight in _nodes(AT_BOUNDARY, 32):
                powers = chebyshev(fma(2.0 * zeta, math.sqrt(cosine), -1.0), POINTS + 1)
                before = self.depth_at(powers, root * cosine)
                tails = boundary_density(p, here, before, root, sine, cosine)
                minus = fma(weight, tails.minus, minus)
                plus = fma(weight, tails.plus, plus)
            turned.append(next_depth(p, here, root, minus, plus))
        self.depth = turned
        self.fit()


def premium_high(p: Put) -> float:
    """The premium over the strike by the fixed point."""
    curve = _Curve(p)
    for _ in range(TURNS_TABULATED if p.tabulated else TURNS):
        curve.turn()
    premium = 0.0
    for sine, cosine, weight in _nodes(AT_HIGH, 96):
        powers = chebyshev(fma(2.0, math.sqrt(cosine), -1.0), POINTS + 1)
        depth = curve.depth_at(powers, p.root * cosine)
        premium = fma(weight, premium_density(p, depth, sine), premium)
    held = p.log_m > p.log_start - curve.depth[0]  # at the boundary it is exercised
    return premium * p.x if held else 0.0


def value_without_volatility(p: Put, s: float, r: float, q: float, time: float) -> float:
    """The best of all times to exercise where the underlying's path is known.

    It is K e^(-r t) - S e^(-q t) at its ends and where it is level.
    """
    k = p.strike
    per = divide(q * s, r * k)
    t = 0.0
    if float.fromhex("0x1p-1000") < per < float.fromhex("0x1p1000") and q != r:
        t = logarithm(log_ratio(per, 1.0)) / (q - r)
        t = t if 0.0 < t < time else 0.0

    def worth(t: float) -> float:
        return fma(k, exp_of(-(r * t)), -(s * exp_of(-(q * t))))

    return at_least(at_least(worth(t), worth(time)), at_least(k - s, 0.0))


def american_price(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
    style: float,
) -> float:
    """The price of one option, `style` saying how it may be exercised and how close to come."""
    found = european.price(spot, strike, time, rate, dividend, sigma, sign)
    if found != found or style not in (EUROPEAN, FAST, STANDARD, HIGH):
        return NOT_A_NUMBER
    p = put_of(spot, strike, time, rate, dividend, sigma, sign)
    if style == EUROPEAN or not p.early:
        return found
    now = at_least(spot - strike if sign > 0.0 else strike - spot, 0.0)
    if p.covered:
        if style == HIGH or not p.tabulated:
            premium = premium_high(p)
        else:
            premium = premium_from_table(p, style == FAST)
        value = fma(p.strike, at_least(premium, 0.0), found)
        return at_most(at_least(value, now), p.strike)
    if time == 0.0:
        return now
    if sigma == 0.0 and time < math.inf and p.near:
        s, r, q = (strike, dividend, rate) if sign > 0.0 else (spot, rate, dividend)
        return value_without_volatility(p, s, r, q, time)
    tiny = p.scale <= LEAST_SCALE and p.x < MOST_X
    if not p.near or tiny or (p.x <= LEAST_X and p.scale < MOST_SCALE):
        return at_least(found, now)
    return NOT_A_NUMBER  # two boundaries, or volatility beyond all measure
