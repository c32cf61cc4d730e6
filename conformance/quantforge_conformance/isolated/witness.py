"""Watch a backend load and run; print what it used of other backends, as JSON."""

from __future__ import annotations

import importlib.util
import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from quantforge_conformance import apart, operands

# A kernel that calls one of these asks the core to compute for it.
PUBLIC = ("quantforge.api", "quantforge.binding", "quantforge.evaluation", "quantforge.threads")


def foreign_modules(backend: str) -> list[str]:
    """Return the modules of other backends, each of which holds the submodules too."""
    points = {point.name: point.module for point in entry_points(group="quantforge")}
    own = points.pop(backend, "quantforge.numpy_backend")
    others = [*points.values(), "quantforge.numpy_backend.price"]
    return [module for module in others if not within(module, own) and not within(own, module)]


def within(module: str, package: str) -> bool:
    """Say whether a module is the package or below it."""
    return f"{module}.".startswith(f"{package}.")


def called_modules(call: Any) -> set[str]:
    """Return the modules whose Python functions run during a call."""
    seen = set()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        seen.add(str(frame.f_globals.get("__name__")))

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return seen


def mapped_files(modules: list[str]) -> list[str]:
    """Return the shared libraries of these modules that this process has loaded."""
    specs = [importlib.util.find_spec(module) for module in modules]
    folders = [folder for spec in specs if spec for folder in spec.submodule_search_locations or ()]
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    files = {line.split(maxsplit=5)[5] for line in lines if "/" in line}
    return sorted(file for file in files if any(file.startswith(f"{one}/") for one in folders))


def main() -> None:
    """Load, run and report."""
    kernel = apart.kernel()
    foreign = foreign_modules(kernel.backend)
    batch = operands.mixed(kernel, 300)
    with np.errstate(all="ignore"):
        called = called_modules(lambda: kernel(*batch))
    imported = [name for name in sys.modules if any(within(name, one) for one in foreign)]
    report = {
        "imported": sorted(imported),
        "called": sorted(x for x in called if any(within(x, one) for one in [*PUBLIC, *foreign])),
        "mapped": mapped_files(foreign),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
