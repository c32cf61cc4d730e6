"""Golden bits: what every exact backend returns for a few inputs, checked when it is loaded.

``data/golden/<operation>.txt`` holds one option per line, its inputs and outputs as hexadecimal
bits of float64. ``conformance/generate_golden.py`` writes it from the executable specification.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from quantforge.operations import Operation

__all__ = ["case"]


def case(
    operation: Operation,
) -> tuple[list[np.ndarray[Any, np.dtype[np.float64]]], list[np.ndarray[Any, np.dtype[np.int64]]]]:
    """Inputs, and the bits each output must have, of the operation's golden options."""
    from importlib.resources import files  # which needs much else, and an import of ours does not

    file = files(operation.vectors).joinpath(f"data/golden/{operation.name}.txt")
    text = file.read_text("ascii")
    rows = [line.split() for line in text.splitlines() if not line.startswith("#")]
    bits = np.array([[int(word, 16) for word in row] for row in rows], dtype=np.uint64)
    columns = list(np.ascontiguousarray(bits.T).view(np.int64))
    inputs = len(operation.inputs)
    return [column.view(np.float64) for column in columns[:inputs]], columns[inputs:]
