"""What the figures depend on: the machine, versions, backends, and how busy it is."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import quantforge
from quantforge import threads
from quantforge.plugins import State, registry
from quantforge.profile.machine import this_machine

_DISTRIBUTIONS = ("quantforge-core", "numpy", "scipy", "numba")


def usable(operation: str) -> list[str]:
    """Backends that can run `operation`, loaded, fastest guess first."""
    names = registry().candidates(operation, "contract")
    for name in names:
        with suppress(quantforge.BackendError):  # the list of backends says so
            registry().kernel(name, operation)
    return [name for name in names if registry().info(name).state is State.AVAILABLE]


def describe() -> dict[str, Any]:
    """Everything a reader of the figures wants to know."""
    machine = this_machine(threads.budget())
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": machine.cpu,
        "instruction_sets": machine.isa,
        "threads": machine.budget,
        "system": platform.system(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _DISTRIBUTIONS},
        "backends": {
            info.name: {"version": info.version, "state": str(info.state), **info.details}
            for info in quantforge.backends()
        },
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
