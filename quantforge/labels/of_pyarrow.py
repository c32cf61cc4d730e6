"""Arrow: arrays are of one length or of one row, and a null stays a null."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow

from quantforge.labels import columns, kinds
from quantforge.labels.running import Array, Run

__all__ = ["call"]

_COLUMN = pyarrow.Array, pyarrow.ChunkedArray


def call(
    core: Run, arguments: dict[str, Any], outputs: tuple[str, ...], outs: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Run `core` on the values; a chunked argument makes chunked results."""
    results, missing = columns.computed(
        core, arguments, _COLUMN, _numbers, _kinds, lambda column: column.to_pylist()
    )
    chunked = any(isinstance(one, pyarrow.ChunkedArray) for one in arguments.values())
    return tuple(
        _wrapped(values, missing, chunked) if out is None else columns.written(out, values, _COLUMN)
        for out, values in zip(outs or (None,) * len(outputs), results, strict=True)
    )


def _numbers(array: Any) -> tuple[Array, Array | None]:
    missing = np.asarray(array.is_null()) if array.null_count else None
    types = pyarrow.types
    held_by_numpy = types.is_floating(array.type) or not array.null_count
    if types.is_null(array.type) or (_is_exact(array.type) and not held_by_numpy):
        array = array.cast(pyarrow.float64(), safe=False)
    chunked = isinstance(array, pyarrow.ChunkedArray)
    return array.to_numpy(**({} if chunked else {"zero_copy_only": False})), missing


def _is_exact(kind: Any) -> bool:
    return bool(pyarrow.types.is_integer(kind) or pyarrow.types.is_boolean(kind))


def _kinds(array: Any) -> tuple[Array, Array | None]:
    types = pyarrow.types
    if types.is_floating(array.type) or types.is_null(array.type):
        values, missing = _numbers(array)
        signs, absent = kinds.plain(values)
        return signs, absent if missing is None else missing
    words = array if types.is_dictionary(array.type) else array.dictionary_encode()
    if isinstance(words, pyarrow.ChunkedArray):
        words = words.unify_dictionaries().combine_chunks()
    codes = words.indices.fill_null(-1).to_numpy()
    return kinds.encoded(codes, words.dictionary.to_pylist())


def _wrapped(values: Any, missing: Array | None, chunked: bool) -> Any:
    array = pyarrow.array(values, mask=missing)
    return pyarrow.chunked_array([array]) if chunked else array
