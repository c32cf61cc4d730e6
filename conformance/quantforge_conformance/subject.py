"""The backend under examination, alone in its process."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import quantforge
from quantforge import testing
from quantforge.testing import Operation
from quantforge_conformance.oracles import Oracle, oracle

Results = tuple[NDArray[Any], ...]

SLACK = 2
"""How many times the tolerances a backend may miss that is neither exact nor states a bound."""


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
    described : Backend
        What the backend says of itself, and so what may be asked of it.
    tier : str
        How near it promises to be, as `quantforge.testing.tier` has it.
    call : callable
        What `quantforge.testing.kernel` returns, ``call(*inputs, *outputs)``.
    """

    operation: Operation
    oracle: Oracle
    described: quantforge.Backend
    tier: str
    call: Any

    @classmethod
    def load(cls, backend: str, name: str) -> Kernel:
        """Return a backend's kernel of the operation of this name, and what it is measured against.

        They have only the outputs that the backend says it writes.
        """
        operation, measure = testing.operations()[name], oracle(name)
        described = testing.described(backend)
        written = described.outputs.get(name)
        if written is not None:
            measure = measure.of([one.name for one in operation.outputs], written)
            operation = with_outputs(operation, written)
        call = testing.kernel(backend, name)
        return cls(operation, measure, described, testing.tier(backend, name), call)

    @property
    def backend(self) -> str:
        """Return the name of the backend."""
        return self.described.name

    @property
    def exact(self) -> bool:
        """Return whether it promises the bits of the specification."""
        return self.tier == "exact"

    @property
    def name(self) -> str:
        """Return the operation's name."""
        return self.operation.name

    @property
    def slack(self) -> float:
        """Return the factor on the tolerances of the contract."""
        if self.tier == "approximate":
            return self.described.approximate[self.name]
        return 1 if self.exact else SLACK

    def takes(self, count: int) -> bool:
        """Return whether the backend takes batches of this size."""
        return self.described.min_size <= count <= self.described.max_size

    def __call__(self, *operands: Any, out: Iterable[Any] = ()) -> Results:
        """Evaluate; always a tuple, one result per output.

        What is too small or too large for the backend is filled up, or cut into pieces.
        """
        shape = np.broadcast_shapes(*map(np.shape, operands))
        if not self.takes(math.prod(shape)) and 0 not in shape:
            return self._in_pieces(operands, shape, tuple(out))
        return several(self.call(*operands, *out))

    def _in_pieces(self, operands: Sequence[Any], shape: Any, out: Results) -> Results:
        lanes = [np.broadcast_to(x, shape).reshape(-1) for x in operands]
        count = math.prod(shape)
        length = min(max(count, self.described.min_size), self.described.max_size)
        starts = range(0, count, length)
        pieces = [
            several(self.call(*(np.resize(x[i : i + length], length) for x in lanes)))
            for i in starts
        ]
        columns = zip(*pieces, strict=True)
        results = tuple(np.concatenate(one)[:count].reshape(shape)[()] for one in columns)
        for to, result in zip(out, results, strict=False):
            np.copyto(to, result)
        return out or results

    def public(self, operands: Sequence[Any], **options: Any) -> Results:
        """Return what the user's function returns on these operands, with this backend."""
        if self.described.models and self.operation.model not in self.described.models:
            pytest.skip(f"{self.backend} serves only {', '.join(self.described.models)}")
        if not self.takes(len(operands[0])):
            pytest.skip(f"{self.backend} takes no batch of {len(operands[0])} options")
        return several(self.oracle.public(operands, backend=self.backend, **options))

    def of(self, names: Sequence[str]) -> Kernel:
        """Return the kernel that writes only these outputs, for an operation with a choice."""
        call = testing.kernel(self.backend, self.name, names)
        return replace(self, operation=with_outputs(self.operation, names), call=call)

    def outputs(self, shape: Any) -> Results:
        """Return fresh arrays to write to, filled with what no result looks like."""
        made = tuple(np.empty(shape, output.type) for output in self.operation.outputs)
        for array in made:
            array.reshape(-1).view(np.uint8)[:] = 0xA5
        return made


def several(results: Any) -> Results:
    """Return results as a tuple, also where there is one."""
    return results if isinstance(results, tuple) else (results,)


def with_outputs(operation: Operation, names: Sequence[str]) -> Operation:
    """Return an operation with only these outputs."""
    outputs = tuple(output for output in operation.outputs if output.name in names)
    default = tuple(name for name in operation.default_outputs if name in names)
    if operation.default_outputs and not default:
        default = tuple(output.name for output in outputs)
    return replace(operation, outputs=outputs, default_outputs=default)


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
                oracle(operation.name)
            except Exception as error:  # it may be somebody else's code
                raise Unfit(f"no oracle: {error}") from error
            try:
                yield Kernel.load(info.name, operation.name)
            except quantforge.BackendError as error:
                raise Unfit(str(error)) from error.__cause__

    def __str__(self) -> str:
        operations = ", ".join(kernel.name for kernel in self.kernels)
        facts = [f"{key} {value}" for key, value in self.info.details.items()]
        tiers = sorted({kernel.tier for kernel in self.kernels})
        name, device = f"{self.info.name} {self.info.version}", self.info.device
        return ", ".join([name, operations, *tiers, f"on {device}", *facts])


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
