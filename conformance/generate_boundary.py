"""Generate the table of the American exercise boundary, the one that every backend reads.

Usage, from anywhere in a checkout (needs mpmath, NumPy and SciPy, takes about a minute)::

    python conformance/generate_boundary.py            # write the table
    python conformance/generate_boundary.py --check    # measure what it attains on other curves

A put of strike 1 on an underlying of volatility 1 has, at u before expiry, the boundary
B = X e^(-w sqrt(u)), X = min(1, a / b), a and b being rate and dividend over variance. Two regions:

    a >= b    scale = 2 a - b,  share = (a - b) / scale,  f = exp(-sqrt(w^4 / 4 + w^2))
    a < b     scale = b,        share = (b - a) / scale,  w = w0 + exp(g / u)

w0 is the boundary of the payoff without its kink at the strike, which is smooth; the kink is felt
as e^(-c / u), so that g is smooth too. Coordinates, each bent to spread what happens:

    t    = root / (root + 1), over that of scale = 110, root = sqrt(scale)
    eta  = share (1 + root) / (1 + root share)
    zeta = z (1 + root) / (1 + root z), z = sqrt(u (0.15 + scale / 2.6)); g is in z itself

The boundary solves the fixed-point equation B of Andersen, Lake and Offengenden (2016), at 49
points and 48 quadrature nodes, iterated until it stands still. f and w0 are interpolated, g is a
least-squares fit weighted by what its error costs a price. Behind the coefficients come the nodes
of the quadratures that the kernels use, and cosines for their interpolation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mpmath import cos, mp, mpf, pi, sin
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray
from quantforge_conformance.reference.american_price import Boundaries
from scipy.linalg import cho_factor, cho_solve

from quantforge.boundary import ANGLES, QUADRATURES

REPOSITORY = Path(__file__).resolve().parents[1]
TABLE = REPOSITORY / "quantforge" / "data" / "american_boundary.npy"

LARGEST = 110.0
F_SHAPE, W_SHAPE, G_SHAPE = (24, 20, 14), (12, 12, 12), (14, 12, 14)

GRID = 28
"""Points in each of the first two coordinates where curves are solved for."""

Floats = NDArray[np.float64]


def in_chunks(function: Callable[..., Floats], *columns: Floats) -> Floats:
    """Call a function of rows for some of them at a time."""
    return np.concatenate(
        [function(*(each[k : k + 64] for each in columns)) for k in range(0, len(columns[0]), 64)]
    )


class Cells:
    """Points in the first two coordinates, and the curves there."""

    def __init__(self, t: Floats, eta: Floats, second: bool) -> None:
        self.t, self.eta, self.second = t, eta, second
        root = t * np.sqrt(LARGEST) / (1.0 + np.sqrt(LARGEST))
        self.root = (root / (1.0 - root))[:, None]
        scale = self.root[:, 0] ** 2
        self.share = eta / (1.0 + self.root[:, 0] * (1.0 - eta))
        self.a = scale * (1.0 - self.share)
        self.b = scale if second else scale * (1.0 - 2.0 * self.share)
        self.x = 1.0 / (0.15 + scale / 2.6)

    def z_of(self, zeta: Floats) -> Floats:
        return np.asarray(zeta / (1.0 + self.root * (1.0 - zeta)))

    def zeta_of(self, z: Floats) -> Floats:
        return np.asarray(z * (1.0 + self.root) / (1.0 + self.root * z))

    def w(self, z: Floats, *, kinked: bool = True) -> Floats:
        def solve(a: Floats, b: Floats, x: Floats, z: Floats) -> Floats:
            return Boundaries(a, b, x, kinked=kinked, points=48 if kinked else 32).w_at(z)

        return in_chunks(solve, self.a, self.b, self.x, z)

    def cost(self, z: Floats, w: Floats) -> Floats:
        """What an error of w costs a price, about; only where options of the market are."""
        u, a, b = self.x[:, None] * z**2, self.a[:, None], self.b[:, None]
        boundary = (a / b if self.second else 1.0) * np.exp(-w * np.sqrt(u))
        likely = (u <= 3.3) & (a * u <= 0.65) & (abs(a - b) * u < 0.75)
        return np.asarray(0.6 * u * (a - b * boundary) * likely)


def gauss(count: int) -> Floats:
    """Return Chebyshev's points of the first kind in (0, 1)."""
    return np.asarray(0.5 * (1.0 + np.cos(np.pi * (np.arange(count) + 0.5) / count)))


def interpolated(values: Floats) -> Floats:
    """Return the Chebyshev coefficients of values at `gauss` points in every coordinate."""
    for axis, count in enumerate(values.shape):
        k = np.arange(count)
        matrix = np.cos(np.pi * np.outer(k, k + 0.5) / count) * 2.0 / count
        matrix[0] /= 2.0
        values = np.moveaxis(np.tensordot(matrix, values, (1, axis)), 0, axis)
    return values


def evaluated(c: Floats, cells: Cells, third: Floats) -> Floats:
    """Return the values of coefficients at cells, in the third coordinate a row for each."""
    first = chebvander(2.0 * cells.t - 1.0, c.shape[0] - 1)
    second = chebvander(2.0 * cells.eta - 1.0, c.shape[1] - 1)
    series = np.einsum("pi,pj,ijk->pk", first, second, c, optimize=True)
    values = np.einsum("pk,pzk->pz", series, chebvander(2.0 * third - 1.0, c.shape[2] - 1))
    return np.asarray(values)


def fit_first(cells: Cells) -> Floats:
    """Interpolate f."""
    w = cells.w(cells.z_of(np.broadcast_to(gauss(40), (GRID**2, 40))))
    f = np.exp(-np.sqrt(w**4 / 4.0 + w**2)).reshape(GRID, GRID, 40)
    return interpolated(f)[: F_SHAPE[0], : F_SHAPE[1], : F_SHAPE[2]]


