"""The backend under examination, alone in its process."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from typing import Any

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.operations import OPERATIONS, Operation
from quantforge.plugins import registry
from quantforge_conformance.standards import STANDARDS, Standard

Results = tuple[NDArray[Any], ...]

SLACK = 2
"""What a backend that is not exact may miss, in multiples of the contract's bounds."""


class Unfit(Exception):
    """The backend cannot be examined; the message is one line for the user."""


@dataclass(frozen=True)
class Kernel:
    """One operation of the backend, called as it is: no dispatch, no threads.

    Attributes
    ----------
    backend : str
    operation : Operation
    standard : Standard
        What its results are measured against.
    exact : bool
        Whether it promises the bits of the specification.
    call : callable
        What the core's registry hands out, ``call(*inputs, *outputs)``.
    """

    backend: str
    operation: Operation
    standard: Standard
    exact: bool
    call: Any

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.operation.name

    @property
    def slack(self) -> int:
        """How often the contract's bounds fit into what is allowed."""
        return 1 if self.exact else SLACK

    def __call__(self, *operands: Any, out: Iterable[Any] = ()) -> Results:
        """Evaluate; always a tuple, one result per output."""
        results = self.call(*operands, *out)
        return results if isinstance(results, tuple) else (results,)

    def of(self, wanted: int) -> Kernel:
        """The kernel that writes only a set of the outputs, for an operation with a choice."""
        call = registry().kernel(self.backend, self.name, wanted)
        outputs = self.operation.written(wanted)
        return replace(self, operation=replace(self.operation, outputs=outputs), call=call)

    def outputs(self, shape: Any) -> Results:
        """Fresh arrays to write to, filled with what no result looks like."""
        made = tuple(np.empty(shape, output.type) for output in self.operation.outputs)
        for array in made:
            array.view(np.uint8).reshape(-1)[:] = 0xA5
        return made


@dataclass(frozen=True)
class Subject:
    """A backend and its kernels."""

    info: quantforge.BackendInfo
    kernels: tuple[Kernel, ...]

    @classmethod
    def alone(cls, name: str) -> Subject:
        """Load the backend with every other one blocked, so that none can do its work."""
        kept = os.environ.get("QUANTFORGE_BLOCK", "")
        others = {point.name for point in entry_points(group="quantforge")} | {"numpy"}
        os.environ["QUANTFORGE_BLOCK"] = ",".join(sorted(others - {name} | set(kept.split(","))))
        found = {info.name: info for info in quantforge.backends()}
        if name not in found:
            raise Unfit(f"unknown backend {name!r}; installed: {', '.join(found)}")
        free = [info.name for info in found.values() if info.state == "available"]
        if set(free) - {name}:
            raise Unfit(f"backends {', '.join(free)} were looked up before they could be blocked")
        kernels = tuple(cls._kernels(found[name]))
        return cls(registry().info(name), kernels)

    @staticmethod
    def _kernels(info: quantforge.BackendInfo) -> Iterable[Kernel]:
        if info.state != "available":
            raise Unfit(f"backend {info.name!r} is {info.state}: {info.reason}") from info.error
        operations = [OPERATIONS[name] for name in info.operations if name in OPERATIONS]
        if not operations:
            declared = ", ".join(info.operations) or "none"
            valid = ", ".join(OPERATIONS)
            raise Unfit(
                f"backend {info.name!r} declares no operation of this core: "
                f"declared: {declared}; valid: {valid}"
            )
        for operation in operations:
            if operation.name not in STANDARDS:
                raise Unfit(f"this conformance suite has no standard for {operation.name!r}")
            try:
                call = registry().kernel(info.name, operation.name)
            except quantforge.BackendError as error:
                raise Unfit(str(error)) from error.__cause__
            exact = registry().exact(info.name, operation.name)
            yield Kernel(info.name, operation, STANDARDS[operation.name], exact, call)

    def __str__(self) -> str:
        operations = ", ".join(kernel.name for kernel in self.kernels)
        facts = [f"{key} {value}" for key, value in self.info.details.items()]
        exact = "exact" if self.info.exact else "not exact"
        return ", ".join([f"{self.info.name} {self.info.version}", operations, exact, *facts])


def installed() -> str:
    """The names of the backends there are, for a message."""
    return ", ".join(info.name for info in quantforge.backends())
