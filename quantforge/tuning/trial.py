"""Try every backend in a process of its own first: one that crashes or hangs takes no other along.

The child imports the plugins, loads each backend, runs all its kernels, and announces each step.
The step that was announced last is to blame for how the child ended; another child then goes on
without that backend.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import Any, Final

import numpy as np

from quantforge import discovery, plugins
from quantforge.capabilities import outputs, takes
from quantforge.operations import OPERATIONS, SIGN, Operation

__all__ = ["child", "crashes"]

_LIMIT: Final = 120.0
"""Seconds that one step may take: Numba compiles an operation within a step."""

_SIZES: Final = (1, 1_000, 65_536)
_SLOW: Final = 0.1  # seconds, after which no larger batch is tried
_DONE: Final = "done"
_CHILD: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from quantforge.tuning import trial; trial.child(int(sys.argv[2]), json.loads(sys.argv[3]))"
)


def crashes(skip: Collection[str] = ()) -> dict[str, str]:
    """The backends that end or block a process, by name, and how; those in `skip` are not tried.

    ``QUANTFORGE_TRIAL_SECONDS`` is how long one step may take, 120 by default.
    """
    points, _ = discovery.entry_points()
    names = {point.name for point in points} - set(skip)
    found: dict[str, str] = {}
    while names and os.name == "posix" and sys.executable:
        doing, name, end = _try([*skip, *found])
        if name not in names:
            break  # all is well, or no plugin is to blame
        names.remove(name)
        found[name] = f"{end} while {doing}"
    return found


def _try(avoided: list[str]) -> tuple[str, str, str]:
    """Run a child; return its last step, whose it was and how it ended, no name if all is well."""
    reading, writing = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, json.dumps(sys.path), str(writing), json.dumps(avoided)],
        env={**os.environ, "QUANTFORGE_DEBUG": "0", "QUANTFORGE_AUTOTUNE": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[writing],
        start_new_session=True,
    )
    os.close(writing)
    doing = name = ""
    try:
        for step in _steps(reading, child):
            doing, name = step
            if doing == _DONE:
                return doing, "", ""
        end = f"crashed ({_ending(child.wait())})"
    except TimeoutError:
        end = "hangs"
    finally:
        os.close(reading)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)  # along with whatever a plugin has started
        child.wait()
    return doing, name, end


def _steps(reading: int, child: subprocess.Popen[bytes]) -> Iterator[tuple[str, str]]:
    """What the child announces, until it ends.

    Raises
    ------
    TimeoutError
        It has announced nothing for too long.
    """
    limit, rest, last = _limit(), b"", time.monotonic()
    while True:
        has_ended = child.poll() is not None  # before looking: nothing is written afterwards
        if select.select([reading], [], [], 0.05)[0]:
            text = os.read(reading, 1 << 16)
            if not text:
                return
            *lines, rest = (rest + text).split(b"\n")
            yield from map(json.loads, lines)
            last = time.monotonic()
        elif has_ended:  # what it has forked may hold the other end open
            return
        elif time.monotonic() - last > limit:
            raise TimeoutError


def _limit() -> float:
    try:
        return float(os.environ["QUANTFORGE_TRIAL_SECONDS"])
    except (KeyError, ValueError):
        return _LIMIT


def _ending(code: int) -> str:
    """How a process has ended, in words."""
    if code >= 0:
        return f"exit status {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def child(descriptor: int, avoided: list[str]) -> None:
    """Run every backend but those, and write each step to the descriptor; ends the process."""

    def tell(doing: str, name: str) -> None:
        os.write(descriptor, json.dumps([doing, name]).encode() + b"\n")

    try:
        _leave_no_core()
        warnings.simplefilter("ignore")
        plugins.on_stage(tell)
        plugins.avoid(dict.fromkeys(avoided, "not to be tried"))
        found = plugins.registry()
        for name in found.names():
            info = found.info(name)
            for operation in info.operations:
                if info.state is plugins.State.AVAILABLE and operation in OPERATIONS:
                    _run(name, OPERATIONS[operation], tell)
            found.info(name)  # facts known once it is loaded
    finally:  # what raises, raises again where somebody sees it
        tell(_DONE, "")
        os._exit(0)


def _leave_no_core() -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run(name: str, operation: Operation, tell: Callable[[str, str], None]) -> None:
    """Run a kernel on ordinary options, one to many, and its function of floats."""
    found = plugins.registry()
    with suppress(BaseException), np.errstate(all="ignore"):
        kernel = found.kernel(name, operation.name)
        tell(f"running {operation.name}", name)
        described = found.description(name)
        for n in (n for n in _SIZES if takes(described, n)):
            start = time.monotonic()
            kernel(*_ordinary(operation, n))
            if time.monotonic() - start > _SLOW:
                break
    with suppress(BaseException):
        alone = found.scalar(name, operation.name, outputs(found.description(name), operation))
        if alone is not None:
            tell(f"running {operation.name} of one option", name)
            alone(*(float(each[0]) for each in _ordinary(operation, 1)))


def _ordinary(operation: Operation, n: int) -> list[Any]:
    return [
        np.ones(n) if operand is SIGN else np.linspace(*operand.typical, n)
        for operand in operation.inputs
    ]
