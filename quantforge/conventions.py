"""Pricing models: what users call them, and what the kernels take instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from quantforge.errors import did_you_mean

__all__ = ["MODELS", "NO_DIVIDEND", "ZERO", "Model", "model", "model_of"]

NO_DIVIDEND: Final[float] = 0.0
"""The default of every `dividend` argument; an omitted dividend is recognised by its identity."""

# A ready 0-d operand: a Python float would cost a conversion in every call.
ZERO: Final = np.full((), 0.0)
ZERO.flags.writeable = False


@dataclass(frozen=True)
class Model:
    """A pricing model as a mapping onto the operands of a family of kernels.

    Attributes
    ----------
    name, summary : str
    family : str
        How the underlying moves, ``"lognormal"`` or ``"bachelier"``; `operations.find` chooses
        by it.
    on_forward : bool
        Whether the first argument is a forward price. The forward includes the dividends, so the
        model takes none. A kernel with a dividend operand is given the rate there (Black 1976).
    on_currency : bool
        Whether the underlying is a currency, which pays no cash dividends.
    """

    name: str
    summary: str
    family: str = "lognormal"
    on_forward: bool = False
    on_currency: bool = False

    def dividend(self, rate: Any, dividend: Any) -> Any:
        """The kernel's dividend operand."""
        if self.on_forward:
            if dividend is not NO_DIVIDEND:
                raise ValueError(self._refusal("dividend"))
            return rate
        return ZERO if dividend is NO_DIVIDEND else dividend

    def check_cash_dividends(self) -> None:
        """Raise ValueError if the underlying pays none on the way to expiry."""
        if self.on_forward:
            raise ValueError(self._refusal("dividends"))
        if self.on_currency:
            raise ValueError(
                f"model {self.name!r} is of a currency, which pays no cash dividends; leave "
                "`dividends` out, or use model 'black_scholes'"
            )

    def _refusal(self, argument: str) -> str:
        return (
            f"model {self.name!r} takes a forward, which holds the dividends already; "
            f"leave `{argument}` out, or use model 'black_scholes' with the spot price"
        )


_BLACK_SCHOLES: Final = Model("black_scholes", "spot with a continuous dividend yield")
MODELS: Final[Mapping[str, Model]] = MappingProxyType(
    {
        "black_scholes": _BLACK_SCHOLES,
        "merton": _BLACK_SCHOLES,
        "black76": Model(
            "black76", "forward or future; spot is the forward price", on_forward=True
        ),
        "bachelier": Model(
            "bachelier",
            "normally distributed forward; sigma is absolute",
            family="bachelier",
            on_forward=True,
        ),
        "garman_kohlhagen": Model(
            "garman_kohlhagen", "exchange rate; dividend is the foreign rate", on_currency=True
        ),
    }
)


def model(name: str) -> Model:
    """Look a model up by name; an unknown one raises ValueError naming the valid ones."""
    try:
        return MODELS[name]
    except (KeyError, TypeError):
        hint = did_you_mean(name, MODELS)
        raise ValueError(f"unknown model {name!r}; valid: {', '.join(MODELS)}{hint}") from None


def model_of(family: str) -> Model:
    """The first model of a family, for calls that have no model of their own."""
    return next(each for each in MODELS.values() if each.family == family)
