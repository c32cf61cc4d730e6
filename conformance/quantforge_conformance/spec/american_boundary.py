"""The exercise boundary of American options: of a scaled put, from the table that backends share.

By symmetry every option is a put: a call exchanges spot and strike, rate and dividend. By scaling
its exercise boundary B depends on a = r / sigma^2, b = q / sigma^2 and x = sigma^2 T alone. It
starts at X = min(1, a / b), and is kept as its depth -ln(B / X) = w sqrt(u). The table of
`quantforge.boundary_table` has it where options of the market are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Final, NamedTuple

from quantforge import boundary_table
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
from quantforge_conformance.spec.tables import (
    AMERICAN_REACH,
    AMERICAN_T,
    INV_SQRT_2PI,
    LN2_HI,
    LN2_LO,
)

TABLE_SCALE = 110.0
MOST_SCALE, LEAST_SCALE = 2.0**17, 2.0**-40
MOST_X, LEAST_X = 1024.0, 2.0**-40
MOST_X_TWOFOLD, MOST_GROWTH = 128.0, 16.0
MOST_RATIO = 2.0**300
"""Beyond the first the table of the boundary is not believed, and past the others nothing is, nor
where a negative dividend comes to more than `MOST_GROWTH` in the option's time."""
LEAST_APART = 2.0**-16
"""1 - X, below which two boundaries meet before they count."""

F_SHAPE, W_SHAPE, G_SHAPE = (24, 20, 14), (12, 12, 12), (14, 12, 14)
F_FAST, W_FAST = (12, 12, 8), (8, 8, 8)
QUADRATURES = (15, 26, 16, 20, 32, 64, 96)
ANGLES = 96
_SIZES: Final = (*map(math.prod, (F_SHAPE, W_SHAPE, G_SHAPE)), *(3 * n for n in QUADRATURES))
AT_F, AT_W, AT_G, *AT_NODES, AT_COSINES = accumulate(_SIZES, initial=0)
AT_GRIDS = AT_COSINES + ANGLES + 1


@cache
def table() -> tuple[float, ...]:
    """The numbers that all backends share."""
    return tuple(boundary_table().tolist())


def logarithm(taken: Reduced) -> float:
    """ln x of what `log_ratio` has taken apart."""
    return fma(taken.n, LN2_HI, fma(taken.n, LN2_LO, taken.r))


def exp_of(x: float) -> float:
    """e^x, x held within +-700."""
    e = reduce(at_most(at_least(x, -700.0), 700.0), 0.0)
    return shift_exponent(times_exp(1.0, e.r), e.n_magic)


def is_near(amount: float) -> bool:
    """Whether an amount is ordinary."""
    return 1.0 / MOST_RATIO < amount < MOST_RATIO


def grows_little(b: float, x: float) -> bool:
    """Whether the equation of one boundary is believed."""
    return -(b * x) < MOST_GROWTH


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
    twofold: bool  # whether it is exercised between two boundaries: b < a < 0
    covered: bool  # whether its boundaries are found at all: these are ordinary numbers
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
    apart, second, early, twofold = abs(a - b), q > r, r > 0.0 or q < r, q < r < 0.0
    x, root = variance * time, sigma * square_root(time)
    full = -b if twofold else b if second else a + apart
    fitting = LEAST_SCALE < full < MOST_SCALE
    near = is_near(s) and is_near(k)
    opened = not twofold or apart > LEAST_APART * full
    starts = second and early and fitting and a > float.fromhex("0x1p-900")
    scale = full if fitting else 1.0
    bend, share = square_root(at_most(scale, TABLE_SCALE)), at_most(apart / scale, 1.0)
    reach = square_root(x * fma(scale, AMERICAN_REACH, 0.15))
    calm = x < MOST_X_TWOFOLD if twofold else grows_little(b, x)
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
        twofold=twofold,
        covered=near and opened and fitting and LEAST_X < x < MOST_X and calm,
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
    """e^low N(-minus) and e^high N(-plus), and e^low phi(minus) and e^high phi(plus)."""

    minus: float
    plus: float
    minus_density: float
    plus_density: float


def discounted_tails(minus: float, plus: float, low: float, high: float) -> DiscountedTails:
    """The normal distribution at two points, times discount factors."""
    m = mills(at_most(abs(minus), 40.0), at_most(abs(plus), 40.0))
    bell_minus = exp_of(fma(-0.5 * minus, minus, low))
    bell_plus = exp_of(fma(-0.5 * plus, plus, high))
    tail_minus, tail_plus = bell_minus * m.near, bell_plus * m.far
    return DiscountedTails(
        exp_of(low) - tail_minus if minus < 0.0 else tail_minus,
        exp_of(high) - tail_plus if plus < 0.0 else tail_plus,
        bell_minus * INV_SQRT_2PI,
        bell_plus * INV_SQRT_2PI,
    )


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
    numbers = table()
    series = [0.0] * taken[2]
    for j in range(taken[0]):
        total = [0.0] * taken[2]
        for place in range(taken[1]):
            start = at + (j * shape[1] + place) * shape[2]
            total = [fma(numbers[start + k], share[place], one) for k, one in enumerate(total)]
        series = [fma(t[j], one, sum_) for one, sum_ in zip(total, series, strict=True)]
    return series


def series_at(c: Sequence[float], y: float) -> float:
    """A Chebyshev series, by Clenshaw's recurrence."""
    one = two = 0.0
    for k in range(len(c) - 1, 0, -1):
        one, two = fma(y + y, one, c[k] - two), one
    return fma(y, one, c[0] - two)


@cache
def nodes(count: int) -> list[tuple[float, float, float]]:
    """Sine, cosine and weight of each node of a quadrature."""
    at = AT_NODES[QUADRATURES.index(count)]
    columns = (table()[at + k * count : at + (k + 1) * count] for k in range(3))
    return list(zip(*columns, strict=True))


class TabulatedBoundary:
    """The boundary of a put by the table."""

    def __init__(self, p: Put, fast: bool = False) -> None:
        self.p = p
        t, share = chebyshev(p.t, F_SHAPE[0]), chebyshev(p.share, F_SHAPE[1])
        if p.second:
            self.w0 = contract(AT_W, W_SHAPE, W_FAST if fast else W_SHAPE, t, share)
            self.g = contract(AT_G, G_SHAPE, G_SHAPE, t, share)
        else:
            self.f = contract(AT_F, F_SHAPE, F_FAST if fast else F_SHAPE, t, share)

    def w(self, z: float, s: float) -> float:
        """W where sqrt(u) = s."""
        p, y = self.p, third_coordinate(self.p, z)
        if not p.second:
            return first_w(series_at(self.f, y))
        late = series_at(self.g, fma(2.0, z, -1.0))
        return second_w(p, series_at(self.w0, y), late, divide(1.0, s * s))
