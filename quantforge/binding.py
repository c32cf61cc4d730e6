"""`bind`: resolve once, call many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from quantforge import conventions
from quantforge.conventions import ZERO
from quantforge.dispatch import Settings, settings, using
from quantforge.evaluation import Request, resolve
from quantforge.threads import split

__all__ = ["bind"]


class _Bound:
    """One resolved row; its bound method is what users call, the cheapest call that pickles."""

    __slots__ = ("_forward", "_kernel", "_request", "_row", "_settings", "_sign", "_size")

    def __init__(self, request: Request, size: int) -> None:
        model = conventions.model(request.model)
        plan, self._kernel = resolve(request, size)
        self._request = request
        self._size = size
        self._settings = settings.get()
        self._row = plan.rows[plan.row(size)]
        self._sign = conventions.sign(request.kind)
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
        """Evaluate on one thread."""
        return self._kernel(spot, strike, time, rate, dividend, sigma, self._sign, out)

    def call_forward(
        self, spot: Any, strike: Any, time: Any, rate: Any, sigma: Any, *, out: Any = None
    ) -> Any:
        """Evaluate on one thread, a forward price in the place of the spot."""
        return self._kernel(spot, strike, time, rate, rate, sigma, self._sign, out)

    def call_split(
        self,
        spot: Any,
        strike: Any,
        time: Any,
        rate: Any,
        sigma: Any,
        dividend: Any = ZERO,
        out: Any = None,
    ) -> Any:
        """Evaluate on several threads."""
        operands = (spot, strike, time, rate, dividend, sigma, self._sign)
        shape = np.broadcast_shapes(*map(np.shape, operands))
        return split(self._kernel, operands, shape, out, self._row.threads)

    def call_forward_split(
        self, spot: Any, strike: Any, time: Any, rate: Any, sigma: Any, *, out: Any = None
    ) -> Any:
        """Evaluate on several threads, a forward price in the place of the spot."""
        return self.call_split(spot, strike, time, rate, sigma, rate, out)

    def callable(self) -> Callable[..., Any]:
        """The method that fits the row."""
        if self._row.threads > 1:
            return self.call_forward_split if self._forward else self.call_split
        return self.call_forward if self._forward else self.call

    def __reduce__(self) -> tuple[Any, ...]:
        return _bound_under, (self._settings, self._request, self._size)

    def __repr__(self) -> str:
        request, row = self._request, self._row
        return (
            f"<{request.operation} of a {request.model} {request.kind} on {row.backend}, "
            f"{row.threads} thread{'s' * (row.threads > 1)}>"
        )


def _bound_under(then: Settings, request: Request, size: int) -> _Bound:
    """What a pickle says: the same request under the settings that `bind` found."""
    with using(**then._asdict()):
        return _Bound(request, size)


def bind(
    operation: str,
    *,
    model: str = "black_scholes",
    kind: Any = "call",
    n: int = 1,
    backend: str = "auto",
    threads: int | None = None,
) -> Callable[..., Any]:
    """Resolve model, kind, backend and threads once, for many calls.

    Parameters
    ----------
    operation : str
        Such as ``"price"``.
    model, kind, backend, threads
        As in `quantforge.price`.
    n : int, default 1
        Batch size to decide for; the result takes any other size too.

    Returns
    -------
    callable
        ``f(spot, strike, time, rate, sigma, dividend=0.0, out=None)``, without `dividend` for
        ``model="black76"``. It takes what NumPy's ufuncs take and pickles; in another process it
        is resolved anew.

    Examples
    --------
    >>> import quantforge
    >>> call = quantforge.bind("price", kind="call")
    >>> round(float(call(100.0, 100.0, 1.0, 0.05, 0.2)), 6)
    10.450584
    """
    return _Bound(Request(operation, model, kind, backend, threads), int(n)).callable()
