"""What calls return besides arrays: `Greeks`, several results by name, and `Code`."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NoReturn

import numpy as np

__all__ = ["Code", "Greeks"]


class Code(IntEnum):
    """How `implied_volatility` has solved an option, or why it has no volatility."""

    OK = 0
    """Solved, as precisely as the inputs allow."""
    AT_INTRINSIC = 1
    """Within two units in the last place of the intrinsic value: volatility 0.

    Of an American option the largest volatility at which it is exercised at once.
    """
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


class Greeks(dict[str, Any]):
    """What `greeks` returns: each result under its name, as attribute and as item.

    Immutable; iterates over names, in the order of the catalogue. Arrays have the broadcast shape
    of the arguments; scalars in, scalars out; what was labelled keeps its labels. A dict, so that
    pandas and xarray make a table of it, with those labels.

    Examples
    --------
    >>> import quantforge
    >>> result = quantforge.greeks(100.0, 100.0, 1.0, 0.05, 0.2, which=("delta", "gamma"))
    >>> list(result)
    ['delta', 'gamma']
    >>> round(float(result.delta), 6)
    0.636831
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            asked = ", ".join(self)
            raise AttributeError(f"no {name!r} here; it has {asked}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("Greeks cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("Greeks cannot be changed")

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("Greeks cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __reduce__(self) -> tuple[Any, ...]:
        return Greeks, (dict(self),)

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        lines = [f"{name:>{width}}  {_brief(value)}" for name, value in self.items()]
        return "\n".join(["Greeks", *lines])

    def to_dict(self) -> dict[str, Any]:
        """The results by name, not copied."""
        return dict(self)

    def to_pandas(self) -> Any:
        """A pandas DataFrame with a column for each result, and a row for each option.

        The rows have the labels of the arguments. pandas is imported only here.
        """
        from quantforge.labels import frames

        return frames.to_pandas(self)

    def to_polars(self) -> Any:
        """A polars DataFrame with a column for each result; polars is imported only here."""
        from quantforge.labels import frames

        return frames.to_polars(self)


def _brief(value: Any) -> str:
    graph = getattr(value, "__dask_graph__", None)
    if graph is not None and graph() is not None:  # nothing is computed to be looked at
        text = repr(value)
    else:
        text = np.array2string(np.asarray(value), precision=6, threshold=6, edgeitems=3)
    return " ".join(text.split())
