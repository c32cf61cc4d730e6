"""pandas: Series and DataFrames align by label; an Index is a column of values without labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas

from quantforge.labels import exercises, kinds
from quantforge.labels.running import Array, Run, broadcast, filled, named, run

__all__ = ["call"]

_LABELLED = pandas.Series, pandas.DataFrame
_COLUMNS = *_LABELLED, pandas.Index


def call(
    core: Run, arguments: dict[str, Any], outputs: tuple[str, ...], outs: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Run `core` on aligned values. A column that can hold NA makes results that can."""
    if not any(isinstance(each, _COLUMNS) for each in arguments.values()):  # only an out is
        results = run(core, arguments)
        return tuple(map(_written, outs, results, results))
    labelled = {name: each for name, each in arguments.items() if isinstance(each, _LABELLED)}
    axes, moved = _union_of_axes(labelled)
    if axes:
        _refuse_unplaced(arguments, labelled, tuple(map(len, axes)), moved)
    if outs:
        _refuse_outs(outs, axes, moved, labelled)
    plain = dict(arguments)
    masks = []
    absent = None
    nullable = False
    for name, value in arguments.items():
        if isinstance(value, _COLUMNS):
            column = _reindexed(value, axes) if moved and name in labelled else value
            values, mask, holds_na = _READ.get(name, _numbers)(column)
            plain[name] = values
            masks.append((mask, values))
            nullable = nullable or holds_na
            if name == "kind":
                absent = mask
    results = run(core, plain, absent, lambda index: _place(axes, index))
    missing = None
    if nullable:
        missing = broadcast([_missing(*each) for each in masks], np.shape(results[0]))
    title = _shared_name(arguments)
    wrapped = tuple(_wrapped(values, axes, title, missing) for values in results)
    if not outs:
        return wrapped
    return tuple(map(_written, outs, results, wrapped))


# --- labels ------------------------------------------------------------------------------------


def _union_of_axes(labelled: dict[str, Any]) -> tuple[list[Any], bool]:
    """Find the labels of the result, and whether any argument has others or in another order.

    As in pandas' arithmetic the labels of a Series are those of a DataFrame's columns.
    """
    axes: list[Any] = []  # the last one first
    holders: list[str] = []
    moved = False
    for name, value in labelled.items():
        for place, labels in enumerate(reversed(value.axes)):
            if place == len(axes):
                axes.append(labels)
                holders.append(name)
            elif not axes[place].equals(labels):
                if not (axes[place].is_unique and labels.is_unique):
                    raise ValueError(
                        f"the labels of {holders[place]} and {name} differ and some repeat, so "
                        "that they cannot be aligned"
                    )
                axes[place] = axes[place].join(labels, how="outer")
                moved = True
    return axes[::-1], moved


def _reindexed(value: Any, axes: list[Any]) -> Any:
    names = ("index", "columns")[: value.ndim]
    return value.reindex(**dict(zip(names, axes[-value.ndim :], strict=True)))


def _refuse_unplaced(
    arguments: dict[str, Any], labelled: dict[str, Any], shape: tuple[int, ...], moved: bool
) -> None:
    """Refuse an array without labels where it is open which rows its elements are about."""
    for name, value in arguments.items():
        if name in labelled or isinstance(value, float | int | str):
            continue
        own = np.shape(value)
        if not own or own == (1,):
            continue
        if moved:
            raise ValueError(
                f"{name} has no labels, and those of {' and '.join(labelled)} are not the same: "
                f"make {name} a Series with labels of its own"
            )
        if len(own) > len(shape) or any(
            n not in (1, m) for n, m in zip(own[::-1], shape[::-1], strict=False)
        ):
            raise ValueError(
                f"{name} has shape {own}, which does not fit the labels of "
                f"{' and '.join(labelled)}, {shape}"
            )


def _shared_name(arguments: dict[str, Any]) -> Any:
    """Return the name that all columns have, or None."""
    title = None
    first = True
    for value in arguments.values():
        if isinstance(value, pandas.Series | pandas.Index):
            if first:
                title, first = value.name, False
            elif value.name is not title and value.name != title:
                return None
    return title


def _place(axes: list[Any], index: tuple[int, ...]) -> str:
    if not axes:
        return f"index {', '.join(map(str, index))}"
    words = ("index", "column")
    named = zip(words, axes, index, strict=False)
    return ", ".join(f"{word} {labels[i]!r}" for word, labels, i in named)


# --- values ------------------------------------------------------------------------------------


