"""Numbers with their slopes: arrays that carry x d/dx by every input along.

What a bound is made of is needed to three digits and for thousands of options at once, so this is
extended precision in NumPy, whose exponents also reach below the least double.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

Extended = NDArray[np.longdouble]

_INV_SQRT_2PI = 1 / np.sqrt(2 * np.longdouble(np.pi))


class Sloped:
    """An array of values, and a row of slopes x d/dx for each input.

    Parameters
    ----------
    value : ndarray of shape (n,)
    slopes : ndarray of shape (inputs, n)
    """

    __array_ufunc__ = None  # an array times one of these is for __rmul__ to compute

    def __init__(self, value: Extended, slopes: Extended) -> None:
        self.value, self.slopes = value, slopes

    def __add__(self, other: Any) -> Sloped:
        if isinstance(other, Sloped):
            return Sloped(self.value + other.value, self.slopes + other.slopes)
        return Sloped(self.value + other, self.slopes)

    __radd__ = __add__

    def __neg__(self) -> Sloped:
        return Sloped(-self.value, -self.slopes)

    def __sub__(self, other: Any) -> Sloped:
        return self + (-other)

    def __rsub__(self, other: Any) -> Sloped:
        return -self + other

    def __mul__(self, other: Any) -> Sloped:
        if isinstance(other, Sloped):
            slopes = self.slopes * other.value + self.value * other.slopes
            return Sloped(self.value * other.value, slopes)
        return Sloped(self.value * other, self.slopes * other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Sloped:
        if isinstance(other, Sloped):
            value = self.value / other.value
            return Sloped(value, (self.slopes - value * other.slopes) / other.value)
        return Sloped(self.value / other, self.slopes / other)

    def __rtruediv__(self, other: Any) -> Sloped:
        value = other / self.value
        return Sloped(value, -value / self.value * self.slopes)

    def exp(self) -> Sloped:
        value = np.exp(self.value)
        return Sloped(value, value * self.slopes)

    def log(self) -> Sloped:
        return Sloped(np.log(self.value), self.slopes / self.value)

    def sqrt(self) -> Sloped:
        value = np.sqrt(self.value)
        return Sloped(value, self.slopes / (2 * value))

    def total(self) -> Extended:
        """Return the sum of |x d/dx| over the inputs."""
        return np.abs(self.slopes).sum(axis=0)


def inputs(operands: Any, follow: bool = True) -> list[Sloped]:
    """Return the inputs, each of which has itself for its own slope; or no slopes at all."""
    columns = np.array(operands, np.longdouble)
    count, n = columns.shape
    slopes = np.zeros((count, count if follow else 0, n), np.longdouble)
    for place in range(count if follow else 0):
        slopes[place, place] = columns[place]
    return [Sloped(value, its) for value, its in zip(columns, slopes, strict=True)]


def density(x: Sloped) -> Sloped:
    """Return phi(x)."""
    value = np.exp(-x.value * x.value / 2) * _INV_SQRT_2PI
    return Sloped(value, -x.value * value * x.slopes)


def normal(x: Sloped) -> Sloped:
    """Return N(x), in full relative precision in both tails."""
    away = np.abs(x.value)
    tail = erfcx((away / np.sqrt(np.longdouble(2))).astype(float)) / np.longdouble(2)
    tail = tail * np.exp(-away * away / 2)
    return Sloped(np.where(x.value > 0, 1 - tail, tail), density(x).value * x.slopes)
