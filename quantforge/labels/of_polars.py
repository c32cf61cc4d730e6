"""polars: Series are of one length or of one row, and a null stays a null."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars

from quantforge.labels import columns, kinds
from quantforge.labels.running import Array, Run

__all__ = ["call"]


def call(
    core: Run, arguments: dict[str, Any], outputs: tuple[str, ...], outs: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Run `core` on the values; results are called as the first Series is."""
    results, missing = columns.computed(
        core, arguments, polars.Series, _numbers, _kinds, polars.Series.to_list
    )
    title = next((one.name for one in arguments.values() if isinstance(one, polars.Series)), "")
    return tuple(
        _wrapped(title, values, missing)
        if out is None
        else columns.written(out, values, polars.Series)
        for out, values in zip(outs or (None,) * len(outputs), results, strict=True)
    )


def _numbers(series: Any) -> tuple[Array, Array | None]:
    dtype = series.dtype
    missing = np.asarray(series.is_null()) if series.has_nulls() else None
    exact = dtype.is_integer() or dtype == polars.Boolean
    if dtype == polars.Null or (exact and missing is not None):
        series = series.cast(polars.Float64)  # NumPy's integers have no place for a null
    return series.to_numpy(), missing


def _kinds(series: Any) -> tuple[Array, Array | None]:
    if series.dtype == polars.Boolean:
        return kinds.encoded(_codes(series), [False, True])
    if series.dtype not in (polars.String, polars.Categorical, polars.Enum):
        values, missing = _numbers(series)
        signs, absent = kinds.plain(values)
        return signs, absent if missing is None else missing
    if len(series) <= kinds.FEW:
        return kinds.listed(np.array(series.to_list(), object))
    text = series.cast(polars.String)
    words = text.unique().drop_nulls()
    return kinds.encoded(_codes(text.cast(polars.Enum(words)).to_physical()), words.to_list())


def _codes(series: Any) -> Array:
    codes: Array = series.cast(polars.Int64).fill_null(-1).to_numpy()
    return codes


def _wrapped(title: str, values: Any, missing: Array | None) -> Any:
    series = polars.Series(title, values)
    return series if missing is None else series.set(polars.Series(missing), None)
