"""``quantforge doctor``: what this installation consists of, and whether it works."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

import quantforge
from quantforge import discovery, plugins, threads
from quantforge.cli import untuned
from quantforge.cli.backends import describe, overview
from quantforge.cli.failures import NOTHING_USABLE
from quantforge.cli.ownership import other_owners
from quantforge.cli.terminal import console, print_json, status
from quantforge.errors import one_line
from quantforge.operations import OPERATIONS
from quantforge.plugins import registry

_DISTRIBUTIONS: Final = ("numpy", "pluggy", "rich", "platformdirs", "pyarrow", "matplotlib")

# Call on 100 at 100, one year, 5 %, 20 %, to 20 digits (mpmath). Errors may be 4 ulp of 100.
_KNOWN: Final = 10.450583572185565667
_TOLERANCE: Final = 4 * 2.0**-46


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "doctor",
        help="check the installation",
        description="Print versions, instruction sets, floating-point environment, thread budget "
        "and paths; load every backend with all its operations and check its answers.",
    )
    parser.add_argument(
        "--wheel",
        action="store_true",
        help="compare the installed files of the core and of every plugin with what their wheels "
        "brought, by the hashes in RECORD",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    with status("loading backends"):
        _try_backends()
        problems = other_owners() + _check_backends()
    findings: dict[str, Any] = {
        "versions": _versions(),
        "machine": _machine(),
        "floating_point": floating_point(),
        "threads": _threads(),
        "paths": _paths(),
        "environment": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith("QUANTFORGE_")
        },
        "backends": [describe(info) for info in quantforge.backends()],
        "untuned": untuned.notice(),
        "problems": problems,
    }
    if arguments.wheel:
        from quantforge.cli import integrity

        findings["wheels"], damage = integrity.compare()
        problems += damage
    if arguments.json:
        print_json(findings)
    else:
        _show(findings)
    return NOTHING_USABLE if problems else 0


def _try_backends() -> None:
    """Leave out what would end or block this process, and remember it."""
    from quantforge.profile import unusable
    from quantforge.tuning import trial

    points, _ = discovery.entry_points()
    known = unusable.known(points)
    found = trial.crashes(skip=known)
    plugins.avoid({**known, **found})
    with suppress(OSError):  # then the next command does not know it
        unusable.remember(found)


def _check_backends() -> list[str]:
    """What is wrong with the backends, a line each. Loading checks the bits of exact ones."""
    problems = []
    for info in quantforge.backends():
        if info.state in {"broken", "incompatible"}:
            problems.append(f"backend {info.name} is {info.state}: {info.reason}")
        if info.state != "available":
            continue
        problems += [
            f"backend {info.name} implements {name!r}, which nothing that is usable declares"
            for name in info.operations
            if name not in OPERATIONS
        ]
        try:
            for operation in info.operations:
                if operation in OPERATIONS:
                    registry().kernel(info.name, operation)
            if "price" not in info.operations:
                continue
            price = float(quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2, backend=info.name))
        except quantforge.BackendError as error:
            problems.append(f"backend {info.name}: {one_line(error).partition(': ')[2]}")
        except Exception as error:
            problems.append(f"backend {info.name}: {one_line(error)}")
        else:
            if not abs(price - _KNOWN) <= _TOLERANCE:
                problems.append(f"backend {info.name} prices {price!r} where {_KNOWN!r} is right")
    return problems


def _versions() -> dict[str, str]:
    from importlib import metadata

    versions = {
        "quantforge": quantforge.__version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
    }
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    for info in quantforge.backends():
        for module in registry().requires(info.name):
            # Not where it is a module within the backend itself, or its metadata are damaged.
            with suppress(metadata.PackageNotFoundError, ValueError, KeyError):
                versions[module] = metadata.version(module)
    return versions


def _machine() -> dict[str, str]:
    from quantforge.profile.machine import this_machine

    machine = this_machine(threads.budget())
    return {
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "processor": machine.cpu,
        "instruction sets": machine.isa,
    }


def floating_point() -> dict[str, str]:
    """The floating-point environment, found out by arithmetic.

    Nothing here is an error, because kernels set what they need for themselves. NumPy's own
    functions, and with them the NumPy backend, follow the environment.
    """
    one, tiny = np.float64(1.0), np.float64(2.0**-60)
    least, small = np.float64(5e-324), np.float64(2.0**-1022)
    errors = " ".join(f"{kind}={what}" for kind, what in np.geterr().items())
    with np.errstate(all="ignore"):
        if one + tiny > one:
            rounding = "upward"
        elif -one - tiny < -one:
            rounding = "downward"
        else:
            rounding = "towards zero" if one - tiny < one else "to nearest"
        return {
            "rounding": rounding,
            "denormal results": "kept" if small * np.float64(0.5) else "flushed to zero",
            "denormal operands": "kept" if least * np.float64(1e300) else "taken for zero",
            "numpy errors": errors,
        }


def _threads() -> dict[str, str]:
    return {
        "budget": str(threads.budget()),
        "processors": str(os.cpu_count()),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
    }


def _paths() -> dict[str, str]:
    from quantforge.profile import store

    return {
        "package": str(Path(quantforge.__file__).parent),
        "python": sys.executable,
        "profile": str(store.path()),
    }


def _show(findings: dict[str, Any]) -> None:
    screen = console()
    for title in ("versions", "machine", "floating_point", "threads", "paths", "environment"):
        if findings[title]:
            screen.print(title.replace("_", " "), style="bold")
            for name, value in findings[title].items():
                screen.print(f"  {name:<20}{value}", soft_wrap=True)
    screen.show(overview(findings["backends"]))
    for wheel in findings.get("wheels", ()):
        files = f"{wheel['files']} files " if "files" in wheel else ""
        described = f"{wheel['version']}, {files}{wheel['state']}, {wheel['place']}"
        screen.print(f"{wheel['distribution']} {described}", soft_wrap=True)
    if findings["untuned"]:
        screen.print(findings["untuned"], soft_wrap=True)
    for problem in findings["problems"]:
        screen.print(problem, style="bold red", soft_wrap=True)
    screen.print("no problems found" if not findings["problems"] else "")
