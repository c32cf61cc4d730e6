"""What users call: each function says what it asks for, and the resolved request does the rest.

Each of the four looks its request up inline: a call of a common lookup would cost 5 % of a
one-option call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from quantforge import kinds, labels
from quantforge.calls import Call, Request, in_full, resolve, signs, table
from quantforge.conventions import NO_DIVIDEND
from quantforge.declared import declared, named
from quantforge.dispatch import settings
from quantforge.dividends import schedule
from quantforge.evaluation import time_left
from quantforge.exercises import AMERICAN, EUROPEAN, STANDARD, word
from quantforge.labels import is_labelled
from quantforge.operations import (
    FIRST_ORDER,
    RAW,
    Operation,
    find,
    functions,
    unknown,
)
from quantforge.plugins import registry
from quantforge.results import Greeks

__all__ = ["bind", "exercise_boundary", "function", "greeks", "implied_volatility", "price"]

_settings = settings.get  # looked up once

# Calls seen before, by all that decides them.
_PRICES, _GREEKS, _VOLATILITIES, _BOUNDARIES = (table() for _ in range(4))


def price(
    spot: Any,
    strike: Any,
    time: Any,
    rate: Any,
    sigma: Any,
    *,
    dividend: Any = NO_DIVIDEND,
    dividends: Iterable[tuple[float, float]] | None = None,
    kind: Any = "call",
    model: str = "black_scholes",
    exercise: Any = EUROPEAN,
    accuracy: str = STANDARD,
    out: Any = None,
    errors: str = "nan",
    backend: str = "auto",
    threads: int | None = None,
) -> Any:
    """Price European and American options.

    Every argument broadcasts against the others as in NumPy; scalars give a scalar.

    Parameters
    ----------
    spot : array_like
        Price of the underlying, or its forward price with ``"black76"`` and ``"bachelier"``; at
        least 0, except with ``"bachelier"``.
    strike : array_like
        Exercise price; >= 0, except with ``"bachelier"``.
    time : array_like
        Years to expiry; >= 0.
    rate : array_like
        Risk-free rate per year, continuously compounded; finite.
    sigma : array_like
        Volatility per square root of a year; >= 0.
    dividend : array_like, default 0
        Continuous dividend yield, or the foreign rate with ``"garman_kohlhagen"``; finite.
    dividends : iterable of (float, float), optional
        Cash dividends, for all options: years until each is paid, > 0, and what it pays, >= 0. With
        ``"black_scholes"`` alone. An option is priced at the spot less the present value, at its
        own rate, of those that are paid until it expires. An American call is worth the most of
        that and of calls that expire just before a dividend each. docs/dividends.md has the
        limits. An option whose dividends are worth more than the spot is outside the domain.
    kind : str, int, bool or array_like of them, default "call"
        ``"call"``, ``"c"``, +1 or True for a call; ``"put"``, ``"p"``, -1 or False for a put.
        Words may be in any case.
    model : {"black_scholes", "merton", "black76", "garman_kohlhagen", "bachelier"}
        ``"merton"`` is another name for ``"black_scholes"``. With ``"bachelier"`` the forward is
        normally distributed, `spot` is its price, `sigma` is absolute, and prices and strikes may
        have any sign.
    exercise : str or array_like of str, default "european"
        ``"european"``: at expiry alone; ``"american"``: at any time until then, with every model
        but ``"bachelier"``. Words may be in any case.
    accuracy : {"standard", "fast", "high"}
        How closely American options are priced; a European price has no choice.
    out : ndarray of float64, optional
        Where to write; may be one of the inputs.
    errors : {"nan", "raise"}
        With ``"nan"`` an option with a NaN among its inputs, or with a value outside its domain,
        is NaN; the latter also raises NumPy's *invalid* signal (see `numpy.errstate`). With
        ``"raise"`` either raises ValueError, before `out` is touched.
    backend : str, default "auto"
        ``"auto"`` takes the fastest on this machine. Every exact backend returns the same bits.
    threads : int, optional
        Use at most so many, and one where more do not pay; by default all that tuning found to pay.

    Returns
    -------
    ndarray of float64 or float
        Present values, in the currency of `spot`.

    Raises
    ------
    ValueError
        Shapes that do not broadcast; an unknown model, kind, exercise, accuracy or backend; an
        exercise or dividends that the model does not have; dividends that are no pairs or outside
        their domain; with ``errors="raise"`` the first bad element, named with its index, value
        and rule.
    TypeError
        An argument that does not hold real numbers, or holds more than double precision.
    BackendError
        The named backend cannot be used; the message says why.

    Notes
    -----
    Out of the money the result is within 11 ulp of the exact price, in the money within 4 ulp of
    max(S exp(-qT), K exp(-rT)). Under Bachelier's model it is within 11 ulp of the exact price
    out of the money, and in the money within 5 ulp of max(abs(F), abs(K)) exp(-rT), or of the
    price where that is more.

    References
    ----------
    Black, F. and Scholes, M. (1973), The pricing of options and corporate liabilities;
    Merton, R. C. (1973), Theory of rational option pricing; Black, F. (1975), Fact and fantasy in
    the use of options, for cash dividends; Black, F. (1976), The pricing of commodity contracts;
    Garman, M. B. and Kohlhagen, S. W. (1983), Foreign currency option values.

    Examples
    --------
    >>> import quantforge
    >>> round(float(quantforge.price(100, 105, 0.5, 0.03, 0.2, kind="put")), 6)
    7.615053
    >>> round(float(quantforge.price(100, 105, 0.5, 0.03, 0.2, dividends=[(0.25, 2)])), 6)
    3.373003
    """
    if dividends is not None:
        given = {"spot": spot, "strike": strike, "time": time, "rate": rate, "sigma": sigma}
        given |= {"dividend": dividend, "kind": signs(kind)}
        request = Request("price", model, None, errors, backend, threads, exercise, accuracy)
        return in_full(request, given, out, dividends)
    sign = None
    if type(kind) is not str:
        sign = kinds.sign(kind) if type(kind) is np.ndarray else signs(kind)
        kind = "call"
    try:
        call = _PRICES[model, errors, backend, threads, kind, exercise, accuracy, _settings()]
        if threads is not None and type(threads) is not int:
            raise KeyError  # as a key, True is 1
    except (KeyError, TypeError):  # not seen before, or of a type that no valid request has
        how = errors, backend, threads
        if not isinstance(exercise, str):
            given = {"spot": spot, "strike": strike, "time": time, "rate": rate, "sigma": sigma}
            given |= {"dividend": dividend, "kind": signs(kind) if sign is None else sign}
            request = Request("price", model, None, *how, exercise, accuracy)
            return in_full(request, given, out)
        call = resolve(Request("price", model, None, *how, exercise, accuracy), kind)
        _PRICES[model, *how, kind, exercise, accuracy, _settings()] = call
    return call.run(spot, strike, time, rate, sigma, dividend, out, sign)


def greeks(
    spot: Any,
    strike: Any,
    time: Any,
    rate: Any,
    sigma: Any,
    *,
    dividend: Any = NO_DIVIDEND,
    dividends: Iterable[tuple[float, float]] | None = None,
    kind: Any = "call",
    model: str = "black_scholes",
    exercise: Any = EUROPEAN,
    accuracy: str = STANDARD,
    which: Sequence[str] = FIRST_ORDER,
    units: str = RAW,
    out: Mapping[str, Any] | None = None,
    errors: str = "nan",
    backend: str = "auto",
    threads: int | None = None,
) -> Greeks:
    """Price options with their sensitivities, all analytic, in one pass.

    Every argument broadcasts against the others as in NumPy; scalars give scalars.

    Parameters
    ----------
    spot, strike, time, rate, sigma, dividend, dividends, kind, model, exercise, accuracy, errors, \
