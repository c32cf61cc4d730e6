"""How far in the money an option is, and the amount in whose ulp such prices are measured."""

from __future__ import annotations

from mpmath import exp, ln, mp, mpf

from quantforge_conformance.oracles.bounds import Lane
from quantforge_conformance.reference import DIGITS


def moneyness(lane: Lane) -> mpf:
    """Return ln(A/B) of the legs, with the sign of the option."""
    spot, strike, time, rate, dividend, *_, sign = map(mpf, lane)
    with mp.workdps(DIGITS):
        return sign * (ln(spot / strike) + (rate - dividend) * time)


def larger_leg(lane: Lane, exact: mpf) -> mpf:
    """Return max(S e^(-qT), K e^(-rT))."""
    spot, strike, time, rate, dividend, *_ = map(mpf, lane)
    with mp.workdps(DIGITS):
        return max(spot * exp(-dividend * time), strike * exp(-rate * time))


def bachelier_moneyness(lane: Lane) -> mpf:
    """Return F - K, with the sign of the option."""
    return lane[-1] * (mpf(lane[0]) - mpf(lane[1]))


def larger_amount(lane: Lane, exact: mpf) -> mpf:
    """Return max(|F|, |K|) e^(-rT), or the price where that is more."""
    forward, strike, time, rate, *_ = map(mpf, lane)
    with mp.workdps(DIGITS):
        discount = exp(-rate * time)
    return max(discount * max(abs(forward), abs(strike)), exact)
