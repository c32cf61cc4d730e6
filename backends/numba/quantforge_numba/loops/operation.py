"""What the loop of an operation is made of."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple


def digest_of_sources():
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


SOURCES = digest_of_sources()


class Operation(NamedTuple):
    """The structs of inputs and outputs, both forms, and whether the last output is one of int8."""

    option: type
    results: type
    ordinary: Any
    general: Any
    codes: bool = False

    def __reduce__(self):
        """Say what a loop in Numba's cache depends on.

        Numba notices when the file of the outermost function changes, or what this closes over as
        pickled: so that has to be a digest of all our files.
        """
        return Operation, (SOURCES,)
