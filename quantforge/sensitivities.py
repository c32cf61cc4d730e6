"""`greeks`: the price and its sensitivities, in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from quantforge import conventions, dispatch
from quantforge.conventions import NO_DIVIDEND
from quantforge.dispatch import settings
from quantforge.errors import BackendError
from quantforge.evaluation import Request, Route, evaluate, request
from quantforge.operations import FIRST_ORDER, OPERATIONS
from quantforge.results import Greeks

__all__ = ["Choice", "choice", "greeks", "run"]


class Choice(NamedTuple):
    """The results asked for, and those that the kernel writes for them, in the catalogue's order.

    With a forward price the kernel's rho and phi, derivatives at a constant spot, are not what is
    meant: rho is -T V, and phi 0.
    """

    names: tuple[str, ...]
    written: tuple[str, ...]
    wanted: int

    def named(self, values: Any, time: Any, out: Mapping[str, Any]) -> Greeks:
        """All results by name, from those of the kernel."""
        several = values if isinstance(values, tuple) else (values,)
        if self.names == self.written:
            return Greeks(zip(self.names, several, strict=True))
        found = dict(zip(self.written, several, strict=True))
        if "rho" in self.names:
            negative = np.multiply(-1.0, time)  # an unsigned integer has none of its own
            found["rho"] = np.multiply(negative, found["price"], out=out.get("rho"))
        if "phi" in self.names:
            nothing = np.where(np.isnan(several[0]), several[0], 0.0)[()]
            found["phi"] = np.positive(nothing, out=out.get("phi"))
        return Greeks((name, found[name]) for name in self.names)


def choice(which: Sequence[str], model: conventions.Model) -> Choice:
    """Read `which`; an unknown name raises ValueError naming the valid ones."""
    return _choice((which,) if isinstance(which, str) else tuple(which), model)


@cache
def _choice(which: tuple[str, ...], model: conventions.Model) -> Choice:
    operation = OPERATIONS[model.operation("greeks")]
    asked = operation.wanted(which)
    names = tuple(output.name for output in operation.written(asked))
    written = names
    if model.carry == "rate" and not model.family:
        kept = [name for name in names if name not in ("rho", "phi")]
        if "rho" in names or not kept:
            kept.append("price")
        asked = operation.wanted(kept)
        written = tuple(output.name for output in operation.written(asked))
    if not names:
        raise ValueError("which names no result")
    return Choice(names, written, asked)


_routes: dict[tuple[Any, ...], tuple[Route, Choice]] = {}
dispatch.on_forget(_routes.clear)


def greeks(
    spot: Any,
    strike: Any,
    time: Any,
    rate: Any,
    sigma: Any,
    *,
    dividend: Any = NO_DIVIDEND,
    kind: Any = "call",
    model: str = "black_scholes",
    which: Sequence[str] = FIRST_ORDER,
    out: Mapping[str, Any] | None = None,
    errors: str = "nan",
    backend: str = "auto",
    threads: int | None = None,
) -> Greeks:
    """Price European options with their sensitivities, all analytic, in one pass.

    Every argument broadcasts against the others as in NumPy; scalars give scalars.

    Parameters
    ----------
    spot, strike, time, rate, sigma, dividend, kind, model, errors, backend, threads
        As in `quantforge.price`.
    which : sequence of str, default `FIRST_ORDER`
        What to compute: `FIRST_ORDER`, `SECOND_ORDER`, `THIRD_ORDER`, `ALL`, sums of these, or
        any names. Only what is asked for is written.
    out : mapping of str to ndarray of float64, optional
        Where to write, by name; what is missing is allocated.

    Returns
    -------
    Greeks
        In units per 1.0 and per year:

        - ``price`` V; ``delta`` dV/dS; ``gamma`` d2V/dS2
        - ``vega`` dV/dsigma, for 1 % of volatility times 0.01
        - ``theta`` -dV/dT per year, per calendar day divided by 365
        - ``rho`` dV/drate and ``phi`` dV/ddividend, for 1 % times 0.01
        - ``vanna`` d2V/dS dsigma and ``volga`` d2V/dsigma2, for 1 % of volatility times 0.01
          (volga 0.0001)
        - ``charm`` -d2V/dS dT, ``veta`` -d2V/dsigma dT and ``color`` -d3V/dS2 dT, per day / 365
        - ``dual_delta`` dV/dK; ``dual_gamma`` d2V/dK2; ``speed`` d3V/dS3
        - ``zomma`` d3V/dS2 dsigma, for 1 % times 0.01; ``ultima`` d3V/dsigma3, times 1e-6

        With ``"black76"`` and ``"bachelier"`` the derivatives are by the forward, at a constant
        forward: ``rho`` is -T V and ``phi`` is 0.

    Raises
    ------
    ValueError, TypeError, BackendError
        As `quantforge.price`; an unknown name in `which`.

    Notes
    -----
    At expiry and without volatility ``delta`` is 0 or +-1 (discounted), at the money half of that;
    ``gamma`` and what is made of it is infinite there and 0 elsewhere. A valid option never gives
    NaN. For the errors see docs/numerics.md.

    References
    ----------
    Haug, E. G. (2007), The complete guide to option pricing formulas, chapter 2.

    Examples
    --------
    >>> import quantforge
    >>> result = quantforge.greeks(100, 105, 0.5, 0.03, 0.2, kind="put", which=["delta", "vega"])
    >>> round(float(result.vega), 6)
    27.895769
    """
    if type(which) is not tuple:
        which = (which,) if isinstance(which, str) else tuple(which)
    try:
        route, chosen = _routes[model, kind, which, backend, threads, errors, settings.get()]
        kernel = route.pick(None, spot, strike, time, rate, sigma)
        if kernel is not None and out is None and threads is route.threads:
            carry = route.model.dividend(rate, dividend)
            if route.yields:
                values = kernel(spot, strike, time, rate, carry, sigma, route.sign)
            else:
                values = kernel(spot, strike, time, rate, sigma, route.sign)
            return chosen.named(values, time, {})
    except (BackendError, KeyError, TypeError, ValueError):
        pass  # not seen before, or wrong: the full path sorts it out
    chosen = choice(which, conventions.model(model))
    asked = request("greeks", model, kind, backend, threads, errors, chosen.wanted)
    if errors == "nan" and isinstance(kind, str):
        key = model, kind, which, backend, threads, errors, settings.get()
        _routes[key] = Route(asked), chosen
    arguments = {
        "spot": spot,
        "strike": strike,
        "time": time,
        "rate": rate,
        "dividend": dividend,
        "sigma": sigma,
    }
    return run(asked, chosen, arguments, out)


def run(
    asked: Request,
    chosen: Choice,
    arguments: Mapping[str, Any],
    out: Mapping[str, Any] | None,
    fixed: tuple[Any, int] | None = None,
) -> Greeks:
    """The full path of `greeks`."""
    given = {} if out is None else dict(out)
    unknown = sorted(given.keys() - set(chosen.names))
    if unknown:
        raise ValueError(f"out names {', '.join(unknown)}, which is not asked for")
    outs = tuple(given.get(name) for name in chosen.written)
    values = evaluate(asked, arguments, outs, fixed)
    return chosen.named(values, arguments["time"], given)
