"""dask: nothing is computed until asked for; the core runs once per block, for all results."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import dask.array
import numpy as np

from quantforge.kinds import sign
from quantforge.labels import containers, exercises, kinds
from quantforge.labels.running import Run, run

__all__ = ["call"]


def call(
    core: Run, arguments: dict[str, Any], outputs: tuple[str, ...], outs: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Give an array to compute later per output, in the blocks that the arguments have together."""
    if any(out is not None for out in outs):
        raise ValueError("out cannot be given with dask arrays: nothing is computed yet")
    arrays = {}
    fixed = {}
    for name, value in arguments.items():
        if isinstance(value, dask.array.Array):
            arrays[name] = value.astype(object) if name == "exercise" else value
        elif np.ndim(value):
            known = _signs(value) if name == "kind" else np.asarray(value)
            arrays[name] = dask.array.from_array(known, chunks=-1)  # in the end, as the others
        else:
            fixed[name] = value
    operands = [each for one in arrays.values() for each in (one, _axes(one.ndim))]
    block = _Block(core, tuple(arrays), fixed, outputs)
    axes = _axes(max(each.ndim for each in arrays.values()))
    dtypes = [np.dtype(np.int8 if name == "code" else np.float64) for name in outputs]
    metas = [np.empty((0,) * len(axes), dtype) for dtype in dtypes]
    together = dask.array.blockwise(
        block, axes, *operands, dtype=dtypes[0], meta=metas[0], token=outputs[0]
    )
    if len(outputs) == 1:
        return (together,)

    def result(place: int, name: str) -> Any:
        get, dtype, meta = itemgetter(place), dtypes[place], metas[place]
        return dask.array.blockwise(get, axes, together, axes, dtype=dtype, meta=meta, token=name)

    return tuple(result(place, name) for place, name in enumerate(outputs))


def _signs(kind: Any) -> Any:
    """Signs of kinds that are known already, NaN where there is none."""
    signs, absent = kinds.plain(kind)
    return sign(signs) if absent is None else np.where(absent, np.nan, signs)


def _axes(count: int) -> tuple[int, ...]:
    """Names of axes for `blockwise`: as in NumPy, the last ones of all arrays go together."""
    return tuple(range(count))[::-1]


def _place(index: tuple[int, ...]) -> str:
    return f"index {', '.join(map(str, index))} of a block"


class _Block:
    """What dask runs on a block of each array: the result, or a tuple that dask hands on unread."""

    def __init__(
        self, core: Run, names: tuple[str, ...], fixed: dict[str, Any], outputs: tuple[str, ...]
    ) -> None:
        self._core = core
        self._outputs = outputs
        self._names = names
        self._fixed = fixed

    def __call__(self, *blocks: Any) -> Any:
        given = {**self._fixed, **dict(zip(self._names, blocks, strict=True))}
        if any(map(containers.is_labelled, blocks)):  # a masked array, say
            results = containers.call(self._core, given, self._outputs)
        else:
            given["kind"], absent = kinds.plain(given["kind"])
            if "exercise" in given:
                given["exercise"] = exercises.plain(given["exercise"], _place)
            results = tuple(map(np.asarray, run(self._core, given, absent, _place)))
        return results if len(results) > 1 else results[0]
