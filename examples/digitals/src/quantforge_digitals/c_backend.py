"""The backend in C: NumPy's inner loops, of which QuantForge makes ufuncs."""

from __future__ import annotations

from collections.abc import Mapping

import quantforge
from quantforge_digitals.operations import ASSET_OR_NOTHING, CASH_OR_NOTHING


def _load() -> Mapping[str, int]:
    from quantforge_digitals import _loops

    return {
        CASH_OR_NOTHING.name: _loops.cash_or_nothing,
        ASSET_OR_NOTHING.name: _loops.asset_or_nothing,
    }


@quantforge.hookimpl
def quantforge_backend() -> quantforge.Backend:
    """Describe the backend to QuantForge."""
    return quantforge.Backend(
        name="digitals_c",
        version="1.0.0",
        contract=1,
        numerics={CASH_OR_NOTHING.name: 1, ASSET_OR_NOTHING.name: 1},
        exact=False,
        load=_load,
        requires=("quantforge_digitals._loops",),
    )
