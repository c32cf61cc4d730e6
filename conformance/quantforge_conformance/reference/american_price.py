"""American options by the fixed-point equation of their exercise boundary, in double precision.

Andersen, Lake and Offengenden (2016), equation FP-B: collocation at Chebyshev points of the fourth
root of time, Gauss-Legendre quadrature, iterated until it stands still. What it attains is some
1e-9 of the strike for options of the market; `tests/american` compares it with trees and with
published values. It shares the equation with the kernels' fixed point, nothing with their table.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from mpmath import exp, mp, mpf
from numpy.typing import NDArray
from scipy.special import ndtr

from quantforge_conformance.reference.american_perpetual import perpetual
from quantforge_conformance.reference.price import price

W_START = 0.638833215803935574765963491815
"""The depth over sqrt(u) at expiry where a boundary starts below the strike; Evans, Kuske and
Keller (2002)."""

Floats = NDArray[np.float64]


@cache
def legendre(count: int) -> tuple[Floats, Floats, Floats]:
    """Return sin and cos of theta in (0, pi/2), and weights for the integral over theta."""
    x, weights = np.polynomial.legendre.leggauss(count)
    theta = (x + 1.0) * np.pi / 4.0
    return np.sin(theta), np.cos(theta), weights * np.pi / 4.0


def interpolation(points: int, at: Floats) -> Floats:
    """Return the matrix from values at Chebyshev's points of [0, 1], 1 first, to values `at`."""
    k = np.arange(points + 1)
    weights = (-1.0) ** k
    weights[[0, -1]] *= 0.5
    apart = (2.0 * at - 1.0)[..., None] - np.cos(np.pi * k / points)
    apart[np.abs(apart) < 1e-15] = 1e-300
    matrix = weights / apart
    return np.asarray(matrix / matrix.sum(axis=-1, keepdims=True))


class Boundaries:
    """Exercise boundaries of puts of strike 1 on underlyings of volatility 1, many at once.

    `a` is the rate and `b` the dividend yield, over the variance; the boundary at u before expiry
    is B = min(1, a / b) e^(-w sqrt(u)), up to u = `x`. Without the `kinked` payoff's kink at the
    strike it is the boundary of the payoff 1 - S.
    """

    def __init__(
        self,
        a: Floats,
        b: Floats,
        x: Floats,
        *,
        kinked: bool = True,
        points: int = 48,
        turns: int = 80,
    ) -> None:
        self.points, self.power = points, 4.0 if kinked else 2.0
        start = np.log(np.where(b > a, a / np.where(b > a, b, 1.0), 1.0))[:, None]
        smooth = (-start[:, 0] > 0.25 * np.sqrt(x)) if kinked else np.ones(len(a), bool)
        self.log_start, self.smooth = start, smooth[:, None]
        zeta = 0.5 * (1.0 + np.cos(np.pi * np.arange(points) / points))
        self.root = np.sqrt(x)[:, None] * zeta ** (self.power / 2.0)
        sine, cosine, weight = legendre(points)
        matrix = interpolation(points, zeta[:, None] * cosine ** (2.0 / self.power))
        matrix = matrix.reshape(-1, points + 1)
        u = self.root**2
        s = self.root[:, :, None] * sine
        before = u[:, :, None] * cosine**2
        weight = 2.0 * weight * sine * cosine
        minus_weight = weight * np.exp(a[:, None, None] * before)
        plus_weight = weight * np.exp(b[:, None, None] * before)
        drift = (a - b)[:, None]
        with np.errstate(divide="ignore"):
            early = np.log(1.0 / (8.0 * np.pi * (np.maximum(abs(drift), 1e-3) * self.root) ** 2))
        guess = np.sqrt(np.maximum(early, 0.4)) if kinked else np.full(self.root.shape, W_START)
        self.depth = np.where(self.smooth, W_START, guess) * self.root
        for _ in range(turns):
            its = (self._samples() @ matrix.T).reshape(len(a), points, points)
            its = self._depths(its, self.root[:, :, None] * cosine)
            d = (its - self.depth[:, :, None] + drift[:, :, None] * s**2) / s + 0.5 * s
            minus = (minus_weight * ndtr(d - s)).sum(axis=-1) * u
            plus = (plus_weight * ndtr(d)).sum(axis=-1) * u
            new = drift * u
            if kinked:
                d = (start - self.depth + new) / self.root + 0.5 * self.root
                minus = ndtr(d - self.root) + a[:, None] * minus
                plus = ndtr(d) + b[:, None] * plus
                new = new + start
            with np.errstate(invalid="ignore", divide="ignore"):
                new = np.maximum(new - np.log(minus / plus), 1e-14)
            new = np.where(new == new, new, self.depth)
            moved = (abs(new - self.depth) / self.root * zeta).max()
            self.depth = new
            if moved < 1e-12:
                break

    def _samples(self) -> Floats:
        """What is interpolated: w where that starts smoothly, else the squared depth."""
        samples = np.where(self.smooth, self.depth / self.root, self.depth**2)
        return np.concatenate([samples, np.where(self.smooth, W_START, 0.0)], axis=1)

    def _depths(self, samples: Floats, root: Floats) -> Floats:
        smooth = self.smooth[:, :, None] if samples.ndim == 3 else self.smooth
        return np.where(smooth, samples * root, np.sqrt(np.maximum(samples, 0.0)))

    def w_at(self, z: Floats) -> Floats:
        """Return w at sqrt(u / x) = z, a row of them for each boundary."""
        matrix = interpolation(self.points, z ** (2.0 / self.power))
        samples = (matrix @ self._samples()[:, :, None])[:, :, 0]
        root = self.root[:, :1] * z
        return self._depths(samples, root) / root


