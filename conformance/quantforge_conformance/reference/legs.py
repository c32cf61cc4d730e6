r"""The legs of an option on a lognormal underlying, as accurately as its price and greeks need.

With :math:`A = S e^{-qT}`, :math:`B = K e^{-rT}`, :math:`s = \sigma\sqrt T`,
:math:`d_{1,2} = (\ln(S/K) + (r - q)T)/s \pm s/2` and sign :math:`\epsilon = \pm 1`,

.. math:: P = \epsilon\,(A\,N(\epsilon d_1) - B\,N(\epsilon d_2)).

The formula cancels where the time value is small against A and B, so each evaluation raises its
precision by the digits it will lose.
"""

from __future__ import annotations

from dataclasses import dataclass

from mpmath import exp, ln, log10, mp, mpf, sqrt

from quantforge_conformance.reference.elementary import DIGITS, normal_cdf


@dataclass(frozen=True)
class Legs:
    """What the price and its derivatives are made of, in the notation of the module."""

    A: mpf
    B: mpf
    s: mpf
    d1: mpf
    d2: mpf
    N1: mpf
    N2: mpf

    @property
    def value(self) -> mpf:
        """A N(e d1) - B N(e d2): the price but for its sign."""
        return self.A * self.N1 - self.B * self.N2


def _legs(S: mpf, K: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf, sign: int) -> Legs:
    A, B, s = S * exp(-q * T), K * exp(-r * T), sigma * sqrt(T)
    centre = (ln(S) - ln(K) + (r - q) * T) / s
    d1, d2 = centre + s / 2, centre - s / 2
    return Legs(A, B, s, d1, d2, normal_cdf(sign * d1), normal_cdf(sign * d2))


def _digits_lost(t: Legs, S: mpf, K: mpf, T: mpf, r: mpf, q: mpf) -> int:
    """Bound the digits lost to rounding in d1 and d2, in N and phi, and to the subtraction."""
    if t.value == 0:
        return 2 * mp.dps
    d = max(abs(t.d1), abs(t.d2))
    size = 1 + abs(ln(S)) + abs(ln(K)) + (abs(r) + abs(q)) * T + t.s
    in_terms = (1 + d) * (1 + size / t.s + d)
    in_difference = max(t.A * t.N1, t.B * t.N2) / abs(t.value)
    return int(log10(in_terms) + log10(in_difference)) + 2


def accurate_legs(S: mpf, K: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf, sign: int) -> Legs:
    """Return legs of which the price and the greeks keep DIGITS; call within mp.workdps."""
    while True:
        t = _legs(S, K, T, r, q, sigma, sign)
        needed = DIGITS + _digits_lost(t, S, K, T, r, q)
        if needed <= mp.dps:
            return t
        mp.dps = needed + 10
