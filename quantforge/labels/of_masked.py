"""NumPy's masked arrays: a result is masked where any argument is, and a mask excuses errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from quantforge.conventions import NO_DIVIDEND
from quantforge.labels import exercises, kinds
from quantforge.labels.running import Array, Run, broadcast, filled, run
from quantforge.shapes import broadcast_shapes

__all__ = ["call"]


def call(
    core: Run, arguments: dict[str, Any], outputs: tuple[str, ...], outs: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Run `core` on the data; if it complains, with a valid option wherever a mask is set."""
    masks = [each.mask for each in arguments.values() if _can_mask(each)]
    plain = {
        name: np.ma.getdata(each, subok=False) if _can_mask(each) else each
        for name, each in arguments.items()
    }
    kind = arguments["kind"]
    if _can_mask(kind):
        plain["kind"] = kind.filled("c" if kind.dtype.kind in "OSU" else 1)
    plain["kind"], absent = kinds.plain(plain["kind"])
    if "exercise" in arguments:
        exercise = arguments["exercise"]
        if _can_mask(exercise):
            exercise = plain["exercise"].astype(object)
            exercise[np.ma.getmaskarray(arguments["exercise"])] = None
        plain["exercise"] = exercises.plain(exercise)
    hidden = broadcast(masks, broadcast_shapes(*map(np.shape, masks)))
    if not hidden.any():
        results = run(core, plain, absent)
    else:
        try:  # what is masked is seldom wrong, and odd options would make the others slow
            with np.errstate(invalid="raise"):
                results = run(core, plain, absent)
        except (FloatingPointError, ValueError):
            absent = None if absent is None else absent & ~hidden
            results = run(core, _excused(plain, hidden), absent)
    mask = broadcast(masks, np.shape(results[0]))
    return tuple(
        np.ma.array(values, mask=mask.copy())[()] if out is None else _written(out, values, mask)
        for out, values in zip(outs or (None,) * len(outputs), results, strict=True)
    )


def _can_mask(value: Any) -> bool:
    return isinstance(value, np.ma.MaskedArray)


def _excused(plain: dict[str, Any], mask: Array) -> dict[str, Any]:
    """Put options that every model can price, and invert, where `mask` is set.

    They expire before any cash dividend is paid, which might be worth more than their spot.
    """
    valid = {"rate": 0.0, "dividend": 0.0, "time": 2.0**-100, "delta": 0.0}
    return {
        name: value
        if name == "kind" or value is NO_DIVIDEND
        else np.where(mask, valid.get(name, 1.0), value)
        for name, value in plain.items()
    }


def _written(out: Any, values: Any, mask: Array) -> Any:
    if not _can_mask(out):
        floats = np.asarray(values).dtype.kind == "f"
        return filled(out, np.where(mask, np.nan, values) if floats else values)
    if out.shape != np.shape(values):
        raise ValueError(f"out has shape {out.shape}, the result {np.shape(values)}")
    out[...] = np.ma.array(values, mask=mask)
    return out
