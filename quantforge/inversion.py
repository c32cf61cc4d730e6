"""`implied_volatility`: the volatility that a price implies."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from quantforge import dispatch
from quantforge.conventions import NO_DIVIDEND, ZERO
from quantforge.dispatch import settings
from quantforge.errors import BackendError
from quantforge.evaluation import Route, evaluate, request

__all__ = ["Code", "implied_volatility"]


class Code(IntEnum):
    """What became of one option in `implied_volatility`."""

    OK = 0
    """Solved, as precisely as the inputs allow."""
    AT_INTRINSIC = 1
    """Within two units in the last place of the intrinsic value: volatility 0."""
    BELOW_INTRINSIC = 2
    """Less than the intrinsic value: NaN."""
    AT_MAXIMUM = 3
    """Within two units in the last place of the most an option is worth: infinite volatility."""
    ABOVE_MAXIMUM = 4
    """More than any volatility gives: NaN."""
    NOT_FINITE = 5
    """The price is NaN or infinite: NaN."""
    INVALID_INPUT = 6
    """Another argument is NaN or outside its domain: NaN."""
    LOW_PRECISION = 7
    """Rounding of the inputs alone leaves more than 1e-8 of the volatility open: still the best."""


_VALUE, _BOTH = 1, 3  # sets of outputs
_routes: dict[tuple[Any, ...], Route] = {}
dispatch.on_forget(_routes.clear)


def implied_volatility(
    price: Any,
    spot: Any,
    strike: Any,
    time: Any,
    rate: Any,
    *,
    dividend: Any = NO_DIVIDEND,
    kind: Any = "call",
    model: str = "black_scholes",
    status: bool = False,
    out: Any = None,
    errors: str = "nan",
    backend: str = "auto",
    threads: int | None = None,
) -> Any:
    """Find the volatility that gives a price, in a fixed number of steps.

    Every argument broadcasts against the others as in NumPy; scalars give a scalar.

    Parameters
    ----------
    price : array_like
        What the option costs, in the currency of `spot`; finite.
    spot, strike, time, rate, dividend, kind, model, errors, backend, threads
        As in `quantforge.price`; `spot` and `strike` finite.
    status : bool, default False
        Also return a `Code` for every option.
    out : ndarray of float64, optional
        Where to write the volatilities; may be one of the inputs.

    Returns
    -------
    ndarray of float64 or float
        Volatility per square root of a year; absolute with ``"bachelier"``. 0 at intrinsic value,
        infinite at the maximum, NaN where there is none (and NumPy's *invalid* signal).
    ndarray of int8 or int
        With `status`: the codes.

    Raises
    ------
    ValueError, TypeError, BackendError
        As `quantforge.price`.

    Notes
    -----
    Given the exact price, correctly rounded, the result is within 3 times the attainable limit:
    what half a unit in the last place of each input costs, and one unit of the result. A positive
    price of an option out of the money is always solved, however small it is.

    References
    ----------
    Choi, J., Huh, J. and Su, N. (2023), Tighter "uniform bounds for Black-Scholes implied
    volatility" and the applications to root-finding, arXiv:2302.08758, for the seed.

    Examples
    --------
    >>> import quantforge
    >>> round(float(quantforge.implied_volatility(10.450583572185565, 100, 100, 1, 0.05)), 12)
    0.2
    >>> value, code = quantforge.implied_volatility(101.0, 100, 100, 1, 0.05, status=True)
    >>> quantforge.Code(int(code)).name
    'ABOVE_MAXIMUM'
    """
    try:
        route = _routes[model, kind, status, backend, threads, errors, settings.get()]
        try:  # one option is common enough to be told without a call
            single = price.size + spot.size + strike.size + time.size + rate.size == 5
        except AttributeError:
            single = False
        kernel = route.kernel if single else route.pick(out, price, spot, strike, time, rate)
        if kernel is not None and threads is route.threads:
            if dividend is NO_DIVIDEND:
                carry = rate if route.forward else ZERO
            else:
                carry = route.model.dividend(rate, dividend)
            if route.yields:
                return kernel(price, spot, strike, time, rate, carry, route.sign, out)
            return kernel(price, spot, strike, time, rate, route.sign, out)
    except (BackendError, KeyError, TypeError, ValueError):
        pass  # not seen before, or wrong: the full path sorts it out
    wanted = _BOTH if status else _VALUE
    asked = request("implied_volatility", model, kind, backend, threads, errors, wanted)
    if errors == "nan" and isinstance(kind, str):
        _routes[model, kind, status, backend, threads, errors, settings.get()] = Route(asked)
    arguments = {
        "price": price,
        "spot": spot,
        "strike": strike,
        "time": time,
        "rate": rate,
        "dividend": dividend,
    }
    return evaluate(asked, arguments, (out, None) if status else (out,))
