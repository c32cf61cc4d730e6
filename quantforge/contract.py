"""What plugins and the core agree on: how backends are described, and what a kernel is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pluggy

from quantforge.errors import warn_once
from quantforge.operations import Operation

__all__ = [
    "GROUP",
    "Backend",
    "Loop",
    "Specification",
    "forced_instruction_set",
    "hookimpl",
    "instruction_set",
]

GROUP = "quantforge"
"""The group of entry points; each has the name of its backend."""

hookspec = pluggy.HookspecMarker("quantforge")
hookimpl = pluggy.HookimplMarker("quantforge")
"""Marks a function of a plugin as one of the hooks, ``quantforge_backend`` and so on."""


@dataclass(frozen=True)
class Loop:
    """A compiled kernel, as `Backend.load` returns it: an inner loop, and a function of floats.

    Parameters
    ----------
    address : int
        Address of the inner loop, ``void (char **args, const npy_intp *dims, const npy_intp
        *steps, void *data)``. Where the user chooses the outputs, `data` points to the set of
        them (int64).
    scalar : callable, optional
        Takes the set of wanted outputs (bit i stands for the i-th) and returns a function of one
        Python float per input. That function serves single options without NumPy: it returns a
        float, or a sequence of floats for several outputs, with the bits of the loop.
    """

    address: int
    scalar: Callable[[int], Callable[..., Any]] | None = None


@dataclass(frozen=True)
class Backend:
    """What a plugin's ``quantforge_backend`` hook returns: a description, nothing loaded yet.

    Parameters
    ----------
    name : str
        As users write it in ``backend="name"``; its entry point has the same name.
    version : str
        Version of the plugin; curves measured with another version no longer count.
    contract : int
        The `quantforge.CONTRACT` that the plugin was built for.
    numerics : mapping of str to int
        Each operation it implements, with the version of the numerical specification it follows.
    exact : bool
        Whether results are bit for bit those of the specification.
    load : callable
        Returns a mapping from operation to a `Loop`, to the address of one (int) or to a
        callable used as ``kernel(*inputs, out=...)``. Called once, when first needed.
    requires : tuple of str
        Modules that must be importable; looked for without importing them.
    preference : int
        Order among equals while no profile exists, lower first.
    details : callable, optional
        After loading: facts to show, such as ``{"isa": "avx512", "build": "release"}``.
    """

    name: str
    version: str
    contract: int
    numerics: Mapping[str, int]
    exact: bool
    load: Callable[[], Mapping[str, Any]]
    requires: tuple[str, ...] = ()
    preference: int = 50
    details: Callable[[], Mapping[str, str]] | None = None

    def __post_init__(self) -> None:
        """Fail in the plugin's hook, which is isolated, instead of later in everybody's calls."""
        given: dict[str, Any] = vars(self)
        numerics, requires = given["numerics"], given["requires"]
        right = {
            "name": isinstance(given["name"], str) and given["name"] not in ("", "auto"),
            "version": isinstance(given["version"], str),
            "contract": isinstance(given["contract"], int),
            "numerics": isinstance(numerics, Mapping)
            and all(isinstance(name, str) for name in numerics)
            and all(isinstance(version, int) for version in numerics.values()),
            "exact": isinstance(given["exact"], bool),
            "load": callable(given["load"]),
            "requires": isinstance(requires, tuple)
            and all(isinstance(module, str) for module in requires),
            "preference": isinstance(given["preference"], int),
            "details": given["details"] is None or callable(given["details"]),
        }
        for name, is_right in right.items():
            if not is_right:
                raise TypeError(f"{name} of a backend cannot be {given[name]!r}")

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of the operations it implements."""
        return tuple(self.numerics)


class Specification:
    """The hooks a plugin may implement."""

    @hookspec
    def quantforge_backend(self) -> Backend:  # type: ignore[empty-body]  # pluggy wants no body
        """Describe the backend; must be quick and load nothing heavy."""

    @hookspec
    def quantforge_operations(self) -> Sequence[Operation]:  # type: ignore[empty-body]  # as above
        """Declare the plugin's own operations, for the catalogue."""


_INSTRUCTION_SETS = ("avx512", "avx2", "baseline")


def instruction_set(supported: Sequence[str]) -> str:
    """Choose among the instruction sets a native backend has for this processor, best first.

    ``QUANTFORGE_ISA`` (``avx512``, ``avx2`` or ``baseline``) forces one; a word that is no set of
    any backend is ignored, with one warning.

    Raises
    ------
    ValueError
        The forced set is not among the `supported` ones.
    """
    forced = forced_instruction_set(supported)
    if forced and forced not in supported:
        raise ValueError(
            f"QUANTFORGE_ISA={forced} cannot be used here; supported: {', '.join(supported)}"
        )
    return forced or supported[0]


def forced_instruction_set(known: Sequence[str] = ()) -> str:
    """What ``QUANTFORGE_ISA`` forces; nothing if it is neither a usual set nor a `known` one."""
    forced = os.environ.get("QUANTFORGE_ISA", "")
    if forced and forced not in {*_INSTRUCTION_SETS, *known}:
        valid = ", ".join(_INSTRUCTION_SETS)
        warn_once("QUANTFORGE_ISA", f"QUANTFORGE_ISA={forced} is ignored; valid: {valid}")
        return ""
    return forced