def premia(
    a: Floats, b: Floats, x: Floats, log_m: float, points: int, turns: int, nodes: int
) -> Floats:
    """Return what early exercise adds to puts of strike 1, ln(spot) being `log_m`.

    And how that changes with `log_m`: three rows, the value and its first and second derivative.
    """
    boundary = Boundaries(a, b, x, points=points, turns=turns)
    sine, cosine, weight = legendre(nodes)
    root, a, b = np.sqrt(x)[:, None], a[:, None], b[:, None]
    s = root * sine
    depth = boundary.w_at(np.broadcast_to(cosine, s.shape)) * root * cosine
    plus = (log_m - boundary.log_start + depth + (a - b) * s**2) / s + 0.5 * s
    minus = plus - s
    kept, paid = a * np.exp(-a * s**2), b * np.exp(log_m - b * s**2)
    own, other = kept * _density(minus), paid * _density(plus)
    minus_share, plus_share = kept * ndtr(-minus), paid * ndtr(-plus)
    rows = (
        minus_share - plus_share,
        (other - own) / s - plus_share,
        (minus * own - plus * other) / s**2 + 2.0 * other / s - plus_share,
    )
    return np.array([(row * 2.0 * weight * sine * cosine).sum(axis=-1) * x for row in rows])


def _density(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi))


@cache
def premium(
    a: float, b: float, x: float, log_m: float, points: int = 64, nodes: int = 600
) -> float:
    """Return what early exercise adds to a put of strike 1, ln(spot) being `log_m`."""
    rates = np.array([a]), np.array([b]), np.array([x])
    return float(premia(*rates, log_m, points, 300, nodes)[0, 0])


@cache
def two_boundaries(a: float, b: float, x: float, points: int) -> tuple[Boundaries, Boundaries]:
    """Return upper and lower boundary of a put where b < a < 0, up to `x` or where they cross.

    Who comes from above meets the upper one first, who comes from below the lower one: neither
    knows of the other. The upper is that of a put with one boundary. The lower one, a / b at
    expiry and rising from there, is 1 over the boundary without a kink for the rates exchanged.
    """

    def up_to(root: float, points: int, turns: int) -> tuple[Boundaries, Boundaries]:
        time = np.array([root * root])
        return (
            Boundaries(np.array([a]), np.array([b]), time, points=points, turns=turns),
            Boundaries(
                np.array([b]), np.array([a]), time, kinked=False, points=points, turns=turns
            ),
        )

    apart, root = float(np.log(b / a)), float(np.sqrt(x))
    early = np.log(1.0 / (8.0 * np.pi * (min(apart / 3.0, root) * (a - b)) ** 2))
    met = apart / (W_START + np.sqrt(max(early, 0.4)))
    for _ in range(40):
        until = min(root, met)
        upper, lower = up_to(until, 32, 120)
        met = apart / float(upper.depth[0, 0] + lower.depth[0, 0]) * until
        if abs(min(root, met) - until) < 1e-9 * until:
            break
    return up_to(min(root, met), points, 400)


