"""The options a library is given, in every form that some library takes."""

from functools import cached_property
from typing import Any

import numpy as np


class Options:
    """Operands by name, all of one length, and what follows from them.

    `sign` is +1 for calls and -1 for puts. Where a library takes the strike by its logarithm there
    are `moneyness`, ln(F/K), and `total`, the volatility times the root of the time, and no more.
    """

    spot: Any
    strike: Any
    time: Any
    rate: Any
    dividend: Any
    sigma: Any
    price: Any
    sign: Any
    moneyness: Any
    total: Any

    def __init__(self, operands: dict[str, Any]) -> None:
        self.operands = operands
        vars(self).update(operands)

    def __len__(self):
        return len(next(iter(self.operands.values())))

    def taken(self, where):
        """Some of them; anything that NumPy takes as an index of arrays."""
        return Options({name: values[where] for name, values in self.operands.items()})

    def single(self):
        """The first one, its operands as Python's numbers."""
        return Options({name: float(values[0]) for name, values in self.operands.items()})

    @cached_property
    def calls(self):
        return self.sign > 0

    @cached_property
    def flag(self):
        """c or p."""
        one = np.ndim(self.sign) == 0
        return ("c" if self.sign > 0 else "p") if one else np.where(self.calls, "c", "p")

    @cached_property
    def discount(self):
        return np.exp(-self.rate * self.time)

    @cached_property
    def forward(self):
        return self.spot * np.exp((self.rate - self.dividend) * self.time)

    @cached_property
    def premium(self):
        """The price without its discount."""
        return self.price / self.discount

    @cached_property
    def root(self):
        return np.sqrt(self.time)

    @cached_property
    def deviation(self):
        """The volatility times the root of the time."""
        return self.sigma * self.root

    @cached_property
    def relative_strike(self):
        """The strike over the forward."""
        return self.strike / self.forward

    @cached_property
    def relative_premium(self):
        """The undiscounted price over the forward."""
        return self.premium / self.forward
