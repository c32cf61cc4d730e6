"""What both models are made of: the normal distribution, discounting, and limits of products."""

from __future__ import annotations

from mpmath import erfc, exp, mpf, pi, sqrt

DIGITS = 50
"""Digits the terms keep after cancellation; results are right to 40."""

GREEKS = (
    *("price", "delta", "gamma", "vega", "theta", "rho", "phi"),
    *("vanna", "volga", "charm", "veta", "dual_delta", "dual_gamma"),
    *("speed", "color", "zomma", "ultima"),
)
"""The names of the outputs of `greeks`, the price first, in their order."""


def normal(x: mpf) -> mpf:
    """Return N(x), in full relative precision in both tails."""
    return erfc(-x / sqrt(2)) / 2


def density(x: mpf) -> mpf:
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
    return mpf(0) if 0 in (x, y) else x * y