def fit_smooth(cells: Cells) -> Floats:
    """Interpolate w0."""
    w = cells.w(cells.z_of(np.broadcast_to(gauss(24), (GRID**2, 24))), kinked=False)
    c = interpolated(w.reshape(GRID, GRID, 24))
    return c[: W_SHAPE[0], : W_SHAPE[1], : W_SHAPE[2]]


def fit_kink(cells: Cells) -> Floats:
    """Fit g; where the kink is not felt at all, to its distance, at little weight."""
    z = np.broadcast_to(gauss(40), (GRID**2, 40))
    w, w0 = cells.w(z), cells.w(z, kinked=False)
    u, kink = cells.x[:, None] * z**2, w - w0
    felt = kink > 1e-9
    far = -np.log1p(-cells.share)[:, None]
    target = np.where(
        felt,
        u * np.log(np.where(felt, kink, 1.0)),
        -0.5 * (far + w0 * np.sqrt(u)) ** 2 - 0.5 * u,
    )
    weight = np.where(felt, cells.cost(z, np.maximum(w, 1e-3)) * kink / u, 0.0)
    weight = np.maximum(weight / weight.max(), 1e-6 / (1.0 + far**2))
    first = chebvander(2.0 * cells.t - 1.0, G_SHAPE[0] - 1)[:, :, None]
    second = chebvander(2.0 * cells.eta - 1.0, G_SHAPE[1] - 1)[:, None, :]
    both = (first * second).reshape(GRID**2, 1, -1, 1)
    third = chebvander(2.0 * z[0] - 1.0, G_SHAPE[2] - 1)[None, :, None, :]
    rows = (both * third).reshape(target.size, -1) * weight.ravel()[:, None]
    target = (target * weight).ravel()
    normal = rows.T @ rows
    normal[np.diag_indices_from(normal)] += 1e-15 * np.trace(normal) / len(normal)
    factor = cho_factor(normal)
    c = cho_solve(factor, rows.T @ target)
    c += cho_solve(factor, rows.T @ (target - rows @ c))
    return np.asarray(c).reshape(G_SHAPE)


def nodes(count: int) -> list[list[float]]:
    """Return sin, cos and the weight for the integral over sin^2 at each node, rounded once."""
    columns: list[list[float]] = [[], [], []]
    for k in range(count):
        x = -cos(pi * (4 * k + 3) / (4 * count + 2))
        for _ in range(7):
            below, value = mpf(1), x
            for degree in range(2, count + 1):
                below, value = value, ((2 * degree - 1) * x * value - (degree - 1) * below) / degree
            slope = count * (x * value - below) / (x * x - 1)
            x -= value / slope
        theta, weight = (x + 1) * pi / 4, pi / (2 * (1 - x * x) * slope * slope)
        columns[0].append(float(sin(theta)))
        columns[1].append(float(cos(theta)))
        columns[2].append(float(weight * sin(2 * theta)))
    return columns


def constants() -> Floats:
    """Return what stands behind the coefficients."""
    with mp.workdps(50):
        found = [each for count in QUADRATURES for column in nodes(count) for each in column]
        angles = [float(cos(pi * k / ANGLES)) for k in range(ANGLES + 1)]
    angles[ANGLES // 2] = 0.0
    return np.array(found + angles)


def generate() -> Floats:
    t, eta = (each.ravel() for each in np.meshgrid(gauss(GRID), gauss(GRID), indexing="ij"))
    first, second = Cells(t, eta, second=False), Cells(t, eta, second=True)
    parts = fit_first(first), fit_smooth(second), fit_kink(second)
    return np.concatenate([*(part.ravel() for part in parts), constants()])


def attained(table: Floats, count: int = 800, seed: int = 5) -> dict[str, tuple[float, float]]:
    """Measure by region, on random curves, the cost of the error of w: maximum and RMS."""
    random = np.random.default_rng(seed)
    t, eta = random.uniform(0.02, 1.0, count), random.uniform(0.0, 1.0, count)
    z = np.broadcast_to(random.uniform(0.03, 1.0, 40), (count, 40))
    ends = np.cumsum([np.prod(shape) for shape in (F_SHAPE, W_SHAPE, G_SHAPE)])
    f, w0, g = (
        part.reshape(shape)
        for part, shape in zip(np.split(table, ends)[:3], (F_SHAPE, W_SHAPE, G_SHAPE), strict=True)
    )
    found: dict[str, tuple[float, float]] = {}
    for name, cells in (
        ("a >= b", Cells(t, eta, second=False)),
        ("a < b", Cells(t, eta, second=True)),
    ):
        w = cells.w(z)
        if cells.second:
            late = evaluated(g, cells, z) / (cells.x[:, None] * z**2)
            its = evaluated(w0, cells, cells.zeta_of(z)) + np.exp(np.minimum(late, 2.0))
        else:
            h = -np.log(np.clip(evaluated(f, cells, cells.zeta_of(z)), 1e-300, 1.0))
            its = h * np.sqrt(2.0 / (1.0 + np.sqrt(1.0 + h**2)))
        error: Any = cells.cost(z, w) * abs(its - w)
        found[name] = float(error.max()), float(np.sqrt(np.mean(error**2)))
    return found


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: generate_boundary.py [--check]", file=sys.stderr)
        return 2
    if not arguments:
        np.save(TABLE, generate())
        print(f"{TABLE.relative_to(REPOSITORY)} written")
    for region, (most, mean) in attained(np.load(TABLE)).items():
        print(f"{region}: an error of w costs at most {most:.1e} of the strike, {mean:.1e} RMS")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
