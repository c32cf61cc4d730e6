"""xarray: DataArrays align by coordinate, as in its own arithmetic, and broadcast by dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray

from quantforge.labels import containers, exercises, kinds
from quantforge.labels.running import Run, filled, run

__all__ = ["call"]


def call(
    core: Run, arguments: dict[str, Any], outputs: tuple[str, ...], outs: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Run `core` on aligned and broadcast values; what dask holds stays lazy."""
    options = xarray.get_options()
    given = {name: each for name, each in arguments.items() if isinstance(each, xarray.DataArray)}
    if not given:  # only an out is
        return tuple(map(_written, outs, run(core, arguments)))
    aligned = xarray.align(*given.values(), join=options["arithmetic_join"], copy=False)
    moved = not all(map(_same_labels, given.values(), aligned))
    sizes = {dim: size for each in aligned for dim, size in each.sizes.items()}
    _refuse_unplaced(arguments, given, sizes, moved)
    _refuse_outs(outs, given, moved)

    def place(index: tuple[int, ...]) -> str:
        coords = {dim: each[dim] for each in aligned for dim in each.dims if dim in each.coords}
        named = (
            (dim, coords[dim][i].item() if dim in coords else i)
            for dim, i in zip(sizes, index, strict=True)
        )
        return ", ".join(f"{dim}={label!r}" for dim, label in named)

    def computed(*values: Any) -> Any:
        plain = {**arguments, **dict(zip(given, values, strict=True))}
        if any(map(containers.is_labelled, values)):  # dask's, or masked
            results = containers.call(core, plain, outputs)
        else:
            plain["kind"], absent = kinds.plain(plain["kind"])
            if "exercise" in given:
                plain["exercise"], _ = exercises.read(plain["exercise"], place)
            results = run(core, plain, absent, place)
        return results if len(outputs) > 1 else results[0]

    keep = "drop" if options["keep_attrs"] is False else "drop_conflicts"
    found = xarray.apply_ufunc(
        computed,
        *aligned,
        join="exact",
        output_core_dims=[[]] * len(outputs),
        dask="allowed",
        keep_attrs=keep,
    )
    results = found if len(outputs) > 1 else (found,)
    names = {each.name for each in aligned}
    for result in results:
        result.name = aligned[0].name if len(names) == 1 else None
    return tuple(map(_written, outs or (None,) * len(outputs), results))


def _same_labels(one: Any, other: Any) -> bool:
    return one.dims == other.dims and all(
        other.indexes[dim].equals(index) for dim, index in one.indexes.items() if dim in one.dims
    )


def _refuse_unplaced(
    arguments: dict[str, Any], given: dict[str, Any], sizes: dict[Any, int], moved: bool
) -> None:
    """Refuse an array without labels where it is open which dimensions or rows it goes along."""
    whole = any(each.dims == tuple(sizes) for each in given.values())
    for name, value in arguments.items():
        if name in given or isinstance(value, float | int | str) or np.size(value) == 1:
            continue
        shape = tuple(sizes.values())
        fits = len(np.shape(value)) <= len(shape) and all(
            n in (1, m) for n, m in zip(np.shape(value)[::-1], shape[::-1], strict=False)
        )
        if given and (moved or not whole or not fits):
            raise ValueError(
                f"{name} has no labels, and where it goes among those of {' and '.join(given)} is "
                f"open: make {name} a DataArray with dimensions of its own"
            )


def _refuse_outs(outs: tuple[Any, ...], given: dict[str, Any], moved: bool) -> None:
    if all(out is None for out in outs):
        return
    if any(each.chunks is not None for each in given.values()):
        raise ValueError("out cannot be given with dask arrays: nothing is computed yet")
    if moved and not all(out is None or isinstance(out, xarray.DataArray) for out in outs):
        raise ValueError(
            f"out has no labels, and those of {' and '.join(given)} are not the same: pass a "
            "DataArray with the labels of the result, or none"
        )


def _written(out: Any, result: Any) -> Any:
    if out is None:
        return result
    if not isinstance(out, xarray.DataArray):
        return filled(out, np.asarray(result))
    labelled = isinstance(result, xarray.DataArray)
    if labelled and not (_same_labels(out, result) and _same_labels(result, out)):
        raise ValueError("out has not the labels of the result, in their order")
    filled(out.data, np.asarray(result))
    return out
