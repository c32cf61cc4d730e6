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

Exercise of an American call brings S - K, which is more than S - P - K, and is due just before a
dividend if ever. So its price is the best of several (Black 1975): of the option to expiry on
S - P, and of one to each pay date on S less the dividends before that date. All of them are
American, for the sake of a continuous yield. The first one is on S itself: no price is less than
S - K, since no kernel's price is less than what exercise brings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from quantforge.dividends import CHANGED, Schedule
from quantforge.numpy_backend.elementary import reduce, times_power
from quantforge.shapes import broadcast_shapes

__all__ = ["Escrow", "present_values"]

Array = np.ndarray[Any, np.dtype[np.float64]]

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
        Those given, with the dividends taken off the spot.
    worth : ndarray
        What the dividends are worth now, as time and rate broadcast.
    early : bool
        Whether there are American calls.
    """

    def __init__(self, schedule: Schedule, given: Mapping[str, Any]) -> None:
        self._given = given
        self._paid = [dividend for dividend in schedule if dividend[1]]  # infinity times 0 is none
        with np.errstate(all="ignore"):  # the kernel says what is wrong, of the numbers it is given
            self.worth, moment = present_values(self._paid, given["time"], given["rate"])
            drift = np.asarray(given["rate"], np.float64) * self.worth
            spot = np.subtract(given["spot"], self.worth, dtype=np.float64)
        self.operands = {**given, "spot": np.asanyarray(spot)}  # threads share arrays alone
        self._slopes = {name: moment if name == "rho" else -drift for name in CHANGED}
        self._calls = np.logical_and(given["kind"] > 0.0, given.get("exercise", 0.0) > 0.0)
        self.early = bool(self._calls.any())

    def changes(self, names: Sequence[str]) -> bool:
        """Whether some of the results that a kernel writes are not yet what is asked for."""
        return self.early or not CHANGED.keys().isdisjoint(names)

    def before_dividends(
        self, shape: tuple[int, ...], price: Callable[[dict[str, Any], int], Any]
    ) -> Array:
        """The best price of an American call that expires just before a dividend, or -infinity.

        `price` takes operands by name, and how many options they are.
        """
        best = np.full(shape, -np.inf)
        for date in sorted({when for when, _ in self._paid}):
            due = np.broadcast_to(self._calls & (date <= self._given["time"]), shape)
            count = int(np.count_nonzero(due))
            if not count:
                break  # nor is a later one
            option = {
                name: np.broadcast_to(each, shape)[due] if each.ndim else each
                for name, each in self._given.items()
            }
            earlier = [dividend for dividend in self._paid if dividend[0] < date]
            with np.errstate(all="ignore"):
                worth, _ = present_values(earlier, date, option["rate"])
                option["spot"] = np.asarray(option["spot"] - worth)
            option["time"] = np.asarray(date)
            best[due] = np.maximum(best[due], price(option, count))
        return best

    def corrected(self, names: Sequence[str], values: Sequence[Any]) -> tuple[Any, ...]:
        """The greeks, from those of W by name; an option without dividends keeps its bits."""
        found = dict(zip(names, values, strict=True))
        for name in found.keys() & CHANGED.keys():
            slope, own = self._slopes[name], found[name]
            with np.errstate(all="ignore"):
                total = np.add(own, np.multiply(slope, found[CHANGED[name]]))
            found[name] = np.where(slope == 0.0, own, total)[()]
        return tuple(found.values())


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
