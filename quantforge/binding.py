"""`bind`: resolve once, call many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from quantforge import conventions, sensitivities
from quantforge.conventions import NO_DIVIDEND, ZERO
from quantforge.dispatch import Settings, settings, using
from quantforge.evaluation import Request, evaluate, request, resolve
from quantforge.operations import FIRST_ORDER, OPERATIONS

__all__ = ["bind"]


class _Bound:
    """One resolved row; its bound method is what users call, the cheapest call that pickles."""

    __slots__ = (
        "_choice",
        "_forward",
        "_kernel",
        "_request",
        "_row",
        "_settings",
        "_sign",
        "_size",
    )

    def __init__(self, asked: Request, size: int, which: Sequence[str]) -> None:
        model = conventions.model(asked.model)
        self._choice = None
        if "greeks" in asked.operation:
            self._choice = sensitivities.choice(which, model)
            asked = asked._replace(wanted=self._choice.wanted)
        elif OPERATIONS[asked.operation].chosen:
            operation = OPERATIONS[asked.operation]
            asked = asked._replace(wanted=operation.wanted(operation.chosen))
        plan, self._kernel = resolve(asked, size)
        self._row = plan.rows[plan.row(size)]
        # The row is fixed: later settings, another profile and other sizes change nothing.
        self._request = asked
        self._size = size
        self._settings = settings.get()
        self._sign = conventions.sign(asked.kind)
        self._forward = model.carry == "rate"

    def call(
        self,
        spot: Any,
        strike: Any,
        time: Any,
        rate: Any,
        sigma: Any,
        dividend: Any = ZERO,
        out: Any = None,
    ) -> Any:
        """Price on one thread."""
        return self._kernel(spot, strike, time, rate, dividend, sigma, self._sign, out)

    def call_forward(
        self, spot: Any, strike: Any, time: Any, rate: Any, sigma: Any, *, out: Any = None
    ) -> Any:
        """Price on one thread, a forward price in the place of the spot."""
        return self._kernel(spot, strike, time, rate, rate, sigma, self._sign, out)

    def call_normal(
        self, spot: Any, strike: Any, time: Any, rate: Any, sigma: Any, *, out: Any = None
    ) -> Any:
        """Price on one thread, on a normally distributed forward."""
        return self._kernel(spot, strike, time, rate, sigma, self._sign, out)

    def call_greeks(
        self,
        spot: Any,
        strike: Any,
        time: Any,
        rate: Any,
        sigma: Any,
        dividend: Any = ZERO,
        out: Any = None,
    ) -> Any:
        """Greeks on one thread."""
        if out is not None or self._choice is None:
            return self.call_any(spot, strike, time, rate, sigma, dividend, out)
        values = self._kernel(spot, strike, time, rate, dividend, sigma, self._sign)
        return self._choice.named(values, time, {})

    def call_any(
        self,
        spot: Any,
        strike: Any,
        time: Any,
        rate: Any,
        sigma: Any,
        dividend: Any = NO_DIVIDEND,
        out: Any = None,
    ) -> Any:
        """Price, or greeks, on any number of threads."""
        arguments = {
            "spot": spot,
            "strike": strike,
            "time": time,
            "rate": rate,
            "dividend": dividend,
            "sigma": sigma,
        }
        fixed = self._kernel, self._row.threads
        if self._choice is None:
            return evaluate(self._request, arguments, (out,), fixed)
        return sensitivities.run(self._request, self._choice, arguments, out, fixed)

    def invert(
        self,
        price: Any,
        spot: Any,
        strike: Any,
        time: Any,
        rate: Any,
        dividend: Any = ZERO,
        out: Any = None,
    ) -> Any:
        """Implied volatility on one thread."""
        return self._kernel(price, spot, strike, time, rate, dividend, self._sign, out)

    def invert_any(
        self,
        price: Any,
        spot: Any,
        strike: Any,
        time: Any,
        rate: Any,
        dividend: Any = NO_DIVIDEND,
        out: Any = None,
    ) -> Any:
        """Implied volatility, on any number of threads."""
        arguments = {
            "price": price,
            "spot": spot,
            "strike": strike,
            "time": time,
            "rate": rate,
            "dividend": dividend,
        }
        fixed = self._kernel, self._row.threads
        return evaluate(self._request, arguments, (out,), fixed)

    def callable(self) -> Callable[..., Any]:
        """The method that fits the row."""
        operation = OPERATIONS[self._request.operation]
        if operation.function == "implied_volatility":
            simple = self._row.threads == 1 and not self._forward
            return self.invert if simple else self.invert_any
        if self._choice is not None and self._row.threads == 1 and not self._forward:
            return self.call_greeks
        if self._choice is not None or self._row.threads > 1:
            return self.call_any
        if operation.model == "bachelier":
            return self.call_normal
        return self.call_forward if self._forward else self.call

    def __reduce__(self) -> tuple[Any, ...]:
        which = FIRST_ORDER if self._choice is None else self._choice.names
        return _bound_under, (self._settings, self._request, self._size, which)

    def __repr__(self) -> str:
        asked, row = self._request, self._row
        return (
            f"<{asked.operation} of a {asked.model} {asked.kind} on {row.backend}, "
            f"{row.threads} thread{'s' * (row.threads > 1)}>"
        )


def _bound_under(then: Settings, asked: Request, size: int, which: Sequence[str]) -> _Bound:
    """What a pickle says: the same request under the settings that `bind` found."""
    with using(**then._asdict()):
        return _Bound(asked, size, which)


def bind(
    operation: str,
    *,
    model: str = "black_scholes",
    kind: Any = "call",
    n: int = 1,
    which: Sequence[str] = FIRST_ORDER,
    backend: str = "auto",
    threads: int | None = None,
) -> Callable[..., Any]:
    """Resolve model, kind, backend and threads once, for many calls.

    Parameters
    ----------
    operation : {"price", "greeks", "implied_volatility"}
    model, kind, backend, threads
        As in `quantforge.price`.
    n : int, default 1
        Batch size to decide for; the result takes any other size too.
    which : sequence of str
        As in `quantforge.greeks`.

    Returns
    -------
    callable
        ``f(spot, strike, time, rate, sigma, dividend=0.0, out=None)``, without `dividend` for
        models of a forward; for ``"implied_volatility"``
        ``f(price, spot, strike, time, rate, dividend=0.0, out=None)``. It takes what NumPy's
        ufuncs take and pickles; in another process it is resolved anew.

    Examples
    --------
    >>> import quantforge
    >>> call = quantforge.bind("price", kind="call")
    >>> round(float(call(100.0, 100.0, 1.0, 0.05, 0.2)), 6)
    10.450584
    """
    functions = sorted({entry.function for entry in OPERATIONS.values()})
    if operation not in functions:
        raise ValueError(f"unknown operation {operation!r}; valid: {', '.join(functions)}")
    return _Bound(request(operation, model, kind, backend, threads), int(n), which).callable()
