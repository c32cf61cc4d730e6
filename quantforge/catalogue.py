"""What plugins declare for the catalogue of operations: whose a name is, and who has to yield."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Final, NamedTuple

from quantforge.names import is_in_namespace, namespace
from quantforge.operations import OPERATIONS, Operation, clash, register, withdraw

__all__ = ["Declared", "admit", "read"]


class Declared(NamedTuple):
    """The operations of a plugin; `owner` says in words which plugin of which distribution."""

    owner: str
    operations: tuple[Operation, ...]


_ADMITTED: Final[dict[str, Operation]] = {}  # those in the catalogue that plugins have declared


def read(plugin: str, owner: str, declared: Iterable[Operation]) -> Declared:
    """Check what a plugin declares by itself; the catalogue stays as it is.

    Raises
    ------
    TypeError
        One is not an `Operation`.
    ValueError
        A name does not begin with the plugin's, or two of its operations are one another's.
    """
    found = tuple(declared)
    for operation in found:
        if not isinstance(operation, Operation):
            raise TypeError(f"{operation!r} is not a quantforge.Operation")
        for what, name in (("operation", operation.name), ("function", operation.function)):
            if not is_in_namespace(name, plugin):
                raise ValueError(
                    f"{owner} declares {what} {name!r}, but names that a plugin declares begin "
                    f"with its own: call it '{namespace(plugin)}_{name}'"
                )
    for one, other in combinations(found, 2):
        if common := clash(one, other):
            raise ValueError(f"{owner} declares {common} twice: rename one of the two")
    return Declared(owner, found)


def admit(found: Mapping[str, Declared]) -> dict[str, str]:
    """Have in the catalogue what these plugins declare, and nothing else of plugins.

    Returns
    -------
    dict of str to str
        By name the plugins of which nothing is there, and why: both of two that clash, since
        nobody can know which of them a backend means.
    """
    why: dict[str, str] = {}
    for (one, its), (other, others) in combinations(found.items(), 2):
        for common in (clash(a, b) for a in its.operations for b in others.operations):
            if common:
                reason = f"{its.owner} and {others.owner} both declare {common}: uninstall one"
                why.setdefault(one, reason)
                why.setdefault(other, reason)
    for name in tuple(_ADMITTED):
        withdraw(_ADMITTED.pop(name))
    for plugin, declared in found.items():
        if plugin not in why:
            try:
                _register_all(declared)
            except ValueError as error:
                why[plugin] = f"{declared.owner}: {error}; rename it"
    return why


def _register_all(declared: Declared) -> None:
    """Register what a plugin declares, all of it or nothing."""
    new = [operation for operation in declared.operations if operation.name not in OPERATIONS]
    try:
        for operation in declared.operations:
            register(operation)
    except ValueError:
        for operation in new:
            withdraw(operation)
        raise
    _ADMITTED.update({operation.name: operation for operation in new})
