"""Cash dividends by the escrowed model: an option on the spot less what they are worth now.

A dividend of amount a at time t is worth a exp(-r t) now, and P is the sum over those with
0 < t <= T. The option on the spot S is worth V(S, r, T) = W(S - P, r, T), where W is the option
without cash dividends. Calendar time goes on while the pay dates stand still. So P grows by r P per
year, and dP/dr is -D, where D is the sum of t a exp(-r t). By the chain rule

    theta  theta of W - r P delta        rho  rho of W + D delta
    charm  charm of W - r P gamma
    veta   veta of W - r P vanna
    color  color of W - r P speed

and every other derivative is that of W.

An American option has the best price of several:

- One is the European one.
- One has a yield of the same worth for its dividends, S exp(-y T) = S - P. It is on S itself, so
  that it is worth what exercise brings at least, and its European part is V.
- A call is due just before a dividend if ever, since exercise brings S - K, more than S - P - K. So
  for each pay date there is one that expires then, on S less the dividends before it (Black 1975).
- A put is due just after a dividend, for which its holder would rather wait. So for each pay date t
  there is one that is exercised from then on. It is on S less what the dividends until t are worth,
  the later ones being its yield, with the strike K exp(-r t), the time T - t and all of the
  variance, sigma^2 T. Its European part is V again.

Each rises with the volatility, so the volatility of a price is the least of theirs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge.dividends import CHANGED, Schedule
from quantforge.numpy_backend.elementary import log_ratio, natural, reduce, times_power
from quantforge.results import Code
from quantforge.shapes import broadcast_shapes

__all__ = ["Escrow", "present_values"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Flags = NDArray[np.bool_]

_BLOCK: Final = 4096  # options at a time: every temporary stays within the caches
_TAYLOR: Final = tuple(1.0 / math.factorial(power) for power in range(14))


class Escrow:
    """What the dividends of each option are worth, and what follows for its results.

    Parameters
    ----------
    schedule : Schedule
    given : mapping of str to ndarray
        A kernel's operands in order, by the names of their arguments.

    Attributes
    ----------
    operands : dict of str to ndarray
        Those given, with the dividends taken off the spot, or in the yield of American options.
    worth : ndarray
        What the dividends are worth now, as time and rate broadcast.
    early : bool
        Whether there are American options.
    """

    def __init__(self, schedule: Schedule, given: Mapping[str, Any]) -> None:
        self._given = given
        self._paid = [dividend for dividend in schedule if dividend[1]]  # infinity times 0 is none
        with np.errstate(all="ignore"):  # the kernel says what is wrong, of the numbers it is given
            self.worth, moment = present_values(self._paid, given["time"], given["rate"])
            drift = np.asarray(given["rate"], np.float64) * self.worth
            spot = np.subtract(given["spot"], self.worth, dtype=np.float64)
        sign, american = given["kind"], np.greater(given.get("exercise", 0.0), 0.0)
        self.operands = {**given, "spot": np.asanyarray(spot)}  # threads share arrays alone
        if american.any():
            self._spread(american)
        self._slopes = {name: moment if name == "rho" else -drift for name in CHANGED}
        self._calls = np.logical_and(sign > 0.0, american)
        self._puts = np.logical_and(sign < 0.0, american)
        self.early = bool(american.any())

    def _spread(self, american: Any) -> None:
        """Turn the dividends of American options into a yield of the same worth."""
        given = self._given
        spot, time = np.asarray(given["spot"], np.float64), np.asarray(given["time"], np.float64)
        lanes = np.logical_and(american, np.logical_and(self.worth > 0.0, self.worth < spot))
        with np.errstate(all="ignore"):
            carry = _yield_of(spot, spot - self.worth, time)
        reduced = self.operands["spot"]
        kept = np.asarray(np.where(lanes, spot, reduced))
        self.operands["spot"] = kept.view(type(reduced))  # a matrix stays one
        self.operands["dividend"] = np.asarray(given["dividend"] + np.where(lanes, carry, 0.0))

    def changes(self, names: Sequence[str]) -> bool:
        """Whether some of the results that a kernel writes are not yet what is asked for."""
        return self.early or not CHANGED.keys().isdisjoint(names)

    def best(
        self,
        values: Sequence[Any],
        shape: tuple[int, ...],
        compute: Callable[[tuple[Any, ...], int], Sequence[Any]],
    ) -> tuple[Any, ...]:
        """The prices, or volatilities and codes, of American options, the best of several each.

        `values` are those to expiry. `compute` takes operands, and how many options they are.
        """
        found = [np.array(each).reshape(shape) for each in values]
        for due, operands, stretch in self._others(shape):
            others = list(compute(tuple(operands.values()), int(np.count_nonzero(due))))
            former = [each[due] for each in found]
            if len(found) == 1:
                wins = _is_dearer(others, former)
            else:
                others[0] = others[0] / stretch
                wins = _is_less_volatile(others, former)
            for each, new, old in zip(found, others, former, strict=True):
                each[due] = np.where(wins, new, old)
        return tuple(map(_like, found, values))

    def _others(self, shape: tuple[int, ...]) -> Iterator[tuple[Flags, dict[str, Any], Any]]:
        """The other options of which American ones have the best price.

        Which options have them, their operands, and what a volatility is multiplied by in these.
        """
        time = self._given["time"]
        reached = np.broadcast_to((self._calls | self._puts) & (self.worth > 0.0), shape)
        if reached.any():
            yield reached, self._european(self._some(reached), _of(self.worth, reached)), 1.0
        for date in sorted({when for when, _ in self._paid}):
            calls = np.broadcast_to(self._calls & (date <= time), shape)
            if calls.any():
                yield calls, self._expiring(date, self._some(calls)), 1.0
            puts = np.broadcast_to(self._puts & (date < time) & np.isfinite(time), shape)
            if puts.any():
                yield puts, *self._deferred(date, self._some(puts), _of(self.worth, puts))

    def _some(self, lanes: Flags) -> dict[str, Any]:
        """The operands of some options."""
        return {name: _of(each, lanes) for name, each in self._given.items()}

    def _european(self, option: dict[str, Any], worth: Any) -> dict[str, Any]:
        """The operands of European options in the place of American ones."""
        with np.errstate(all="ignore"):
            spot = np.asarray(option["spot"] - worth)
        return option | {"spot": spot, "exercise": np.asarray(0.0)}

    def _expiring(self, date: float, call: dict[str, Any]) -> dict[str, Any]:
        """The operands of calls that expire just before the dividend of a date."""
        with np.errstate(all="ignore"):
            before = [each for each in self._paid if each[0] < date]
            worth, _ = present_values(before, date, call["rate"])
            return call | {"spot": np.asarray(call["spot"] - worth), "time": np.asarray(date)}

    def _deferred(self, date: float, put: dict[str, Any], worth: Any) -> tuple[dict[str, Any], Any]:
        """The operands of puts that are exercised from a date on, and what stretches volatilities.

        That is how much the volatility is more, for the variance to be the same in less time.
        """
        time, rate, dividend = put["time"], put["rate"], put["dividend"]
        with np.errstate(all="ignore"):
            until = [each for each in self._paid if each[0] <= date]
            sooner, _ = present_values(until, date, rate)
            spot, left = put["spot"] - sooner, time - date
            stretch = np.sqrt(time / left)
            carry = _yield_of(spot, put["spot"] - worth, left)
            changed = {
                "spot": spot * _exponential(np.asarray(-date * dividend)),
                "strike": put["strike"] * _exponential(np.asarray(-date * rate)),
                "time": left,
                "dividend": dividend + carry,
            }
            if "sigma" in put:
                changed["sigma"] = put["sigma"] * stretch
        return put | {name: np.asarray(each) for name, each in changed.items()}, stretch

    def corrected(self, names: Sequence[str], values: Sequence[Any]) -> tuple[Any, ...]:
        """The greeks, from those of W by name; an option without dividends keeps its bits."""
        found = dict(zip(names, values, strict=True))
        for name in found.keys() & CHANGED.keys():
            slope, own = self._slopes[name], found[name]
            with np.errstate(all="ignore"):
                total = np.add(own, np.multiply(slope, found[CHANGED[name]]))
            found[name] = np.where(slope == 0.0, own, total)[()]
        return tuple(found.values())


def _of(values: Any, lanes: Flags) -> Any:
    """The values of some options; one for all stays one."""
    return np.broadcast_to(values, lanes.shape)[lanes] if values.ndim else values


def _yield_of(spot: Array, prepaid: Array, time: Array) -> Array:
    """The yield at which a spot is worth no more than another one when the time is over."""
    return np.asarray(natural(log_ratio(*np.broadcast_arrays(spot, prepaid))) / time)


def _is_dearer(new: Sequence[Array], old: Sequence[Array]) -> Flags:
    """Where a price is more than another, or missing though the other is not."""
    return np.asarray(~(new[0] <= old[0]) & (old[0] == old[0]))


def _is_less_volatile(new: Sequence[Array], old: Sequence[Array]) -> Flags:
    """Where a price that the dearest of several options has is reached at a lower volatility.

    A price below what one of them is worth at least is below what the dearest one is.
    """
    ranks = []
    for sigma, code in (new, old):
        numbers = np.where(code == Code.AT_MAXIMUM, np.finfo(np.float64).max, sigma)
        missing = np.where(code == Code.ABOVE_MAXIMUM, np.inf, -2.0)
        missing = np.where(code == Code.BELOW_INTRINSIC, -1.0, missing)
        ranks.append(np.where(np.isnan(numbers), missing, numbers))
    return np.asarray(ranks[0] < ranks[1])


def _like(found: NDArray[Any], value: Any) -> Any:
    """An array of results as the kernel has returned them: a number, or a subclass of arrays."""
    if not isinstance(value, np.ndarray):
        return found[()]
    result = np.empty_like(value)
    result[...] = found.reshape(result.shape)
    return result


def present_values(
    paid: Sequence[tuple[float, float]], time: Any, rate: Any
) -> tuple[Array, Array]:
    """P and D of each option, in the shape that `time` and `rate` broadcast to; no amount is 0."""
    times, rates = np.asarray(time, np.float64), np.asarray(rate, np.float64)
    shape = broadcast_shapes(times.shape, rates.shape)
    times, rates = (
        each.reshape(1) if each.size == 1 else np.broadcast_to(each, shape).reshape(-1)
        for each in (times, rates)
    )
    sums = np.empty((2, math.prod(shape)))
    factors = _factors(paid, rates[:1])
    for start in range(0, sums.shape[1], _BLOCK):
        piece = slice(start, start + _BLOCK)
        if rates.size > 1:
            factors = _factors(paid, rates[piece])
        expiries = times[piece] if times.size > 1 else times
        sums[0, piece], sums[1, piece] = _due(paid, expiries, factors)
    return sums[0].reshape(shape), sums[1].reshape(shape)


def _factors(schedule: Sequence[tuple[float, float]], rate: Array) -> Array:
    """exp(-r t), for each dividend a row."""
    negative = np.array([-when for when, _ in schedule])
    return _exponential(np.multiply.outer(negative, rate))


def _due(schedule: Sequence[tuple[float, float]], time: Array, factors: Array) -> tuple[Any, Any]:
    """P and D of some options; added one by one, in an order that no batch size changes."""
    worth: Any = 0.0
    moment: Any = 0.0
    for (when, amount), factor in zip(schedule, factors, strict=True):
        due = np.where(when <= time, amount * factor, 0.0)
        worth, moment = worth + due, moment + when * due
    return worth, moment


def _exponential(x: Array) -> Array:
    """exp(x), made of nothing but operations that every machine rounds alike."""
    reduced = reduce(np.minimum(np.maximum(x, -800.0), 800.0))
    total = np.full_like(x, _TAYLOR[-1])
    for coefficient in _TAYLOR[-2::-1]:
        total = total * reduced.r + coefficient
    return times_power(total, reduced.n)
