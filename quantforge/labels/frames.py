"""Tables of several results: a column for each, a row for each option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["to_pandas", "to_polars"]


def to_pandas(results: Mapping[str, Any]) -> Any:
    """A DataFrame whose index has the labels that the results have, one level per dimension."""
    import pandas

    def column(value: Any) -> Any:
        if isinstance(value, pandas.DataFrame):
            return value.stack(future_stack=True)
        if isinstance(value, pandas.Series | pandas.Index):
            return value
        if np.ndim(value) and hasattr(value, "to_series"):  # xarray's
            return value.to_series()
        return _flat(value)

    columns = {name: column(value) for name, value in _computed(results).items()}
    return pandas.DataFrame(columns, copy=False)


def to_polars(results: Mapping[str, Any]) -> Any:
    """A DataFrame without labels; missing results are null."""
    import polars

    def column(value: Any) -> Any:
        if isinstance(value, polars.Series):
            return value
        if hasattr(value, "null_count"):  # Arrow's
            return polars.from_arrow(value)
        if isinstance(value, np.ma.MaskedArray):
            mask = np.ma.getmaskarray(value)
            return polars.Series(_flat(value.data)).set(polars.Series(_flat(mask)), None)
        if hasattr(value, "isna"):  # pandas'
            rows = value.stack(future_stack=True) if value.ndim == 2 else value
            return polars.from_pandas(rows, nan_to_null=False)
        return _flat(value)

    return polars.DataFrame({name: column(value) for name, value in _computed(results).items()})


def _computed(results: Mapping[str, Any]) -> dict[str, Any]:
    """Compute what dask holds, all at once: the results share their work."""
    lazy = (getattr(value, "__dask_graph__", None) for value in results.values())
    if not any(graph is not None and graph() is not None for graph in lazy):
        return dict(results)
    import dask

    return dict(zip(results, dask.compute(*results.values()), strict=True))


def _flat(value: Any) -> Any:
    return np.atleast_1d(value).reshape(-1)
