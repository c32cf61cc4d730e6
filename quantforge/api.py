"""What users call. Every function runs a fast path first: a dict lookup, then the kernel itself."""

from __future__ import annotations

from typing import Any

from quantforge import dispatch
from quantforge.conventions import NO_DIVIDEND, ZERO
from quantforge.dispatch import settings
from quantforge.errors import BackendError
from quantforge.evaluation import Route, evaluate, request

__all__ = ["price"]

_routes: dict[tuple[Any, ...], Route] = {}
dispatch.on_forget(_routes.clear)


def price(
    spot: Any,
    strike: Any,
    time: Any,
    rate: Any,
    sigma: Any,
    *,
    dividend: Any = NO_DIVIDEND,
    kind: Any = "call",
    model: str = "black_scholes",
    out: Any = None,
    errors: str = "nan",
    backend: str = "auto",
    threads: int | None = None,
) -> Any:
    """Price European options.

    Every argument broadcasts against the others as in NumPy; scalars give a scalar.

    Parameters
    ----------
    spot : array_like
        Price of the underlying, or its forward price with model ``"black76"``; >= 0 but with
        ``"bachelier"``.
    strike : array_like
        Exercise price; >= 0.
    time : array_like
        Years to expiry; >= 0.
    rate : array_like
        Risk-free rate per year, continuously compounded; finite.
    sigma : array_like
        Volatility per square root of a year; >= 0.
    dividend : array_like, default 0
        Continuous dividend yield, or the foreign rate with ``"garman_kohlhagen"``; finite.
    kind : str, int or array_like of them, default "call"
        ``"call"``, ``"put"``, ``"c"``, ``"p"`` (any case), +1 or -1, per option.
    model : {"black_scholes", "merton", "black76", "garman_kohlhagen", "bachelier"}
        ``"merton"`` is another name of ``"black_scholes"``. With ``"bachelier"`` the forward is
        normally distributed, `spot` is its price, `sigma` is absolute, and prices and strikes may
        have any sign.
    out : ndarray of float64, optional
        Where to write; may be one of the inputs.
    errors : {"nan", "raise"}
        What a NaN or a value outside its domain does: NaN in its place and NumPy's *invalid*
        signal (see `numpy.errstate`), or a ValueError before `out` is touched.
    backend : str, default "auto"
        ``"auto"`` takes the fastest on this machine; results have the same bits with every exact
        backend.
    threads : int, optional
        Threads to use, at most the machine's budget; by default as tuned.

    Returns
    -------
    ndarray of float64 or float
        Present values, in the currency of `spot`.

    Raises
    ------
    ValueError
        Shapes that do not broadcast; an unknown model, kind or backend; with
        ``errors="raise"`` the first bad element, named with its index, value and rule.
    TypeError
        An argument that is not real numbers, or of more than double precision.
    BackendError
        The named backend cannot be used; the message says why.

    Notes
    -----
    Out of the money at most 11 ulp of the price itself from the exact value, also under
    Bachelier's model, in the money at most 4 ulp of max(S exp(-qT), K exp(-rT)), or 5 of
    max(abs(F), abs(K)) exp(-rT) or the price.

    References
    ----------
    Black, F. and Scholes, M. (1973), The pricing of options and corporate liabilities;
    Merton, R. C. (1973), Theory of rational option pricing; Black, F. (1976), The pricing of
    commodity contracts; Garman, M. B. and Kohlhagen, S. W. (1983), Foreign currency option values.

    Examples
    --------
    >>> import quantforge
    >>> round(float(quantforge.price(100, 105, 0.5, 0.03, 0.2, kind="put")), 6)
    7.615053
    """
    try:
        route = _routes[model, kind, backend, threads, errors, settings.get()]
        try:  # one option is common enough to be told without a call
            single = spot.size + strike.size + time.size + rate.size + sigma.size == 5
        except AttributeError:
            single = False
        kernel = route.kernel if single else route.pick(out, spot, strike, time, rate, sigma)
        if kernel is not None and threads is route.threads:  # as a key, True is 1
            if dividend is NO_DIVIDEND:
                carry = rate if route.forward else ZERO
            else:
                carry = route.model.dividend(rate, dividend)
            if route.yields:
                return kernel(spot, strike, time, rate, carry, sigma, route.sign, out)
            return kernel(spot, strike, time, rate, sigma, route.sign, out)
    except (BackendError, KeyError, TypeError, ValueError):
        pass  # not seen before, or wrong: the full path sorts it out
    asked = request("price", model, kind, backend, threads, errors)
    if errors == "nan" and isinstance(kind, str):
        _routes[model, kind, backend, threads, errors, settings.get()] = Route(asked)
    arguments = {
        "spot": spot,
        "strike": strike,
        "time": time,
        "rate": rate,
        "dividend": dividend,
        "sigma": sigma,
    }
    return evaluate(asked, arguments, (out,))