backend, threads
        As in `quantforge.price`.
    which : sequence of str, default `FIRST_ORDER`
        The results to compute: `FIRST_ORDER`, `SECOND_ORDER`, `THIRD_ORDER`, `ALL`, a sum of
        these, or any of their names. No other result is written. American options have those of
        `AMERICAN_GREEKS`.
    units : {"raw", "market"}
        What the results are per; see below.
    out : mapping of str to ndarray of float64, optional
        Where to write, by name; other results are allocated.

    Returns
    -------
    Greeks
        Per unit of the arguments, 1.0 and a year, with ``units="raw"``:

        - ``price`` V; ``delta`` dV/dS; ``gamma`` d2V/dS2; ``vega`` dV/dsigma
        - ``theta`` -dV/dT; ``rho`` dV/drate; ``phi`` dV/ddividend
        - ``vanna`` d2V/dS dsigma; ``volga`` d2V/dsigma2; ``charm`` -d2V/dS dT
        - ``veta`` -d2V/dsigma dT; ``dual_delta`` dV/dK; ``dual_gamma`` d2V/dK2
        - ``speed`` d3V/dS3; ``color`` -d3V/dS2 dT; ``zomma`` d3V/dS2 dsigma
        - ``ultima`` d3V/dsigma3

        With ``units="market"`` each derivative is per 1 % of volatility, rate and dividend, and per
        calendar day: divided by 100 for each order in one of these, and by 365 for one in T. The
        volatility of ``"bachelier"`` is a price, and derivatives by it stay per 1.0.

        With ``"black76"`` and ``"bachelier"`` the derivatives are with respect to the forward, and
        the forward is held constant: ``rho`` is -T V and ``phi`` is 0.

        With `dividends` the derivatives with respect to T are along the calendar: every option
        expires and every dividend is paid sooner by as much. ``rho`` has what the rate does to the
        present value of the dividends.

    Raises
    ------
    ValueError, TypeError, BackendError
        As `quantforge.price`, and for an unknown name in `which` or unknown units.

    Notes
    -----
    At expiry, and without volatility, ``delta`` is 0 or +-exp(-qT), and half of that at the money.
    ``gamma``, ``dual_gamma`` and -``zomma`` are infinite at the money and 0 elsewhere. A valid
    European option never gives NaN; the exception, with `dividends`, is ``charm`` or ``color``
    without volatility at the money, where its two parts are infinite with different signs.
    docs/numerics.md states the accuracy of each result, and docs/american.md that of American
    options. One that is exercised at once has the greeks of what that brings.

    References
    ----------
    Haug, E. G. (2007), The complete guide to option pricing formulas, chapter 2.

    Examples
    --------
    >>> import quantforge
    >>> result = quantforge.greeks(100, 105, 0.5, 0.03, 0.2, kind="put", which=["delta", "vega"])
    >>> round(float(result.vega), 6)
    27.813145
    >>> result = quantforge.greeks(100, 105, 0.5, 0.03, 0.2, kind="put", units="market")
    >>> round(float(result.vega), 6)
    0.278131
    """
    if type(which) is not tuple:
        which = (which,) if isinstance(which, str) else tuple(which)
    if dividends is not None or units != RAW:
        given = {"spot": spot, "strike": strike, "time": time, "rate": rate, "sigma": sigma}
        given |= {"dividend": dividend, "kind": signs(kind)}
        request = Request("greeks", model, which, errors, backend, threads, exercise, accuracy)
        result: Greeks = in_full(request._replace(units=units), given, out, dividends)
        return result
    sign = None
    if type(kind) is not str:
        sign = kinds.sign(kind) if type(kind) is np.ndarray else signs(kind)
        kind = "call"
    try:
        key = model, which, errors, backend, threads, kind, exercise, accuracy, _settings()
        call = _GREEKS[key]
        if threads is not None and type(threads) is not int:
            raise KeyError  # as a key, True is 1
    except (KeyError, TypeError):  # not seen before, or of a type that no valid request has
        how = errors, backend, threads
        if not isinstance(exercise, str):
            given = {"spot": spot, "strike": strike, "time": time, "rate": rate, "sigma": sigma}
            given |= {"dividend": dividend, "kind": signs(kind) if sign is None else sign}
            request = Request("greeks", model, which, *how, exercise, accuracy)
            several: Greeks = in_full(request, given, out)
            return several
        call = resolve(Request("greeks", model, which, *how, exercise, accuracy), kind)
        _GREEKS[model, which, *how, kind, exercise, accuracy, _settings()] = call
    found: Greeks = call.run(spot, strike, time, rate, sigma, dividend, out, sign)
    return found


def implied_volatility(
    price: Any,
    spot: Any,
    strike: Any,
    time: Any,
    rate: Any,
    *,
    dividend: Any = NO_DIVIDEND,
    dividends: Iterable[tuple[float, float]] | None = None,
    kind: Any = "call",
    model: str = "black_scholes",
    exercise: Any = EUROPEAN,
    accuracy: str = STANDARD,
    status: bool = False,
    out: Any = None,
    errors: str = "nan",
    backend: str = "auto",
    threads: int | None = None,
) -> Any:
    """Find the volatility that gives a price.

    Every argument broadcasts against the others as in NumPy; scalars give a scalar.

    Parameters
    ----------
    price : array_like
        Price of the option, in the currency of `spot`; finite.
    spot, strike, time, rate, dividend, dividends, kind, model, exercise, accuracy, errors, \
