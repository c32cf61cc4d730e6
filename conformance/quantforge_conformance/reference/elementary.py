"""What both models are made of: the normal distribution, discounting, limits of products."""

from __future__ import annotations

import math

from mpmath import erfc, exp, mpf, pi, sqrt

DIGITS = 50
"""Digits the terms keep after cancellation; results are right to 40."""


def normal_cdf(x: mpf) -> mpf:
    """Return N(x), in full relative precision in both tails."""
    return erfc(-x / sqrt(2)) / 2


def normal_pdf(x: mpf) -> mpf:
    """Return phi(x)."""
    return exp(-x * x / 2) / sqrt(2 * pi)


def discounted(amount: mpf, rate: mpf, time: mpf) -> mpf:
    """Return amount e^(-rate time); nothing stays nothing whatever the discount."""
    if amount == 0 or rate == 0:
        return amount
    return amount * exp(-rate * time)


def sign_of(x: mpf) -> int:
    """Return -1, 0 or 1."""
    return int(x > 0) - int(x < 0)


def product(x: mpf, y: mpf) -> mpf:
    """Return x y, a product of 0 and infinity that stands for a limit being 0."""
    return mpf(0) if 0 in (x, y) else x * y


def ulp(x: mpf) -> mpf:
    """Return the spacing of doubles at x, of the largest ones where x is beyond them."""
    return mpf(math.ulp(min(float(abs(x)), 1.7e308)))
