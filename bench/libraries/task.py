"""A call that is timed, and how its result is read afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


def _plainly(result):
    return np.asarray(result, dtype=float)


@dataclass(frozen=True)
class Task:
    """`call` is what the clock sees.

    `read` makes of its result an array, or arrays by greek, in the order of the options and in the
    reference's units: greeks by spot, per 1.00 of volatility and rate, per year.
    """

    call: Callable[[], Any]
    read: Callable[[Any], Any] = _plainly


def one_by_one(function, *columns, read=_plainly):
    """A loop in Python over a function of numbers; the numbers are lists beforehand."""
    lists = [np.asarray(column).tolist() for column in columns]
    return Task(lambda: list(map(function, *lists)), read)


def by_kind(options, make, pick=np.asarray, read=_plainly):
    """A call for the calls and one for the puts, sorted beforehand.

    ``make(options, sign)`` returns the call, `pick` makes of its result an array whose last axis is
    the options; `read` is given both joined, the options along the first axis.
    """
    kinds = [(np.flatnonzero(options.sign == sign), sign) for sign in (1, -1)]
    parts = [(where, make(options.taken(where), sign)) for where, sign in kinds if len(where)]

    def join(results):
        picked = [np.asarray(pick(result), dtype=float) for result in results]
        joined = np.empty((len(options), *picked[0].shape[:-1]))
        for (where, _), result in zip(parts, picked, strict=True):
            joined[where] = result.T
        return read(joined)

    return Task(lambda: [call() for _, call in parts], join)
