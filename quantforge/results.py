"""What calls return besides arrays: `Greeks`, several results by name, and `Code`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Any

import numpy as np

__all__ = ["Code", "Greeks"]


class Code(IntEnum):
    """How `implied_volatility` has solved an option, or why it has no volatility."""

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
    """Rounding the inputs alone leaves more than 1e-8 of the volatility open; as good as can be."""


class Greeks(Mapping[str, Any]):
    """What `greeks` returns: each result under its name, as attribute and as item.

    Immutable; iterates over names, in the order of the catalogue. Arrays have the broadcast shape
    of the arguments; scalars in, scalars out.

    Examples
    --------
    >>> import quantforge
    >>> result = quantforge.greeks(100.0, 100.0, 1.0, 0.05, 0.2, which=("delta", "gamma"))
    >>> list(result)
    ['delta', 'gamma']
    >>> round(float(result.delta), 6)
    0.636831
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        object.__setattr__(self, "_values", dict(values))

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_values")[name]
        except KeyError:
            asked = ", ".join(self)
            raise AttributeError(f"no {name!r} here; it has {asked}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("Greeks cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("Greeks cannot be changed")

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __reduce__(self) -> tuple[Any, ...]:
        return Greeks, (self._values,)

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        lines = [f"{name:>{width}}  {_brief(value)}" for name, value in self.items()]
        return "\n".join(["Greeks", *lines])

    def to_dict(self) -> dict[str, Any]:
        """The results by name, not copied."""
        return dict(self._values)

    def to_pandas(self) -> Any:
        """A pandas DataFrame with a column for each result; pandas is imported only here."""
        import pandas

        return pandas.DataFrame(self._columns(), copy=False)

    def to_polars(self) -> Any:
        """A polars DataFrame with a column for each result; polars is imported only here."""
        import polars

        return polars.DataFrame(self._columns())

    def _columns(self) -> dict[str, Any]:
        return {name: np.atleast_1d(value).reshape(-1) for name, value in self.items()}


def _brief(value: Any) -> str:
    text: str = np.array2string(np.asarray(value), precision=6, threshold=6, edgeitems=3)
    return " ".join(text.split())