backend, threads
        As in `quantforge.price`; `spot` and `strike` finite.
    status : bool, default False
        Also return a `Code` for every option.
    out : ndarray of float64, optional
        Where to write the volatilities; may be one of the inputs.

    Returns
    -------
    ndarray of float64 or float
        Volatility per square root of a year; absolute with ``"bachelier"``. It is 0 at the
        intrinsic value and infinite at the maximum. Where no volatility gives the price it is
        NaN, with NumPy's *invalid* signal. With `dividends` it is that of the spot less their
        present value.
    ndarray of int8 or int
        With `status`: the codes.

    Raises
    ------
    ValueError, TypeError, BackendError
        As `quantforge.price`.

    Notes
    -----
    Given the exact price, correctly rounded, the result is within 3 times the attainable error, or
    3.5 times under Bachelier's model. That error is what half a unit in the last place of each
    input costs, and one unit of the result. However small a positive price of an option out of
    the money is, it is solved.

    Of an American option it is the volatility at which `quantforge.price` with the same `accuracy`
    gives the price, to 1e-8 of it or better. At the intrinsic value, with the code
    ``AT_INTRINSIC``, it is the largest at which the option is exercised at once, since it has that
    value at all lower ones too. With two exercise boundaries (docs/american.md) it is NaN.

    References
    ----------
    Choi, J., Huh, J. and Su, N. (2023), Tighter "uniform bounds for Black-Scholes implied
    volatility" and the applications to root-finding, arXiv:2302.08758, for the seed.

    Examples
    --------
    >>> import quantforge
    >>> round(float(quantforge.implied_volatility(10.450583572185565, 100, 100, 1, 0.05)), 12)
    0.2
    >>> value, code = quantforge.implied_volatility(0.0, 100, 150, 1, 0.05, status=True)
    >>> quantforge.Code(int(code)).name
    'AT_INTRINSIC'
    """
    which = ("sigma", "code") if status else ("sigma",)
    if dividends is not None:
        given = {"price": price, "spot": spot, "strike": strike, "time": time, "rate": rate}
        given |= {"dividend": dividend, "kind": signs(kind)}
        request = Request(
            "implied_volatility", model, which, errors, backend, threads, exercise, accuracy
        )
        return in_full(request, given, out, dividends)
    sign = None
    if type(kind) is not str:
        sign = kinds.sign(kind) if type(kind) is np.ndarray else signs(kind)
        kind = "call"
    try:
        key = model, which, errors, backend, threads, kind, exercise, accuracy, _settings()
        call = _VOLATILITIES[key]
        if threads is not None and type(threads) is not int:
            raise KeyError  # as a key, True is 1
    except (KeyError, TypeError):  # not seen before, or of a type that no valid request has
        how = errors, backend, threads
        if not isinstance(exercise, str):
            given = {"price": price, "spot": spot, "strike": strike, "time": time, "rate": rate}
            given |= {"dividend": dividend, "kind": signs(kind) if sign is None else sign}
            request = Request("implied_volatility", model, which, *how, exercise, accuracy)
            return in_full(request, given, out)
        request = Request("implied_volatility", model, which, *how, exercise, accuracy)
        call = resolve(request, kind)
        _VOLATILITIES[model, which, *how, kind, exercise, accuracy, _settings()] = call
    return call.run(price, spot, strike, time, rate, dividend, out, sign)


def exercise_boundary(
    strike: Any,
    time: Any,
    rate: Any,
    sigma: Any,
    *,
    dividend: Any = NO_DIVIDEND,
    kind: Any = "put",
    model: str = "black_scholes",
    accuracy: str = STANDARD,
    at: Any = None,
    errors: str = "nan",
    backend: str = "auto",
    threads: int | None = None,
    out: Any = None,
) -> Any:
    """Find the critical price of the underlying at which American options are exercised.

    A put is exercised at this price and below, a call at this price and above. Every argument
    broadcasts against the others as in NumPy; scalars give a scalar.

    Parameters
    ----------
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
    kind : str, int, bool or array_like of them, default "put"
        As in `quantforge.price`.
    model : {"black_scholes", "merton", "black76", "garman_kohlhagen"}
        With ``"black76"`` the boundary is that of the forward price.
    accuracy : {"standard", "fast", "high"}
        How closely; see the notes.
    at : array_like, optional
        Years to expiry at which the boundary is wanted instead of now: >= 0 and at most `time`.
        The boundary depends on the time that is left alone, so that this takes the place of `time`
        and broadcasts as that does: a row of times gives the curve of an option, and a row against
        a column of strikes a curve each.
    errors, backend, threads
        As in `quantforge.price`. An `at` beyond `time` is outside the domain.
    out : ndarray of float64, optional
        Where to write; may be one of the inputs.

    Returns
    -------
    ndarray of float64 or float
        Prices of the underlying, in the currency of `strike`. Where exercise before expiry never
        pays it is 0 for a put and infinite for a call. At expiry it is the limit just before:
        for a put the lesser of K and K rate / dividend, for a call the greater of the two. Where
        there is no single boundary, as for a put with dividend < rate < 0, it is NaN, with NumPy's
        *invalid* signal.

    Raises
    ------
    ValueError, TypeError, BackendError
        As `quantforge.price`.

    Notes
    -----
    Over puts of the market the root mean square of errors is 1.2e-6 of the strike at standard
    accuracy where the rate is at least the dividend, else 1.4e-4; at high accuracy it is 8e-8 and
    1.6e-5. docs/american.md states the largest, and what holds of calls and of tiny rates.

    References
    ----------
    Andersen, L., Lake, M. and Offengenden, D. (2016), High-performance American option pricing;
    McDonald, R. and Schroder, M. (1998), A parity result for American options, for the symmetry of
    calls and puts.

    Examples
    --------
    >>> import quantforge
    >>> round(float(quantforge.exercise_boundary(100, 0.5, 0.05, 0.2)), 2)
    83.92
    >>> quantforge.exercise_boundary(100, 0.5, 0.05, 0.2, at=[0.0, 0.1, 0.5]).round(2)
    array([100.  ,  90.15,  83.92])
    """
    if at is not None:
        time = _left(at, time, errors)
    sign = None
    if type(kind) is not str:
        sign = kinds.sign(kind) if type(kind) is np.ndarray else signs(kind)
        kind = "put"
    key = model, errors, backend, threads, kind, accuracy, _settings()
    try:
        call = _BOUNDARIES[key]
        if threads is not None and type(threads) is not int:
            raise KeyError  # as a key, True is 1
    except (KeyError, TypeError):  # not seen before, or of a type that no valid request has
        how = errors, backend, threads
        request = Request("exercise_boundary", model, None, *how, AMERICAN, accuracy)
        call = _BOUNDARIES[key] = resolve(request, kind)
    return call.run(strike, time, rate, sigma, dividend, out, sign)


def _left(at: Any, time: Any, errors: str) -> Any:
    """The times of `at` in the place of `time`, as a container if one of them is one."""

    def run(given: Mapping[str, Any]) -> tuple[Any, ...]:
        return (time_left(given["at"], given["time"], errors),)

    given = {"time": time, "at": at, "kind": kinds.PUT}  # containers ask for a kind
    labelled = is_labelled(at) or is_labelled(time)
    [found] = labels.call(run, given, ("time",)) if labelled else run(given)
    return found


def bind(
    operation: str,
    *,
    model: str = "black_scholes",
    kind: Any = "call",
    exercise: Any = EUROPEAN,
    accuracy: str = STANDARD,
    dividends: Iterable[tuple[float, float]] | None = None,
    n: int = 1,
    which: Sequence[str] | None = None,
    units: str = RAW,
    backend: str = "auto",
    threads: int | None = None,
) -> Call:
    """Resolve model, kind, exercise, dividends, backend and threads once, for many calls.

    Parameters
    ----------
    operation : str
        ``"price"``, ``"greeks"``, ``"implied_volatility"``, ``"exercise_boundary"``, or a function
        of another package's operation.
    model, kind, exercise, accuracy, dividends, backend, threads
        As in `quantforge.price`.
    n : int, default 1
        Batch size to decide for; the callable accepts batches of any size.
    which, units
        As in `quantforge.greeks`, where the operation has a choice of results.

    Returns
    -------
    callable
        ``f(spot, strike, time, rate, sigma, dividend=0.0, out=None)``, without `dividend` for
        models of a forward; for ``"implied_volatility"``
        ``f(price, spot, strike, time, rate, dividend=0.0, out=None)``, and for
        ``"exercise_boundary"`` the function of `price` without `spot`. Of another operation it
        takes the inputs as they are declared. It accepts what NumPy's ufuncs accept. It can be
        pickled, and is resolved anew when it is unpickled.

    Examples
    --------
    >>> import quantforge
    >>> call = quantforge.bind("price", kind="call")
    >>> round(float(call(100.0, 100.0, 1.0, 0.05, 0.2)), 6)
    10.450584
    """
    registry()  # plugins declare operations too
    names = functions()
    if operation not in names:
        raise unknown("operation", operation, names)
    asked = which if which is None or isinstance(which, str) else tuple(which)
    if isinstance(exercise, str):  # neither may have been said
        found = find(operation, model, word(exercise))
        model, exercise = found.served(model), found.exercise
    how = "nan", backend, threads, exercise, accuracy, schedule(dividends), units
    request = Request(operation, model, asked, *how)
    return resolve(request, kind, int(n))


def function(name: str | Operation) -> Callable[..., Any]:
    """Return the function that runs an operation, also one that another package has declared.

    Parameters
    ----------
    name : str or Operation
        The function's name in the operation's declaration, or the declaration itself.
        ``"price"``, ``"greeks"``, ``"implied_volatility"`` and ``"exercise_boundary"`` give
        `quantforge.price` and so on. From a declaration a package makes its public function when
        it is imported: no plugin is looked for before the first call.

    Returns
    -------
    callable
        It takes the inputs that the operation declares, in that order, and ``dividend``, ``kind``,
        ``model``, ``out``, ``errors``, ``backend`` and ``threads`` as `quantforge.price` does.
        Several results come by name, as those of `quantforge.greeks`, with ``which`` where there
        is a choice, ``units`` where there are derivatives, and ``out`` by name. One that inverts
        another has ``status`` as `quantforge.implied_volatility`. It can be pickled.

    Raises
    ------
    ValueError
        No operation has a function of this name; the message names those that exist, or the plugin
        that may declare it and cannot be used.

    Examples
    --------
    >>> import quantforge
    >>> quantforge.function("price") is quantforge.price
    True
    """
    given = name.function if isinstance(name, Operation) else name
    ours = {each.__name__: each for each in (price, greeks, implied_volatility, exercise_boundary)}
    if given in ours:
        return ours[given]
    return declared(name) if isinstance(name, Operation) else named(name)
