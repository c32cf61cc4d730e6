r"""The backend in Python, and the formulas.

With :math:`s = \sigma\sqrt T`, :math:`d_{1,2} = (\ln(S/K) + (r - q)T)/s \pm s/2` and the sign
:math:`\epsilon`, :math:`x` is :math:`d_2` where cash is paid and :math:`d_1` where the underlying
is; :math:`y` is the other of the two. Of the amount :math:`a`, which is :math:`e^{-rT}` or
:math:`S e^{-qT}` and is discounted at :math:`b = r` or :math:`q`, an option is worth
:math:`V = a N(\epsilon x)`. With :math:`p = \epsilon a \phi(x)` its derivatives are

- delta :math:`p/(S s)`, and :math:`V/S` more where the underlying is paid
- gamma :math:`-p y/(S s)^2`
- vega :math:`-p y/\sigma`
- theta :math:`b V - p\,((r - q)/s - y/(2T))`
- rho :math:`p T/s`, and :math:`T V` less where cash is paid
- phi :math:`-p T/s`, and :math:`T V` less where the underlying is paid

Where s is 0, the forward alone decides, and p and all that is made of it vanish; but at the strike
an option is worth half, and there are the limits of `_at_the_strike`. Where both T and sigma are 0,
the limit is that of T.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge_digitals.operations import ASSET_OR_NOTHING, CASH_OR_NOTHING, OUTPUTS

Array = NDArray[np.float64]

_SQRT_2: Final = np.sqrt(2.0)
_ROOT: Final = 1.0 / np.sqrt(2.0 * np.pi)


class _Option(NamedTuple):
    """What the results are made of, in the notation of the module."""

    asset: bool
    S: Array
    T: Array
    r: Array
    q: Array
    sigma: Array
    s: Array
    y: Array
    n: Array
    amount: Array
    density: Array
    p: Array

    @property
    def slope(self) -> Array:
        """p/(S s), which may be a number where p is too small for one."""
        return quotient(self.density if self.asset else quotient(self.density, self.S), self.s)

    @property
    def value(self) -> Array:
        """V."""
        return product(self.amount, self.n)

    @property
    def drift(self) -> Array:
        """p T/s."""
        return quotient(self.p, self.s) * self.T


def product(x: Array, y: Array) -> Array:
    """x y, where nothing of whatever is nothing."""
    return np.where((x == 0.0) | (y == 0.0), 0.0, x * y)


def quotient(x: Array, y: Array) -> Array:
    """x/y, where nothing by whatever is nothing."""
    return np.where(x == 0.0, 0.0, x / y)


def _option(asset: bool, operands: tuple[Array, ...]) -> tuple[_Option, Array]:
    """The option, and where it is at the strike with s = 0."""
    from scipy.special import erfc  # heavy: only when it computes

    S, K, T, r, q, sigma, sign = operands
    s = sigma * np.sqrt(T)
    ratio = S / K
    is_normal = (ratio > 1e-300) & (ratio < 1e300)
    moneyness = np.where(is_normal, np.log(ratio), np.log(S) - np.log(K))
    carry = product(r - q, T)
    forward = np.where(np.isinf(moneyness), moneyness, moneyness + carry)
    at_strike = (s == 0.0) & (forward == 0.0)
    centre = np.where(at_strike, 0.0, forward / s)
    d1, d2 = (np.where(np.isinf(forward), forward, centre + x) for x in (s / 2.0, -s / 2.0))
    x, y = (d1, d2) if asset else (d2, d1)
    discount = product(q if asset else r, T)
    n = erfc(-sign * x / _SQRT_2) / 2.0
    density = sign * _ROOT * np.where(np.isinf(x), 0.0, np.exp(-x * x / 2.0 - discount))
    unit = S if asset else np.ones_like(S)
    amount, p = product(unit, np.exp(-discount)), product(unit, density)
    return _Option(asset, S, T, r, q, sigma, s, y, n, amount, density, p), at_strike


def _delta(o: _Option) -> Array:
    shares = product(o.n, np.exp(-product(o.q, o.T))) if o.asset else 0.0
    return o.slope + shares


def _gamma(o: _Option) -> Array:
    return product(-o.slope, quotient(quotient(o.y, o.S), o.s))


def _vega(o: _Option) -> Array:
    return product(-quotient(o.p, o.sigma), o.y)


def _theta(o: _Option) -> Array:
    moving = product(quotient(o.p, o.s), o.r - o.q) - product(quotient(o.p, o.T), o.y) / 2.0
    return product(o.q if o.asset else o.r, o.value) - moving


def _rho(o: _Option) -> Array:
    return o.drift - (0.0 if o.asset else product(o.T, o.value))


def _phi(o: _Option) -> Array:
    return -o.drift - (product(o.T, o.value) if o.asset else 0.0)


_RESULTS: Final[Mapping[str, Callable[[_Option], Array]]] = {
    "price": lambda o: o.value,
    "delta": _delta,
    "gamma": _gamma,
    "vega": _vega,
    "theta": _theta,
    "rho": _rho,
    "phi": _phi,
}


def _at_the_strike(o: _Option, name: str) -> Array:
    """The limit for s -> 0 at the strike: for T -> 0 where T is 0, else for sigma -> 0."""
    expired = o.T == 0.0
    side = np.sign(o.p) * np.inf
    wider = o.sigma * o.sigma / 2.0 * (-1.0 if o.asset else 1.0)
    drift = o.r - o.q
    if name == "delta":
        return side
    if name == "gamma":
        return product(-side, np.where(expired, np.sign(drift + wider), -1.0 if o.asset else 1.0))
    if name == "vega":
        return np.where(expired, 0.0, o.p * np.sqrt(o.T) * (0.5 if o.asset else -0.5))
    if name == "theta":
        return product(-side, np.sign(np.where(expired, drift - wider, drift))) + product(
            o.q if o.asset else o.r, o.value
        )
    if name == "rho":
        return np.where(expired, 0.0, side)
    if name == "phi":
        return np.where(expired, 0.0, -side)
    return o.value


def _kernel(
    asset: bool,
    *operands: Array,
    out: tuple[Array, ...] | None = None,
    outputs: tuple[str, ...] = OUTPUTS,
) -> Array | tuple[Array, ...]:
    """The results named in `outputs`, in that order."""
    given = tuple(np.broadcast_arrays(*operands))
    S, K, T, _, _, sigma, sign = given
    with np.errstate(all="ignore"):
        missing = np.isnan(given).any(axis=0)
        inside = np.isfinite(given).all(axis=0) & (np.abs(sign) == 1.0)
        inside &= (S >= 0.0) & (K >= 0.0) & (T >= 0.0) & (sigma >= 0.0) & ((S > 0.0) | (K > 0.0))
        option, at_strike = _option(asset, given)
        found = []
        for name in outputs:
            result = _RESULTS[name](option)
            if at_strike.any():
                result = np.where(at_strike, _at_the_strike(option, name), result)
            found.append(np.where(inside, result, np.nan))
        lost = np.isnan(found).any(axis=0) & ~missing
    np.sqrt(np.where(lost, -1.0, 0.0))  # signals *invalid* as compiled loops do
    if out is not None:
        for place, result in zip(out, found, strict=True):
            place[...] = result
        found = list(out)
    return tuple(found) if len(found) > 1 else found[0]


@quantforge.hookimpl
def quantforge_backend() -> quantforge.Backend:
    """Describe the backend to QuantForge."""
    return quantforge.Backend(
        name="digitals_numpy",
        version="1.0.0",
        contract=1,
        numerics={CASH_OR_NOTHING.name: 1, ASSET_OR_NOTHING.name: 1},
        exact=False,
        load=lambda: {
            CASH_OR_NOTHING.name: partial(_kernel, False),
            ASSET_OR_NOTHING.name: partial(_kernel, True),
        },
        requires=("scipy",),
        preference=60,
    )
