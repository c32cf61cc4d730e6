"""What plugins and the core agree on: how backends are described, and what a kernel is."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Final

import pluggy

from quantforge.errors import warn_once
from quantforge.operations import Operation

__all__ = [
    "ANY_SIZE",
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

ANY_SIZE: Final = 1 << 62
"""More options than any array holds."""

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

    Everything that a backend cannot do is said here. Dispatch, tuning, `quantforge.explain` and
    the conformance suite take it as normal; what is not said here has to work.

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
        callable ``kernel(*operands, out)``. Called once, when first needed.
    requires : tuple of str
        Modules that must be importable; looked for without importing them.
    preference : int
        Order among equals while no profile exists, lower first.
    details : callable, optional
        After loading: facts to show, such as ``{"isa": "avx512", "build": "release"}``.
    approximate : mapping of str to float
        Operations that do not keep the accuracy contract, each with a bound on its errors: so many
        times those that the contract allows.
    outputs : mapping of str to tuple of str
        Operations with a choice of outputs of which it writes only these.
    models : tuple of str
        The only models that it serves, such as ``("black76",)``; all if empty.
    min_size, max_size : int
        The smallest and the largest batch that it takes, in options.
    threads : bool
        False if large batches are not to be split over the core's threads: it has threads of its
        own, or wants none.
    forks : bool
        False if it cannot run in a child that is forked from a process in which it has been loaded.
    chunk : int, optional
        How many options each call of a callable has, for what compiles for each shape: batches are
        cut up, and the last piece is filled up with options of the batch.
    arrays : tuple of str
        Types of arrays that its callables take and return as they are, as ``"cupy.ndarray"``. They
        stay on their device.
    device : str
        Where it computes, to be shown.
    url : str
        Where it is at home, to be shown.
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
    _: KW_ONLY
    approximate: Mapping[str, float] = field(default_factory=dict)
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    min_size: int = 1
    max_size: int = ANY_SIZE
    threads: bool = True
    forks: bool = True
    chunk: int | None = None
    arrays: tuple[str, ...] = ()
    device: str = "cpu"
    url: str = ""

    def __post_init__(self) -> None:
        """Fail in the plugin's hook, which is isolated, instead of later in everybody's calls."""
        given: dict[str, Any] = vars(self)
        whole, chunk = self.numerics, given["chunk"]
        right = {
            "name": isinstance(given["name"], str) and given["name"] not in ("", "auto"),
            "version": isinstance(given["version"], str),
            "contract": isinstance(given["contract"], int),
            "numerics": _maps(whole, lambda name, version: isinstance(version, int)),
            "exact": isinstance(given["exact"], bool),
            "load": callable(given["load"]),
            "requires": _are_words(given["requires"]),
            "preference": isinstance(given["preference"], int),
            "details": given["details"] is None or callable(given["details"]),
            "approximate": _maps(given["approximate"], lambda name, bound: _is_bound(bound)),
            "outputs": _maps(given["outputs"], lambda name, names: names and _are_words(names)),
            "models": _are_words(given["models"]),
            "min_size": _is_size(given["min_size"]),
            "max_size": _is_size(given["max_size"]),
            "threads": isinstance(given["threads"], bool),
            "forks": isinstance(given["forks"], bool),
            "chunk": chunk is None or _is_size(chunk),
            "arrays": _are_words(given["arrays"]) and all("." in each for each in given["arrays"]),
            "device": isinstance(given["device"], str) and given["device"] != "",
            "url": isinstance(given["url"], str),
        }
        for name, is_right in right.items():
            if not is_right:
                raise TypeError(f"{name} of a backend cannot be {given[name]!r}")
        for name in ("approximate", "outputs"):
            for operation in given[name]:
                if operation not in self.numerics:
                    raise ValueError(f"{name} names {operation!r}, which numerics does not")
        if self.max_size < self.min_size:
            raise ValueError("max_size of a backend is less than its min_size")
        if self.exact and self.approximate:
            raise ValueError("a backend with approximate operations is not exact")

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of the operations it implements."""
        return tuple(self.numerics)


def _maps(given: Any, is_right: Callable[[str, Any], Any]) -> bool:
    """Whether it is a mapping from names to what is right."""
    return isinstance(given, Mapping) and all(
        isinstance(name, str) and is_right(name, value) for name, value in given.items()
    )


def _are_words(given: Any) -> bool:
    return isinstance(given, tuple) and all(isinstance(each, str) for each in given)


def _is_size(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and given >= 1


def _is_bound(given: Any) -> bool:
    return isinstance(given, int | float) and 0.0 < given < math.inf


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
