"""The exercise boundary of American options, tabulated once for all backends.

By scaling, the boundary of a put depends on three numbers. The table holds Chebyshev coefficients
in these, of what is smooth in them; `conformance/generate_boundary.py` makes it and says what they
are, and docs/american.md how it is read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["boundary_table"]


@cache
def boundary_table() -> NDArray[np.float64]:
    """Return the coefficients, one after the other, for kernels of ``american_price``.

    The array is read-only, contiguous and always the same one: its address may be handed to native
    code once and for all.

    Returns
    -------
    ndarray, shape (11331,)
        28 x 20 x 12 coefficients of f, 12 x 12 x 12 of w0 and 14 x 12 x 14 of g, the last
        coordinate fastest; then the sines, cosines and weights of four quadratures, and the
        cosines of pi k / 32.
    """
    table = np.load(Path(__file__).parent / "data" / "american_boundary.npy")
    table.flags.writeable = False
    return np.ascontiguousarray(table)
