"""Exact values in ball arithmetic: python-flint's `arb`, whose balls hold the rounding error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

Extended = NDArray[np.longdouble]

FIRST_BITS = 128
MOST_BITS = 4096


@lru_cache(maxsize=64)
def _constants(bits: int) -> tuple[Any, Any]:
    """Return sqrt(1/2) and 1/sqrt(2 pi) to that many bits."""
    return arb(0.5).sqrt(), (arb.pi() * 2).sqrt() ** -1


def normal(x: Any) -> Any:
    """Return N(x), in full relative precision in both tails."""
    return (-x * _constants(ctx.prec)[0]).erfc() / 2


def density(x: Any) -> Any:
    """Return phi(x)."""
    return (-x * x / 2).exp() * _constants(ctx.prec)[1]


def option(model: Callable[..., Any], lane: Sequence[float]) -> Any:
    """Return one option in balls; what it has is computed at the precision that then holds."""
    *inputs, sign = lane
    return model([arb(x) for x in inputs], int(sign), normal, density)


def extended(balls: Sequence[Any]) -> tuple[Extended, Extended]:
    """Return midpoints and radii as extended numbers, whose exponents reach as far as needed.

    What is no number, or any, is NaN.
    """
    with ctx.workprec(FIRST_BITS):
        rounded = [(ball.mid() * 1).mid() for ball in balls]
    return _scaled(rounded), _scaled([ball.rad() for ball in balls])


def _scaled(exact: Sequence[Any]) -> Extended:
    parts = [x.man_exp() if x.is_finite() else (np.nan, 0) for x in exact]
    whole = np.array([float(mantissa) for mantissa, _ in parts], np.longdouble)
    exponents = np.clip([int(exponent) for _, exponent in parts], -30000, 30000)
    return np.ldexp(whole, exponents.astype(np.int32))


def rounded(ball: Any) -> float:
    """Return the double nearest to the midpoint, below the normal range too; infinity beyond."""
    mantissa, exponent = map(int, ball.mid().man_exp())
    try:  # the quotient of two integers is rounded correctly, once
        return (mantissa << max(exponent, 0)) / (1 << max(-exponent, 0))
    except OverflowError:
        return math.copysign(math.inf, mantissa)
