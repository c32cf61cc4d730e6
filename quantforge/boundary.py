"""The exercise boundary of American options, tabulated once for all backends.

By scaling, the boundary of a put depends on three numbers. The table holds Chebyshev coefficients
in these, of what is smooth in them; `conformance/generate_boundary.py` makes it and says what they
are, and docs/american.md how it is read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["boundary_table"]

Floats = NDArray[np.float64]

COEFFICIENTS: Final = 24 * 20 * 14 + 12 * 12 * 12 + 14 * 12 * 14
QUADRATURES: Final = (15, 26, 16, 20, 32, 64, 96)
ANGLES: Final = 96
GRIDS: Final = ((16, 16, 64), (24, 20, 64), (32, 32, 96))
"""Points of a boundary, nodes of its equation, nodes of the premium: the solvers of `high`."""


@cache
def boundary_table() -> Floats:
    """Return the coefficients, one after the other, for kernels of American options.

    The array is read-only, contiguous and always the same one: its address may be handed to native
    code once and for all. Its bits do not depend on the machine.

    Returns
    -------
    ndarray, shape (n,)
        24 x 20 x 14 coefficients of f, 12 x 12 x 12 of w0 and 14 x 12 x 14 of g, the last
        coordinate fastest; then the sines, cosines and weights of seven quadratures, and the
        cosines of pi k / 96. Behind these, for each of three grids, the matrices that interpolate
        between its points: to the nodes of the equation at each point, and to those of the premium.
        At last for each grid the matrix to the slopes in ln(u) at the nodes of the premium.
    """
    stored = np.load(Path(__file__).parent / "data" / "american_boundary.npy")
    matrices = (_matrices(stored, *grid) for grid in GRIDS)
    slopes = (_slopes(stored, points, premium) for points, _, premium in GRIDS)
    table = np.concatenate([stored, *matrices, *slopes])
    table.flags.writeable = False
    return table


def _cosines(stored: Floats, count: int) -> Floats:
    """The cosines of a quadrature's nodes."""
    start = COEFFICIENTS + 3 * sum(QUADRATURES[: QUADRATURES.index(count)])
    return stored[start + count : start + 2 * count]


def _matrices(stored: Floats, points: int, nodes: int, premium: int) -> Floats:
    """Interpolation in Chebyshev's points of (u / x)^(1/4), as matrices."""
    place = 0.5 * _points(stored, points)[:-1] + 0.5
    before = place[:, None] * np.sqrt(_cosines(stored, nodes))
    roots = np.concatenate([before.ravel(), np.sqrt(_cosines(stored, premium))])
    return _interpolation(stored, points, roots)[0].ravel()


def _slopes(stored: Floats, points: int, premium: int) -> Floats:
    """The matrix to slopes in ln(u) at the nodes of the premium."""
    roots = np.sqrt(_cosines(stored, premium))
    matrix, per_apart = _interpolation(stored, points, roots)
    slopes = matrix * (_total(matrix * per_apart) - per_apart)
    return np.asarray(0.5 * roots[:, None] * slopes).ravel()


def _points(stored: Floats, count: int) -> Floats:
    return stored[-(ANGLES + 1) :: ANGLES // count]


def _interpolation(stored: Floats, points: int, roots: Floats) -> tuple[Floats, Floats]:
    """Barycentric weights at 2 `roots` - 1, and one over the distances from the points.

    NumPy rounds sums, products, quotients and square roots as IEEE 754 says, on every machine.
    """
    per_apart = 1.0 / ((2.0 * roots - 1.0)[:, None] - _points(stored, points))
    weights = np.where(np.arange(points + 1) % 2, -1.0, 1.0)
    weights[[0, -1]] *= 0.5
    matrix = weights * per_apart
    return np.asarray(matrix / _total(matrix)), per_apart


def _total(matrix: Floats) -> Floats:
    """The sums of rows, term after term."""
    total = np.zeros((len(matrix), 1))
    for column in matrix.T:
        total += column[:, None]
    return total
