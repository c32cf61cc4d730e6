"""What the loop of an operation is made of."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from quantforge import boundary_table
from quantforge_numba.intrinsics import inlined


def digest_of_sources():
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(boundary_table())  # which `american_price` holds
    return digest.digest()


SOURCES = digest_of_sources()


@inlined
def nothing_left(inputs, outputs, marks, everything, n):
    """Finish a block whose lanes are done."""


class Operation(NamedTuple):
    """The structs of inputs and outputs, both forms, and whether the last output is one of int8.

    What both forms end with may stand in `finish`, which the loop calls itself: LLVM optimises a
    function again in every one that calls it, and so on up.
    """

    option: type
    results: type
    ordinary: Any
    general: Any
    codes: bool = False
    finish: Any = nothing_left

    def __reduce__(self):
        """Say what a loop in Numba's cache depends on.

        Numba notices when the file of the outermost function changes, or what this closes over as
        pickled: so that has to be a digest of all our files,
        and of the table that the code holds.
        """
        return Operation, (SOURCES,)