@cache
def premium_between(
    a: float, b: float, x: float, log_m: float, points: int = 64, nodes: int = 200
) -> float:
    """Return what early exercise between two boundaries adds to a put of strike 1; b < a < 0."""
    both = two_boundaries(a, b, x, points)
    root, until = float(np.sqrt(x)), float(both[0].root[0, 0])
    highest, lowest = -float(both[0].depth[0, 0]), float(both[1].depth[0, 0] - np.log(b / a))
    alive = until < root  # nothing is exercised before the boundaries cross
    if not alive and lowest <= log_m <= highest:
        return float(-np.inf)  # exercise now
    # Time is the square of root (1 - t^2) / (1 + t^2) before expiry, and of root 2 t / (1 + t^2)
    # from now, and t is linear in sin^2: that leaves no root at either end.
    sine, cosine, weight = legendre(nodes)
    first = float(np.sqrt((root - until) / (root + until)))
    t = first + (1.0 - first) * sine**2
    per = 1.0 / (1.0 + t * t)
    rest, s = root * (1.0 - t * t) * per, root * 2.0 * t * per
    measure = 2.0 * s * rest * 2.0 * per * (1.0 - first) * 2.0 * sine * cosine * weight

    def gained(one: Boundaries, start: float, rising: float) -> float:
        level = start + rising * one.w_at(rest[None, :] / until)[0] * rest
        plus = (log_m - level + (a - b) * s**2) / s + 0.5 * s
        kept = a * np.exp(-a * s**2) * ndtr(s - plus)
        return float(((kept - b * np.exp(log_m - b * s**2) * ndtr(-plus)) * measure).sum())

    above, below = gained(both[0], 0.0, -1.0), gained(both[1], -float(np.log(b / a)), 1.0)
    if alive:
        return above - below
    if log_m > highest:
        return above
    european = float(price(np.exp(log_m), 1.0, x, a, b, 1.0, -1.0))
    return 1.0 - float(np.exp(log_m)) - european - below


def american_price(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> mpf:
    """Return the price of an American option with one exercise boundary, two or none."""
    european = price(spot, strike, time, rate, dividend, sigma, sign)
    if sign > 0.0:
        spot, strike, rate, dividend = strike, spot, dividend, rate
    endless = perpetual(spot, strike, time, rate, dividend, sigma)
    if endless and endless.reached:
        return endless.value
    if rate <= 0.0 and dividend >= rate:
        return european
    variance = sigma * sigma
    gain = premium_between if dividend < rate < 0.0 else premium
    gained = gain(
        rate / variance, dividend / variance, variance * time, float(np.log(spot / strike))
    )
    return max(european + mpf(strike) * mpf(gained), mpf(strike) - mpf(spot), mpf(0))


def without_volatility(
    spot: float, strike: float, time: float, rate: float, dividend: float, sign: float
) -> mpf:
    """Return the value of exercise at the best of all times, the underlying's path being known."""
    if sign > 0.0:
        spot, strike, rate, dividend = strike, spot, dividend, rate
    with mp.workdps(max(50, mp.dps)):
        times = [mpf(0), mpf(time)]
        if rate * dividend > 0.0 and rate != dividend:
            level = mp.log(mpf(dividend) * spot / (mpf(rate) * strike)) / (mpf(dividend) - rate)
            times += [level] if 0 < level < time else []
        return max(
            mpf(0),
            *(strike * exp(-mpf(rate) * t) - spot * exp(-mpf(dividend) * t) for t in times),
        )
