"""The backend under examination, alone in its process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge import testing
from quantforge.testing import Operation
from quantforge_conformance.oracles import Oracle, oracle

Results = tuple[NDArray[Any], ...]

SLACK = 2
"""What a backend that is not exact may miss, in multiples of the tolerances."""


class Unfit(Exception):
    """The backend cannot be examined; the message is one line for the user."""


@dataclass(frozen=True)
class Kernel:
    """One operation of the backend, called as it is: no dispatch, no threads.

    Attributes
    ----------
    backend : str
    operation : Operation
    oracle : Oracle
        What its results are measured against.
    exact : bool
        Whether it promises the bits of the specification.
    call : callable
        What `quantforge.testing.kernel` returns, ``call(*inputs, *outputs)``.
    """

    backend: str
    operation: Operation
    oracle: Oracle
    exact: bool
    call: Any

    @property
    def name(self) -> str:
        """Return the operation's name."""
        return self.operation.name

    @property
    def slack(self) -> int:
        """Return the factor on the tolerances of the contract."""
        return 1 if self.exact else SLACK

    def __call__(self, *operands: Any, out: Iterable[Any] = ()) -> Results:
        """Evaluate; always a tuple, one result per output."""
        results = self.call(*operands, *out)
        return results if isinstance(results, tuple) else (results,)

    def of(self, names: Sequence[str]) -> Kernel:
        """Return the kernel that writes only these outputs, for an operation with a choice."""
        call = testing.kernel(self.backend, self.name, names)
        outputs = tuple(output for output in self.operation.outputs if output.name in names)
        chosen = tuple(output.name for output in outputs)
        operation = replace(self.operation, outputs=outputs, default_outputs=chosen)
        return replace(self, operation=operation, call=call)

    def outputs(self, shape: Any) -> Results:
        """Return fresh arrays to write to, filled with what no result looks like."""
        made = tuple(np.empty(shape, output.type) for output in self.operation.outputs)
        for array in made:
            array.reshape(-1).view(np.uint8)[:] = 0xA5
        return made


@dataclass(frozen=True)
class Subject:
    """A backend and its kernels."""

    info: quantforge.BackendInfo
    kernels: tuple[Kernel, ...]

    @classmethod
    def alone(cls, name: str, wanted: Sequence[str] | None = None) -> Subject:
        """Load the backend with every other one blocked, so that none can do its work.

        `wanted` are the operations to examine, all that it declares by default.
        """
        kept = os.environ.get("QUANTFORGE_BLOCK", "")
        others = testing.plugins().keys() - {name} - testing.declaring(name)
        os.environ["QUANTFORGE_BLOCK"] = ",".join(sorted(others | set(kept.split(","))))
        found = {info.name: info for info in quantforge.backends()}
        if name not in found:
            raise Unfit(f"unknown backend {name!r}; installed: {', '.join(found)}")
        free = [info.name for info in found.values() if info.state == "available"]
        if both := set(free) - {name} - others:
            raise Unfit(
                f"plugins {', '.join(sorted(both))} declare operations of {name!r}, and are "
                "backends too: operations that others implement belong in a plugin of their own"
            )
        if set(free) - {name}:
            raise Unfit(f"backends {', '.join(free)} were looked up before they could be blocked")
        kernels = tuple(cls._kernels(found[name], wanted))
        [loaded] = [info for info in quantforge.backends() if info.name == name]  # with details
        return cls(loaded, kernels)

    def sampled(self, fewer: int) -> Subject:
        """Return the same with so many times fewer options to measure."""
        kernels = tuple(
            replace(each, oracle=replace(each.oracle, points=max(1, each.oracle.points // fewer)))
            for each in self.kernels
        )
        return replace(self, kernels=kernels)

    @staticmethod
    def _kernels(
        info: quantforge.BackendInfo, wanted: Sequence[str] | None = None
    ) -> Iterable[Kernel]:
        if info.state != "available":
            raise Unfit(f"backend {info.name!r} is {info.state}: {info.reason}") from info.error
        catalogue = testing.operations()
        operations = [catalogue[name] for name in info.operations if name in catalogue]
        if not operations:
            declared = ", ".join(info.operations) or "none"
            raise Unfit(
                f"backend {info.name!r} declares no operation of this core: "
                f"declared: {declared}; {_why_unknown(info.operations)}"
            )
        names = [operation.name for operation in operations]
        for each in wanted or ():
            if each not in names:
                raise Unfit(
                    f"backend {info.name!r} declares no operation {each!r}; "
                    f"declared: {', '.join(names)}"
                )
        for operation in operations:
            if wanted and operation.name not in wanted:
                continue
            try:
                measure = oracle(operation.name)
            except Exception as error:  # it may be somebody else's code
                raise Unfit(f"no oracle: {error}") from error
            try:
                call = testing.kernel(info.name, operation.name)
            except quantforge.BackendError as error:
                raise Unfit(str(error)) from error.__cause__
            exact = testing.is_exact(info.name, operation.name)
            yield Kernel(info.name, operation, measure, exact, call)

    def __str__(self) -> str:
        operations = ", ".join(kernel.name for kernel in self.kernels)
        facts = [f"{key} {value}" for key, value in self.info.details.items()]
        exact = "exact" if self.info.exact else "not exact"
        return ", ".join([f"{self.info.name} {self.info.version}", operations, exact, *facts])


def _why_unknown(names: Sequence[str]) -> str:
    """Return what the core says of operations that it does not know."""
    try:
        for name in names:
            quantforge.explain(name)
    except ValueError as error:
        return str(error)
    return f"valid: {', '.join(testing.operations())}"


def installed() -> str:
    """Return the names of the installed backends, for a message."""
    return ", ".join(info.name for info in quantforge.backends())
