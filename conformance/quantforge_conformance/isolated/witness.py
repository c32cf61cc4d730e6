"""Watch a backend load and run; print what it used of other backends and of the core, as JSON."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np

from quantforge import testing
from quantforge_conformance import isolated, operands

CORE = "quantforge"

CALLERS = {"quantforge.kernels", "quantforge.callables", "quantforge.shapes"}
"""What calls a kernel. One that runs more of the core asks the core to compute for it."""


def foreign_modules(backend: str) -> list[str]:
    """Return the modules of other backends, each of which holds the submodules too."""
    own = testing.plugins()[backend]
    blocked = os.environ["QUANTFORGE_BLOCK"].split(",")
    modules = {name: one for name, one in testing.plugins().items() if name in blocked}
    return [one for one in modules.values() if not within(one, own) and not within(own, one)]


def within(module: str, package: str) -> bool:
    """Return whether a module is the package or lies in it."""
    return f"{module}.".startswith(f"{package}.")


def called_modules(call: Callable[[], object]) -> set[str]:
    """Return the modules whose Python functions run during a call."""
    seen = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
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
    kernel = isolated.kernel()
    own, foreign = testing.plugins()[kernel.backend], foreign_modules(kernel.backend)
    batch = operands.mixed(kernel, 300)
    with np.errstate(all="ignore"):
        called = called_modules(lambda: kernel(*batch))
    # The core imports the module that describes its own backend in any case.
    described = {one for one in foreign if within(one, CORE)}
    imported = [name for name in sys.modules if any(within(name, one) for one in foreign)]
    others = [one for one in called - CALLERS if not within(one, own)]
    report = {
        "imported": sorted(set(imported) - described),
        "called": sorted(x for x in others if any(within(x, one) for one in [CORE, *foreign])),
        "mapped": mapped_files(foreign),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
