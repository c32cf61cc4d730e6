"""The exercise boundary of American options by its equation, in samples of its depth.

It is equation B of Andersen, Lake and Offengenden (2016).
"""

from typing import NamedTuple

from quantforge_numba.american_boundary import discounted_tails, logarithm
from quantforge_numba.elementary import at_least, log_ratio
from quantforge_numba.intrinsics import fma, inlined, sqrt

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
