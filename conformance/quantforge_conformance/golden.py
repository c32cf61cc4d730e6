"""The committed golden bits: inputs and outputs of options as hexadecimal bits of float64.

``conformance/generate_golden.py`` writes them from the executable specification.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def bits(file: Path) -> NDArray[np.int64]:
    """Return a row per input and output, a column per option."""
    rows = [line.split() for line in file.read_text("ascii").splitlines() if line[0] != "#"]
    numbers = np.array([[int(word, 16) for word in row] for row in rows], dtype=np.uint64)
    return np.ascontiguousarray(numbers.T).view(np.int64)