def _numbers(column: Any) -> tuple[Array, Array | None, bool]:
    """Values with NaN for NA, where NA is, and whether the column can hold it."""
    if isinstance(column, pandas.DataFrame):
        return _frame_numbers(column)
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        return column.to_numpy(), None, False
    array = column.array
    if dtype.kind not in "biuf":
        return np.asarray(array), None, False
    values = array.to_numpy(dtype=np.float64, na_value=np.nan)
    if dtype.na_value is not pandas.NA:
        return values, None, False
    return values, array.isna(), True


def _frame_numbers(frame: Any) -> tuple[Array, Array | None, bool]:
    dtypes = frame.dtypes.unique()
    nullable = _holds_na(dtypes)
    if nullable and all(dtype.kind in "biuf" for dtype in dtypes):
        values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
        return values, frame.isna().to_numpy(), True
    return frame.to_numpy(), None, nullable


def _kinds(column: Any) -> tuple[Array, Array | None, bool]:
    """Signs, where there is no kind, and whether the column can hold NA."""
    frame = isinstance(column, pandas.DataFrame)
    array = column.to_numpy() if frame else column.array
    dtypes = column.dtypes.unique() if frame else (column.dtype,)
    nullable = _holds_na(dtypes)
    if not nullable and all(dtype.kind in "biuf" for dtype in dtypes):
        return (*kinds.plain(column.to_numpy()), nullable)
    try:
        if isinstance(array, pandas.Categorical):
            return (*kinds.encoded(array.codes, list(array.categories)), nullable)
        if column.size <= kinds.FEW:
            return (*kinds.listed(column.to_numpy(dtype=object)), nullable)
        codes, words = pandas.factorize(array.ravel())
        return (*kinds.encoded(codes.reshape(column.shape), list(words)), nullable)
    except ValueError as error:
        raise _named(error, column) from None


def _exercises(column: Any) -> tuple[Array, Array | None, bool]:
    """Flags, where there is no exercise, and whether the column can hold NA."""
    dtypes = column.dtypes if isinstance(column, pandas.DataFrame) else (column.dtype,)
    try:
        return (*exercises.read(column.to_numpy(dtype=object)), _holds_na(dtypes))
    except ValueError as error:
        raise _named(error, column) from None


_READ: Final = {"kind": _kinds, "exercise": _exercises}


def _holds_na(dtypes: Iterable[Any]) -> bool:
    return any(getattr(dtype, "na_value", None) is pandas.NA for dtype in dtypes)


def _named(error: ValueError, column: Any) -> ValueError:
    axes = [] if isinstance(column, pandas.Index) else column.axes
    return named(error, lambda index: _place(axes, index))


def _missing(mask: Array | None, values: Array | None) -> Array | None:
    """Where an argument of a nullable result is missing: as in pandas, NaN is too."""
    if mask is None and values is not None and values.dtype.kind == "f":
        return np.isnan(values)
    return mask


# --- results -----------------------------------------------------------------------------------


def _wrapped(values: Any, axes: list[Any], title: Any, missing: Array | None) -> Any:
    if len(axes) == 2:
        if missing is None:
            return pandas.DataFrame(values, *axes, copy=False)
        columns = {i: _masked(values[:, i], missing[:, i]) for i in range(values.shape[1])}
        frame = pandas.DataFrame(columns, axes[0], copy=False)
        frame.columns = axes[1]
        return frame
    array = values if missing is None else _masked(values, missing)
    if axes:
        return pandas.Series(array, axes[0], name=title, copy=False)
    return array if np.ndim(values) != 1 else pandas.Index(array, name=title, copy=False)


def _masked(values: Array, missing: Array) -> Any:
    floats = values.dtype.kind == "f"
    made = pandas.arrays.FloatingArray if floats else pandas.arrays.IntegerArray
    return made(values, missing.copy())


def _refuse_outs(
    outs: tuple[Any, ...], axes: list[Any], moved: bool, labelled: dict[str, Any]
) -> None:
    for out in outs:
        if isinstance(out, _LABELLED):
            same = [own.equals(labels) for own, labels in zip(out.axes, axes, strict=False)]
            if axes and not (len(out.axes) == len(axes) and all(same)):
                raise ValueError("out has not the labels of the result, in their order")
        elif out is not None and moved:
            raise ValueError(
                f"out has no labels, and those of {' and '.join(labelled)} are not the same: "
                "pass a Series with the labels of the result, or none"
            )


def _written(out: Any, values: Array, wrapped: Any) -> Any:
    if out is None:
        return wrapped
    if not isinstance(out, _LABELLED):
        return filled(out, values)
    if out.shape != np.shape(values):
        raise ValueError(f"out has shape {out.shape}, the result {np.shape(values)}")
    holds_na = out.ndim == 1 and not isinstance(out.dtype, np.dtype)
    out[:] = wrapped.array if holds_na and isinstance(wrapped, pandas.Series) else values
    return out
