"""Arrays that take minutes to compute, kept in bench/results until their sources change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "results" / "exact"


def kept(
    name: str, sources: tuple[Path, ...], make: Callable[[], Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the arrays of that name, by `make` if there are none from these very sources."""
    file = FOLDER / f"{name}-{_digest(sources)}.npz"
    if not file.exists():
        made = dict(make())
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part.npz")
        np.savez(unfinished, **made)
        unfinished.replace(file)
    with np.load(file) as arrays:
        return dict(arrays)


@cache
def _digest(sources: tuple[Path, ...]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:12]
